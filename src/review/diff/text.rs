//! A diff for a person at a terminal.
//!
//! Takes: a [`DiffReport`], how to print. Gives: lines, all of other people's text in them fit for a
//! terminal. The worst comes first; with `verbose` every item is listed, with its words before and
//! after.

use super::groups::{ChangeGroup, DiffReport, because, groups, score, title};
use super::key_changes::KeyChange;
use super::{ChangedSubject, Class, SideRecord};
use crate::engine::untrusted::{readable, terminal};
use crate::report::table::{Alignment, lay_out};
use crate::report::text::TextStyle;

/// Items of a group that are shown where not all are asked for.
const SOME: usize = 5;
/// Keys that are shown where not all are asked for; those that touch trust always are.
const SOME_KEYS: usize = 20;

/// The whole report.
#[must_use]
pub fn render(report: &DiffReport, style: TextStyle) -> String {
    let mut out = DiffWriter { lines: Vec::new(), color: style.color };
    let totals = report.diff().totals;
    let place = match report.repos.as_slice() {
        [] => terminal(&report.forge),
        [repo] => terminal(repo),
        repos => format!("{} repositories", repos.len()),
    };
    let title = ["rules diff", &report.job, &place, &report.generated_at];
    out.bold(&title.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "));
    out.lines.push(format!("from {} to {}", terminal(&report.base.name), terminal(&report.head.name)));
    out.lines.push(match totals.changed {
        0 => format!("{} looked at, {}", totals.evaluated, unchanged(report)),
        1 => format!("{} looked at, 1 changes: {}", totals.evaluated, figures(report)),
        changed => format!("{} looked at, {changed} change: {}", totals.evaluated, figures(report)),
    });
    let (trust, others) = report.keys();
    out.keys(TRUST, trust, trust.len());
    let groups = groups(report.diff());
    for (class, heading) in Class::ALL {
        let of_class: Vec<&ChangeGroup<'_>> = groups.iter().filter(|group| group.class == class).collect();
        let count: usize = of_class.iter().map(|group| group.items.len()).sum();
        if count > 0 {
            out.heading(&format!("{heading} ({count})"));
            of_class.iter().for_each(|group| out.group(report, group, style));
        }
    }
    out.tables(report);
    out.keys(OTHERS, others, if style.verbose { others.len() } else { SOME_KEYS });
    for sentence in report.notes().iter().chain(&report.why_incomplete()) {
        out.lines.push(format!("note: {}", terminal(sentence)));
    }
    let mut text = out.lines.join("\n");
    text.push('\n');
    text
}

/// What the keys are called that touch trust, and the others.
pub(super) const TRUST: &str = "What touches trust";
pub(super) const OTHERS: &str = "What else changes in the rules";

/// That no item changes, and what does.
pub(super) fn unchanged(report: &DiffReport) -> String {
    match (report.keys.len(), if report.of_items() { "item" } else { "finding" }) {
        (0, _) => "nothing changes".to_owned(),
        (1, what) => format!("no {what} changes, 1 key of the rules does"),
        (keys, what) => format!("no {what} changes, {keys} keys of the rules do"),
    }
}

/// `1 closed now, 8 handed over; 2 of them looked at only now`: every item that changes once, by the worst of it.
pub(super) fn figures(report: &DiffReport) -> String {
    let diff = report.diff();
    let of_class = |class: Class| diff.items.iter().filter(|item| item.class == class).count();
    let parts = |all: &[(usize, &str)]| -> Vec<String> {
        all.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
    };
    let worst = Class::ALL.map(|(class, _)| (of_class(class), class.in_a_sentence()));
    let of_items = report.of_items();
    let seen = parts(&[
        (diff.totals.gained, if of_items { "of them looked at only now" } else { "of them found only now" }),
        (diff.totals.lost, if of_items { "of them no longer looked at" } else { "of them no longer found" }),
    ]);
    [parts(&worst), seen]
        .into_iter()
        .filter(|all| !all.is_empty())
        .map(|all| all.join(", "))
        .collect::<Vec<_>>()
        .join("; ")
}

struct DiffWriter {
    lines: Vec<String>,
    color: bool,
}

impl DiffWriter {
    fn bold(&mut self, text: &str) {
        self.lines.push(if self.color { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() });
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(String::new());
        self.bold(text);
    }

    fn group(&mut self, report: &DiffReport, group: &ChangeGroup<'_>, style: TextStyle) {
        let (from, to) = (terminal(&group.from.to_string()), terminal(&group.to.to_string()));
        let way = if from == to { from } else { format!("{from} → {to}") };
        self.lines.push(format!("{way}: {}", group.items.len()));
        let shown = if style.verbose { group.items.len() } else { group.items.len().min(SOME) };
        let cells = |item: &&ChangedSubject| {
            let subject = item.subject.as_ref();
            let name = match subject {
                Some(subject) if report.repos.len() == 1 => format!("#{}", subject.number),
                _ => item.key.clone(),
            };
            vec![format!("  {}", terminal(&name)), score(item), terminal(&title(item))]
        };
        let rows: Vec<Vec<String>> = group.items[..shown].iter().map(cells).collect();
        let lines = lay_out(&rows, &[Alignment::Left, Alignment::Left, Alignment::Left], style.width);
        for (line, item) in lines.into_iter().zip(&group.items) {
            self.lines.push(line);
            let why = terminal(&because(item));
            if !why.is_empty() {
                self.lines.push(format!("      {why}"));
            }
            if style.verbose {
                self.words(item);
            }
        }
        if shown < group.items.len() {
            self.lines.push(format!("  … and {} more (-v shows all)", group.items.len() - shown));
        }
    }

    /// The writes and the lines of the text that one side alone has.
    fn words(&mut self, item: &ChangedSubject) {
        for (sign, writes) in [('-', &item.removed), ('+', &item.added)] {
            for one in writes {
                let what = format!("{} {}", one.op, terminal(&one.what));
                self.lines.push(format!("      {sign} {}", what.trim_end()));
            }
        }
        let words = |record: &Option<SideRecord>| record.as_ref().map(|it| it.words.clone()).unwrap_or_default();
        let (before, after) = (words(&item.from), words(&item.to));
        for ((name, before), (_, after)) in before.parts().into_iter().zip(after.parts()) {
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            for (sign, these, those) in [('-', before, after), ('+', after, before)] {
                let only = these.lines().filter(|line| !line.trim().is_empty() && !those.lines().any(|it| it == *line));
                let name = if name.is_empty() { String::new() } else { format!("{name} ") };
                self.lines.extend(only.map(|line| format!("      {sign} {name}| {}", readable(line))));
            }
        }
    }

    fn keys(&mut self, heading: &str, keys: &[KeyChange], most: usize) {
        if keys.is_empty() {
            return;
        }
        self.heading(&format!("{heading} ({})", keys.len()));
        let shown = &keys[..keys.len().min(most)];
        self.lines.extend(shown.iter().map(|change| {
            let (key, (from, to)) = (terminal(&change.key), change.before_and_after());
            let (from, to) = (terminal(&from), terminal(&to));
            match (&change.from, &change.to) {
                (None, _) => format!("{key}: {to} (new)"),
                (_, None) => format!("{key}: {from} (gone)"),
                _ if from.is_empty() || to.is_empty() => format!("{key}: {from}{to}"),
                _ => format!("{key}: {from} → {to}"),
            }
        }));
        if shown.len() < keys.len() {
            self.lines.push(format!("… and {} more (-v shows all)", keys.len() - shown.len()));
        }
    }

    fn tables(&mut self, report: &DiffReport) {
        let diff = report.diff();
        let moved: Vec<_> = diff.rules.iter().filter(|(_, moves)| moves.gained + moves.lost > 0).collect();
        if !moved.is_empty() {
            self.heading("Rules that gain or lose");
            let mut rows = vec![["rule", "before", "now", "gains", "loses"].map(str::to_owned).to_vec()];
            rows.extend(moved.iter().map(|(rule, it)| {
                let counts = [it.before, it.after, it.gained, it.lost].map(|count| count.to_string());
                [vec![terminal(rule)], counts.to_vec()].concat()
            }));
            let sides = [
                Alignment::Left,
                Alignment::Right,
                Alignment::Right,
                Alignment::Right,
                Alignment::Right,
                Alignment::Left,
            ];
            self.lines.extend(lay_out(&rows, &sides, usize::MAX));
        }
        if !diff.writes.is_empty() {
            self.heading("Writes");
            let one = |(op, (added, removed)): (&&str, &(usize, usize))| format!("{op} +{added} -{removed}");
            self.lines.push(diff.writes.iter().map(one).collect::<Vec<_>>().join(", "));
        }
    }
}
