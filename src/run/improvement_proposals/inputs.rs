//! The inputs of `improvement-proposals`.
//!
//! Takes: `--input`, each a file, a folder, a pattern or `-`. Gives: [`SessionInput`]s in that order, the files of a
//! folder or pattern by name; a reader of each, which unpacks gzip.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use super::super::{EarlyEnd, say, usage};

/// Endings of files that a folder is searched for.
const ENDINGS: [&str; 4] = [".json", ".jsonl", ".json.gz", ".jsonl.gz"];
/// The first bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionInput {
    /// What messages call it.
    pub(super) name: String,
    from: From,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Stdin,
    File(PathBuf),
    /// A folder or a pattern that names no file.
    Nowhere,
}

impl SessionInput {
    /// A reader of its bytes, unpacked.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let path = match &self.from {
            From::File(path) => path,
            From::Nowhere => return Err(io::Error::new(io::ErrorKind::NotFound, "it names no file with sessions")),
            From::Stdin => {
                let mut head = [0; 2];
                let mut stdin = io::stdin();
                let read = fill(&mut stdin, &mut head)?;
                let first = head[..read].to_vec();
                return Ok(unpacked(&first.clone(), io::Cursor::new(first).chain(stdin)));
            }
        };
        let mut file = File::open(path)?;
        let mut head = [0; 2];
        let read = fill(&mut file, &mut head)?;
        file.seek(SeekFrom::Start(0)).map_or_else(
            // A pipe has no start to go back to.
            |_| File::open(path).map(|file| unpacked(&head[..read], file)),
            |_| Ok(unpacked(&head[..read], file)),
        )
    }

    pub(super) fn is_stdin(&self) -> bool {
        self.from == From::Stdin
    }
}

fn unpacked(head: &[u8], bytes: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    if head == GZIP { Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(bytes))) } else { Box::new(bytes) }
}

fn fill(from: &mut dyn Read, to: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < to.len() {
        match from.read(&mut to[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Every input that is named. One that names no file stands among them, and cannot be read.
///
/// # Errors
/// None names a file.
pub(super) fn inputs(named: &[String]) -> Result<Vec<SessionInput>, EarlyEnd> {
    let mut all: Vec<SessionInput> = Vec::new();
    for name in named {
        let mut found = one(name)?;
        if found.is_empty() {
            found.push(SessionInput { name: name.clone(), from: From::Nowhere });
        }
        for input in found {
            if all.contains(&input) {
                say(&format!("warning: {} is named twice and read once", input.name));
            } else {
                all.push(input);
            }
        }
    }
    if all.iter().all(|input| input.from == From::Nowhere) {
        return Err(usage(anyhow!("--input: {} names no file with sessions", named.join(", "))));
    }
    Ok(all)
}

fn one(name: &str) -> Result<Vec<SessionInput>, EarlyEnd> {
    if name == "-" {
        return Ok(vec![SessionInput { name: "stdin".to_owned(), from: From::Stdin }]);
    }
    let path = Path::new(name);
    if path.is_dir() {
        let mut found = Vec::new();
        below(path, &mut found).map_err(|error| usage(anyhow!("reading the folder {name}: {error}")))?;
        found.sort();
        return Ok(found.into_iter().map(of).collect());
    }
    // A file may be called as no pattern would be meant.
    if path.exists() || !name.contains(['*', '?', '[']) {
        return Ok(vec![of(path.to_owned())]);
    }
    let found = glob::glob(name).map_err(|error| usage(anyhow!("{name} is no pattern: {error}")))?;
    let files = found.filter_map(Result::ok).filter(|path| path.is_file());
    Ok(files.map(of).collect())
}

fn of(path: PathBuf) -> SessionInput {
    SessionInput { name: path.display().to_string(), from: From::File(path) }
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // A link to a folder may lead round in a circle.
        if kind.is_dir() {
            below(&path, found)?;
        } else if ENDINGS.iter().any(|ending| entry.file_name().to_string_lossy().ends_with(ending)) {
            found.push(path);
        }
    }
    Ok(())
}
