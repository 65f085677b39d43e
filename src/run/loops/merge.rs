//! `loop-merge`: two versions of a file or a folder of the loop, put together.
//!
//! Takes: two paths. Gives: at the first what both hold. A program that merges for git gives them in this
//! order too. Of a folder only the files of the memory are taken, and no link is followed.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow};

use crate::cli::LoopMerge;
use crate::loop_dir::{Holds, check_links, holds, memory, merge_lines, read, replace};
use crate::loops::merge::{lines, theirs_is_newer};
use crate::run::{EarlyEnd, Exit, say, usage};

/// Puts them together.
pub(in crate::run) fn run(args: &LoopMerge) -> Result<Exit, EarlyEnd> {
    let (ours, theirs) = (&args.ours, &args.theirs);
    if !theirs.exists() {
        return Err(usage(anyhow!("there is no file and no folder {}", theirs.display())));
    }
    if theirs.is_dir() {
        for folder in [ours, theirs] {
            check_links(folder).map_err(usage)?;
        }
        take_in(ours, &memory(theirs)?)?;
    } else if let Some(new) = read(theirs)? {
        let name = theirs.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let is_lines =
            name.ends_with(".jsonl") || name.rsplit_once(".jsonl.").is_some_and(|(_, nth)| nth.parse::<u32>().is_ok());
        let what = match name {
            _ if is_lines => Holds::Lines,
            name if name.ends_with(".json") => Holds::Document,
            _ => Holds::Whole,
        };
        file(ours, what, &new)?;
    }
    Ok(Exit::Done)
}

/// Puts files of another version of the folder, by name, together with those in it.
pub(super) fn take_in(folder: &Path, theirs: &BTreeMap<String, Vec<u8>>) -> Result<()> {
    for (name, new) in theirs {
        if let Some(what) = holds(name) {
            file(&folder.join(name), what, new)?;
        }
    }
    Ok(())
}

fn file(ours: &Path, what: Holds, new: &[u8]) -> Result<()> {
    if what == Holds::Lines {
        return merge_lines(ours, |old| lines(old, new));
    }
    match (read(ours)?, what) {
        (None, _) => replace(ours, new),
        (Some(old), Holds::Document) if theirs_is_newer(&old, new) => replace(ours, new),
        (Some(old), Holds::Whole) if old != new => {
            say(&format!("note: {} is another one there, and stays as it is", ours.display()));
            Ok(())
        }
        _ => Ok(()),
    }
}
