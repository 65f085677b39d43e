//! What the template of the report is given, and its charts.
//!
//! Takes: a finished [`Retro`], the forge's way to name an issue without leaving a trace on it. Gives: the
//! names that the table of the job allows.

use chrono::{DateTime, Utc};
use minijinja::{Value as Text, context};

use crate::engine::eval::round;
use crate::engine::rules::Policy;
use crate::forge::time::rfc3339;

use super::figures::{Day, RetroFigures};
use super::metrics::{Pull, ReportIssue, RetroTally};
use super::{Retro, RetroQuery};

/// Bars that a chart has at most.
const BARS: usize = 12;

/// The context of the report.
pub(super) fn context(asked: &RetroQuery<'_>, retro: &Retro<'_>) -> Text {
    let policy = asked.policy;
    let metrics = &retro.metrics;
    let listed = usize::try_from(asked.advice.measure.whole("listed")).unwrap_or(usize::MAX);
    let instant = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let shown = |at: DateTime<Utc>| at.with_timezone(&policy.timezone).format("%Y-%m-%d %H:%M %Z").to_string();
    let link = |repo: usize, number: u64| Text::from_safe_string(asked.link(repo, number));
    let stuck = |issue: &ReportIssue| {
        context! {
            link => link(issue.repo, issue.number), title => issue.title.as_str(), type => issue.ty.as_str(),
            assignees => issue.assignees.join(", "), reasons => issue.reasons.join(", ").replace('_', " "),
        }
    };
    let closed = |issue: &ReportIssue| context! { link => link(issue.repo, issue.number), title => issue.title.as_str(), type => issue.ty.as_str() };
    let merged = |pull: &Pull| context! { link => link(pull.repo, pull.number), title => pull.title.as_str(), author => pull.author.as_str() };
    let suggestion = retro.suggestion.as_ref().map(|one| {
        context! {
            rule => one.rule.as_str(), text => one.text.as_str(), metric => words(&one.metric), better => one.better.as_str(),
            value => number(one.value), line => one.line.as_str(),
        }
    });
    let others = retro.others.iter().map(|one| context! { rule => one.rule.as_str(), text => one.text.as_str() });
    let outcomes = retro.outcomes.iter().map(|one| {
        context! {
            when => one.of.key.trim_start_matches("retro-"), rule => one.of.rule.as_str(), text => about(&one.of.subject),
            metric => words(&one.of.metric), then => number(one.of.value), now => number(one.now),
            verdict => one.verdict.words(),
        }
    });
    let rates = retro.rates.iter().map(|(rule, rate)| context! { rule, helped => rate.helped, judged => rate.judged });
    let list = metrics.repos.all();
    let most = by_size(metrics.types.all(), RetroTally::total).first().map(|ty| ty.name.clone());
    let (successes, failures) = (sum(list, |repo| repo.successes), sum(list, |repo| repo.failures));
    let totals = context! {
        closed => metrics.closed.len(), merged => metrics.merged.len(), closed_prs => metrics.closed_prs.len(),
        attention => metrics.attention.len(), open => metrics.open, opened => retro.figures[0].opened,
        successes, failures, rate => percent(successes, successes + failures), most,
    };
    let private = &retro.private;
    context! {
        when => shown(instant(asked.now)), day => retro.key.trim_start_matches("retro-"), version => asked.version,
        since => shown(instant(asked.window.since)), until => shown(instant(asked.until)),
        window_hours => round(asked.hours(), 1), repositories => asked.world.repos.len(),
        suggestion, others => others.collect::<Vec<_>>(), outcomes => outcomes.collect::<Vec<_>>(),
        rates => rates.collect::<Vec<_>>(), numbers => numbers(retro),
        agents => tallies(&by_size(metrics.agents.all(), RetroTally::total), &metrics.open_by_holder),
        repos => tallies(&by_size(list, RetroTally::total), &metrics.open_by_holder),
        types => tallies(&by_size(metrics.types.all(), RetroTally::total), &metrics.open_by_holder),
        stuck => metrics.attention.iter().take(listed).map(stuck).collect::<Vec<_>>(),
        stuck_more => metrics.attention.len().saturating_sub(listed),
        merged => metrics.merged.iter().take(listed).map(merged).collect::<Vec<_>>(),
        merged_more => metrics.merged.len().saturating_sub(listed),
        closed => metrics.closed.iter().take(listed).map(closed).collect::<Vec<_>>(),
        closed_more => metrics.closed.len().saturating_sub(listed),
        days => retro.days.iter().map(day).collect::<Vec<_>>(),
        day_chart => Text::from_safe_string(day_chart(&retro.days)),
        failure_chart => Text::from_safe_string(failure_chart(list)),
        private => context! {
            repositories => private.repositories, closed => private.closed, merged => private.merged,
            open => private.open,
        },
        unread => asked.world.unread.iter().map(|(repo, why)| context! { repo, why }).collect::<Vec<_>>(),
        totals,
        ..fixed(policy)
    }
}

fn fixed(policy: &Policy) -> Text {
    let thresholds = policy.thresholds.iter().map(|one| (one.name.as_str(), super::super::texts::value(&one.value)));
    let agents = policy.agents.iter().map(|one| (one.name.as_str(), context! { login => one.login.as_str() }));
    context! { thresholds => Text::from_pairs(thresholds), agents => Text::from_pairs(agents) }
}

/// What a row of the numbers says, and which figure it is.
type FigureRow<T> = (&'static str, fn(&RetroFigures) -> T);

fn numbers(retro: &Retro<'_>) -> Vec<Text> {
    let counts: [FigureRow<usize>; 4] = [
        ("Issues closed", |figures| figures.closed),
        ("Issues opened", |figures| figures.opened),
        ("Pull requests merged", |figures| figures.merged),
        ("Closed without a merge", |figures| figures.closed_prs),
    ];
    let times: [FigureRow<Option<f64>>; 4] = [
        ("First response, median", |figures| figures.response_median_hours),
        ("First response, nine in ten within", |figures| figures.response_p90_hours),
        ("Time to close, median", |figures| figures.close_median_hours),
        ("Time to close, nine in ten within", |figures| figures.close_p90_hours),
    ];
    let [now, before, week_ago] = &retro.figures;
    let count = |(name, of): FigureRow<usize>| {
        let value = of(now);
        context! { name, value => value.to_string(), before => change(value, of(before)), week_ago => change(value, of(week_ago)) }
    };
    let time = |(name, of): FigureRow<Option<f64>>| {
        context! { name, value => hours(of(now)), before => hours(of(before)), week_ago => hours(of(week_ago)) }
    };
    counts.into_iter().map(count).chain(times.into_iter().map(time)).collect()
}

/// `12 (+3)`: what it was, and how it has changed since.
fn change(now: usize, before: usize) -> String {
    match now.cmp(&before) {
        std::cmp::Ordering::Equal => format!("{before} (same)"),
        std::cmp::Ordering::Greater => format!("{before} (+{})", now - before),
        std::cmp::Ordering::Less => format!("{before} (-{})", before - now),
    }
}

/// A time as people say it.
fn hours(hours: Option<f64>) -> String {
    match hours {
        None => "none".to_owned(),
        Some(hours) if hours < 1.0 => format!("{:.0} min", hours * 60.0),
        Some(hours) if hours < 48.0 => format!("{hours:.1} h"),
        Some(hours) => format!("{:.1} days", hours / 24.0),
    }
}

fn tallies(list: &[&RetroTally], held: &std::collections::HashMap<String, usize>) -> Vec<Text> {
    let one = |tally: &&RetroTally| {
        let open = if tally.open > 0 { tally.open } else { held.get(&tally.name).copied().unwrap_or(0) };
        context! {
            name => tally.name.as_str(), successes => tally.successes, failures => tally.failures, closed => tally.closed, open,
            merged_prs => tally.merged_prs, closed_prs => tally.closed_prs, attention => tally.attention,
            total => tally.total(), rate => percent(tally.successes, tally.total()),
        }
    };
    list.iter().map(one).collect()
}

/// The largest first; of equals the one met first.
fn by_size(list: &[RetroTally], size: fn(&RetroTally) -> usize) -> Vec<&RetroTally> {
    let mut sorted: Vec<&RetroTally> = list.iter().collect();
    sorted.sort_by_key(|tally| std::cmp::Reverse(size(tally)));
    sorted
}

fn sum(list: &[RetroTally], of: fn(&RetroTally) -> usize) -> usize {
    list.iter().map(of).sum()
}

/// A share in whole percent, rounded as Python does.
pub(super) fn percent(part: usize, of: usize) -> String {
    // Counts of issues are exact as floats.
    if of == 0 { "none".to_owned() } else { format!("{:.0}%", part as f64 / of as f64 * 100.0) }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| round(value, 2).to_string())
}

/// `repo.failures` as `failures`, `response_median_hours` as words.
fn words(metric: &str) -> String {
    let name = metric.split_once('.').map_or(metric, |(_, name)| name);
    match name {
        "rate" => "share of closed issues".to_owned(),
        "failures" => "stuck issues".to_owned(),
        "attention" => "issues in need of attention".to_owned(),
        "idle" => "idle agents".to_owned(),
        "closed" => "issues closed".to_owned(),
        "merged" => "pull requests merged".to_owned(),
        other => other.replace('_', " "),
    }
}

/// What a suggestion was about.
fn about(subject: &serde_json::Value) -> String {
    match subject {
        serde_json::Value::String(name) => name.clone(),
        serde_json::Value::Array(names) => {
            names.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
        }
        _ => "everything".to_owned(),
    }
}

fn day(day: &Day) -> Text {
    context! { day => day.day.to_string(), opened => day.opened, closed => day.closed }
}

/// Issues opened and closed by day, where the window holds several days and something happened.
fn day_chart(days: &[Day]) -> String {
    let most = days.iter().map(|day| day.opened.max(day.closed)).max().unwrap_or(0);
    if days.len() < 3 || most == 0 {
        return String::new();
    }
    let list = |of: fn(&Day) -> String| days.iter().map(of).collect::<Vec<_>>().join(", ");
    format!(
        "```mermaid\nxychart-beta\n    title \"Issues by day: opened (bars) and closed (line)\"\n    x-axis [{}]\n    \
         y-axis \"issues\" 0 --> {most}\n    bar [{}]\n    line [{}]\n```",
        list(|day| format!("\"{}\"", day.day.format("%m-%d"))),
        list(|day| day.opened.to_string()),
        list(|day| day.closed.to_string()),
    )
}

/// Stuck issues by repository, where there are several such repositories.
fn failure_chart(repos: &[RetroTally]) -> String {
    let failing: Vec<&RetroTally> =
        by_size(repos, |repo| repo.failures).into_iter().filter(|repo| repo.failures > 0).collect();
    if failing.len() < 2 {
        return String::new();
    }
    // A name of a repository cannot hold what ends a label; what a recorded file says could.
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/')).collect()
    };
    let bars = failing.iter().take(BARS).map(|repo| format!("    \"{}\" : {}\n", plain(&repo.name), repo.failures));
    let rest: usize = failing.iter().skip(BARS).map(|repo| repo.failures).sum();
    let rest = if rest > 0 { format!("    \"others\" : {rest}\n") } else { String::new() };
    format!("```mermaid\npie showData title Stuck issues by repository\n{}{rest}```", bars.collect::<String>())
}

/// An instant as the JSON has it.
pub(super) fn instant(micros: i64) -> String {
    rfc3339(DateTime::from_timestamp_micros(micros).unwrap_or_default())
}
