//! `kaizen-retro`: what the last day came to, one improvement, and what became of the last ones.
//!
//! Reads: open issues, what was opened, closed, merged and said in the window and in the two windows that it
//! is compared with ([`window`](super::window)); the fleet file; earlier suggestions. Leaves: a report for
//! the sinks of its rules, the suggestion in `retro/suggestions.jsonl` and in the marker of its comment.
//!
//! - [`tables`] what rules can name; [`metrics`] and [`figures`] what is counted
//! - [`facts`] that as rules see it; [`memory`] earlier suggestions; `texts` and `json` the report
//! - [`post`] the report as one comment on an issue of the forge

pub mod facts;
pub mod figures;
mod json;
pub mod memory;
pub mod metrics;
pub mod post;
pub mod tables;
mod tally;
mod texts;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::advise::{self, Advice, AdviceRule, Finding};
use crate::engine::policy::Policy;
use crate::engine::template::Templates;
use crate::engine::value::Value;
use crate::forge::{Forge, Repo};

use super::window::{Activity, Window};
use facts::{FleetAgent, RetroCounts};
use figures::{Day, RetroFigures};
use memory::{PastSuggestion, Rate, RetroMemory, SuggestionOutcome};
use metrics::{Counting, Metrics};
pub use tables::SPEC;

/// What to look at.
#[allow(missing_debug_implementations, reason = "it holds a forge")]
pub struct RetroQuery<'a> {
    /// What happened.
    pub world: &'a Activity,
    /// Where, for names of issues that leave no trace.
    pub forge: &'a dyn Forge,
    /// By which rules.
    pub policy: &'a Policy,
    /// Their parameters and suggestions.
    pub advice: &'a Advice,
    /// The text of the report.
    pub templates: &'a Templates,
    /// The agents; nobody where no file was given.
    pub fleet: &'a [FleetAgent],
    /// The window.
    pub window: Window,
    /// Where it ends, as people are told: the window itself holds this instant.
    pub until: i64,
    /// The instant of the run, in microseconds since 1970 UTC.
    pub now: i64,
    /// What the report is called: `retro-2026-11-20`.
    pub key: &'a str,
    /// What is private is named.
    pub named: bool,
    /// The version of the program.
    pub version: &'a str,
}

/// An improvement that a rule suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The rule.
    pub rule: String,
    /// What it is about: a name, a list of names, or null.
    pub subject: Json,
    /// What to do.
    pub text: String,
    /// The figure that it aims at.
    pub metric: String,
    /// `higher` or `lower`.
    pub better: String,
    /// The figure now.
    pub value: Option<f64>,
    /// The repository, for the figures of a pair.
    pub repo: Option<String>,
    /// Where the rule stands: `rules/kaizen-retro.yaml:40`.
    pub line: String,
    /// What the rule weighs, where it says.
    pub score: Option<f64>,
    /// Its rule is shown and never counts.
    pub observe: bool,
}

/// What private repositories came to, where they are only counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Private {
    /// How many they are.
    pub repositories: usize,
    /// Issues closed in them.
    pub closed: usize,
    /// Pull requests merged in them.
    pub merged: usize,
    /// Issues open in them.
    pub open: usize,
}

/// A finished retrospective.
#[derive(Debug)]
pub struct Retro<'a> {
    /// What the report is called.
    pub key: &'a str,
    /// What was counted.
    pub metrics: Metrics,
    /// Figures of the window, the one before it, and the same a week ago.
    pub figures: [RetroFigures; 3],
    /// What was opened and closed by day.
    pub days: Vec<Day>,
    /// What private repositories came to.
    pub private: Private,
    /// The one improvement.
    pub suggestion: Option<Suggestion>,
    /// What other rules would have suggested.
    pub others: Vec<Suggestion>,
    /// What became of earlier suggestions.
    pub outcomes: Vec<SuggestionOutcome>,
    /// By rule: how many suggestions helped.
    pub rates: BTreeMap<String, Rate>,
    /// Why this is not all there is.
    pub why_incomplete: Vec<String>,
    /// The report.
    pub markdown: String,
    /// The same for programs.
    pub json: Json,
}

impl RetroQuery<'_> {
    /// Hours of the window.
    #[must_use]
    pub fn hours(&self) -> f64 {
        // A window of a thousand years is exact as a float.
        self.until.saturating_sub(self.window.since) as f64 / 3_600_000_000.0
    }

    fn includes(&self, repo: &Repo) -> bool {
        self.named || !repo.private
    }

    /// The name of an issue as the forge writes it without leaving a trace there.
    fn link(&self, repo: usize, number: u64) -> String {
        let name = self.world.repos.get(repo).map_or("", |repo| repo.repo.name.as_str());
        let index = self.forge.repos().iter().position(|known| known.name == name);
        index.map_or_else(|| format!("{name} {number}"), |index| self.forge.quiet_link(index, number, true))
    }
}

/// Looks back.
///
/// # Errors
/// The report cannot be rendered.
pub fn look_back<'a>(asked: &RetroQuery<'a>, memory: &mut RetroMemory) -> Result<Retro<'a>, String> {
    let measure = &asked.advice.measure;
    let counting = Counting {
        policy: asked.policy,
        window: asked.window,
        now: asked.now,
        first_assignee: measure.word("assignees") == "first",
    };
    let metrics = counting.count(asked.world, |repo| asked.includes(repo));
    let figures = asked.figures();
    let counted = RetroCounts { metrics: &metrics, figures, fleet: asked.fleet, hours: asked.hours() };
    let (suggestion, others) = suggest(asked, &counted, memory)?;
    let least = usize::try_from(measure.whole("least_sample")).unwrap_or(1);
    let outcomes = memory.outcomes(asked.key, &asked.days_ago("remember_days"), least, |one| {
        counted.metric(&one.metric, one.subject.as_str(), one.repo.as_deref())
    });
    let rates = memory.rates().into_iter().map(|(rule, rate)| (rule.to_owned(), rate)).collect();
    let why_incomplete = asked.world.unread.iter().map(|(repo, why)| format!("{repo} was not read: {why}")).collect();
    let days = figures::days(asked.world, asked.window, asked.policy.timezone, |repo| asked.includes(repo));
    let mut retro = Retro {
        key: asked.key,
        private: asked.private(),
        metrics,
        figures,
        days,
        suggestion,
        others,
        outcomes,
        rates,
        why_incomplete,
        markdown: String::new(),
        json: Json::Null,
    };
    retro.markdown = asked.templates.render(tables::REPORT, texts::context(asked, &retro))?;
    retro.json = json::write(asked, &retro);
    Ok(retro)
}

/// What the rules suggest: the one that is picked, and the others.
fn suggest(
    asked: &RetroQuery<'_>,
    counted: &RetroCounts<'_>,
    memory: &RetroMemory,
) -> Result<(Option<Suggestion>, Vec<Suggestion>), String> {
    let Some(rules) = asked.advice.sections.first() else { return Ok((None, Vec::new())) };
    let quiet_since = asked.days_ago("quiet_days");
    let recently = |_: &str, rule: &AdviceRule, subject: &Value<'static>| {
        memory.recently(asked.key, &quiet_since, &rule.id, &subject_json(subject))
    };
    let judged = advise::judge(asked.policy, &asked.advice.measure, rules, &counted.facts(), &recently)?;
    let one = |finding: &Finding<'_>| {
        let subject = subject_json(&finding.subject);
        let repo = Some(finding.text(tables::REPO_FIELD)).filter(|repo| !repo.is_empty());
        let metric = finding.text(tables::METRIC);
        let (value, _) = counted.metric(&metric, subject.as_str(), repo.as_deref());
        Suggestion {
            rule: finding.rule.id.clone(),
            text: finding.text(tables::TEXT),
            better: finding.text(tables::BETTER_FIELD),
            line: asked.policy.line(finding.rule.at),
            score: finding.score.as_ref().and_then(Value::number),
            observe: finding.rule.observe,
            subject,
            metric,
            value,
            repo,
        }
    };
    let mut all: Vec<Suggestion> = judged.findings.iter().map(one).collect();
    let picked = judged.picked.map(|picked| all.remove(picked));
    Ok((picked, all))
}

fn subject_json(subject: &Value<'_>) -> Json {
    serde_json::to_value(subject).unwrap_or(Json::Null)
}

impl RetroQuery<'_> {
    fn figures(&self) -> [RetroFigures; 3] {
        let of = |window: Option<&Window>| {
            window.map_or_else(RetroFigures::default, |window| {
                RetroFigures::of(self.world, *window, |repo| self.includes(repo))
            })
        };
        let windows = &self.world.windows;
        [of(windows.first()), of(windows.get(1)), of(windows.get(2))]
    }

    fn private(&self) -> Private {
        let hidden = |repo: &Repo| !self.includes(repo);
        let figures = RetroFigures::of(self.world, self.window, hidden);
        let repos = self.world.repos.iter().filter(|repo| hidden(&repo.repo));
        let open = repos.clone().map(|repo| repo.open.len()).sum();
        Private { repositories: repos.count(), closed: figures.closed, merged: figures.merged, open }
    }

    /// So many days before now, RFC 3339.
    fn days_ago(&self, param: &str) -> String {
        let days = self.advice.measure.whole(param);
        texts::instant(self.now.saturating_sub(days.saturating_mul(86_400_000_000)))
    }
}

impl Retro<'_> {
    /// The suggestion as it is remembered.
    #[must_use]
    pub fn suggested(&self, asked: &RetroQuery<'_>) -> Option<PastSuggestion> {
        let one = self.suggestion.as_ref()?;
        Some(PastSuggestion {
            ts: texts::instant(asked.now),
            key: self.key.to_owned(),
            rule: one.rule.clone(),
            subject: one.subject.clone(),
            repo: one.repo.clone(),
            metric: one.metric.clone(),
            better: one.better.clone(),
            value: one.value,
            since: Some(texts::instant(asked.window.since)),
            until: Some(texts::instant(asked.until)),
        })
    }
}
