//! The job `kaizen-retro`, from its arguments to its end: one stage a line.
//!
//! Takes: [`RetroOptions`](args). Gives: the report on stdout, an [`Exit`]; unless it is a dry run the snapshot in
//! `reports/`, the report at its sinks, the suggestion in `retro/suggestions.jsonl`.
//!
//! - `fleet` the agents, `out` what is printed and kept, `place` the issue that holds the reports, `sinks` the other places, `suggested` what is
//!   suggested where nothing is published, `when` the window

mod fleet;
mod out;
mod place;
mod sinks;
mod suggestion;
mod when;

use std::collections::HashMap;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};

use super::forge::{ForgeRequest, OpenForge, check, repos};
use super::live::{self, Live, RunEnding, RunSubject};
use super::output::{self, variable};
use super::rules::{self, RulesInForce};
use super::{EarlyEnd, Exit, Progress, VERSION, say, usage};
use crate::cli::RetroOptions;
use crate::forge::remote::address::Runner;
use crate::jobs::kaizen_retro::facts::FleetAgent;
use crate::jobs::kaizen_retro::memory::{RetroMemory, SuggestionLine};
use crate::jobs::kaizen_retro::{self, Retro, RetroQuery, SPEC};
use crate::jobs::window::{self, Activity};
use crate::language::sinks::SinkKind;
use crate::loop_dir;
use crate::plan::memory::Us;
use place::{NoRetroIssue, RetroIssue, RetroPost};
pub(super) use suggestion::suggested;
use when::RetroWindow;

/// Runs the job.
pub(super) fn run(args: &RetroOptions) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let rules = match rules::find(common, &SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    if !args.dry_run {
        rules::looked_at(&rules, SPEC.job, &common.target, args.write)?;
    }
    let now = common.target.now.unwrap_or_else(Utc::now);
    let fleet = args.fleet.as_deref().map(fleet::read).transpose().map_err(usage)?.unwrap_or_default();
    let live = !args.dry_run;
    let org = common.org.as_deref();
    // The issue that holds the reports may be in a repository that is not looked at.
    let also = elsewhere(&rules, &common.repos);
    let names: Vec<String> = common.repos.iter().cloned().chain(also.clone()).collect();
    let wanted = ForgeRequest { target: &common.target, repos: &names, org, live, now };
    let forge = OpenForge::over_many(&wanted, usize::from(common.concurrency))?;
    let mut asked_for = repos(forge.read(), &common.repos, org)?;
    asked_for
        .retain(|index| also.as_ref().is_none_or(|also| !forge.read().repos()[*index].name.eq_ignore_ascii_case(also)));
    let about = RunSubject { forge: &forge.read().name(), policies: &[], undoes: None };
    let begun = live.then(|| Live::begin(&common.target.loop_dir, SPEC.job, now, VERSION, about)).transpose()?;
    let one = RetroRun { args, rules: &rules, forge: &forge, repos: asked_for, now, fleet };
    let result = one.look_back(begun.as_ref());
    end(begun.as_ref(), &forge, &rules, &result, common.target.now)?;
    let done = result?;
    Ok(done.exit)
}

/// The repository of the issue that holds the reports, where repositories are named and it is none of them.
fn elsewhere(rules: &RulesInForce, names: &[String]) -> Option<String> {
    let of_issue = rules.sinks.iter().find_map(|sink| match &sink.kind {
        SinkKind::Issue(issue) => issue.repo.clone(),
        _ => None,
    });
    of_issue.filter(|repo| !names.is_empty() && !names.iter().any(|name| name.eq_ignore_ascii_case(repo)))
}

/// What a run needs to know.
struct RetroRun<'r> {
    args: &'r RetroOptions,
    rules: &'r RulesInForce,
    forge: &'r OpenForge,
    repos: Vec<usize>,
    now: DateTime<Utc>,
    fleet: Vec<FleetAgent>,
}

/// How a run ended.
struct RetroResult {
    exit: Exit,
    why_incomplete: Vec<String>,
    rule: Option<String>,
    totals: serde_json::Value,
}

impl RetroRun<'_> {
    fn look_back(&self, begun: Option<&Live>) -> Result<RetroResult, EarlyEnd> {
        let RetroRun { args, rules, .. } = *self;
        if self.repos.is_empty() && self.forge.read().unread().is_empty() {
            say("there is no repository to look back at: each is left out");
            let totals = serde_json::Value::Null;
            return Ok(RetroResult { exit: Exit::Done, why_incomplete: Vec::new(), rule: None, totals });
        }
        let place = self.place()?;
        let mut memory = self.memory(place.as_ref())?;
        let when = RetroWindow::find(args, rules, &memory, self.now)?;
        let world = self.read(&when);
        if world.repos.is_empty() && !world.unread.is_empty() {
            let all: Vec<String> = world.unread.iter().map(|(repo, why)| format!("{repo}: {why}")).collect();
            return Err(anyhow!("no repository could be read: {}", all.join("; ")).into());
        }
        let named = rules.policy.publish_private || !self.is_public(place.as_ref());
        let asked = self.query(&when, &world, named);
        let retro = kaizen_retro::look_back(&asked, &mut memory).map_err(|error| anyhow!("{error}"))?;
        self.print(&retro)?;
        let mut failed = Vec::new();
        if let Some(live) = begun {
            self.save(&retro)?;
            // Before anything is sent: a report that somebody has read is remembered, whatever comes after.
            self.remember(&asked, &retro)?;
            failed = self.publish(live, &asked, &retro, (place.as_ref(), &memory));
        }
        for text in world.unreadable.iter().chain(&retro.why_incomplete).chain(&failed) {
            say(&format!("warning: {text}"));
        }
        let exit = match (failed.is_empty(), retro.why_incomplete.is_empty()) {
            (false, _) => Exit::Failed,
            (true, false) => Exit::Incomplete,
            (true, true) => Exit::Done,
        };
        output::step_outputs(usize::from(begun.is_some()), exit == Exit::Done)?;
        let why_incomplete = retro.why_incomplete.iter().chain(&failed).cloned().collect();
        let rule = retro.suggestion.as_ref().map(|one| one.rule.clone());
        Ok(RetroResult { exit, why_incomplete, rule, totals: retro.json["totals"].clone() })
    }

    fn query<'a>(&'a self, when: &'a RetroWindow, world: &'a Activity, named: bool) -> RetroQuery<'a> {
        let RetroRun { rules, .. } = *self;
        RetroQuery {
            world,
            forge: self.forge.read(),
            policy: &rules.policy,
            advice: &rules.advice,
            templates: &rules.templates,
            fleet: &self.fleet,
            window: when.window,
            until: when.until,
            now: self.now.timestamp_micros(),
            key: &when.key,
            named,
            version: VERSION,
        }
    }

    /// The issue that holds the reports, where a sink asks for one. What only the rules can say is asked for before
    /// anything is read.
    fn place(&self) -> Result<Option<RetroIssue>, EarlyEnd> {
        let live = !self.args.dry_run;
        let issue = |kind: &SinkKind| if let SinkKind::Issue(issue) = kind { Some(issue.clone()) } else { None };
        let Some((id, issue)) = self.rules.sinks.iter().find_map(|sink| Some((&sink.id, issue(&sink.kind)?))) else {
            return Ok(None);
        };
        let us = Us { user: self.forge.read().user(), bots: &self.rules.policy.bots };
        match RetroIssue::find(self.forge.read(), &self.repos, &issue, us) {
            Ok(place) => {
                live::other_account(us, live, place.texts())?;
                Ok(Some(place))
            }
            Err(NoRetroIssue::Repository) if live => Err(usage(anyhow!(
                "the sink `{id}` does not say in which of the repositories its issue is: add `repo: OWNER/NAME` to its \
                 `issue`"
            ))),
            Err(why) => {
                say(&format!("warning: the report has no issue to go to: {why}"));
                Ok(None)
            }
        }
    }

    /// Earlier suggestions, from the loop's folder and from our own comments.
    fn memory(&self, place: Option<&RetroIssue>) -> Result<RetroMemory, EarlyEnd> {
        let mut memory = RetroMemory::default();
        let path = self.args.common.target.loop_dir.join(SUGGESTIONS);
        let lines = loop_dir::read_lines(&path, |line: SuggestionLine| memory.add(line))?;
        live::tell(&path, &lines);
        if let Some(place) = place {
            place.remember(self.forge.read(), &self.rules.policy.bots, &mut memory);
        }
        Ok(memory)
    }

    fn read(&self, when: &RetroWindow) -> Activity {
        let common = &self.args.common;
        let progress = Progress::new(&common.screen);
        let more = |items| progress.more(items);
        let asked = window::WindowQuery {
            forge: self.forge.read(),
            repos: self.repos.clone(),
            since: when.window.since,
            until: when.window.until,
            before: when.before.to_vec(),
            bots: &self.rules.policy.bots,
            threads: usize::from(common.concurrency),
            progress: &more,
        };
        let world = window::read(&asked);
        progress.done();
        world
    }

    /// What is private is only counted where others than those who may see it could read the report: on a
    /// public issue, in a chat, in the log of a public repository's job.
    fn is_public(&self, place: Option<&RetroIssue>) -> bool {
        let there = self.forge.read().repos();
        let open = |name: &str| {
            there.iter().find(|repo| repo.name.eq_ignore_ascii_case(name)).is_none_or(|repo| !repo.private)
        };
        let in_ci = Runner::of(&variable).is_some() && variable("GITHUB_REPOSITORY").is_none_or(|name| open(&name));
        let issue = place.is_some_and(|place| open(&place.repo));
        let elsewhere = self
            .rules
            .sinks
            .iter()
            .any(|sink| matches!(sink.kind, SinkKind::Telegram { .. } | SinkKind::Webhook { .. }));
        in_ci || (!self.args.dry_run && (issue || elsewhere))
    }

    /// To every sink, each whatever became of the others; gives what failed.
    fn publish(
        &self,
        live: &Live,
        asked: &RetroQuery<'_>,
        retro: &Retro<'_>,
        (place, memory): (Option<&RetroIssue>, &RetroMemory),
    ) -> Vec<String> {
        let mut failed = Vec::new();
        let mut tell = |id: &str, result: Result<String>| match result {
            Ok(said) => say(&format!("{id}: {said}")),
            Err(error) => failed.push(format!("the sink {id} failed: {error:#}")),
        };
        let mut sent = memory.sinks_with(retro.key);
        let posted_to = self.posted_to();
        let elsewhere = self.rules.sinks.iter().map(|sink| (sink.id.as_str(), &sink.kind));
        for (id, kind) in elsewhere.chain(posted_to.as_ref().map(|kind| (POSTED_TO, kind))) {
            let away = matches!(kind, SinkKind::Telegram { .. } | SinkKind::Webhook { .. });
            if !matches!(kind, SinkKind::Issue(_)) {
                let result = self.send(id, kind, retro, away && sent.contains(id));
                if away && result.is_ok() {
                    sent.insert(id.to_owned());
                }
                tell(id, result);
            }
        }
        // Last, because the comment tells who has it.
        let sent = sent.into_iter().collect::<Vec<_>>().join(",");
        let mut issues = self.rules.sinks.iter().filter(|sink| matches!(sink.kind, SinkKind::Issue(_)));
        if let Some(sink) = issues.next() {
            let posted = match place {
                Some(place) => place.post(self, live, asked, RetroPost { retro, memory, sent: &sent }),
                None => Err(anyhow!("there is no issue that it could go to")),
            };
            tell(&sink.id, posted);
        }
        issues.for_each(|sink| tell(&sink.id, Err(anyhow!("only one issue of a forge takes the report"))));
        failed
    }
}

/// What the chat of `--post-to` is remembered by.
const POSTED_TO: &str = "--post-to";

/// Where suggestions are kept, below the loop's folder.
const SUGGESTIONS: &str = "retro/suggestions.jsonl";

/// The second line of a live run.
fn end(
    live: Option<&Live>,
    forge: &OpenForge,
    rules: &RulesInForce,
    result: &Result<RetroResult, EarlyEnd>,
    now: Option<DateTime<Utc>>,
) -> Result<()> {
    let Some(live) = live else { return Ok(()) };
    let failed;
    let (exit, why, rule, totals) = match result {
        Ok(done) => (done.exit, &done.why_incomplete, done.rule.as_deref(), done.totals.clone()),
        Err(stop) => {
            failed = vec![format!("{:#}", stop.error)];
            (stop.exit, &failed, None, serde_json::Value::Null)
        }
    };
    let ended = RunEnding {
        exit: exit.code(),
        complete: why.is_empty(),
        why_incomplete: why,
        totals,
        rules: rule.map(|rule| (rule, 1)).into_iter().collect::<HashMap<_, _>>(),
        counts: forge.counts(),
        rules_hash: &rules.policy.hash,
    };
    live.end(&ended, now.unwrap_or_else(Utc::now), VERSION)
}
