//! A policy: one rule file, checked, with every name resolved.
//!
//! Takes: nothing, this is the type that `language` fills and `evaluate` reads. Gives: [`Policy`]
//! and what can be asked of it as a whole: its expressions, its conditions, where a part stands.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::expr::Expr;
use super::facts::Ages;
use super::keywords::Keywords;
use super::rules::{
    Action, Agent, Classify, Component, Condition, Flag, ItemScope, LabelSpec, Rule, RunLimits, SummarySpec, Threshold,
};
use super::sentence::Sentence;
use super::source::{Location, Source};
use super::text::TagRules;
use super::words::Pattern;

/// A checked rule file with all it extends.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The file's name without its ending.
    pub name: String,
    /// What markers call this policy: its name, and before it that of its folder where that is not the usual one, so
    /// that two folders of rules on one repository do not take each other's comments.
    pub mark: String,
    /// The job it belongs to.
    pub job: String,
    /// Digest of the rule texts, 16 hexadecimal digits.
    pub hash: String,
    /// Its files, for places: those it extends, and the file itself last.
    pub sources: Vec<Source>,
    /// Further logins that our comments have carried.
    pub bots: Vec<String>,
    /// The command that makes us leave an item alone.
    pub skip_command: Option<String>,
    /// Which items are judged.
    pub scope: ItemScope,
    /// Where a day begins.
    pub timezone: Tz,
    /// How tags are made.
    pub tags: TagRules,
    /// What unknown and future ages are.
    pub ages: Ages,
    /// Keyword sets.
    pub keywords: Keywords,
    /// Patterns.
    pub patterns: Vec<Pattern>,
    /// Thresholds.
    pub thresholds: Vec<Threshold>,
    /// Score components.
    pub components: Vec<Component>,
    /// How the type is chosen.
    pub classify: Classify,
    /// Named judgements, in order.
    pub flags: Vec<Flag>,
    /// Sort keys; true is descending.
    pub order: Vec<(bool, Expr)>,
    /// Who work is handed to.
    pub agents: Vec<Agent>,
    /// Labels that actions may add.
    pub labels: Vec<LabelSpec>,
    /// What a rule may ask for.
    pub actions: Vec<Action>,
    /// The rules, in order; those with `enabled: false` are left out.
    pub decide: Vec<Rule>,
    /// Texts that conditions compare with names of labels, by their lower case.
    pub label_texts: BTreeMap<String, String>,
    /// Caps of a run.
    pub limits: RunLimits,
    /// The daily summary, where one is written.
    pub summary: Option<SummarySpec>,
    /// What is private is named in public places too.
    pub publish_private: bool,
}

impl Policy {
    /// Whether an issue or a text of ours that is marked so is of this policy. Those of earlier days do not name the
    /// folder of their rules.
    #[must_use]
    pub fn is_marked(&self, mark: Option<&str>) -> bool {
        mark.is_some_and(|mark| mark == self.mark || mark == self.name)
    }

    /// The rule file itself.
    ///
    /// # Panics
    /// Never: a policy is read from a file.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.sources[self.sources.len() - 1]
    }

    /// The text of a stretch.
    #[must_use]
    pub fn text(&self, at: Location) -> &str {
        self.sources[at.file].text.get(at.span.start..at.span.end).unwrap_or("")
    }

    /// `file:line` of where a stretch begins.
    #[must_use]
    pub fn line(&self, at: Location) -> String {
        let source = &self.sources[at.file];
        format!("{}:{}", source.name, source.line_column(at.span.start).0)
    }

    /// For each sort key, whether the largest comes first.
    #[must_use]
    pub fn descending(&self) -> Vec<bool> {
        self.order.iter().map(|(descending, _)| *descending).collect()
    }

    /// Every sentence of it.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let titles = self.actions.iter().filter_map(|action| Some(&action.create_issue.as_ref()?.title));
        self.decide.iter().filter_map(|rule| rule.reason.as_ref()).chain(titles)
    }

    /// Every expression of it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        (self.conditions().map(|condition| &condition.expr))
            .chain(self.classify.rules.iter().filter_map(|rule| rule.score.as_ref()))
            .chain(self.order.iter().map(|(_, key)| key))
            .chain(self.sentences().flat_map(Sentence::expressions))
    }

    /// Every condition of it, stage by stage.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let components = self.components.iter();
        let scored = components.flat_map(|one| one.when.iter().chain(one.points.iter().flat_map(|point| &point.when)));
        (scored.chain(self.classify.rules.iter().flat_map(|rule| &rule.when)))
            .chain(self.flags.iter().map(|flag| &flag.when))
            .chain(self.agents.iter().flat_map(|agent| &agent.holds))
            .chain(self.decide.iter().flat_map(|rule| &rule.when))
    }
}
