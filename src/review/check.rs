//! Everything that a check of a folder of rules tells.
//!
//! Takes: each policy of the folder as it was loaded, which templates are the folder's own. Gives: all
//! diagnostics, errors and warnings, by file and place. What is shared is unused only if no policy
//! of the folder uses it, and nothing is called unused while a file has errors: it may be what they
//! are about.

use std::collections::{BTreeMap, BTreeSet};

use super::book::RuleBook;
use super::{numbers, passed_over, shadow, undone, unheard, unused, words};
use crate::engine::policy::Policy;
use crate::engine::source::{Location, Source, Span};
use crate::forge::remote::address::is_token;
use crate::jobs;
use crate::language::diag::{Diagnostic, ProblemSink, Severity};
use crate::language::sinks::{REPORTS, SinkKind, SinkSetting, below_reports};
use crate::language::{LoadResult, RuleInput};

/// A policy of the folder.
#[derive(Debug)]
pub struct CheckedPolicy<'c> {
    /// Its files.
    pub input: &'c RuleInput,
    /// What came of them.
    pub loaded: &'c LoadResult,
    /// Names of the templates that are the folder's own.
    pub own: &'c BTreeSet<String>,
}

/// Warnings as they are found in the files of a policy.
#[derive(Debug)]
pub struct Warnings<'f> {
    policy: &'f Policy,
    /// All of them.
    pub list: Vec<Diagnostic>,
}

/// Warnings that are looked for in one policy: a stranger's file may give rise to any number.
const MOST: usize = 1_000;

impl Warnings<'_> {
    /// There are so many that no more are looked for.
    #[must_use]
    pub fn full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// Warns at a place of the policy.
    pub fn warn(&mut self, at: Location, message: impl Into<String>, help: impl Into<String>) {
        if let Some(source) = self.policy.sources.get(at.file) {
            ProblemSink { source, found: &mut self.list }.warning(at.span, message, Some(help.into()));
        }
    }

    /// Warns in another text than the policy's, a template.
    pub fn warn_in(&mut self, source: &Source, span: Span, message: impl Into<String>, help: impl Into<String>) {
        ProblemSink { source, found: &mut self.list }.warning(span, message, Some(help.into()));
    }
}

/// All diagnostics of a folder.
#[must_use]
pub fn folder(policies: &[CheckedPolicy<'_>], others: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut all = others;
    let mut shared: BTreeMap<(String, usize, String), (usize, Diagnostic)> = BTreeMap::new();
    let mut readers: BTreeMap<String, usize> = BTreeMap::new();
    for checked in policies {
        all.extend(checked.loaded.diagnostics.iter().cloned());
        let files = checked.loaded.policy.iter().flat_map(|(policy, _)| &policy.sources);
        let own = checked.own.iter().filter_map(|name| checked.input.templates.get(name));
        files.chain(own).for_each(|source| *readers.entry(source.name.to_string()).or_default() += 1);
        let Some((policy, templates)) = &checked.loaded.policy else { continue };
        let mut found = Warnings { policy, list: Vec::new() };
        shadow::conditions(policy, &mut found);
        undone::pairs(policy, &mut found);
        words::in_two_sets(policy, &mut found);
        unheard::words(policy, &mut found);
        unheard::mentions(policy, templates, &mut found);
        unheard::texts(checked, policy, &mut found);
        numbers::written_out(policy, checked.input, &mut found);
        let advice = &checked.loaded.advice;
        numbers::in_sections(policy, advice, &mut found);
        sinks(&checked.loaded.sinks, &mut found);
        passed_over::rules(RuleBook { spec: jobs::spec_of(policy), policy, advice }, &mut found);
        all.append(&mut found.list);
        unused::vocabulary(policy, checked.loaded, &mut found);
        unused::templates(checked, &mut found);
        for warning in found.list {
            let key = (warning.source.name.to_string(), warning.span.start, warning.message.clone());
            shared.entry(key).or_insert_with(|| (0, warning)).0 += 1;
        }
    }
    let read: Vec<&Policy> =
        policies.iter().filter_map(|checked| checked.loaded.policy.as_ref()).map(|(policy, _)| policy).collect();
    for (at, policy) in read.iter().enumerate() {
        let mut found = Warnings { policy, list: Vec::new() };
        read[..at].iter().for_each(|other| undone::between(other, policy, &mut found));
        all.append(&mut found.list);
    }
    let broken = |found: &[Diagnostic]| found.iter().any(|one| one.severity == Severity::Error);
    if !broken(&all) {
        // Unused in every policy that reads it.
        let unused = shared.into_values().filter(|(count, one)| readers.get(&*one.source.name) == Some(count));
        all.extend(unused.map(|(_, one)| one));
    }
    sorted(all)
}

/// Sinks that are refused when a report goes to them: they would give the forge's token away, or write elsewhere.
fn sinks(sinks: &[SinkSetting], found: &mut Warnings<'_>) {
    for sink in sinks {
        for (name, at) in sink.variables.iter().filter(|(name, _)| is_token(name)) {
            found.warn(
                *at,
                format!("the sink `{}` would be given the forge's token: {name} holds it", sink.id),
                "no report goes there: name a variable of its own, that holds nothing else",
            );
        }
        if let SinkKind::File { path, path_at } = &sink.kind
            && below_reports(path).is_none()
        {
            let message = format!("the sink `{}` would write outside {REPORTS}/", sink.id);
            let help =
                format!("no report goes there: write `{REPORTS}/NAME.md`, without `..`; it lies in the loop's folder");
            found.warn(*path_at, message, help);
        }
    }
}

/// By file and place, each once: two policies tell the same of a file that both extend.
fn sorted(mut all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    all.sort_by(|one, other| {
        let key = |of: &Diagnostic| (of.span.start, of.severity != Severity::Error);
        one.source.name.cmp(&other.source.name).then_with(|| key(one).cmp(&key(other)))
    });
    all.dedup();
    all
}
