//! Tests of blocks.

use super::*;

#[test]
fn a_block_gives_its_cycles_and_names_what_it_lacks() {
    let text = "{\"cycle\":1,\"type\":\"bug\",\"success\":true,\"lines_added\":5,\"lines_removed\":2,\"epoch\":\"e1\"}\r\n\
                \n  \nnope\n42\n\
                {\"cycle\":2,\"type\":\"docs\",\"reason\":\"a\u{2028}b\u{85}c\",\"repo\":\"acme/app\",\"duration\":\"9\"}\n\
                {\"cycle\":3,\"type\":\"bug\",\"issue\":7,\"epoch\":\"\"}\n{\"cycle\":4,\"tim";
    let rows = read(text.as_bytes().to_vec());
    assert_eq!((rows.lines, rows.bad, rows.torn), (8, 3, true));
    let told: Vec<u64> = rows.first_bad.iter().map(|(line, _)| *line).collect();
    assert_eq!(told, [3, 4, 7]);
    let read: Vec<_> = rows.rows.iter().map(|row| (row.cycle, row.kind, row.repo, row.net, row.changed)).collect();
    assert_eq!(read, [(1, 0, 0, 3.0, 7.0), (2, 1, 1, 0.0, 0.0), (3, 0, 0, 0.0, 0.0)]);
    assert_eq!(
        (rows.kinds.as_slice(), rows.repos.as_slice()),
        (&["bug", "docs"].map(String::from)[..], &["", "acme/app"].map(String::from)[..])
    );
    assert_eq!(rows.cycle(&rows.rows[1]).reason.as_deref(), Some("a\u{2028}b\u{85}c"), "only \\n ends a line");
    assert_eq!(rows.epoch.as_deref(), Some("e1"));
    assert_eq!((rows.notes.missing[0], rows.notes.missing[2], rows.notes.unreadable[5]), (3, 2, 1));
    assert_eq!(rows.notes.missing[6], 0, "a reason need not be there");
}

#[test]
fn lines_about_an_issue_are_found_however_it_is_written() {
    let lines = [
        "{\"issue\":42}",
        "{\"issue\" : \"42\"}",
        "{\"type\":\"issue\",\"issue\":42.0}",
        "{\"iss\\u0075e\":42}",
        "{\"x\":{\"issue\":1},\"issue\":42,\"issue\":42}",
        "{\"issue\":4}",
        "{\"issue\":421}",
        "{\"reason\":\"issue\",\"cycle\":42}",
        "{\"issue\":null}",
    ];
    let rows = read_of(lines.join("\n").into_bytes(), &IssueLines::new(&[42, 7]));
    assert_eq!(rows.rows.iter().filter(|row| row.issue == 42).count(), 5);
    assert_eq!((rows.rows.len(), rows.lines), (5, 9), "the others are not read");
}

#[test]
fn a_line_that_is_no_text_is_bad_and_the_others_are_read() {
    let rows = read(b"{\"cycle\":1}\n{\"reason\":\"\xff\"}\n{\"cycle\":2}\n".to_vec());
    assert_eq!((rows.rows.len(), rows.bad, rows.torn), (2, 1, false));
    assert!(rows.first_bad[0].1.starts_with("it is no UTF-8"), "{:?}", rows.first_bad);
    assert_eq!(read(Vec::new()).lines, 0);
}
