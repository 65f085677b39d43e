//! Where results go: stdout, a plan file, what a CI job reads.
//!
//! Takes: a finished run. Gives: the report in the format asked for, `GITHUB_STEP_SUMMARY` and
//! `GITHUB_OUTPUT` where they are set. Other people's text is made fit for each place.

use std::fs::OpenOptions;
use std::io::{BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::finish;
use crate::cli::{Format, Shown, When};
use crate::engine::untrusted;
use crate::files;
use crate::plan::Plan;
use crate::report::text::Style;
use crate::report::{Run, json, markdown, text};
use crate::secrets::{self, Hiding};

/// Width where no terminal tells.
const WIDTH: usize = 120;

/// A variable that is set and not empty: an empty one is absent (fact 93).
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A runner reads what is printed: of Forgejo, Gitea or GitHub.
pub(super) fn in_ci() -> bool {
    ["FORGEJO_ACTIONS", "GITEA_ACTIONS", "GITHUB_ACTIONS"].into_iter().any(|name| variable(name).is_some())
}

/// Whether to print colours to a stream.
pub(super) fn color(shown: &Shown, terminal: bool) -> bool {
    match shown.color {
        When::Always => true,
        When::Never => false,
        When::Auto => terminal && variable("NO_COLOR").is_none(),
    }
}

/// One line on stderr. Nothing can be said where stderr is gone.
pub(super) fn write_stderr(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", secrets::hidden_text(line));
}

/// The way to stdout; nothing else is. What is written gets there when it is flushed.
pub(super) fn stdout() -> Hiding<BufWriter<StdoutLock<'static>>> {
    Hiding::new(BufWriter::with_capacity(1 << 16, std::io::stdout().lock()))
}

/// Prints the report to stdout.
pub(super) fn print(run: &Run<'_>, threads: usize, shown: &Shown) -> Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let mut out = stdout();
    let report = match shown.format {
        Format::Json => {
            let result = json::write(run, threads, &mut out);
            return finish(&mut out, result);
        }
        Format::Markdown => markdown::render(run),
        Format::Text => {
            let color = color(shown, terminal);
            text::render(run, Style { width: width(terminal), color, verbose: shown.verbose })
        }
    };
    // In a CI log a line of ours must not read as a command, whatever a title holds.
    let report = if in_ci() { untrusted::ci_block(&report) } else { report };
    let result = out.write_all(report.as_bytes());
    finish(&mut out, result)
}

/// Prints a text of ours to stdout, fit for a CI log where it goes there.
pub(super) fn print_text(text: &str) -> Result<()> {
    print_raw(&if in_ci() { untrusted::ci_block(text) } else { text.to_owned() })
}

/// A line as it is indented, its text fit for a terminal.
pub(super) fn shown_line(line: &str) -> String {
    let text = line.trim_start_matches(' ');
    format!("{}{}", " ".repeat(line.len() - text.len()), untrusted::terminal(text))
}

/// Prints a text to stdout as it is: JSON, in which everything is escaped.
pub(super) fn print_raw(text: &str) -> Result<()> {
    let mut out = stdout();
    let result = out.write_all(text.as_bytes());
    finish(&mut out, result)
}

/// The width to print for.
pub(super) fn width(terminal: bool) -> usize {
    if terminal { usize::from(console::Term::stdout().size().1).clamp(60, 400) } else { WIDTH }
}

/// Saves a plan.
pub(super) fn save_plan(path: &Path, plan: &Plan<'_>) -> Result<()> {
    let sum = plan.sum().context("writing the plan as JSON")?;
    let sealed = Plan { digest: sum.into(), ..plan.clone() };
    let mut text = serde_json::to_vec_pretty(&sealed).context("writing the plan as JSON")?;
    text.push(b'\n');
    // It holds the texts of all comments.
    let file = files::private(OpenOptions::new().write(true).create(true).truncate(true)).open(path);
    file.and_then(|mut file| file.write_all(&secrets::hidden(&text)))
        .with_context(|| format!("saving the plan to {}", path.display()))
}

/// What later steps and readers of the CI job get.
pub(super) fn for_ci(run: &Run<'_>) -> Result<()> {
    summary(|| markdown::render(run))?;
    step_outputs(run.totals.acted, run.complete)
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

fn append(path: &str, text: &str) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(secrets::hidden_text(text).as_bytes())
}

/// Bytes that nobody can foresee: the keys of the standard library's hasher are random.
fn seed() -> String {
    use std::hash::{BuildHasher, Hasher};
    let state = std::collections::hash_map::RandomState::new();
    format!("{:016x}", state.build_hasher().finish())
}
