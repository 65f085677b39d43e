//! `loop-guard`, from its arguments to its end.
//!
//! Takes: [`LoopGuard`]. Gives: the seconds to wait on stdout, the step outputs `ready` and
//! `wait_seconds`, `guard.json`; [`Exit::Found`] where there is no work.

use std::time::Duration;

use anyhow::{Result, anyhow};
use chrono::Utc;
use serde_json::json;

use super::{LoopRun, check_folder, read_json, replace_json, score};
use crate::cli::{Format, LoopGuard};
use crate::files::{Lock, Patience};
use crate::forge::time::rfc3339;
use crate::http::RequestCounts;
use crate::jobs::loop_guard::{Backoff, GuardState, JOB, SPEC, too_old};
use crate::loops::insights::instant_of;
use crate::run::{EarlyEnd, Exit, output, rules, say};

/// Runs the job.
pub(in crate::run) fn run(args: &LoopGuard) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let found = match rules::find(common, &SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let folder = &common.target.loop_dir;
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    if !args.ask_forge {
        check_folder(folder)?;
    }
    let noted = LoopRun::begin(folder, JOB, clock(), (args.dry_run, ""))?;
    let ready = if args.ask_forge {
        match score::ready(common, clock())? {
            Ok(ready) => ready,
            Err(exit) => return Ok(exit),
        }
    } else {
        let queue = read_json(&folder.join("queue.json"))?;
        let most = found.advice.measure.whole("queue_hours");
        if let Some(why) = too_old(&queue, clock().timestamp_micros(), most) {
            let exit = Exit::Incomplete;
            let why = format!(
                "{}: {why}; run `kaizen triage-score`, or ask the forge with --ask-forge (`queue_hours` in the rules of \
                 {JOB} is {most})",
                folder.join("queue.json").display()
            );
            output::step_output("ready", "false")?;
            noted.end(
                exit,
                std::slice::from_ref(&why),
                (json!({}), RequestCounts::default(), &found.policy.hash),
                clock(),
            )?;
            return Err(EarlyEnd {
                exit,
                error: anyhow!("whether there is work is not known: {why}"),
                ends_loop: false,
            });
        }
        let items = queue["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter(|item| item["ready"] == true).count()
    };
    // Two at once take turns, and the second sees what the first has said.
    let path = folder.join("guard.json");
    let held = match args.dry_run {
        true => None,
        false => Some(Lock::take(&folder.join("guard.lock"), "the wait of the loop", &Patience::minute(&say))?),
    };
    let now = clock();
    let file = read_json(&path)?;
    let number = |name: &str| file[name].as_u64().unwrap_or(0);
    let at = instant_of(&file["generated_at"]).unwrap_or(0).div_euclid(1_000_000);
    let before = GuardState { idle_runs: number("idle_runs"), wait_s: number("wait_s"), at };
    let backoff = Backoff::new(&found.advice.measure);
    let said = backoff.say(ready > 0, before, now.timestamp(), fastrand::f64());
    let after = said.state.unwrap_or(before);
    if said.state.is_some() && !args.dry_run {
        let file = json!({ "generated_at": rfc3339(now), "idle_runs": after.idle_runs, "wait_s": after.wait_s });
        replace_json(&path, &file)?;
    }
    drop(held);
    let totals = json!({ "ready": ready, "idle_runs": after.idle_runs, "wait_seconds": said.wait_s });
    match common.screen.format {
        Format::Json => {
            let report = json!({
                "job": JOB, "generated_at": rfc3339(now), "complete": true, "totals": totals, "ready": ready > 0,
                "wait_seconds": said.wait_s, "idle_runs": after.idle_runs,
            });
            output::print_raw(&format!("{report:#}\n"))?;
        }
        Format::Text | Format::Markdown => output::print_raw(&format!("{}\n", said.wait_s))?,
    }
    output::step_output("ready", if ready > 0 { "true" } else { "false" })?;
    output::step_output("wait_seconds", &said.wait_s.to_string())?;
    let exit = if ready > 0 { Exit::Done } else { Exit::Found };
    if !common.screen.quiet {
        say(&match (ready, said.wait_s) {
            (0, wait) => format!("no work: wait {wait} s (idle {} times)", after.idle_runs),
            (ready, _) => format!("{ready} issues are ready"),
        });
    }
    noted.end(exit, &[], (totals, RequestCounts::default(), &found.policy.hash), clock())?;
    if args.wait && said.wait_s > 0 {
        std::thread::sleep(Duration::from_secs(said.wait_s));
    }
    Ok(exit)
}
