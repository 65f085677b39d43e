//! `kaizen rules diff`: what a change of the rules does to the whole backlog.
//!
//! Takes: [`DiffOptions`]. Gives: the report on stdout, in the job's summary and, with `--comment`, on the
//! pull request, an [`Exit`].
//!
//! - `versions` the two versions, `items` what they say of items, `counted` of what is counted

mod counts;
mod items;
mod versions;

use std::io::IsTerminal;

use anyhow::{Result, anyhow};
use chrono::Utc;

use super::super::forge::check;
use super::super::output::{self, variable};
use super::super::rules::{spec, tell};
use super::super::{EarlyEnd, Exit, say, usage};
use super::broken::{cannot, comment};
use super::revision::RuleVersion;
use super::sticky::StickyText;
use crate::cli::{DiffOptions, Format};
use crate::forge::remote::address::Runner;
use crate::forge::time::rfc3339;
use crate::jobs::backlog_triage;
use crate::language::{JobSpec, effective};
use crate::review::diff::backlog::BacklogDiff;
use crate::review::diff::fail_on::FailOn;
use crate::review::diff::groups::{self, DiffReport};
use crate::review::diff::key_changes::{KeyChange, key_changes};
use crate::review::diff::{json, markdown, text};
use versions::{SideRules, Versions};

/// What was read for both versions of a job's rules.
struct DiffReading {
    /// Where: a forge by its name, files.
    place: String,
    /// Full names of repositories.
    repos: Vec<String>,
    /// What it came to.
    read: BacklogDiff,
}

/// The jobs that are asked for, each once, in that order.
fn jobs(args: &DiffOptions) -> Result<Vec<&'static JobSpec>, EarlyEnd> {
    let mut all: Vec<&'static JobSpec> = Vec::new();
    for job in &args.jobs {
        // Whether one of the versions has it shows when they are read.
        let spec = spec(job, args.common.rules.as_deref(), true)?;
        if !all.iter().any(|there| there.job == spec.job) {
            all.push(spec);
        }
    }
    Ok(if all.is_empty() { vec![&backlog_triage::SPEC] } else { all })
}

/// What none of the jobs takes is not meant.
fn untaken(args: &DiffOptions, jobs: &[&JobSpec]) -> Result<(), EarlyEnd> {
    let retro = counts::RETRO;
    for (given, option, takes) in [
        (!args.inputs.is_empty(), "--input", &[counts::SESSIONS][..]),
        (args.fleet.is_some(), "--fleet", &[retro]),
        (args.since.is_some(), "--since", &[retro, counts::LOG]),
    ] {
        if given && !jobs.iter().any(|spec| takes.contains(&spec.job)) {
            return Err(usage(anyhow!("{option} is for {}: name that job too", takes.join(" and "))));
        }
    }
    Ok(())
}

/// Compares, reports, comments.
pub(super) fn run(args: &DiffOptions) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let jobs = jobs(args)?;
    untaken(args, &jobs)?;
    if jobs.iter().any(|spec| spec.items.is_some()) {
        check(&common.target, &common.repos, common.org.as_deref())?;
    }
    let fail_on = match args.fail_on.as_deref().map(FailOn::read).transpose() {
        Ok(fail_on) => fail_on,
        Err(found) => {
            tell(&found, output::color(&common.screen, std::io::stderr().is_terminal()));
            return Err(usage(anyhow!("--fail-on is no condition over the totals; nothing was read")));
        }
    };
    let versions = Versions::find(args)?;
    let now = common.target.now.unwrap_or_else(Utc::now);
    let (mut all, mut broken, mut names) = (Vec::new(), Vec::new(), Vec::new());
    // What a stranger wants to merge has no say in what is shown, and in who we are.
    let mut policy = None;
    for spec in jobs {
        match versions.load(args, spec)? {
            Ok(loaded) => all.push((spec, loaded)),
            Err((found, base)) => {
                broken.extend(found);
                names.push(spec.job);
                policy = policy.or(base.map(|base| base.rules.policy));
            }
        }
    }
    if !broken.is_empty() {
        return cannot(args, &names.join(", "), &broken, policy.as_ref());
    }
    let mut reports = Vec::new();
    for (spec, (mut base, mut head)) in all {
        let keys = changed_keys(base.as_ref(), head.as_ref());
        let mut seen = if spec.items.is_some_and(|items| items.decides) {
            items::compare_items(args, (base.as_mut(), head.as_mut()), now)?
        } else {
            counts::compare_counted(args, spec, (base.as_ref(), head.as_ref()), now)?
        };
        let totals = &mut seen.read.diff.totals;
        (totals.keys, totals.trust) = (keys.len(), keys.iter().filter(|change| change.trust).count());
        let of_side = |version: &RuleVersion, loaded: Option<&SideRules>| groups::DiffVersion {
            name: version.name.clone(),
            commit: version.commit.clone(),
            rules_hash: loaded.map(|loaded| loaded.rules.policy.hash.clone()),
        };
        reports.push(DiffReport {
            job: spec.job.to_owned(),
            forge: seen.place,
            generated_at: rfc3339(now),
            repos: seen.repos,
            base: of_side(&versions.base, base.as_ref()),
            head: of_side(&versions.head, head.as_ref()),
            read: seen.read,
            keys,
            publish_private: base.as_ref().is_some_and(|base| base.rules.policy.publish_private),
        });
        policy = policy.or(base.map(|base| base.rules.policy));
    }
    print(args, &reports)?;
    let own = variable("GITHUB_REPOSITORY").filter(|_| Runner::of(&variable).is_some());
    output::summary(|| markdown::render(&reports, own.as_deref(), 0))?;
    let rules_hash = reports.iter().find_map(|report| report.head.rules_hash.as_deref()).unwrap_or("");
    let text = |place: Option<&str>, room: usize| markdown::render(&reports, place, room);
    comment(args, StickyText { text: &text, rules_hash }, policy.as_ref(), now)?;
    let exit = exit(&reports, fail_on.as_ref());
    // The program ends here: giving back thousands of texts one by one serves nobody.
    std::mem::forget(reports);
    Ok(exit)
}

/// The keys that say something else; a side without rules for the job has none.
fn changed_keys(base: Option<&SideRules>, head: Option<&SideRules>) -> Vec<KeyChange> {
    let hash = |side: Option<&SideRules>| side.map(|loaded| loaded.rules.policy.hash.clone());
    // The same files say the same, and need not be read once more.
    let same = hash(base) == hash(head);
    let side = |side: Option<&SideRules>| {
        let tree = side.filter(|_| !same).map(|loaded| effective::tree(&loaded.rules.policy));
        tree.unwrap_or_else(|| serde_json::json!({}))
    };
    let texts = |side: Option<&SideRules>| side.map(|loaded| loaded.templates.clone()).unwrap_or_default();
    key_changes((&side(base), &texts(base)), (&side(head), &texts(head)))
}

fn print(args: &DiffOptions, reports: &[DiffReport]) -> Result<()> {
    let shown = &args.common.screen;
    match shown.format {
        Format::Json => {
            let threads = usize::from(args.common.concurrency);
            output::print_json(|out| json::write(reports, threads, out))
        }
        Format::Markdown => output::print_text(&markdown::render(reports, None, 0)),
        Format::Text => {
            let style = output::style(shown);
            let texts: Vec<String> = reports.iter().map(|report| text::render(report, style)).collect();
            output::print_prose(&texts.join("\n"))
        }
    }
}

fn exit(reports: &[DiffReport], fail_on: Option<&FailOn>) -> Exit {
    let incomplete = reports.iter().any(|report| !report.complete());
    for sentence in reports.iter().flat_map(DiffReport::why_incomplete) {
        say(&format!("warning: {sentence}"));
    }
    let found = fail_on.filter(|fail_on| reports.iter().any(|report| fail_on.holds(report.diff().totals)));
    if let Some(found) = found {
        say(&format!("--fail-on: {}", found.text));
    }
    match (incomplete, found) {
        (true, _) => Exit::Incomplete,
        (false, Some(_)) => Exit::Found,
        (false, None) => Exit::Done,
    }
}
