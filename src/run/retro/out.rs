//! What a retrospective prints and keeps.
//!
//! Takes: a finished [`Retro`]. Gives: the report on stdout; the snapshot of the day, and the suggestion with
//! what became of earlier ones, below the loop's folder.

use anyhow::{Context, Result};

use super::super::output;
use super::{RetroRun, SUGGESTIONS};
use crate::cli::Format;
use crate::engine::untrusted;
use crate::forge::time::rfc3339;
use crate::jobs::kaizen_retro::memory::SuggestionLine;
use crate::jobs::kaizen_retro::{Retro, RetroQuery};
use crate::loop_dir;
use crate::publish;

impl RetroRun<'_> {
    pub(super) fn print(&self, retro: &Retro<'_>) -> Result<()> {
        match self.args.common.screen.format {
            Format::Json => {
                let mut text = serde_json::to_string_pretty(&retro.json).context("writing the report as JSON")?;
                text.push('\n');
                output::print_raw(&text)
            }
            Format::Markdown => output::print_text(&format!("{}\n", retro.markdown)),
            Format::Text => {
                let plain = publish::plain(&retro.markdown, output::table_width());
                let lines: Vec<String> = plain.lines().map(columns).collect();
                output::print_prose(&format!("{}\n", lines.join("\n")))
            }
        }
    }

    /// The snapshot of the day.
    pub(super) fn save(&self, retro: &Retro<'_>) -> Result<()> {
        let day = retro.key.trim_start_matches("retro-").replace('-', "");
        let path = self.args.common.target.loop_dir.join(format!("reports/kaizen-retro-{day}.json"));
        let mut text = serde_json::to_vec_pretty(&retro.json).context("writing the report as JSON")?;
        text.push(b'\n');
        loop_dir::replace(&path, &text)
    }

    pub(super) fn remember(&self, asked: &RetroQuery<'_>, retro: &Retro<'_>) -> Result<()> {
        let path = self.args.common.target.loop_dir.join(SUGGESTIONS);
        for outcome in &retro.outcomes {
            let line = SuggestionLine::Outcome {
                ts: rfc3339(self.now),
                outcome_of: outcome.of.key.clone(),
                rule: outcome.of.rule.clone(),
                verdict: outcome.verdict,
                value: outcome.now,
            };
            loop_dir::append_line(&path, &line)?;
        }
        retro
            .suggested(asked)
            .map_or(Ok(()), |suggested| loop_dir::append_line(&path, &SuggestionLine::Suggested(suggested)))
    }
}

/// A line fit for a terminal, its columns where they were.
fn columns(line: &str) -> String {
    let mut shown = String::new();
    for (index, part) in line.split("  ").enumerate() {
        if index > 0 {
            shown.push_str("  ");
        }
        // What is left of a longer gap begins the next part.
        shown.push_str(&" ".repeat(part.len() - part.trim_start_matches(' ').len()));
        shown.push_str(&untrusted::terminal(part));
    }
    shown.trim_end().to_owned()
}
