//! `loop-merge`: two versions of a file or a folder of the loop, put together.
//!
//! Takes: two paths. Gives: at the first what both hold. A program that merges for git gives them in this
//! order too.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::cli::LoopMerge;
use crate::loop_dir::replace;
use crate::loops::merge::{lines, theirs_is_newer};
use crate::run::{Exit, Stop, say, usage};

/// Files that are no memory: locks, and halves of a file that is being replaced.
fn passes(name: &str) -> bool {
    !name.ends_with("lock") && !name.starts_with('.')
}

/// Puts them together.
pub(in crate::run) fn run(args: &LoopMerge) -> Result<Exit, Stop> {
    let (ours, theirs) = (&args.ours, &args.theirs);
    if !theirs.exists() {
        return Err(usage(anyhow!("there is no file and no folder {}", theirs.display())));
    }
    if theirs.is_dir() {
        folder(ours, theirs)?;
    } else {
        file(ours, theirs)?;
    }
    Ok(Exit::Done)
}

fn folder(ours: &Path, theirs: &Path) -> Result<()> {
    let entries = std::fs::read_dir(theirs).with_context(|| format!("reading the folder {}", theirs.display()))?;
    let names: BTreeSet<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    for name in names.iter().filter(|name| name.to_str().is_some_and(passes)) {
        let (ours, theirs) = (ours.join(name), theirs.join(name));
        if theirs.is_dir() { folder(&ours, &theirs)? } else { file(&ours, &theirs)? }
    }
    Ok(())
}

fn file(ours: &Path, theirs: &Path) -> Result<()> {
    let read = |path: &Path| match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).with_context(|| format!("reading {}", path.display())),
    };
    let Some(new) = read(theirs)? else { return Ok(()) };
    let Some(old) = read(ours)? else { return replace(ours, &new) };
    if old == new {
        return Ok(());
    }
    let name = theirs.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let is_lines =
        name.ends_with(".jsonl") || name.rsplit_once(".jsonl.").is_some_and(|(_, nth)| nth.parse::<u32>().is_ok());
    if is_lines {
        replace(ours, &lines(&old, &new))
    } else if name.ends_with(".json") {
        if theirs_is_newer(&old, &new) { replace(ours, &new) } else { Ok(()) }
    } else {
        say(&format!("note: {} differs from {} and stays as it is", ours.display(), theirs.display()));
        Ok(())
    }
}
