//! What git sends when it pushes: objects, a pack of them, lines with their length.
//!
//! Takes: files by their paths. Gives: a commit of them without a past, as a pack; the lines of an answer. Pure.
//! The branch of the loop's memory is pushed with it, because no API of the three forges replaces a branch only
//! where it stands at a known commit, which this protocol does by itself; and a runner need not have git.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::ZlibEncoder};
use sha1::{Digest, Sha1};

/// Bytes of the name of an object.
const NAME: usize = 20;
/// Where there is no object: of a branch that is not there yet.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000";
/// The mode of a file.
pub(super) const FILE: &str = "100644";
/// The mode of a folder, as trees have it.
const FOLDER: &str = "40000";

/// The name of an object: 40 hexadecimal digits.
type ObjectName = [u8; NAME];

/// Objects that are to be pushed, by name.
#[derive(Default)]
struct PackObjects(BTreeMap<ObjectName, (u8, Vec<u8>)>);

/// A commit with all that it holds.
pub(super) struct CommitPack {
    /// Its name.
    pub(super) commit: String,
    /// The pack.
    pub(super) pack: Vec<u8>,
}

/// The name that git has for the content of a file.
pub(super) fn blob_name(content: &[u8]) -> String {
    hex(&name_of("blob", content))
}

/// A commit of these files, made at `at`, seconds since 1970.
///
/// # Errors
/// There are more than fit, or a path is both a file and a folder.
pub(super) fn commit(files: &BTreeMap<String, Vec<u8>>, message: &str, at: i64) -> Result<CommitPack> {
    let mut objects = PackObjects::default();
    let paths: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let tree = hex(&objects.tree(&paths)?);
    let who = format!("kaizen <kaizen@localhost> {at} +0000");
    let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}\n");
    let commit = hex(&objects.add(1, "commit", text.into_bytes()));
    Ok(CommitPack { commit, pack: objects.pack()? })
}

impl PackObjects {
    fn add(&mut self, kind: u8, word: &str, content: Vec<u8>) -> ObjectName {
        let name = name_of(word, &content);
        self.0.insert(name, (kind, content));
        name
    }

    /// The tree of these paths, which are sorted.
    fn tree(&mut self, paths: &[(&str, &[u8])]) -> Result<ObjectName> {
        // As git sorts them: a folder as if its name ended with a slash.
        let mut entries: BTreeMap<String, (&str, &str, ObjectName)> = BTreeMap::new();
        let mut rest = paths;
        while let Some((path, content)) = rest.first() {
            let (first, entry, taken) = match path.split_once('/') {
                None => (*path, (FILE, *path, self.add(3, "blob", content.to_vec())), 1),
                Some((folder, _)) => {
                    let inner: Vec<(&str, &[u8])> = rest
                        .iter()
                        .map_while(|(path, content)| {
                            let inner = path.strip_prefix(folder)?.strip_prefix('/')?;
                            Some((inner, *content))
                        })
                        .collect();
                    (folder, (FOLDER, folder, self.tree(&inner)?), inner.len())
                }
            };
            let key = if entry.0 == FOLDER { format!("{first}/") } else { first.to_owned() };
            if entries.values().any(|(_, name, _)| *name == first) {
                bail!("{first} is a file and a folder");
            }
            entries.insert(key, entry);
            rest = rest.get(taken..).unwrap_or_default();
        }
        let mut content = Vec::new();
        for (mode, name, object) in entries.values() {
            content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            content.extend_from_slice(object);
        }
        Ok(self.add(2, "tree", content))
    }

    fn pack(&self) -> Result<Vec<u8>> {
        let count = u32::try_from(self.0.len()).context("there are too many files for one commit")?;
        let mut pack = [b"PACK".as_slice(), &2_u32.to_be_bytes(), &count.to_be_bytes()].concat();
        for (kind, content) in self.0.values() {
            // Four bits of the length beside the kind, seven in each byte that follows.
            let mut length = content.len();
            let mut byte = kind << 4 | low(length, 4);
            length >>= 4;
            while length > 0 {
                pack.push(byte | 0x80);
                byte = low(length, 7);
                length >>= 7;
            }
            pack.push(byte);
            let mut packed = ZlibEncoder::new(&mut pack, Compression::default());
            packed.write_all(content).and_then(|()| packed.try_finish()).context("compressing the files")?;
        }
        let sum = Sha1::digest(&pack);
        pack.extend_from_slice(&sum);
        Ok(pack)
    }
}

/// The lowest bits of a number.
fn low(number: usize, bits: u32) -> u8 {
    u8::try_from(number & ((1 << bits) - 1)).unwrap_or_default()
}

fn name_of(word: &str, content: &[u8]) -> ObjectName {
    let sum = Sha1::new().chain_update(format!("{word} {}\0", content.len())).chain_update(content).finalize();
    sum.into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A line with its length before it.
pub(super) fn line(text: &str) -> Vec<u8> {
    format!("{:04x}{text}", text.len() + 4).into_bytes()
}

/// The lines of an answer, without their ends; an empty one where a part of it ends.
///
/// # Errors
/// It is not made of such lines: of a server that is no git server, or a proxy.
pub(super) fn lines(mut bytes: &[u8]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let length = bytes.get(..4).and_then(|digits| str::from_utf8(digits).ok());
        let length = length.and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let (text, rest) = match length {
            Some(0) => (&[][..], bytes.get(4..)),
            Some(length @ 4..) => (bytes.get(4..length).context("the answer is cut off")?, bytes.get(length..)),
            _ => bail!("the answer is none of a git server"),
        };
        lines.push(String::from_utf8_lossy(text).trim_end_matches('\n').to_owned());
        bytes = rest.unwrap_or_default();
    }
    Ok(lines)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_names_that_git_gives_them() {
        // `git hash-object`, and `git mktree` of a folder `a` beside a file `a.b`.
        assert_eq!(blob_name(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_name(b"x\n"), "587be6b4c3f93f93c489c0111bba5596147a26cb");
        let mut objects = PackObjects::default();
        assert_eq!(hex(&objects.tree(&[]).unwrap()), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert!(objects.tree(&[("a", b""), ("a/b", b"")]).is_err());
    }

    #[test]
    fn lines_are_read_and_what_is_none_is_told() {
        let bytes = [line("a\n"), b"0000".to_vec(), line("bc")].concat();
        assert_eq!(lines(&bytes).unwrap(), ["a", "", "bc"]);
        for bad in ["<html>", "00", "0003", "0009ab", "zzzz"] {
            assert!(lines(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
