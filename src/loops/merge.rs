//! Two versions of a file of the loop, put together.
//!
//! Takes: the bytes of both. Gives: the bytes of one. Lines become the union of the lines of both in
//! the order of their times, so that it does not matter which of two runs came first; of two JSON
//! documents the one with the newer `generated_at` stays. Both versions are in memory.

use std::collections::HashMap;

use serde_json::Value;

use super::insights::instant_of;

/// The keys of time in lines: cycles and triage, journals, runs.
const TIMES: [&str; 3] = ["timestamp", "ts", "started"];

/// The lines of both, each once for every time that one of them holds it, in the order of their times. A
/// line without a time stays behind the line that it stood behind. Lines that cannot be read are kept.
#[must_use]
pub fn lines(ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    let (ours, theirs) = (timed(ours), timed(theirs));
    // A line that both hold is one line.
    let mut there: HashMap<&[u8], usize> = HashMap::new();
    ours.iter().for_each(|(_, line)| *there.entry(line).or_default() += 1);
    let mut all: Vec<(i64, &[u8])> = ours.clone();
    for (at, line) in theirs {
        match there.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => all.push((at, line)),
        }
    }
    // Stable: of equal times ours come first, each in its order.
    all.sort_by_key(|(at, _)| *at);
    let mut out = Vec::with_capacity(all.iter().map(|(_, line)| line.len() + 1).sum());
    for (_, line) in all {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

/// Lines that are not empty, each with its time or that of the line before it.
fn timed(bytes: &[u8]) -> Vec<(i64, &[u8])> {
    let mut last = i64::MIN;
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let value: Value = serde_json::from_slice(line).unwrap_or_default();
            last = TIMES.iter().find_map(|name| instant_of(value.get(name)?)).unwrap_or(last);
            (last, line)
        })
        .collect()
}

/// Whether `theirs` is the newer of two JSON documents: one that can be read goes before one that
/// cannot, then the later `generated_at`; of equals ours stays.
#[must_use]
pub fn theirs_is_newer(ours: &[u8], theirs: &[u8]) -> bool {
    let read = |bytes: &[u8]| {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        Some(value.get("generated_at").and_then(instant_of).unwrap_or(i64::MIN))
    };
    read(theirs) > read(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(ours: &str, theirs: &str) -> String {
        String::from_utf8_lossy(&lines(ours.as_bytes(), theirs.as_bytes())).into_owned()
    }

    #[test]
    fn lines_of_both_come_in_the_order_of_their_times() {
        let (a, b, c) = (
            "{\"timestamp\":\"2026-01-01T00:00:00Z\",\"cycle\":1}",
            "{\"ts\":\"2026-01-01T02:00:00+01:00\"}",
            "{\"started\":\"2026-01-02\",\"ended\":null}",
        );
        let shared = format!("{a}\n");
        assert_eq!(together(&format!("{shared}{c}\n"), &format!("{shared}{b}")), format!("{a}\n{b}\n{c}\n"));
        assert_eq!(together(&format!("{shared}{b}\n"), &format!("{shared}{c}\r\n\n")), format!("{a}\n{b}\n{c}\n"));
        assert_eq!(together("", &shared), shared);
        assert_eq!(together(&shared, ""), shared);
        let twice = format!("{a}\n{a}\n");
        assert_eq!(together(&twice, &shared), twice, "a line that stands there twice stays so");
    }

    #[test]
    fn what_has_no_time_stays_behind_its_line_and_nothing_is_lost() {
        let ours = "{\"ts\":\"2026-01-01\"}\n{\"torn\": \n{\"ts\":\"2026-01-03\"}\n";
        let theirs = "{\"ts\":\"2026-01-02\"}\nnope\n";
        let expected = "{\"ts\":\"2026-01-01\"}\n{\"torn\":\n{\"ts\":\"2026-01-02\"}\nnope\n{\"ts\":\"2026-01-03\"}\n";
        assert_eq!(together(ours, theirs), expected);
    }

    #[test]
    fn either_order_of_two_runs_comes_to_the_same_lines() {
        let line =
            |second: u32, who: &str| format!("{{\"timestamp\":\"2026-01-01T00:00:{second:02}Z\",\"by\":\"{who}\"}}\n");
        let base: String = (0..9).map(|second| line(second, "base")).collect();
        let (one, other) = (format!("{base}{}", line(20, "one")), format!("{base}{}", line(15, "other")));
        assert_eq!(together(&one, &other), together(&other, &one));
        assert_eq!(together(&together(&one, &other), &other), together(&one, &other), "once more changes nothing");
    }

    #[test]
    fn of_two_documents_the_newer_stays() {
        let at = |at: &str| format!("{{\"generated_at\": \"{at}\"}}");
        let (old, new) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T03:00:00+02:00"));
        assert!(theirs_is_newer(old.as_bytes(), new.as_bytes()));
        assert!(!theirs_is_newer(new.as_bytes(), old.as_bytes()));
        assert!(!theirs_is_newer(old.as_bytes(), old.as_bytes()));
        assert!(theirs_is_newer(b"{\"gener", old.as_bytes()));
        assert!(theirs_is_newer(b"{}", old.as_bytes()) && !theirs_is_newer(old.as_bytes(), b"half"));
    }
}
