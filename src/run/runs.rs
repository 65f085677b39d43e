//! `kaizen runs`: which runs there were; and what undo reads of them.
//!
//! Takes: the folder of the loop. Gives: the list on stdout, an [`Exit`]; [`RunBook`], all that the folder
//! knows.

use std::path::Path;

use anyhow::Result;
use chrono::Utc;

use super::loops::check_folder;
use super::{EarlyEnd, Exit, live, output, say};
use crate::apply::journal;
use crate::cli::{self, Format};
use crate::forge::time::rfc3339;
use crate::loop_dir::{self, LineSummary};
use crate::undo::history::WriteHistory;
use crate::undo::runs::{PastRun, RunLine, runs};
use crate::undo::{RunWrite, list};

/// What a folder of the loop knows of earlier runs.
#[derive(Debug)]
pub(super) struct RunBook {
    /// Oldest first.
    pub(super) runs: Vec<PastRun>,
    /// Oldest first.
    pub(super) history: Vec<RunWrite>,
    /// Lines that cannot be read.
    pub(super) warnings: Vec<String>,
}

impl RunBook {
    /// Reads it. Bad lines are told and stop nothing.
    pub(super) fn read(folder: &Path) -> Result<RunBook> {
        let mut history = WriteHistory::default();
        let steps = journal::read(folder, |entry| history.add(entry))?;
        let mut lines: Vec<RunLine> = Vec::new();
        let records = loop_dir::read_lines(&folder.join("runs.jsonl"), |line| lines.push(line))?;
        let history = history.into_writes();
        let warnings = [("journal.jsonl", steps), ("runs.jsonl", records)].into_iter().filter_map(|(name, lines)| {
            live::tell(&folder.join(name), &lines);
            warning(name, &lines)
        });
        let warnings = warnings.collect();
        Ok(RunBook { runs: runs(lines, &history), history, warnings })
    }
}

fn warning(name: &str, lines: &LineSummary) -> Option<String> {
    let all = lines.bad + lines.read;
    (lines.bad > 0).then(|| format!("{} of {all} lines of {name} cannot be read and are left out.", lines.bad))
}

/// Lists them.
pub(super) fn run(args: &cli::Runs) -> Result<Exit, EarlyEnd> {
    check_folder(&args.loop_dir)?;
    let book = RunBook::read(&args.loop_dir)?;
    let now = rfc3339(args.now.unwrap_or_else(Utc::now));
    if book.runs.is_empty() {
        say(&format!("there is no record of runs in {}", args.loop_dir.display()));
    }
    match args.screen.format {
        Format::Json => output::print_raw(&format!("{}\n", list::json(&book.runs, &now, &book.warnings))),
        Format::Markdown => output::print_text(&list::in_markdown(&book.runs)),
        Format::Text => output::print_prose(&list::text(&book.runs)),
    }?;
    Ok(Exit::Done)
}
