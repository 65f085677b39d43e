//! Where results go: stdout, a plan file, what a CI job reads.
//!
//! Takes: a finished run. Gives: the report in the format asked for, `GITHUB_STEP_SUMMARY` and
//! `GITHUB_OUTPUT` where they are set. Other people's text is made fit for each place.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::{ColorChoice, Format, OutputOptions};
use crate::engine::untrusted;
use crate::files;
use crate::language::RUN;
use crate::plan::Plan;
use crate::report::text::TextStyle;
use crate::report::{TriageRun, json, markdown, table, text};
use crate::secrets::{self, Hiding};

/// Columns of a table in Markdown that is printed as text, where no terminal tells.
const WIDTH: usize = 120;

/// Where results go.
type Stdout = Hiding<BufWriter<StdoutLock<'static>>>;

/// A variable that is set and not empty: an empty one is absent (fact 93).
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A runner reads what is printed: of Forgejo, Gitea or GitHub.
pub(super) fn in_ci() -> bool {
    ["FORGEJO_ACTIONS", "GITEA_ACTIONS", "GITHUB_ACTIONS"].into_iter().any(|name| variable(name).is_some())
}

/// Whether people sit at a stream that is a terminal. A runner on a bare host gives its jobs one too, and keeps
/// what is printed there in a log.
fn people(terminal: bool) -> bool {
    terminal && !in_ci() && variable("CI").is_none()
}

/// Whether people sit at stdin and stderr, so that they can be asked.
pub(super) fn can_ask() -> bool {
    people(io::stdin().is_terminal() && io::stderr().is_terminal())
}

/// Whether to print colours to a stream.
pub(super) fn color(shown: &OutputOptions, terminal: bool) -> bool {
    match shown.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => colored(terminal),
    }
}

/// The same where nobody has a say.
pub(super) fn colored(terminal: bool) -> bool {
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    people(terminal) && !dumb && variable("NO_COLOR").is_none()
}

/// Whether progress may be drawn on stderr.
pub(super) fn draws() -> bool {
    people(io::stderr().is_terminal())
}

/// One line on stderr. Nothing can be said where stderr is gone.
pub(super) fn write_stderr(line: &str) {
    let _ = writeln!(io::stderr(), "{}", secrets::hidden_text(line));
}

/// How to print text to stdout.
pub(super) fn style(shown: &OutputOptions) -> TextStyle {
    let terminal = io::stdout().is_terminal();
    TextStyle { width: width().unwrap_or(usize::MAX), color: color(shown, terminal), verbose: shown.verbose }
}

/// Columns of the terminal that people sit at. Elsewhere nothing is cut or broken.
fn width() -> Option<usize> {
    people(io::stdout().is_terminal()).then(|| usize::from(console::Term::stdout().size().1).clamp(40, 400))
}

/// Columns for a table in Markdown that is printed as text.
pub(super) fn table_width() -> usize {
    width().unwrap_or(WIDTH)
}

/// Prints the reports of one reading to stdout, one behind the other.
pub(super) fn print(runs: &[TriageRun<'_>], threads: usize, shown: &OutputOptions) -> Result<()> {
    let all = |text: &dyn Fn(&TriageRun<'_>) -> String| runs.iter().map(text).collect::<Vec<_>>().join("\n");
    match shown.format {
        Format::Json => print_json(|out| json::write_all(RUN, runs, threads, out)),
        Format::Markdown => print_text(&all(&markdown::render)),
        Format::Text => print_prose(&all(&|run| text::render(run, style(shown)))),
    }
}

/// Prints a text to stdout as it is laid out (Markdown, YAML, a line with a caret below it). Whatever a title holds,
/// a runner reads no command in it.
pub(super) fn print_text(text: &str) -> Result<()> {
    let text = if in_ci() { Cow::Owned(untrusted::ci_block(text)) } else { Cow::Borrowed(text) };
    stdout(|out| out.write_all(text.as_bytes()))
}

/// The same of sentences and tables for people: on a terminal no line breaks within a word.
pub(super) fn print_prose(text: &str) -> Result<()> {
    print_text(&width().map_or(Cow::Borrowed(text), |width| Cow::Owned(table::wrap(text, width))))
}

/// Prints JSON to stdout.
pub(super) fn print_raw(text: &str) -> Result<()> {
    stdout(|out| json::spell(text, out))
}

/// The one place from which anything gets to stdout; a reader that went away is no error.
fn stdout(write: impl FnOnce(&mut Stdout) -> io::Result<()>) -> Result<()> {
    let mut out = Hiding::new(BufWriter::with_capacity(1 << 16, io::stdout().lock()));
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the result to stdout"),
    }
}

/// Prints JSON to stdout that [`json`] writes piece by piece.
pub(super) fn print_json(write: impl FnOnce(&mut Stdout) -> io::Result<()>) -> Result<()> {
    stdout(write)
}

/// A line as it is indented, its text fit for a terminal.
pub(super) fn shown_line(line: &str) -> String {
    let text = line.trim_start_matches(' ');
    format!("{}{}", " ".repeat(line.len() - text.len()), untrusted::terminal(text))
}

/// Saves a plan.
pub(super) fn save_plan(path: &Path, plan: &Plan<'_>) -> Result<()> {
    let sum = plan.sum().context("writing the plan as JSON")?;
    let sealed = Plan { digest: sum.into(), ..plan.clone() };
    let mut text = serde_json::to_vec_pretty(&sealed).context("writing the plan as JSON")?;
    text.push(b'\n');
    // It holds the texts of all comments.
    files::replace(path, &text, files::Access::Private).context("saving the plan")
}

/// What later steps and readers of the CI job get.
pub(super) fn for_ci(runs: &[TriageRun<'_>]) -> Result<()> {
    summary(|| runs.iter().map(markdown::render).collect::<Vec<_>>().join("\n"))?;
    step_outputs(runs.iter().map(|run| run.totals.acted).sum(), runs.iter().all(|run| run.complete))
}

/// What was done, where later steps of the CI job read it.
pub(super) fn step_outputs(acted: usize, complete: bool) -> Result<()> {
    if let Some(path) = variable("GITHUB_OUTPUT") {
        let seed = seed();
        let acted = untrusted::github_output("acted", &acted.to_string(), &seed);
        let complete = untrusted::github_output("complete", if complete { "true" } else { "false" }, &seed);
        append(&path, &format!("{acted}{complete}")).with_context(|| format!("writing the step output {path}"))?;
    }
    Ok(())
}

/// One value for later steps of the CI job, where there is one.
pub(super) fn step_output(name: &str, value: &str) -> Result<()> {
    let Some(path) = variable("GITHUB_OUTPUT") else { return Ok(()) };
    append(&path, &untrusted::github_output(name, value, &seed()))
        .with_context(|| format!("writing the step output {path}"))
}

/// Adds to the summary of the CI job, where there is one.
pub(super) fn summary(text: impl FnOnce() -> String) -> Result<()> {
    let Some(path) = variable("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    append(&path, &text()).with_context(|| format!("writing the step summary {path}"))
}

fn append(path: &str, text: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(secrets::hidden_text(text).as_bytes())
}

/// Bytes that nobody can foresee: the keys of the standard library's hasher are random.
fn seed() -> String {
    use std::hash::{BuildHasher, Hasher};
    let state = std::collections::hash_map::RandomState::new();
    format!("{:016x}", state.build_hasher().finish())
}
