//! The figures for people: on a terminal with bars, and as a template is given them.
//!
//! Takes: [`LoopFigures`], recommendations. Gives: text fit for a terminal, and the context of
//! `summary.md.j2`. Names and reasons come from the log: they are escaped for their place.

use std::fmt::Write as _;

use minijinja::{Value, context};

use crate::advise::FactTy;
use crate::engine::untrusted::{cut, terminal};
use crate::loops::deep::Deep;
use crate::loops::figures::{LoopFigures, WindowFigures};
use crate::loops::insights::Recommendation;
use crate::loops::measure::span;

/// Cells of the longest bar.
const BAR: usize = 24;
/// Types that are shown one by one.
const KINDS: usize = 12;
/// Characters of a name or a reason that are shown.
const NAME: usize = 40;

/// What a template of this job may name.
pub const NAMES: [(&str, FactTy); 30] = [
    ("when", FactTy::Text),
    ("version", FactTy::Text),
    ("window", FactTy::Text),
    ("cycles", FactTy::Number),
    ("epoch", FactTy::MaybeText),
    ("rows[].name", FactTy::Text),
    ("rows[].recent", FactTy::Text),
    ("rows[].previous", FactTy::Text),
    ("rows[].chance", FactTy::Text),
    ("types[].name", FactTy::Text),
    ("types[].cycles", FactTy::Number),
    ("types[].rate", FactTy::Text),
    ("types[].mean", FactTy::Text),
    ("types[].median", FactTy::Text),
    ("chart.labels", FactTy::Text),
    ("chart.cycles", FactTy::Text),
    ("chart.successes", FactTy::Text),
    ("chart.most", FactTy::Number),
    ("repeats[].issue", FactTy::Number),
    ("repeats[].repo", FactTy::MaybeText),
    ("repeats[].failures", FactTy::Number),
    ("repeats[].reason", FactTy::MaybeText),
    ("outliers[].cycle", FactTy::MaybeNumber),
    ("outliers[].duration", FactTy::Text),
    ("recommendations[].severity", FactTy::Text),
    ("recommendations[].rule", FactTy::Text),
    ("recommendations[].finding", FactTy::Text),
    ("recommendations[].recommendation", FactTy::Text),
    ("deep.runs", FactTy::Number),
    ("notes[]", FactTy::Text),
];

/// What both show.
#[derive(Debug, Clone, Copy)]
pub struct IntrospectView<'a> {
    /// The instant, RFC 3339.
    pub when: &'a str,
    /// The length of a window, as people write it.
    pub window: &'a str,
    /// The current epoch, or nothing.
    pub epoch: &'a str,
    /// The figures.
    pub figures: &'a LoopFigures,
    /// Runs of deep triage.
    pub deep: &'a Deep,
    /// What the rules recommend.
    pub recommended: &'a [Recommendation],
    /// What is said of the log itself.
    pub notes: &'a [String],
}

/// One line of the comparison: what, in the last window, in the one before, how likely by chance.
type ComparisonRow = (&'static str, String, String, Option<f64>);

fn rows(figures: &LoopFigures) -> Vec<ComparisonRow> {
    let (recent, previous, changes) = (&figures.recent, &figures.previous, &figures.changes);
    let both = |of: &dyn Fn(&WindowFigures) -> String| (of(recent), of(previous));
    let row = |name, (recent, previous), chance| (name, recent, previous, chance);
    vec![
        row("cycles", both(&|of| of.count.to_string()), changes.velocity_p),
        row("success rate", both(&|of| of.success_rate.map_or_else(unknown, percent)), changes.success_rate_p),
        row("mean duration", both(&|of| of.avg_duration.map_or_else(unknown, span)), None),
        row("median duration", both(&|of| of.median_duration.map_or_else(unknown, span)), changes.duration_p),
        row("pull requests", both(&|of| of.prs_merged.to_string()), None),
        row("lines, net", both(&|of| format!("{:+}", of.lines_net)), None),
    ]
}

/// The text for a terminal.
#[must_use]
pub fn text(shown: &IntrospectView<'_>) -> String {
    let figures = shown.figures;
    let mut out = String::new();
    let epoch = if shown.epoch.is_empty() { String::new() } else { format!(", epoch {}", name(shown.epoch)) };
    let _ = writeln!(out, "loop-introspect: {} cycles{epoch}, {}", figures.cycles, shown.when);
    let _ = writeln!(out, "\nThe last {} against the {} before", shown.window, shown.window);
    for (what, recent, previous, chance) in rows(figures) {
        let chance = chance.map_or_else(String::new, |chance| format!("  by chance {}", percent_or_less(chance)));
        let _ = writeln!(out, "  {what:<16}{recent:>9}  was {previous:>9}{chance}");
    }
    let most = figures.kinds.iter().map(|kind| kind.of.count).max().unwrap_or(0);
    for (at, kind) in busiest(figures).into_iter().enumerate() {
        if at == 0 {
            let _ = writeln!(out, "\nBy type");
        }
        let rate = kind.of.success_rate.map_or_else(unknown, percent);
        let mean = kind.of.avg_duration.map_or_else(unknown, span);
        let bar = bar(kind.of.successes, kind.of.count, most);
        let _ = writeln!(out, "  {:<16}{:>5}  {bar}  {rate:>4} ok, mean {mean}", name(&kind.name), kind.of.count);
    }
    section(
        &mut out,
        "Failed again and again",
        figures.repeats.iter().map(|repeat| {
            let reason = repeat.attempts.last().map_or("", |attempt| attempt.reason.as_str());
            let reason = if reason.is_empty() { String::new() } else { format!(", at last: {}", name(reason)) };
            format!(
                "{}#{} failed {} times{reason}",
                name(repeat.repo.as_deref().unwrap_or("")),
                repeat.issue,
                repeat.failures
            )
        }),
    );
    section(
        &mut out,
        "Far longer than others",
        figures.outliers.iter().map(|one| {
            let cycle =
                one.cycle.map_or_else(|| "a cycle without a number".to_owned(), |cycle| format!("cycle {cycle}"));
            format!("{cycle} took {}", span(one.duration))
        }),
    );
    section(
        &mut out,
        "What the rules say",
        shown.recommended.iter().map(|one| {
            let finding = terminal(&one.finding);
            format!("{:<7}{finding} ({})\n         {}", one.severity, one.rule, terminal(&one.recommendation))
        }),
    );
    section(&mut out, "About the log", shown.notes.iter().map(|note| terminal(note)));
    out
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (at, line) in lines.enumerate() {
        let title = if at == 0 { format!("\n{title}\n") } else { String::new() };
        let _ = writeln!(out, "{title}  {line}");
    }
}

/// A bar as long as its share of the longest; the part that succeeded is full.
fn bar(successes: u64, count: u64, most: u64) -> String {
    let cells = |part: u64| (part as f64 / most.max(1) as f64 * BAR as f64).round() as usize;
    let (full, all) = (cells(successes), cells(count).max(1));
    let full = full.min(all);
    format!("{}{}{}", "█".repeat(full), "░".repeat(all - full), " ".repeat(BAR.saturating_sub(all)))
}

fn busiest(figures: &LoopFigures) -> Vec<&crate::loops::figures::KindFigures> {
    let mut kinds: Vec<_> = figures.kinds.iter().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.of.count));
    kinds.truncate(KINDS);
    kinds
}

fn name(text: &str) -> String {
    terminal(&cut(text, NAME))
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn percent(rate: f64) -> String {
    format!("{:.0}%", rate * 100.0)
}

fn percent_or_less(chance: f64) -> String {
    if chance < 0.001 { "<0.1%".to_owned() } else { format!("{:.1}%", chance * 100.0) }
}

/// What the template is given.
#[must_use]
pub fn template(shown: &IntrospectView<'_>, version: &str) -> Value {
    let figures = shown.figures;
    let maybe = |text: Option<&str>| text.filter(|text| !text.is_empty()).map_or(Value::from(()), Value::from);
    let rows: Vec<Value> = rows(figures)
        .into_iter()
        .map(|(name, recent, previous, chance)| {
            let chance = chance.map_or_else(String::new, percent_or_less);
            context! { name, recent, previous, chance }
        })
        .collect();
    let kinds = busiest(figures);
    let types: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            context! {
                name => kind.name.clone(), cycles => kind.of.count, rate => kind.of.success_rate.map_or_else(unknown, percent),
                mean => kind.of.avg_duration.map_or_else(unknown, span),
                median => kind.of.median_duration.map_or_else(unknown, span),
            }
        })
        .collect();
    // A chart is code to its renderer: of a name only what is no syntax goes there.
    let label =
        |name: &str| format!("\"{}\"", name.chars().filter(|c| c.is_alphanumeric()).take(16).collect::<String>());
    let listed = |of: &dyn Fn(&WindowFigures) -> u64| {
        kinds.iter().map(|kind| of(&kind.of).to_string()).collect::<Vec<_>>().join(", ")
    };
    let chart = context! {
        labels => Value::from_safe_string(kinds.iter().map(|kind| label(&kind.name)).collect::<Vec<_>>().join(", ")),
        cycles => Value::from_safe_string(listed(&|of| of.count)),
        successes => Value::from_safe_string(listed(&|of| of.successes)),
        most => kinds.iter().map(|kind| kind.of.count).max().unwrap_or(0),
    };
    let repeats: Vec<Value> = figures.repeats.iter().map(|repeat| {
        let reason = repeat.attempts.last().map(|attempt| attempt.reason.as_str());
        context! {
            issue => repeat.issue, repo => maybe(repeat.repo.as_deref()), failures => repeat.failures, reason => maybe(reason),
        }
    }).collect();
    let outliers: Vec<Value> =
        figures.outliers.iter().map(|one| context! { cycle => one.cycle, duration => span(one.duration) }).collect();
    let recommendations: Vec<Value> = shown.recommended.iter().map(|one| {
        context! {
            severity => one.severity.clone(), rule => one.rule.clone(), finding => one.finding.clone(), recommendation => one.recommendation.clone(),
        }
    }).collect();
    context! {
        when => shown.when, version, window => shown.window, cycles => figures.cycles, epoch => maybe(Some(shown.epoch)),
        rows, types, chart, repeats, outliers, recommendations, deep => context! { runs => shown.deep.runs },
        notes => shown.notes.iter().map(Value::from).collect::<Vec<_>>(),
    }
}
