//! What rules suggest about a window, where nothing is published or remembered.
//!
//! Takes: [`RetroOptions`], rules. Gives: [`RetroSuggestion`]. What happened is read once for several versions of
//! the rules, as long as they ask for the same.

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::super::EarlyEnd;
use super::super::forge::OpenForge;
use super::super::rules::RulesInForce;
use super::when::RetroWindow;
use super::{RetroRun, fleet};
use crate::cli::RetroOptions;
use crate::jobs::kaizen_retro::{self, Suggestion};
use crate::jobs::window::Activity;

/// What the rules came to.
pub(in crate::run) struct RetroSuggestion {
    /// The one suggestion.
    pub(in crate::run) picked: Option<Suggestion>,
    /// What other rules would have suggested.
    pub(in crate::run) others: Vec<Suggestion>,
    /// Why this is not all there is, one sentence each; untrusted.
    pub(in crate::run) why_incomplete: Vec<String>,
    /// Entries of the forge that are left out, one sentence each; untrusted.
    pub(in crate::run) unreadable: Vec<String>,
}

/// What happened, and what was asked for.
pub(in crate::run) struct RetroActivity {
    when: RetroWindow,
    bots: Vec<String>,
    world: Activity,
}

/// Looks back; `happened` is what was read for another version. What is private is counted and suggested about
/// where it is `named` only.
pub(in crate::run) fn suggested(
    args: &RetroOptions,
    rules: &RulesInForce,
    (forge, repos): (&OpenForge, Vec<usize>),
    (now, named): (DateTime<Utc>, bool),
    happened: &mut Option<RetroActivity>,
) -> Result<RetroSuggestion, EarlyEnd> {
    let fleet = args.fleet.as_deref().map(fleet::read).transpose().map_err(super::usage)?.unwrap_or_default();
    let run = RetroRun { args, rules, forge, repos, now, fleet };
    let mut memory = run.memory(None)?;
    let when = RetroWindow::find(args, rules, &memory, now)?;
    let bots = &rules.policy.bots;
    let RetroActivity { when, world, .. } = match happened.take() {
        Some(known) if known.when == when && known.bots == *bots => happened.insert(known),
        _ => {
            let world = run.read(&when);
            happened.insert(RetroActivity { when, bots: bots.clone(), world })
        }
    };
    if world.repos.is_empty() && !world.unread.is_empty() {
        let all: Vec<String> = world.unread.iter().map(|(repo, why)| format!("{repo}: {why}")).collect();
        return Err(anyhow!("no repository could be read: {}", all.join("; ")).into());
    }
    let asked = run.query(when, world, named);
    let retro = kaizen_retro::look_back(&asked, &mut memory).map_err(|error| anyhow!("{error}"))?;
    Ok(RetroSuggestion {
        picked: retro.suggestion,
        others: retro.others,
        why_incomplete: retro.why_incomplete,
        unreadable: world.unreadable.clone(),
    })
}
