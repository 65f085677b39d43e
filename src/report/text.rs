//! A run for a person at a terminal.
//!
//! Takes: a [`TriageRun`], the width, how much to show. Gives: lines, all of other people's text in
//! them fit for a terminal. What will happen comes first, then what waits, then what was left
//! alone and by which rule.

use std::collections::BTreeMap;

use super::table::{Alignment, lay_out};
use super::unmatched::UnmatchedNames;
use super::{ItemRow, TriageRun, by_rule};
use crate::engine::untrusted::{readable, terminal};
use crate::plan::choice::ItemState;

/// Rows of a section that are shown where not all are asked for: of what would be done, and of
/// the rest.
const SHORT: (usize, usize) = (20, 5);

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct TextStyle {
    /// Columns of the terminal.
    pub width: usize,
    /// With colours.
    pub color: bool,
    /// Every item, and the full text of every write.
    pub verbose: bool,
}

/// The whole report.
#[must_use]
pub fn render(run: &TriageRun<'_>, style: TextStyle) -> String {
    let mut out = TextWriter { lines: Vec::new(), color: style.color };
    let repos = terminal(&run.place());
    out.bold(&format!("{} · {repos} · {} at {}", run.policy.name, run.name(), run.generated_at));
    out.lines.extend(figures(run));
    let sections = [
        ("Acted", ItemState::Done, true),
        ("Would act", ItemState::Planned, true),
        ("Waiting for an agent to finish something", ItemState::Waiting, false),
        ("Deferred: the cap of this run was reached", ItemState::Deferred, false),
        ("Unchanged: done before", ItemState::Unchanged, false),
        ("Dropped", ItemState::Dropped, false),
        ("Failed", ItemState::Failed, false),
    ];
    for (title, state, reasons) in sections {
        section(&mut out, run, style, title, state, reasons);
    }
    writes(&mut out, run, style);
    left_alone(&mut out, run, style);
    if style.verbose {
        unmatched(&mut out, run);
    }
    let notes: Vec<&String> = run.warnings.iter().chain(&run.why_incomplete).collect();
    out.lines.extend((!notes.is_empty()).then(String::new));
    out.lines.extend(notes.into_iter().map(|sentence| format!("note: {}", terminal(sentence))));
    if run.outcomes.is_none() {
        let any = run.writes().next().is_some();
        let what = if any {
            "This was a dry run: nothing was written."
        } else {
            "This was a dry run: nothing is to be written."
        };
        out.lines.extend([String::new(), what.to_owned()]);
        let next = "-v shows every text, --plan-out FILE saves the plan, `kaizen apply FILE` carries out just that.";
        out.lines.extend((any && !style.verbose).then(|| next.to_owned()));
    }
    let mut text = out.lines.join("\n");
    text.push('\n');
    text
}

/// How many are open and were looked at, and what became of those: each line adds up.
fn figures(run: &TriageRun<'_>) -> Vec<String> {
    let looked_at = run.rows.iter().filter(|row| row.open).count();
    let (closed, outside) = (run.rows.len() - looked_at, run.totals.open.saturating_sub(looked_at));
    let mut first = match outside {
        0 => format!("{looked_at} open, all looked at"),
        _ if run.only => format!("{} open: {looked_at} looked at, {outside} not asked for", run.totals.open),
        _ => format!("{} open: {looked_at} looked at, {outside} outside the scope of the rules", run.totals.open),
    };
    if closed > 0 {
        first.push_str(&format!("; {closed} closed, looked at too"));
    }
    let live = run.outcomes.is_some();
    let states = [
        (&[ItemState::Planned, ItemState::Done][..], if live { "acted on" } else { "to act on" }),
        (&[ItemState::Waiting], "waiting"),
        (&[ItemState::Unchanged], "done before"),
        (&[ItemState::Deferred], "for the next run"),
        (&[ItemState::Dropped], "dropped"),
        (&[ItemState::Failed], "failed"),
        (&[ItemState::Skipped], "left alone"),
    ];
    let of = |ready: bool, name: &str| {
        let rows = || run.rows.iter().filter(|row| (row.flag(run.policy, "ready") == Some(true)) == ready);
        let count = |(of, what): &(&[ItemState], &str)| {
            (rows().filter(|row| of.contains(&row.state)).count(), what.to_string())
        };
        let parts = states.iter().map(count).filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        (!parts.is_empty()).then(|| format!("{} {name}: {}", rows().count(), parts.join(", ")))
    };
    // Without the flag nothing is ready or not.
    let judges = run.policy.flags.iter().any(|flag| flag.name == "ready");
    let rest = if judges { "not ready" } else { "judged" };
    [Some(first), of(true, "ready"), of(false, rest)].into_iter().flatten().collect()
}

struct TextWriter {
    lines: Vec<String>,
    color: bool,
}

impl TextWriter {
    fn bold(&mut self, text: &str) {
        self.lines.push(if self.color { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() });
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(String::new());
        self.bold(text);
    }
}

fn section(out: &mut TextWriter, run: &TriageRun<'_>, style: TextStyle, title: &str, state: ItemState, reasons: bool) {
    let rows: Vec<&ItemRow<'_>> =
        run.order.iter().map(|index| &run.rows[*index]).filter(|row| row.state == state).collect();
    if rows.is_empty() {
        return;
    }
    out.heading(&format!("{title} ({})", rows.len()));
    let shown = if style.verbose {
        rows.len()
    } else {
        rows.len().min(if matches!(state, ItemState::Planned | ItemState::Done) { SHORT.0 } else { SHORT.1 })
    };
    let cells: Vec<Vec<String>> = rows[..shown].iter().map(|row| cells(run, row)).collect();
    let sides = [Alignment::Left, Alignment::Right, Alignment::Left, Alignment::Left, Alignment::Left, Alignment::Left];
    for (line, row) in lay_out(&cells, &sides, style.width).into_iter().zip(&rows) {
        out.lines.push(line);
        let why = terminal(row.why());
        let told = style.verbose || (row.note.is_some() && state != ItemState::Dropped);
        if (reasons || row.note.is_some()) && !why.is_empty() && told {
            out.lines.push(format!("      {why}"));
        }
    }
    if shown < rows.len() {
        out.lines.push(format!("… and {} more (-v shows all)", rows.len() - shown));
    }
}

fn cells(run: &TriageRun<'_>, row: &ItemRow<'_>) -> Vec<String> {
    let policy = run.policy;
    let name = terminal(&run.item(row));
    let agent = row.agent(policy).map(|agent| format!(" → {}", terminal(agent))).unwrap_or_default();
    vec![
        name,
        row.judgement.score.to_string(),
        row.judgement.ty.unwrap_or("unknown").to_owned(),
        if row.flag(policy, "urgent") == Some(true) { "urgent".to_owned() } else { String::new() },
        format!("{}{agent} ({})", row.action(policy), row.rule(policy).unwrap_or("-")),
        terminal(&row.judgement.title),
    ]
}

fn writes(out: &mut TextWriter, run: &TriageRun<'_>, style: TextStyle) {
    let mut ops: BTreeMap<&str, usize> = BTreeMap::new();
    // Of a live run what was written; of a dry run all that would be.
    let wanted = if run.outcomes.is_some() { ItemState::Done } else { ItemState::Planned };
    let shown = || run.stated().filter(|(.., state)| *state == wanted);
    for (_, _, write, _) in shown() {
        *ops.entry(write.op.name()).or_default() += 1;
    }
    if ops.is_empty() {
        return;
    }
    let counts: Vec<String> = ops.iter().map(|(op, count)| format!("{count} {op}")).collect();
    let title = if run.outcomes.is_some() { "Writes" } else { "Planned writes" };
    out.heading(&format!("{title} ({})", ops.values().sum::<usize>()));
    out.lines.push(counts.join(", "));
    for (item, _, write, _) in shown().filter(|_| style.verbose) {
        let name = item.number.map_or_else(|| "new issue".to_owned(), |number| format!("#{number}"));
        let args = &write.args;
        let short =
            [args.title.clone(), Some(args.labels.join(", ")), Some(args.assignees.join(", ")), args.milestone.clone()];
        let short: Vec<String> = short.into_iter().flatten().filter(|text| !text.is_empty()).collect();
        out.lines.push(
            format!("{} {name} {} {}", terminal(&item.repo), write.op.name(), terminal(&short.join(", ")))
                .trim_end()
                .to_owned(),
        );
        let body = args.body.as_deref().or(args.section.as_deref()).unwrap_or("");
        out.lines.extend(body.lines().map(|line| format!("  | {}", readable(line)).trim_end().to_owned()));
    }
}

/// Rules and words that met no item: they may be misspelt, or have had their day.
fn unmatched(out: &mut TextWriter, run: &TriageRun<'_>) {
    let Some((unmatched, sentence)) =
        UnmatchedNames::of(run).and_then(|it| it.sentence().map(|sentence| (it, sentence)))
    else {
        return;
    };
    out.heading(&sentence);
    if !unmatched.rules.is_empty() {
        out.lines.push(format!("rules: {}", unmatched.rules.join(", ")));
    }
    for (set, words) in &unmatched.words {
        out.lines.push(format!("{set}: {}", terminal(&words.join(", "))));
    }
}

fn left_alone(out: &mut TextWriter, run: &TriageRun<'_>, style: TextStyle) {
    let skipped: Vec<&ItemRow<'_>> = run.rows.iter().filter(|row| row.state == ItemState::Skipped).collect();
    if skipped.is_empty() {
        return;
    }
    out.heading(&format!("Left alone ({})", skipped.len()));
    if style.verbose {
        let cells: Vec<Vec<String>> = skipped
            .iter()
            .map(|row| {
                let mut cells = cells(run, row);
                cells[4] = row.rule(run.policy).unwrap_or("-").to_owned();
                cells[5] = format!("{} ({})", cells[5], terminal(row.why()));
                cells
            })
            .collect();
        let sides =
            [Alignment::Left, Alignment::Right, Alignment::Left, Alignment::Left, Alignment::Left, Alignment::Left];
        out.lines.extend(lay_out(&cells, &sides, style.width));
        return;
    }
    let cells: Vec<Vec<String>> = by_rule(run, &run.rows)
        .into_iter()
        .map(|group| {
            vec![
                group.rule.to_owned(),
                group.count.to_string(),
                format!("e.g. {}: {}", terminal(&group.item), terminal(group.whys.first().unwrap_or(&""))),
            ]
        })
        .collect();
    out.lines.extend(lay_out(&cells, &[Alignment::Left, Alignment::Right, Alignment::Left], style.width));
}
