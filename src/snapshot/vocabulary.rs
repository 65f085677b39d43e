//! What the rules look for: the words, names and patterns that a mask has to leave.
//!
//! Takes: the policies in use, and who we are. Gives: [`Vocabulary`], and [`RuleHits`]: what it makes of
//! an item's texts. Two items of which the same is found are judged alike, as far as their texts go.

use std::collections::BTreeSet;

use crate::engine::areas::Areas;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::Fact;
use crate::engine::rules::Policy;
use crate::engine::text::{TitleTags, same_tag};
use crate::engine::value::Value;
use crate::engine::words::{Enough, MAX_MATCHES, Pattern};

/// What the rules look for.
#[derive(Debug)]
pub(super) struct Vocabulary<'p> {
    pub(super) policies: Vec<&'p Policy>,
    /// The patterns of all policies, each counted to the end.
    pub(super) patterns: Vec<Pattern>,
    /// Texts that conditions compare with.
    texts: BTreeSet<&'p str>,
    /// Facts that conditions name.
    facts: BTreeSet<Fact>,
    /// Logins that stay, in small letters.
    logins: BTreeSet<String>,
    /// Labels that stay, in small letters.
    labels: BTreeSet<String>,
    /// Titles of milestones that stay.
    milestones: BTreeSet<&'p str>,
    /// Our own logins.
    ours: Vec<String>,
    /// What ends and begins our leaving an item alone.
    pub(super) commands: Vec<String>,
}

/// What the rules make of an item's texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleHits {
    /// Matches and entries that match, of each pattern.
    hits: Vec<(usize, usize)>,
    /// Under each policy.
    tags: Vec<Tags>,
    /// For each text of the rules, where they ask for labels: how many are that text, and in how many it stands, in
    /// any case.
    labels: Vec<(usize, usize)>,
    /// Characters of the title.
    length: usize,
}

/// What a policy makes of titles and labels.
#[derive(Debug, PartialEq, Eq)]
struct Tags {
    /// Keyword sets that a tag is in.
    sets: Vec<bool>,
    /// Texts of the rules that are tags.
    named: Vec<bool>,
    /// How many tags labels give.
    count: usize,
    /// Texts of the rules that are in the title without its tags, in any case, and those that are that
    /// title.
    title: Vec<(bool, bool, bool)>,
    /// Characters of that title.
    length: usize,
}

impl<'p> Vocabulary<'p> {
    pub(super) fn new(policies: &[&'p Policy], user: &str) -> Vocabulary<'p> {
        let mut new = Vocabulary {
            policies: policies.to_vec(),
            patterns: Vec::new(),
            texts: BTreeSet::new(),
            facts: BTreeSet::new(),
            logins: BTreeSet::from([user.to_lowercase()]),
            labels: BTreeSet::new(),
            milestones: BTreeSet::new(),
            ours: vec![user.to_owned()],
            commands: Vec::new(),
        };
        for policy in policies {
            new.add(policy);
        }
        new.commands.sort();
        new.commands.dedup();
        new
    }

    fn add(&mut self, policy: &'p Policy) {
        let to_the_end = |pattern: &Pattern| {
            let mut pattern = pattern.clone();
            pattern.enough = Enough { count: MAX_MATCHES, distinct: MAX_MATCHES };
            pattern
        };
        self.patterns.extend(policy.patterns.iter().map(to_the_end));
        for expr in policy.expressions() {
            expr.walk(&mut |part| match part {
                Expr::Literal(Value::Text(text)) if !text.is_empty() => {
                    self.texts.insert(text);
                }
                Expr::Name(NameRef::Fact(fact)) => {
                    self.facts.insert(*fact);
                }
                _ => {}
            });
        }
        let logins = policy.agents.iter().map(|agent| &agent.login);
        let logins = logins.chain(&policy.bots).chain(&policy.scope.leave_out_authors);
        self.logins.extend(logins.map(|login| login.to_lowercase()));
        let labels = policy.labels.iter().map(|label| &label.name).chain(&policy.scope.leave_out_labels);
        let of_actions = policy.actions.iter().flat_map(|action| action.add_labels.iter().chain(&action.remove_labels));
        let summary = policy.summary.iter().map(|summary| &summary.label);
        self.labels.extend(labels.chain(of_actions).chain(summary).map(|label| label.to_lowercase()));
        self.milestones.extend(policy.scope.leave_out_milestones.iter().map(String::as_str));
        self.milestones.extend(policy.actions.iter().filter_map(|action| action.set_milestone.as_deref()));
        self.ours.extend(policy.bots.iter().cloned());
        if let Some(command) = &policy.skip_command {
            let name = command.split_whitespace().next().unwrap_or(command);
            self.commands.extend([command.clone(), format!("{name} resume")]);
        }
    }

    /// The rules name this login.
    pub(super) fn keeps_login(&self, login: &str) -> bool {
        self.logins.contains(&login.to_lowercase()) || self.texts.contains(login)
    }

    /// Texts that a condition may look for within a login.
    pub(super) fn within_login(&self, login: &str) -> impl Iterator<Item = &'p str> {
        let asked = self.facts.contains(&Fact::Author);
        self.texts.iter().copied().filter(move |text| asked && login.contains(text))
    }

    /// The rules name this repository, or a part of its name.
    pub(super) fn keeps_repo(&self, full_name: &str) -> bool {
        let summaries = self.policies.iter().filter_map(|policy| policy.summary.as_ref()?.repo.as_deref());
        summaries.into_iter().any(|repo| repo.eq_ignore_ascii_case(full_name))
            || self.facts.contains(&Fact::Repo) && self.texts.iter().any(|text| full_name.contains(text))
    }

    /// The rules name this label.
    pub(super) fn keeps_label(&self, label: &str) -> bool {
        let label = label.to_lowercase();
        self.labels.contains(&label) || self.texts.iter().any(|text| text.to_lowercase() == label)
    }

    /// The rules name this milestone.
    pub(super) fn keeps_milestone(&self, title: &str) -> bool {
        self.milestones.contains(title)
    }

    /// Texts that a condition may look for in a title, or in the title of a milestone.
    pub(super) fn within_title(&self, fact: Fact) -> impl Iterator<Item = &'p str> {
        let asked = self.facts.contains(&fact);
        self.texts.iter().copied().filter(move |_| asked)
    }

    /// A tag, in small letters, that the rules name.
    pub(super) fn knows_tag(&self, tag: &str) -> bool {
        self.policies.iter().any(|policy| policy.keywords.knows(tag))
            || self.texts.iter().any(|text| same_tag(text, tag))
    }

    /// An account of ours.
    pub(super) fn is_ours(&self, login: &str) -> bool {
        self.ours.iter().any(|ours| ours == login)
    }

    /// What the rules make of these texts.
    pub(super) fn found(&self, title: &str, body: &str, labels: &[&str]) -> RuleHits {
        let areas = Areas::new(title, body, labels);
        let hits = self.patterns.iter().map(|pattern| {
            let hits = pattern.search(&areas);
            (hits.count, hits.distinct)
        });
        let tags = self.policies.iter().map(|policy| self.tags(policy, title, labels)).collect();
        let lower: Vec<String> = labels.iter().map(|label| label.to_lowercase()).collect();
        let in_labels = |text: &str| {
            let text = text.to_lowercase();
            let count = |holds: fn(&str, &str) -> bool| lower.iter().filter(|label| holds(label, &text)).count();
            (count(|label, text| label == text), count(|label, text| label.contains(text)))
        };
        let labels = self.within_title(Fact::Labels).map(in_labels).collect();
        RuleHits { hits: hits.collect(), tags, labels, length: title.chars().count() }
    }

    fn tags(&self, policy: &Policy, title: &str, labels: &[&str]) -> Tags {
        let tagged = TitleTags::read(title, labels, policy.tags, |word| policy.keywords.knows(word));
        let (title, lower) = (tagged.title.as_str(), tagged.title.to_lowercase());
        Tags {
            sets: policy.keywords.in_sets(&tagged.tags),
            count: tagged.from_labels.len(),
            named: self.texts.iter().map(|text| tagged.tags.iter().any(|tag| same_tag(tag, text))).collect(),
            title: self
                .within_title(Fact::Title)
                .map(|text| (title.contains(text), lower.contains(text), title == text))
                .collect(),
            length: title.chars().count(),
        }
    }
}
