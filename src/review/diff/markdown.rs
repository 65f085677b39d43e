//! A diff as Markdown: a comment on a pull request, a job's summary.
//!
//! Takes: [`DiffReport`]s, the repository that it is shown in. Gives: Markdown that renders alike on
//! Gitea, Forgejo and GitHub, never longer than [`MAX_CHARS`]. Items are named so that naming them
//! leaves no trace on them (fact 105), other people's text can neither ping nor link, and what is
//! private elsewhere is only counted.

use super::groups::{ChangeGroup, DiffReport, DiffVersion, because, groups, score, title};
use super::key_changes::KeyChange;
use super::text::{OTHERS, TRUST, figures, unchanged};
use super::{ChangedSubject, Class};
use crate::engine::template::MAX_CHARS;
use crate::engine::untrusted::{cut, markdown};

/// How many items of a group and how many groups are listed: as many as fit.
const TRIES: [(usize, usize); 12] = [
    (1000, 200),
    (300, 100),
    (100, 100),
    (50, 50),
    (25, 50),
    (12, 50),
    (6, 40),
    (3, 30),
    (1, 20),
    (1, 8),
    (0, 8),
    (0, 0),
];
/// Characters of a name and of a sentence.
const NAME: usize = 60;
const SENTENCE: usize = 300;
/// Characters of all rows about keys that touch trust: more is no change that anybody reads, and is counted.
const TRUST_ROOM: usize = 30_000;

/// The whole report, as long as a forge takes; `room` is what else stands in the text.
#[must_use]
pub fn render(reports: &[DiffReport], place: Option<&str>, room: usize) -> String {
    let most = MAX_CHARS.saturating_sub(room);
    let mut text = String::new();
    for (rows, groups) in TRIES {
        text = reports
            .iter()
            .map(|report| one(report, place, (rows, groups), TRUST_ROOM / reports.len()))
            .collect::<Vec<_>>()
            .join("\n");
        if text.chars().count() <= most {
            break;
        }
    }
    text
}

fn one(report: &DiffReport, place: Option<&str>, (rows, most): (usize, usize), trust_room: usize) -> String {
    let totals = report.diff().totals;
    let job = &report.job;
    let sides = format!(
        "<sub>Base: {}. Head: {}. Counted at {}.</sub>",
        side(&report.base),
        side(&report.head),
        report.generated_at
    );
    let mut out = Vec::new();
    if totals.changed == 0 && report.keys.is_empty() {
        let evaluated = items(report, totals.evaluated);
        out.push(format!("**Rules of {job}:** {evaluated} looked at, {}. {sides}", unchanged(report)));
        notes(&mut out, report);
        out.push(String::new());
        return out.join("\n");
    }
    out.push(format!("### What the change does to {job}"));
    out.push(String::new());
    let evaluated = items(report, totals.evaluated);
    let change = if totals.changed == 1 { "changes" } else { "change" };
    out.push(match totals.changed {
        0 => format!("{evaluated} looked at, {}.", unchanged(report)),
        changed => format!("**{changed}** of {evaluated} {change}: {}.", figures(report)),
    });
    let (trust, others) = report.keys();
    if !trust.is_empty() {
        out.push(String::new());
        out.push(format!("**{TRUST} ({})**", trust.len()));
        out.push(String::new());
        keys(&mut out, trust, trust.len(), trust_room);
    }
    let groups = groups(report.diff());
    let mut left = most;
    for (class, heading) in Class::ALL {
        let of_class: Vec<&ChangeGroup<'_>> = groups.iter().filter(|group| group.class == class).collect();
        let count: usize = of_class.iter().map(|group| group.items.len()).sum();
        if count == 0 {
            continue;
        }
        open(&mut out, &format!("{heading} ({count})"), class == Class::Closes);
        let shown = of_class.len().min(left);
        left -= shown;
        of_class[..shown].iter().for_each(|group| list(&mut out, report, group, place, rows));
        if shown < of_class.len() {
            let rest: usize = of_class[shown..].iter().map(|group| group.items.len()).sum();
            let more = of_class.len() - shown;
            out.push(format!("… and {} in {more} more groups, left out for length.", items(report, rest)));
            out.push(String::new());
        }
        out.push("</details>".to_owned());
    }
    tables(&mut out, report, most);
    if !others.is_empty() {
        open(&mut out, &format!("{OTHERS} ({})", others.len()), false);
        keys(&mut out, others, rows, usize::MAX);
        out.push(String::new());
        out.push("</details>".to_owned());
    }
    notes(&mut out, report);
    out.push(String::new());
    out.push(sides);
    out.push(String::new());
    out.join("\n")
}

/// A table of keys: as many as are wanted and have room, the rest counted.
fn keys(out: &mut Vec<String>, keys: &[KeyChange], most: usize, mut room: usize) {
    let row = |change: &KeyChange| {
        let (from, to) = change.before_and_after();
        let [key, from, to] = [&change.key, &from, &to].map(|text| markdown(&cut(text, SENTENCE)));
        format!("| {key} | {from} | {to} |")
    };
    let rows = keys.iter().take(most).map(row).map_while(|row| {
        room = room.checked_sub(row.chars().count())?;
        Some(row)
    });
    let rows: Vec<String> = rows.collect();
    let left = keys.len() - rows.len();
    if !rows.is_empty() {
        out.push("| key | before | now |".to_owned());
        out.push("| --- | --- | --- |".to_owned());
        out.extend(rows);
    }
    if left > 0 {
        out.push(String::new());
        out.push(format!("… and {left} more keys, left out for length."));
    }
}

fn items(report: &DiffReport, count: usize) -> String {
    let one = if report.of_items() { "item" } else { "finding" };
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn side(version: &DiffVersion) -> String {
    markdown(&cut(&version.name, SENTENCE))
}

fn open(out: &mut Vec<String>, heading: &str, is_open: bool) {
    out.push(String::new());
    out.push(format!("<details{}><summary>{heading}</summary>", if is_open { " open" } else { "" }));
    out.push(String::new());
}

fn list(out: &mut Vec<String>, report: &DiffReport, group: &ChangeGroup<'_>, place: Option<&str>, rows: usize) {
    let said = |said: &super::groups::DecisionText| markdown(&cut(&said.to_string(), 2 * NAME));
    let (from, to) = (said(&group.from), said(&group.to));
    let way = if from == to { from } else { format!("{from} → {to}") };
    out.push(format!("**{way}**: {}", items(report, group.items.len())));
    out.push(String::new());
    let (named, hidden): (Vec<&ChangedSubject>, Vec<&ChangedSubject>) =
        group.items.iter().copied().partition(|item| report.names(item, place));
    let shown = named.len().min(rows);
    if shown > 0 {
        out.push(format!("| {} | score | title | why |", if report.of_items() { "item" } else { "finding" }));
        out.push("| --- | --- | --- | --- |".to_owned());
    }
    for item in &named[..shown] {
        let link = match &item.subject {
            Some(subject) => {
                let short = place.is_some_and(|place| place.eq_ignore_ascii_case(&subject.repo));
                if short { subject.link.1.clone() } else { subject.link.0.clone() }
            }
            None => markdown(&cut(&item.key, NAME)),
        };
        let (title, why) = (markdown(&cut(&title(item), 80)), markdown(&cut(&because(item), SENTENCE)));
        out.push(format!("| {link} | {} | {title} | {why} |", markdown(&score(item))));
    }
    if shown > 0 {
        out.push(String::new());
    }
    let mut rest = Vec::new();
    if shown < named.len() {
        rest.push(format!("{} more, left out for length", named.len() - shown));
    }
    if !hidden.is_empty() {
        let of = if report.of_items() { "of private repositories" } else { "that may be private" };
        rest.push(format!("{} {of}, not named here", hidden.len()));
    }
    if !rest.is_empty() {
        out.push(format!("… and {}.", rest.join(", and ")));
        out.push(String::new());
    }
}

fn tables(out: &mut Vec<String>, report: &DiffReport, most: usize) {
    let diff = report.diff();
    let mut moved: Vec<_> = diff.rules.iter().filter(|(_, moves)| moves.gained + moves.lost > 0).collect();
    moved.sort_by_key(|(_, moves)| usize::MAX - moves.gained - moves.lost);
    if !moved.is_empty() {
        open(out, &format!("Rules that gain or lose items ({})", moved.len()), false);
        out.push("| rule | before | now | gains | loses |".to_owned());
        out.push("| --- | ---: | ---: | ---: | ---: |".to_owned());
        for (rule, it) in moved.iter().take(most) {
            let rule = markdown(&cut(rule, NAME));
            out.push(format!("| {rule} | {} | {} | {} | {} |", it.before, it.after, it.gained, it.lost));
        }
        out.push(String::new());
        if moved.len() > most {
            out.push(format!("… and {} more, left out for length.", moved.len() - most));
            out.push(String::new());
        }
        out.push("</details>".to_owned());
    }
    if !diff.writes.is_empty() {
        open(out, "Writes that are added and taken away", false);
        out.push("| write | added | taken away |".to_owned());
        out.push("| --- | ---: | ---: |".to_owned());
        out.extend(diff.writes.iter().map(|(op, (added, removed))| format!("| {op} | {added} | {removed} |")));
        out.push(String::new());
        out.push("</details>".to_owned());
    }
}

/// What else one should know. A sentence about an item that failed names it, and is only counted.
fn notes(out: &mut Vec<String>, report: &DiffReport) {
    let mut all: Vec<String> = report.new_or_gone().iter().map(|note| markdown(&cut(note, SENTENCE))).collect();
    let unreadable = report.read.unreadable.len();
    if unreadable > 0 {
        let entries = if unreadable == 1 { "1 part" } else { &format!("{unreadable} parts") };
        all.push(format!("{entries} of the forge could not be read; the report as text says which."));
    }
    let failed = report.read.failed.len() + report.read.failed_more;
    if failed > 0 {
        all.push(format!("{} could not be read or worded; the job's log says which.", items(report, failed)));
    }
    if !all.is_empty() {
        out.push(String::new());
        out.extend(all.into_iter().map(|note| format!("- {note}")));
    }
}
