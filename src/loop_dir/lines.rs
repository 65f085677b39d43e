//! Files of one JSON value a line.
//!
//! Takes: a path and a value to append, or a path to read. Gives: a line more, whole or not at all;
//! or every value that can be read, one after another, and the numbers of the lines that cannot; or lines
//! of another version of the file taken in ([`merge_lines`]).

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::parts::BOM;
use super::{open, replace};
use crate::files::{is_link, open_for, private, without_links};
use crate::secrets;

/// Bytes of the longest line that is read: what is longer was not written by a program of the loop.
pub(super) const LONGEST: u64 = 16 << 20;

/// Lines that cannot be read and are told one by one; the others are counted.
pub const TOLD: usize = 100;

/// What reading a file came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LineSummary {
    /// Lines whose value was handed over.
    pub read: u64,
    /// Lines that were skipped because they cannot be read.
    pub bad: u64,
    /// The first hundred of those.
    pub first_bad: Vec<Bad>,
}

/// A line that was skipped. Displays as `file:line: why`.
#[derive(Debug, PartialEq, Eq)]
pub struct Bad {
    /// The file, as it was named.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// What was found there.
    pub why: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}:{}: {}; the line is skipped", self.path, self.line, self.why)
    }
}

/// Appends `value` as one line, with one write under a lock of the system, so that programs that
/// append at once lose and tear nothing. A last line without its end, which a kill or a full disk
/// left, is ended first. The file, and the folders above it, are made where they are missing; a link in its place
/// is replaced.
///
/// # Errors
/// The value is no JSON, or the line could not be written; none of it is then in the file.
pub fn append_line(path: &Path, value: &impl Serialize) -> Result<()> {
    let shown = path.display();
    let mut line = serde_json::to_vec(value).with_context(|| format!("a line for {shown} cannot be made into JSON"))?;
    line.push(b'\n');
    appended(path, secrets::hidden(&line).into_owned()).with_context(|| {
        format!("appending to {shown} failed; check that it may be written to and that the disk is not full")
    })
}

fn appended(path: &Path, mut line: Vec<u8>) -> io::Result<()> {
    let mut file = locked(path)?;
    let before = file.seek(SeekFrom::End(0))?;
    if before > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.insert(0, b'\n');
        }
    }
    let written = loop {
        match file.write(&line) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    match written {
        Ok(count) if count == line.len() => Ok(()),
        Ok(_) => {
            // Half a line would be a bad one for good; if it cannot be taken back, the next one ends it.
            let _ = file.set_len(before);
            Err(io::Error::new(io::ErrorKind::StorageFull, "only a part of the line could be written"))
        }
        Err(error) => Err(error),
    }
}

/// The file, made where it is missing, and locked. The lock is held for one write only, so there is no end to the
/// waiting.
fn locked(path: &Path) -> io::Result<File> {
    let options = private(&without_links(OpenOptions::new().read(true).append(true).create(true)));
    loop {
        let file = match open_for(path, &options) {
            Err(_) if is_link(path) => {
                std::fs::remove_file(path)?;
                continue;
            }
            other => other?,
        };
        while let Err(error) = file.lock() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        // Whoever held the lock may have put another file in its place.
        if is_at(&file, path)? {
            return Ok(file);
        }
    }
}

/// Whether an open file is the one that stands at a path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let about = file.metadata()?;
        match std::fs::symlink_metadata(path) {
            Ok(there) => Ok((about.dev(), about.ino()) == (there.dev(), there.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        Ok(true)
    }
}

/// Replaces the lines of a file by what `merge` makes of them; nothing is appended meanwhile, and what waits to
/// be is appended to the new file.
///
/// # Errors
/// The file cannot be read or replaced; it is then what it was.
pub fn merge_lines(path: &Path, merge: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<()> {
    let failed = || format!("reading {}", path.display());
    let mut file = locked(path).with_context(failed)?;
    let mut lines = Vec::new();
    file.seek(SeekFrom::Start(0)).with_context(failed)?;
    file.read_to_end(&mut lines).with_context(failed)?;
    let merged = merge(&lines);
    if merged == lines { Ok(()) } else { replace(path, &merged) }
}

/// Hands the value of every line to `each`, in the file's order, a line in memory at a time. What
/// cannot be read is skipped, counted and told, and stops nothing. Empty lines are nothing; a file
/// that is not there has no lines.
///
/// # Errors
/// The file cannot be read; what came before was handed over.
pub fn read_lines<T: DeserializeOwned>(path: &Path, mut each: impl FnMut(T)) -> Result<LineSummary> {
    let shown = path.display();
    let failed = || format!("reading {shown} failed; check that it is a file and that you may read it");
    let Some(file) = open(path)? else { return Ok(LineSummary::default()) };
    let mut from = BufReader::with_capacity(64 * 1024, file);
    let mut found = LineSummary::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes).with_context(failed)? == 0 {
            break;
        }
        if line == 1 && bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        let value = if bytes.len() as u64 == LONGEST && !bytes.ends_with(b"\n") {
            from.skip_until(b'\n').with_context(failed)?;
            Err(format!("it is longer than {LONGEST} bytes"))
        } else if bytes.trim_ascii().is_empty() {
            continue;
        } else {
            serde_json::from_slice(bytes.trim_ascii_end()).map_err(|error| why(&error))
        };
        match value {
            Ok(value) => {
                found.read += 1;
                each(value);
            }
            Err(why) => {
                found.bad += 1;
                if found.first_bad.len() < TOLD {
                    found.first_bad.push(Bad { path: shown.to_string(), line, why });
                }
            }
        }
    }
    Ok(found)
}

/// What was found, without the line of the error, which is always the first.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{what} (column {})", error.column())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::thread;

    fn all(path: &Path) -> (Vec<Value>, LineSummary) {
        let mut values = Vec::new();
        let lines = read_lines(path, |value| values.push(value)).unwrap();
        (values, lines)
    }

    #[test]
    fn eight_that_append_at_once_lose_and_tear_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("retro/cycles.jsonl");
        thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                // Each line opens the file anew, as a process does: the lock is the open file's.
                scope.spawn(move || {
                    for nth in 0..100 {
                        let text = "x".repeat(nth * 97 % 9000);
                        append_line(path, &json!({"writer": writer, "nth": nth, "text": text})).unwrap();
                    }
                });
            }
        });
        let (values, lines) = all(&path);
        assert_eq!((lines.read, lines.bad), (800, 0));
        for writer in 0..8 {
            let own = values.iter().filter(|value| value["writer"] == writer);
            assert!(own.map(|value| value["nth"].as_u64().unwrap()).eq(0..100), "{writer} in its order");
        }
    }

    #[test]
    fn what_is_appended_while_lines_are_merged_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.jsonl");
        thread::scope(|scope| {
            let path = &path;
            for writer in 0..4 {
                scope.spawn(move || (0..50).for_each(|nth| append_line(path, &json!([writer, nth])).unwrap()));
            }
            for nth in 0..50 {
                merge_lines(path, |lines| [lines, format!("[9,{nth}]\n").as_bytes()].concat()).unwrap();
            }
        });
        assert_eq!((all(&path).1.read, all(&path).1.bad), (250, 0));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_replaced_and_what_it_leads_to_is_neither_read_nor_written() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (precious, path) = (folder.path().join("precious"), folder.path().join("runs.jsonl"));
        std::fs::write(&precious, "[1]\n").unwrap();
        symlink("precious", &path).unwrap();
        assert_eq!(all(&path).1, LineSummary::default());
        append_line(&path, &json!(2)).unwrap();
        assert_eq!(all(&path).0, [json!(2)]);
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "[1]\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_torn_last_line_is_ended_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        append_line(&path, &json!({"a": "line\nbreak"})).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"run\": \"killed in the mid").unwrap();
        append_line(&path, &json!(2)).unwrap();
        append_line(&path, &json!(3)).unwrap();
        let (values, lines) = all(&path);
        assert_eq!(values, [json!({"a": "line\nbreak"}), json!(2), json!(3)]);
        assert_eq!((lines.read, lines.bad), (3, 1));
        let told = lines.first_bad.first().unwrap().to_string();
        let why = "EOF while parsing a string (column 26); the line is skipped";
        assert_eq!(told, format!("{}:2: {why}", path.display()));
    }

    #[test]
    fn bad_lines_are_skipped_counted_and_told_with_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        let deep = "[".repeat(5000);
        let text = format!("1\r\n\n  \nnope\n[1, 2\n{deep}\n\"\\ud800\"\n\"ok\"\n{{}} {{}}\n7");
        std::fs::write(&path, [text.as_bytes(), b"\n\"\xff\"\n8"].concat()).unwrap();
        let (values, lines) = all(&path);
        assert_eq!(values, [json!(1), json!("ok"), json!(7), json!(8)]);
        let numbers: Vec<u64> = lines.first_bad.iter().map(|bad| bad.line).collect();
        assert_eq!((lines.bad, numbers), (6, vec![4, 5, 6, 7, 9, 11]));

        std::fs::write(&path, "\u{feff}1\n\"a\u{2028}b\u{85}c\"\n").unwrap();
        assert_eq!(all(&path).0, [json!(1), json!("a\u{2028}b\u{85}c")], "a mark before the first line is none of it");

        std::fs::write(&path, "x\n".repeat(250)).unwrap();
        let lines = all(&path).1;
        assert_eq!((lines.bad, lines.first_bad.len()), (250, 100));
        let long = format!("\"{}\"\n", "x".repeat(usize::try_from(LONGEST).unwrap()));
        std::fs::write(&path, format!("{long}5\n")).unwrap();
        let (values, lines) = all(&path);
        assert_eq!((values, lines.bad), (vec![json!(5)], 1));
    }

    #[test]
    fn what_is_no_file_is_an_error_and_what_is_missing_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(all(&folder.path().join("none")).1, LineSummary::default());
        let at = folder.path().display();
        let error = format!("{:#}", read_lines(folder.path(), |_: Value| {}).unwrap_err());
        assert!(error.starts_with(&format!("reading {at} failed; check that it is a file")), "{error}");
        let error = format!("{:#}", append_line(folder.path(), &1).unwrap_err());
        assert!(error.starts_with(&format!("appending to {at} failed; check")), "{error}");
    }
}
