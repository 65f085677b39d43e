//! `kaizen apply PLAN`: a saved plan, carried out.
//!
//! Takes: [`ApplyOptions`]. Gives: what became of each item on stdout, an [`Exit`]. No rules are read.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use anyhow::{Context, Result, anyhow};
use chrono::{Duration, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::forge::{ForgeRequest, OpenForge};
use super::live::{self, Live, RunEnding, RunSubject};
use super::{EarlyEnd, Exit, VERSION, output, usage};
use crate::apply::{ApplyResult, CLOCKS, ItemFate};
use crate::cli::{self, Format};
use crate::engine::untrusted::terminal;
use crate::files;
use crate::forge::remote::address::{Destination, Giver};
use crate::forge::time;
use crate::plan::{self, Op, Plan, PlannedItem, Write, is_kept};

/// Every fate with its name.
const FATES: [(ItemFate, &str); 5] = [
    (ItemFate::Done, "done"),
    (ItemFate::Unchanged, "unchanged"),
    (ItemFate::Dropped, "dropped"),
    (ItemFate::Failed, "failed"),
    (ItemFate::NotReached, "deferred"),
];

/// The version of a plan, which is looked at before all the rest: another one may have another shape.
#[derive(Deserialize)]
struct PlanVersion {
    version: u32,
    #[serde(rename = "items")]
    _items: IgnoredAny,
}

/// Bytes of a plan.
const LARGEST: u64 = 64 << 20;

/// Carries out the plan.
pub(super) fn run(args: &cli::ApplyOptions) -> Result<Exit, EarlyEnd> {
    let clock = || args.target.now.unwrap_or_else(Utc::now);
    let now = clock();
    let shown = args.plan.display();
    let bytes = files::read(&args.plan, LARGEST).with_context(|| format!("reading the plan {shown}")).map_err(usage)?;
    let no_plan = || format!("reading the plan {shown}: it is no plan that --plan-out has saved");
    let PlanVersion { version, .. } = serde_json::from_slice(&bytes).with_context(no_plan).map_err(usage)?;
    if version != plan::VERSION {
        let known = plan::VERSION;
        let text = format!("the plan has version {version}, and this program carries out version {known}; plan again");
        return Err(usage(anyhow!("{text}")));
    }
    let plan: Plan<'_> = serde_json::from_slice(&bytes).with_context(no_plan).map_err(usage)?;
    fits(&plan, args, now).map_err(usage)?;
    let stop = live::stop()?;
    let names: BTreeSet<String> = plan.items.iter().map(|item| item.repo.to_string()).collect();
    let names: Vec<String> = names.into_iter().collect();
    if names.is_empty() {
        print(&plan, &ApplyResult::default(), args.screen.format, Exit::Done)?;
        return Ok(Exit::Done);
    }
    let giver = Giver::Plan(shown.to_string());
    let destination = Some(Destination { url: plan.forge.to_string(), giver });
    let target = cli::Target { destination, ..args.target.clone() };
    let wanted = ForgeRequest { target: &target, repos: &names, org: None, live: true, now };
    let forge = OpenForge::new(&wanted)?;
    let Some(write) = forge.write() else { return Err(usage(anyhow!("this forge cannot be written to"))) };
    if !same_forge(&forge.read().name(), &plan.forge) {
        let text =
            format!("the plan is for {}, and this is {}; plan again for this one", plan.forge, forge.read().name());
        return Err(usage(anyhow!("{text}")));
    }
    let about = RunSubject { forge: &forge.read().name(), policies: &[], undoes: None };
    let live = Live::begin(&args.target.loop_dir, &plan.job, now, VERSION, about)?;
    let applied = live.carry_out(write, &plan, HashMap::new(), (&stop, &args.screen), &clock);
    let exit = exit(&applied);
    let shown = print(&plan, &applied, args.screen.format, exit);
    let why: Vec<String> = applied.ended.iter().cloned().collect();
    let ended = RunEnding {
        exit: exit.code(),
        complete: exit == Exit::Done,
        why_incomplete: &why,
        totals: totals(&applied),
        rules: HashMap::new(),
        counts: forge.counts(),
        rules_hash: &plan.rules_hash,
    };
    live.end(&ended, clock(), VERSION)?;
    shown?;
    Ok(exit)
}

/// Whether this program carries out this plan now.
fn fits(plan: &Plan<'_>, args: &cli::ApplyOptions, now: chrono::DateTime<Utc>) -> Result<()> {
    if plan.sum()? != plan.digest {
        anyhow::bail!("the plan was changed since it was saved: its digest is another; plan again");
    }
    let made = time::parse(&plan.created_at).ok_or_else(|| anyhow!("the plan does not say when it was made"))?;
    if made > now + Duration::minutes(CLOCKS) {
        anyhow::bail!("the plan was made at {}, which lies ahead; look at the clock, or plan again", plan.created_at);
    }
    // Only issues that we keep are told from others by their own text, and look back at nothing else.
    let edits = |write: &Write| write.op == Op::EditBody && is_kept(&write.key);
    let kept = |item: &PlannedItem| item.effects.iter().all(|effect| effect.writes.iter().any(edits));
    let blind = plan.items.iter().find(|item| item.number.is_some() && item.seen.is_none() && !kept(item));
    if let Some((item, number)) = blind.and_then(|item| Some((item, item.number?))) {
        anyhow::bail!(
            "the plan does not say what {}#{number} looked like (`seen` is null), so nobody can tell whether it has \
             changed; plan again",
            item.repo
        );
    }
    let most = Duration::hours(i64::from(args.max_age));
    if now - made > most {
        let hours = (now - made).num_hours();
        anyhow::bail!("the plan is {hours} hours old; plan again, or allow that with --max-age");
    }
    Ok(())
}

/// The same address, or two paths of one file.
pub(super) fn same_forge(a: &str, b: &str) -> bool {
    let real = |name: &str| name.strip_prefix("file:").and_then(|path| std::fs::canonicalize(path).ok());
    a == b || real(a).zip(real(b)).is_some_and(|(a, b)| a == b)
}

/// How a plan ended that was carried out.
pub(super) fn exit(applied: &ApplyResult) -> Exit {
    let any = |fate: ItemFate| applied.outcomes.iter().any(|outcome| outcome.fate == fate);
    match (any(ItemFate::Failed), any(ItemFate::NotReached)) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    }
}

fn totals(applied: &ApplyResult) -> serde_json::Value {
    let count = |fate: ItemFate| applied.outcomes.iter().filter(|outcome| outcome.fate == fate).count();
    FATES.iter().map(|(fate, name)| ((*name).to_owned(), json!(count(*fate)))).collect::<serde_json::Map<_, _>>().into()
}

fn print(plan: &Plan<'_>, applied: &ApplyResult, format: Format, exit: Exit) -> Result<()> {
    let name = |fate: ItemFate| FATES.iter().find(|(known, _)| *known == fate).map_or("", |(_, name)| name);
    let both = || plan.items.iter().zip(&applied.outcomes);
    if format == Format::Json {
        let items: Vec<_> = both()
            .map(|(item, outcome)| {
                let number = item.number.or(outcome.number);
                json!({"repo": &*item.repo, "kind": item.kind, "number": number, "state": name(outcome.fate), "note": outcome.note})
            })
            .collect();
        let whole = json!({"job": plan.job, "generated_at": plan.created_at, "complete": exit == Exit::Done,
            "why_incomplete": applied.ended, "warnings": applied.warnings, "totals": totals(applied), "items": items});
        return output::print_raw(&format!("{whole}\n"));
    }
    let mut out = String::new();
    let counts: Vec<String> = FATES
        .iter()
        .map(|(fate, name)| (both().filter(|(_, outcome)| outcome.fate == *fate).count(), name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let counts = if counts.is_empty() { "it holds nothing to write".to_owned() } else { counts.join(", ") };
    let (job, made) = (terminal(&plan.job), terminal(&plan.created_at));
    let _ = writeln!(out, "{job} · plan of {made}: {counts}");
    for (item, outcome) in both() {
        let number =
            item.number.or(outcome.number).map_or_else(|| " new issue".to_owned(), |number| format!("#{number}"));
        let note = outcome.note.as_deref().map(|note| format!(": {}", terminal(note))).unwrap_or_default();
        let _ = writeln!(out, "{}{number} {}{note}", terminal(&item.repo), name(outcome.fate));
    }
    output::print_prose(&out)
}
