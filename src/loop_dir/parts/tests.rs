//! Tests of rotated, packed, broken and endless files.

use super::*;
use std::io::Write;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// All text, and what was lost with the name of its file.
fn all(log: &mut Log) -> (String, Vec<String>) {
    let (mut text, mut lost) = (Vec::new(), Vec::new());
    while let Some(block) = log.block().unwrap() {
        let name = log.paths()[block.part].file_name().unwrap().to_string_lossy().into_owned();
        text.extend(block.bytes);
        lost.extend(block.lost.map(|why| format!("{name}: {why}")));
    }
    (String::from_utf8(text).unwrap(), lost)
}

#[test]
fn rotated_files_are_read_oldest_first_packed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let path = at("cycles.jsonl");
    assert_eq!(all(&mut Log::open(&path).unwrap()), Default::default());
    std::fs::write(&path, "7\n8").unwrap();
    std::fs::write(at("cycles.jsonl.1"), "6\n").unwrap();
    std::fs::write(at("cycles.jsonl.1.gz"), gzip(b"half of 6")).unwrap();
    std::fs::write(at("cycles.jsonl.2.gz"), [gzip(b"4\n"), gzip(b"5\n")].concat()).unwrap();
    std::fs::write(at("cycles.jsonl.10"), b"\xef\xbb\xbf3\n").unwrap();
    std::fs::write(at("cycles.jsonl-20260101.gz"), gzip(b"1\n")).unwrap();
    std::fs::write(at("cycles.jsonl-20260201"), "2\n").unwrap();
    for other in ["cycles.jsonl.bak", "cycles.jsonl~", "cycles.jsonl-old", ".cycles.jsonl.1", "x.jsonl.1"] {
        std::fs::write(at(other), "no\n").unwrap();
    }
    let mut log = Log::open(&path).unwrap();
    let whole = ("1\n2\n3\n4\n5\n6\n7\n8".to_owned(), Vec::new());
    assert_eq!(all(&mut log), whole);
    // Rotated and appended to meanwhile: a second reading gives the same.
    std::fs::rename(&path, at("cycles.jsonl.0")).unwrap();
    std::fs::write(at("cycles.jsonl.0"), "7\n8\n9\n").unwrap();
    log.rewind();
    assert_eq!(all(&mut log), whole);
}

#[test]
fn a_broken_part_loses_its_rest_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    // Less than a block, and cut in the middle.
    let packed = gzip((0..20_000).map(|n| format!("{n}\n")).collect::<String>().as_bytes());
    std::fs::write(folder.path().join("x.jsonl.1.gz"), &packed[..packed.len() / 2]).unwrap();
    std::fs::write(&path, "last\n").unwrap();
    let (text, lost) = all(&mut Log::open(&path).unwrap());
    let mut read: Vec<&str> = text.lines().collect();
    assert_eq!(read.pop(), Some("last"));
    assert!(read.len() > 5_000, "what came before the break counts: {}", read.len());
    assert!(read.iter().enumerate().all(|(n, line)| *line == n.to_string()), "whole lines alone");
    assert_eq!(lost.len(), 1);
    assert!(lost[0].starts_with("x.jsonl.1.gz: the rest of the file cannot be read"), "{lost:?}");
    let error = format!("{:#}", Log::open(folder.path()).unwrap_err());
    assert!(error.contains("check that it is a file"), "{error}");
}

#[test]
fn blocks_end_with_lines_and_a_line_too_long_is_lost_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl");
    let line = format!("{}\n", "x".repeat(99_999));
    std::fs::write(&path, line.repeat(35)).unwrap();
    let mut log = Log::open(&path).unwrap();
    let mut blocks = 0;
    while let Some(block) = log.block().unwrap() {
        blocks += 1;
        assert_eq!(block.bytes.len() % line.len(), 0);
        assert!(block.bytes.len() <= BLOCK + line.len());
    }
    assert!(blocks >= 3);
    let long = "y".repeat(usize::try_from(LONGEST).unwrap() + BLOCK + 5);
    for (text, kept) in [(format!("a\n{long}\nb\n"), "a\nb\n"), (format!("a\n{long}"), "a\n")] {
        std::fs::write(&path, text).unwrap();
        let found = all(&mut Log::open(&path).unwrap());
        assert_eq!(found, (kept.to_owned(), vec![format!("x.jsonl: it is longer than {LONGEST} bytes")]));
    }
}
