//! The rule language: from the text of a rule file to a checked [`Policy`].
//!
//! Takes: a rule file, the other files of its folder, the templates, and what the job needs.
//! Gives: the policy and its templates, or every problem of every file in one pass. The order
//! follows the names: vocabulary first, then what judges, each stage seeing the names before it.

mod act;
mod advice;
mod advice_keys;
mod conditions;
pub mod diag;
pub mod effective;
pub mod expressions;
mod extends;
mod filters;
mod grammar;
mod judge;
pub mod keys;
mod made;
mod measure;
mod patterns;
pub mod pieces;
pub mod print;
pub mod reader;
pub mod schema;
pub mod scope;
mod sentences;
mod settings;
mod sink_keys;
pub mod sinks;
mod tags;
mod template_names;
mod templates;
mod vocabulary;
pub mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use crate::advise::{Advice, FactTy, Param, SectionSpec};
use crate::engine::Digest;
use crate::engine::rules::{Policy, Rule};
use crate::engine::source::{Source, Span};
use crate::engine::template::Templates;
use diag::{Diagnostic, ProblemSink, Severity};
use reader::NodeReader;
use scope::Scope;
use sinks::SinkSetting;
use template_names::TemplateNames;
pub use template_names::{ITEM_NAMES, REPLACED, UNHEARD};
pub(crate) use vocabulary::texts_beside;
use yaml::{MapKey, Node, NodeKind};

/// What the file of a policy says behind `job:`, and what the run of several is called.
pub const RUN: &str = "run";

/// What a job asks of its rule file.
#[derive(Debug, Clone, Copy)]
pub struct JobSpec {
    /// The name of the job, or of the policy: of its file, its templates, its cases.
    pub job: &'static str,
    /// What its file says behind `job:`; that is the name of the job, or, of a policy, [`RUN`].
    pub declares: &'static str,
    /// What its rules say of items; none where it judges no items.
    pub items: Option<OfItems>,
    /// The texts that the job itself writes.
    pub texts: &'static [JobText],
    /// The parameters of what it counts.
    pub measure: &'static [Param],
    /// The sections whose rules look at what it counted.
    pub sections: &'static [SectionSpec],
    /// It writes a report that goes to the sinks of `publish`.
    pub publishes: bool,
    /// It keeps issues of its own, on which people can ask it to leave them alone.
    pub owns_issues: bool,
}

/// What a job's rules say of items.
#[derive(Debug, Clone, Copy)]
pub struct OfItems {
    /// Flags that the job's output names, so that every policy of it has them.
    pub flags: &'static [&'static str],
    /// It does something about single items: rules of `decide` say what.
    pub decides: bool,
    /// It looks at a window of time, so that facts of one can be named.
    pub window: bool,
}

/// A text that a job writes, apart from those about one item.
#[derive(Debug, Clone, Copy)]
pub struct JobText {
    /// Its template.
    pub template: &'static str,
    /// The names it may use beside thresholds: `points[].add` for a part of each entry of a list, `notes[]` for
    /// the entries themselves.
    pub names: &'static [(&'static str, FactTy)],
    /// It is the daily summary: written where `summary` says so.
    pub summary: bool,
}

/// Everything that is read before anything is checked.
#[derive(Debug, Clone)]
pub struct RuleInput {
    /// The rule file of the job.
    pub file: Source,
    /// The other files of the folder, by file name.
    pub folder: BTreeMap<String, Source>,
    /// Templates by name: `decision.md.j2`, `shared/signature.md.j2`.
    pub templates: BTreeMap<String, Source>,
}

/// What came of loading.
#[derive(Debug)]
pub struct LoadResult {
    /// The policy and its templates, where there was no error.
    pub policy: Option<(Policy, Templates)>,
    /// What the file says beside its judgement of items; nothing where there was an error.
    pub advice: Advice,
    /// Where its report goes.
    pub sinks: Vec<SinkSetting>,
    /// Everything found, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// What only a review of the rules asks for.
    pub aside: Aside,
}

/// What is in the files and in no policy: what a review asks for, and no run.
#[derive(Debug, Default)]
pub struct Aside {
    /// Rules with `enabled: false`.
    pub disabled: Vec<Rule>,
    /// Names that the texts of templates use: `thresholds.ready`, or `thresholds` for all of them.
    pub used: BTreeSet<String>,
    /// Templates that nothing uses, each with what is wrong with it.
    pub unread: BTreeMap<String, Vec<Diagnostic>>,
}

/// The files of one policy with their trees; the main file last, so that the nearer wins.
pub(crate) struct Files {
    sources: Vec<Source>,
    roots: Vec<Node>,
    /// Every file that is extended has been read; otherwise some vocabulary is not known.
    whole: bool,
}

/// One named entry of a section, with the file it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionEntry<'f> {
    file: usize,
    key: &'f MapKey,
    node: &'f Node,
}

impl Files {
    /// Every entry of a section over all files.
    fn entries<'f>(&'f self, section: &str) -> Vec<SectionEntry<'f>> {
        let mut entries = Vec::new();
        for (file, root) in self.roots.iter().enumerate() {
            if let Some(NodeKind::Map(section)) = root_value(root, section).map(|node| &node.kind) {
                entries.extend(section.iter().map(|(key, node)| SectionEntry { file, key, node }));
            }
        }
        entries
    }

    fn main(&self) -> usize {
        self.roots.len() - 1
    }
}

fn root_value<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    match &root.kind {
        NodeKind::Map(entries) => entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node),
        _ => None,
    }
}

/// Problems as they are found, over all files.
pub(crate) struct RuleChecker<'f> {
    files: &'f Files,
    templates: &'f BTreeMap<String, Source>,
    found: Vec<Diagnostic>,
    scope: Scope,
    /// Rules with `enabled: false`.
    disabled: Vec<Rule>,
}

impl RuleChecker<'_> {
    fn reader(&mut self, file: usize) -> NodeReader<'_> {
        NodeReader { sink: ProblemSink { source: &self.files.sources[file], found: &mut self.found }, file }
    }
}

/// Loads a rule file.
#[must_use]
pub fn load(spec: &JobSpec, input: &RuleInput) -> LoadResult {
    let mut found = Vec::new();
    let Some(files) = read_files(spec, input, &mut found) else {
        return LoadResult {
            policy: None,
            advice: Advice::default(),
            sinks: Vec::new(),
            diagnostics: found,
            aside: Aside::default(),
        };
    };
    let (mut scope, disabled) = (Scope::new(!files.whole), Vec::new());
    scope.list_by(format!("kaizen rules facts {}", spec.job));
    let mut check = RuleChecker { files: &files, templates: &input.templates, found, scope, disabled };
    let policy = judge::policy(&mut check, spec, &hash(&files));
    let advice = advice::read(&mut check, spec);
    let root = reader::Fields::of(&files.roots[files.main()]);
    let sinks = sinks::read(&mut check, root);
    let names = TemplateNames::new(&check.scope, spec.job, spec.texts);
    // Also where no rule mentions anybody by now: a run under other rules may have left one to be reduced.
    let comments = policy.actions.iter().any(|action| action.comment.is_some());
    let wanted = policy.actions.iter().flat_map(act::templates).cloned();
    let answers = policy.skip_command.is_some() && !policy.actions.is_empty();
    let own = [(comments, REPLACED), (answers, UNHEARD)].into_iter().filter(|(wanted, _)| *wanted);
    let wanted: Vec<String> = wanted.chain(own.map(|(_, name)| name.to_owned())).collect();
    let texts = spec.texts.iter().enumerate().filter(|(_, text)| !text.summary || policy.summary.is_some());
    let texts: Vec<(usize, &str)> = texts.map(|(index, text)| (index, text.template)).collect();
    let RuleChecker { mut found, disabled, .. } = check;
    silent(&input.templates, wanted.iter().map(String::as_str).chain(texts.iter().map(|(_, name)| *name)), &mut found);
    let (templates, used) = templates::read(&input.templates, &wanted, (&input.file, &texts), &names, &mut found);
    let unread = templates::unread(&input.templates, &used.templates, &names);
    found.sort_by_key(|problem| {
        (input.file.name != problem.source.name, problem.source.name.clone(), problem.span.start)
    });
    let good = !found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let policy = templates.filter(|_| good).map(|templates| (policy, templates));
    let advice = if policy.is_some() { advice } else { Advice::default() };
    LoadResult { policy, advice, sinks, diagnostics: found, aside: Aside { disabled, used: used.names, unread } }
}

/// Says of templates that print nothing, whatever the item, that they do.
fn silent<'n>(templates: &BTreeMap<String, Source>, names: impl Iterator<Item = &'n str>, found: &mut Vec<Diagnostic>) {
    let names: BTreeSet<&str> = names.collect();
    for source in names.into_iter().filter_map(|name| templates.get(name)) {
        let prints = |(inside, _, text): (Option<&str>, usize, &str)| match inside {
            None => !text.trim().is_empty(),
            Some("{{") => true,
            Some("{%") => text.trim_start_matches(['-', '+']).trim_start().starts_with("include"),
            Some(_) => false,
        };
        if !pieces::pieces(&source.text).any(prints) {
            let help = "write what people are to read, or take the template out of what names it";
            ProblemSink { source, found }.error(Span::default(), "this template prints nothing", Some(help.to_owned()));
        }
    }
}

fn hash(files: &Files) -> String {
    let mut digest = Digest::default();
    files.sources.iter().for_each(|source| digest.part(&source.text));
    digest.finish()
}

/// The main file and what it extends, as trees whose top-level keys are known.
fn read_files(spec: &JobSpec, input: &RuleInput, found: &mut Vec<Diagnostic>) -> Option<Files> {
    let mut sink = ProblemSink { source: &input.file, found };
    let root = yaml::read(&mut sink)?;
    let mut reader = NodeReader { sink, file: 0 };
    if root.kind == NodeKind::Null {
        let help = format!("begin with `version: 1` and `job: {}`", spec.declares);
        reader.sink.error(Span::default(), "this rule file is empty", Some(help));
        return None;
    }
    let fields = reader.map(&root, "a rule file", &keys::FILE)?;
    extends::check_version(&mut reader, fields.get("version"));
    match fields.get("job").and_then(|node| reader.text(node, "`job`").map(|job| (node, job.to_owned()))) {
        Some((node, job)) if job != spec.declares => {
            reader.sink.error(
                node.span,
                format!("this file is read for the job `{}`, and says `{job}`", spec.declares),
                None,
            );
        }
        Some(_) => {}
        None if fields.get("job").is_none() => {
            reader.missing(
                fields,
                Span::default(),
                "a rule file names its job",
                &format!("add `job: {}`", spec.declares),
            );
        }
        None => {}
    }
    let mut files = Files { sources: Vec::new(), roots: Vec::new(), whole: true };
    if let Some(node) = fields.get("extends") {
        let items = reader.list(node, "`extends`");
        files.whole = items.is_some();
        let mut seen: Vec<&str> = vec![extends::own_name(&input.file)];
        for item in items.unwrap_or_default() {
            let Some(name) = reader.text(item, "an entry of `extends`") else {
                files.whole = false;
                continue;
            };
            let base = extends::base(&mut reader, input, item.span, name, &seen);
            seen.push(name);
            match base.map(|source| (source, extends::read(source, reader.sink.found))) {
                Some((source, Some(root))) => {
                    files.sources.push(source.clone());
                    files.roots.push(root);
                }
                _ => files.whole = false,
            }
        }
    }
    files.sources.push(input.file.clone());
    files.roots.push(root);
    Some(files)
}
