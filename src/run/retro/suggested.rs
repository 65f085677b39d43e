//! What rules suggest about a window, where nothing is published or remembered.
//!
//! Takes: [`Retro`](Args), rules. Gives: [`Suggested`]. What happened is read once for several versions of
//! the rules, as long as they ask for the same.

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::super::Stop;
use super::super::forge::Opened;
use super::super::rules::Rules;
use super::when::When;
use super::{Run, fleet};
use crate::cli::Retro as Args;
use crate::jobs::kaizen_retro::{self, Suggestion};
use crate::jobs::window::World;

/// What the rules came to.
pub(in crate::run) struct Suggested {
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
pub(in crate::run) struct Happened {
    when: When,
    bots: Vec<String>,
    world: World,
}

/// Looks back; `happened` is what was read for another version. What is private is counted and suggested about
/// where it is `named` only.
pub(in crate::run) fn suggested(
    args: &Args,
    rules: &Rules,
    (forge, repos): (&Opened, Vec<usize>),
    (now, named): (DateTime<Utc>, bool),
    happened: &mut Option<Happened>,
) -> Result<Suggested, Stop> {
    let fleet = args.fleet.as_deref().map(fleet::read).transpose().map_err(super::usage)?.unwrap_or_default();
    let run = Run { args, rules, forge, repos, now, fleet };
    let mut memory = run.memory(None)?;
    let when = When::find(args, rules, &memory, now)?;
    let bots = &rules.policy.bots;
    let Happened { when, world, .. } = match happened.take() {
        Some(known) if known.when == when && known.bots == *bots => happened.insert(known),
        _ => {
            let world = run.read(&when);
            happened.insert(Happened { when, bots: bots.clone(), world })
        }
    };
    if world.repos.is_empty() && !world.unread.is_empty() {
        let all: Vec<String> = world.unread.iter().map(|(repo, why)| format!("{repo}: {why}")).collect();
        return Err(anyhow!("no repository could be read: {}", all.join("; ")).into());
    }
    let asked = run.asked(when, world, named);
    let retro = kaizen_retro::look_back(&asked, &mut memory).map_err(|error| anyhow!("{error}"))?;
    Ok(Suggested {
        picked: retro.suggestion,
        others: retro.others,
        why_incomplete: retro.why_incomplete,
        unreadable: world.unreadable.clone(),
    })
}
