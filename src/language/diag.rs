//! What is wrong with a rule file or template, and where.
//!
//! Takes: a source text, a place in it, a message and help. Gives: [`Diagnostic`], which renders
//! as `file:line:column`, the line itself, a caret and the help. Nothing here stops at the first
//! problem: checks push into a list and go on.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::engine::source::{Source, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The rules cannot be used.
    Error,
    /// The rules can be used, but something is probably not meant.
    Warning,
}

/// One problem, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The file it stands in.
    pub source: Source,
    /// Where in the file.
    pub span: Span,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// Line and column where it begins, from 1.
    #[must_use]
    pub fn line_column(&self) -> (usize, usize) {
        self.source.line_column(self.source.whole(self.span).start)
    }

    /// The whole report for a person, without a newline at the end.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        // The line alone is given as source: a whole large file would be scanned for each one.
        let (line, _) = self.line_column();
        let text = &*self.source.text;
        let start = self.source.offset(line, 1);
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let span = self.source.whole(self.span);
        let from = span.start.clamp(start, end) - start;
        let to = span.end.clamp(start, end) - start;
        let mut group = level.primary_title(self.message.as_str()).element(
            Snippet::source(&text[start..end])
                .line_start(line)
                .path(&*self.source.name)
                .annotation(AnnotationKind::Primary.span(from..to.max(from))),
        );
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

/// Collects the problems of one source.
#[derive(Debug)]
pub struct ProblemSink<'d> {
    /// The source that is being checked.
    pub source: &'d Source,
    /// Everything found so far.
    pub found: &'d mut Vec<Diagnostic>,
}

/// Problems of a file up to which the nearest name is looked for: a file with more is not a slip, and comparing each
/// of its names with each known one takes long.
const NEAREST: usize = 200;
/// Characters of a name up to which the nearest is looked for, and of names that are listed.
const LONGEST: usize = 100;
const LISTED: usize = 400;

impl ProblemSink<'_> {
    /// The help for a name in this source that is not known: the nearest known one, or all of them where they are
    /// few. None after `NEAREST` problems: this is the one way in which a check of files can ask for it.
    #[must_use]
    pub fn nearest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
        if self.found.len() < NEAREST { did_you_mean(name, known) } else { None }
    }

    /// Adds an error.
    pub fn error(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        self.push(Severity::Error, span, message.into(), help);
    }

    /// Adds a warning.
    pub fn warning(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        self.push(Severity::Warning, span, message.into(), help);
    }

    fn push(&mut self, severity: Severity, span: Span, message: String, help: Option<String>) {
        let source = self.source.clone();
        // A place lies on characters, whoever found it: what is printed of it could not be cut out otherwise.
        let text = &*source.text;
        let end = text.ceil_char_boundary(span.end.min(text.len()));
        let span = Span::new(text.floor_char_boundary(span.start.min(text.len())).min(end), end);
        self.found.push(Diagnostic { severity, source, span, message, help });
    }
}

/// The same for the argument of a command that knows no such name, and ends there.
#[must_use]
pub fn nearest_argument<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    did_you_mean(name, known)
}

/// Compares a name with each known one.
fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let lower = name.to_lowercase();
    let short = |name: &str| name.len() <= LONGEST;
    let near = known
        .iter()
        .filter(|candidate| short(name) && short(candidate))
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .min_by_key(|(distance, candidate)| (*distance, usize::MAX - common_prefix(&lower, candidate), **candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().max(name.chars().count()) / 4);
    match near {
        Some((_, candidate)) => Some(format!("did you mean `{candidate}`?")),
        None if known.is_empty() || known.len() > 12 => None,
        None if known.iter().map(|name| name.len()).sum::<usize>() > LISTED => None,
        None => Some(format!("known here: {}", listed(known))),
    }
}

/// The help for a name that is not known: the nearest, and the command that lists them, unless all are told.
#[must_use]
pub fn names_help(near: Option<String>, listed_by: Option<&str>) -> Option<String> {
    let all = listed_by.map(|command| format!("`{command}` lists all names"));
    match (near, all) {
        (Some(near), Some(all)) if near.ends_with('?') => Some(format!("{near} {all}")),
        (near, all) => near.or(all),
    }
}

/// How many characters two names begin with alike.
fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

/// Names in backticks with commas between them.
#[must_use]
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
