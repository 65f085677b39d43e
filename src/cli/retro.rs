//! Options of `kaizen-retro`.
//!
//! Takes: nothing, this is the type that the arguments fill. Gives: [`RetroOptions`].

use std::path::PathBuf;

use clap::Args;

use super::shared::Common;
use super::values::instant;

/// Options of `kaizen-retro`.
#[derive(Debug, Args)]
pub struct RetroOptions {
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
    /// Where the window begins [default: where the last report ended, else 24 hours back].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub since: Option<chrono::DateTime<chrono::Utc>>,
    /// Where it ends [default: now].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub until: Option<chrono::DateTime<chrono::Utc>>,
    /// The agents, as JSON: {"agents": [{"name", "active"}]}.
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,
    /// The Telegram chat to send to, instead of those of the rules: a number or @name.
    #[arg(long, value_name = "CHAT", allow_hyphen_values = true)]
    pub post_to: Option<String>,
    /// Print the report, and publish and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write into a file by the built-in rules too: else a live run there wants rules of your own.
    #[arg(long, conflicts_with = "dry_run")]
    pub write: bool,
}
