//! The daily summary with the days before it folded below.
//!
//! Takes: today's text, the text of the issue as it stands. Gives: the new text. Pure.

use super::marker::{self, Marker};

/// Stands alone on the line before each earlier day: other people's text is escaped and cannot hold it.
const DAY: &str = "<!-- kaizen:day ";
/// Forges refuse texts over 65,536 characters (fact 100); the oldest days go first.
const MOST: usize = 60_000;

/// The day that a summary was written on.
#[must_use]
pub fn day_of(body: &str) -> Option<String> {
    Marker::ending(body)?.get("day").map(str::to_owned)
}

/// Today's text, and below it what `old` says of up to `days - 1` days before.
#[must_use]
pub fn fold(text: &str, old: Option<&str>, days: usize) -> String {
    let mut all = text.trim_end().to_owned();
    let mut length = all.chars().count();
    for (day, text) in old.map(earlier).unwrap_or_default().into_iter().take(days.saturating_sub(1)) {
        let folded = format!("\n\n{DAY}{day} -->\n<details><summary>{day}</summary>\n\n{text}\n\n</details>");
        length += folded.chars().count();
        if length > MOST {
            break;
        }
        all.push_str(&folded);
    }
    all
}

/// The days that a summary holds, the newest first.
fn earlier(old: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    found.extend(day_of(old).map(|day| (day, Vec::new())));
    for line in marker::without(old).lines() {
        let day = line.strip_prefix(DAY).and_then(|rest| rest.strip_suffix(" -->")).filter(|day| is_day(day));
        match (day, found.last_mut()) {
            (Some(day), _) => found.push((day.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    let text = |(day, lines): (String, Vec<&str>)| {
        let text = lines.join("\n");
        let text = text.trim().trim_start_matches(&format!("<details><summary>{day}</summary>"));
        (day.clone(), text.strip_suffix("</details>").unwrap_or(text).trim().to_owned())
    };
    let (first, rest) = if found.is_empty() {
        (None, found)
    } else {
        let first = found.remove(0);
        (Some(first), found)
    };
    // The newest stood open: it has no fold of its own to take off.
    let open = first.map(|(day, lines)| (day, lines.join("\n").trim().to_owned()));
    open.into_iter().chain(rest.into_iter().map(text)).collect()
}

/// `2026-11-20`: digits and hyphens, ten in all.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn issue(text: &str, day: &str) -> String {
        format!("{text}\n\n{}", Marker::default().with("policy", "p").with("day", day).line())
    }

    #[test]
    fn the_days_before_are_folded_below_and_the_oldest_go() {
        let first = issue(&fold("one <details>x</details>", None, 3), "2026-11-18");
        let second = issue(&fold("two", Some(&first), 3), "2026-11-19");
        let third = issue(&fold("three", Some(&second), 3), "2026-11-20");
        let fourth = fold("four", Some(&third), 3);
        assert_eq!(
            fourth,
            "four\n\n<!-- kaizen:day 2026-11-20 -->\n<details><summary>2026-11-20</summary>\n\nthree\n\n</details>\
             \n\n<!-- kaizen:day 2026-11-19 -->\n<details><summary>2026-11-19</summary>\n\ntwo\n\n</details>"
        );
        let older = earlier(&third);
        assert_eq!(older[2], ("2026-11-18".to_owned(), "one <details>x</details>".to_owned()));
        assert_eq!(day_of(&third).unwrap(), "2026-11-20");
    }

    #[test]
    fn a_text_stays_within_what_a_forge_takes() {
        let long = issue(&"x".repeat(50_000), "2026-11-19");
        assert!(fold(&"y".repeat(50_000), Some(&long), 14).len() < 51_000);
        assert_eq!(fold("a", Some("no marker"), 14), "a");
    }
}
