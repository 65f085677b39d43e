//! `kaizen rules check --live`: what the forge has of what the rules name.
//!
//! Takes: policies, a forge. Gives: warnings at the places of the rules: labels that no repository has,
//! logins that cannot be assigned or reached, what the forge does not know. It only reads.

use std::collections::BTreeSet;

use chrono::Utc;

use super::super::forge::{ForgeRequest, OpenForge, repos};
use super::super::{EarlyEnd, say};
use crate::cli::Common;
use crate::engine::rules::{Action, Close, Person, Policy};
use crate::engine::source::{Location, Span};
use crate::forge::change::{ForgeWriter, Preflight};
use crate::language::diag::{Diagnostic, ProblemSink};

/// The repositories that were asked, each by its index, name and what a look told.
type RepoLooks = Vec<(usize, String, Preflight)>;

/// Asks the forge about what these policies name.
pub(super) fn ask(common: &Common, policies: &[&Policy]) -> Result<Vec<Diagnostic>, EarlyEnd> {
    let now = common.target.now.unwrap_or_else(Utc::now);
    let wanted =
        ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live: false, now };
    let opened = OpenForge::to_look(&wanted)?;
    let Some(forge) = opened.write() else { return Ok(Vec::new()) };
    let asked = repos(opened.read(), &common.repos, common.org.as_deref())?;
    let milestones = policies.iter().flat_map(|policy| &policy.actions).any(|action| action.set_milestone.is_some());
    let mut looked: RepoLooks = Vec::new();
    for index in asked {
        let name = opened.read().repos()[index].name.clone();
        let there = forge.preflight(index, milestones)?;
        match &there.refused {
            Some(why) => say(&format!("warning: {name} could not be asked: {why}")),
            None => looked.push((index, name, there)),
        }
    }
    let mut found = Vec::new();
    for policy in policies {
        let mut told = LiveWarnings { policy, found: &mut found };
        labels(&mut told, &looked);
        people(&mut told, forge, &looked)?;
        features(&mut told, forge);
    }
    Ok(found)
}

struct LiveWarnings<'f> {
    policy: &'f Policy,
    found: &'f mut Vec<Diagnostic>,
}

impl LiveWarnings<'_> {
    fn warn(&mut self, at: Location, message: String, help: &str) {
        let source = &self.policy.sources[at.file];
        ProblemSink { source, found: self.found }.warning(at.span, message, Some(help.to_owned()));
    }
}

/// Names of repositories for a sentence, a few of them.
fn listed(names: &[&str]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {} more", rest.len()),
        _ => names.join(", "),
    }
}

fn labels(told: &mut LiveWarnings<'_>, looked: &RepoLooks) {
    let policy = told.policy;
    let lacking = |name: &str| -> Vec<&str> {
        let without = looked.iter().filter(|(.., there)| !there.labels.iter().any(|label| label == name));
        without.map(|(_, repo, _)| repo.as_str()).collect()
    };
    let made = "Kaizen makes it when it is first put on; make it yourself, or mend the name if another one is meant";
    let taken = "mend the name: what is not there is never taken off";
    let left = "mend the name: as it stands it leaves nothing out";
    let whole_file = Location { file: policy.sources.len() - 1, span: Span::default() };
    let mut wanted: Vec<(&str, Location, &str)> = Vec::new();
    wanted.extend(policy.labels.iter().map(|label| (label.name.as_str(), label.at, made)));
    for action in &policy.actions {
        wanted.extend(action.remove_labels.iter().map(|name| (name.as_str(), action.at, taken)));
    }
    wanted.extend(policy.scope.leave_out_labels.iter().map(|name| (name.as_str(), whole_file, left)));
    let mut seen = BTreeSet::new();
    for (name, at, help) in wanted {
        let without = lacking(name);
        // What one of several repositories lacks, it may lack on purpose, unless it is to be put on.
        let tell = if help == made { !without.is_empty() } else { !looked.is_empty() && without.len() == looked.len() };
        if tell && seen.insert(name) {
            told.warn(at, format!("there is no label `{name}` in {}", listed(&without)), help);
        }
    }
    for action in &policy.actions {
        let Some(title) = &action.set_milestone else { continue };
        let without = looked.iter().filter(|(.., there)| !there.milestones.contains(title));
        let without: Vec<&str> = without.map(|(_, repo, _)| repo.as_str()).collect();
        if !without.is_empty() {
            let message = format!("there is no open milestone `{title}` in {}", listed(&without));
            told.warn(action.at, message, "open it there, or mend the title: nothing is written without it");
        }
    }
}

fn people(told: &mut LiveWarnings<'_>, forge: &dyn ForgeWriter, looked: &RepoLooks) -> Result<(), EarlyEnd> {
    let policy = told.policy;
    let agents = |people: fn(&Action) -> &Vec<Person>| -> BTreeSet<usize> {
        let people = policy.actions.iter().flat_map(people);
        people.filter_map(|person| if let Person::Agent(index) = person { Some(*index) } else { None }).collect()
    };
    let (assigned, mentioned) = (agents(|action| &action.assign), agents(|action| &action.mention));
    for index in assigned.union(&mentioned) {
        let agent = &policy.agents[*index];
        let mut without = Vec::new();
        for (repo, name, _) in looked {
            if !forge.assignable(*repo, &agent.login)? {
                without.push(name.as_str());
            }
        }
        if without.is_empty() {
            continue;
        }
        let (login, names) = (&agent.login, listed(&without));
        if assigned.contains(index) {
            let message = format!("{login} cannot be assigned in {names}");
            told.warn(agent.at, message, "mend the login of this agent, or give the account access there");
        } else {
            let message = format!("{login} is mentioned by name, and has no access in {names}");
            told.warn(agent.at, message, "look whether the login is right: a mention may reach somebody else");
        }
    }
    Ok(())
}

fn features(told: &mut LiveWarnings<'_>, forge: &dyn ForgeWriter) {
    for action in &told.policy.actions {
        if matches!(action.close, Some(Close::Completed | Close::NotPlanned)) && !forge.keeps_close_reasons() {
            let message = format!("the action `{}` closes for a reason, and this forge keeps none", action.name);
            told.warn(action.at, message, "write `close: true`, and say the reason in the comment");
        }
    }
}
