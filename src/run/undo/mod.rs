//! `kaizen undo [RUN]`: what a run wrote, taken back.
//!
//! Takes: [`cli::UndoOptions`], the folder of the loop. Gives: what was and was not taken back on stdout, an
//! [`Exit`]; in a live run the writes, recorded as a run of its own.

mod gather;

use std::collections::{BTreeSet, HashMap};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::apply::same_forge;
use super::forge::{ForgeRequest, OpenForge, repos};
use super::live::{self, Live, RunEnding, RunSubject};
use super::runs::RunBook;
use super::{EarlyEnd, Exit, VERSION, output, say, usage};
use crate::apply::ApplyResult;
use crate::cli::{self, Format};
use crate::forge::Forge;
use crate::forge::remote::address::{Destination, Giver};
use crate::forge::time::rfc3339;
use crate::plan::{self, Manners, Plan};
use crate::undo::undo_plan::{self, UndoPlan};
use crate::undo::view::UndoView;
use crate::undo::{JOB, RunWrite, UndoContext, comment_trail, history};

/// The run that is taken back.
#[derive(Debug)]
struct UndoChoice {
    run: String,
    /// All that is known of it and of the others.
    history: Vec<RunWrite>,
    /// Found by our own comments.
    by_comments: bool,
}

/// Takes a run back.
pub(super) fn run(args: &cli::UndoOptions) -> Result<Exit, EarlyEnd> {
    let clock = || args.target.now.unwrap_or_else(Utc::now);
    let now = clock();
    let book = RunBook::read(&args.target.loop_dir)?;
    let known = in_journal(&book, args.run.as_deref());
    let of = known.as_ref().or(args.run.as_ref()).and_then(|name| book.runs.iter().find(|run| run.run == **name));
    let (recorded, undone) = (of.and_then(|run| run.forge.clone()), undone_by(&book, args.run.as_deref()));
    if known.is_none() && args.since.is_none() && undone.is_none() {
        if of.is_none() {
            return Err(usage(nobody_knows(args, &book)));
        }
        say("the journal holds no write of this run; if it was lost, --since T looks for our own comments");
    }
    let mut target = args.target.clone();
    target.destination = recorded.clone().map(|url| {
        let run = of.map(|run| run.run.clone()).unwrap_or_default();
        Destination { url, giver: Giver::Run(run) }
    });
    let names = match &known {
        Some(run) => repos_of(&book.history, run),
        None => args.repos.clone(),
    };
    let org = args.org.as_deref().filter(|_| known.is_none());
    let forge = OpenForge::new(&ForgeRequest { target: &target, repos: &names, org, live: !args.dry_run, now })?;
    fits(forge.read(), recorded.as_deref())?;
    let found = match known {
        Some(_) => None,
        None => Some(in_comments(args, forge.read(), &book, &names)?),
    };
    let undoes = known.as_ref().or(found.as_ref().map(|found| &found.run));
    let about = RunSubject { forge: &forge.read().name(), policies: &[], undoes: undoes.map(String::as_str) };
    let live = match args.dry_run {
        true => None,
        false => Some(Live::begin(&args.target.loop_dir, JOB, now, VERSION, about)?),
    };
    // Whoever had the folder until now may have written more.
    let book = if live.is_some() { RunBook::read(&args.target.loop_dir)? } else { book };
    let result = take_back(args, (&forge, live.as_ref()), (book, known, found), &clock);
    if let (Some(live), Err(stop)) = (&live, &result) {
        let why = [format!("{:#}", stop.error)];
        end(live, &forge, (stop.exit, &why), json!(null), clock())?;
    }
    result
}

fn take_back(
    args: &cli::UndoOptions,
    (forge, live): (&OpenForge, Option<&Live>),
    (book, known, found): (RunBook, Option<String>, Option<UndoChoice>),
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<Exit, EarlyEnd> {
    let now = rfc3339(clock());
    let read = forge.read();
    let named = known.map(|run| UndoChoice { run, history: book.history, by_comments: false });
    let Some(mut chosen) = named.or(found) else { return Err(anyhow!("no run is chosen").into()) };
    gather::numbers(read, &chosen.run, &mut chosen.history);
    let held = gather::gather(read, &chosen.run, &mut chosen.history)?;
    let own = live.map(|live| live.run.as_str());
    let ended = |run: &str| book.runs.iter().any(|known| known.run == run && known.ended.is_some());
    let closed = |repo: &str| {
        let at = read.repos().iter().position(|known| known.name.eq_ignore_ascii_case(repo))?;
        read.closed(at).map(|why| format!("{repo} {why}: nothing is written to it."))
    };
    let known = UndoContext { us: read.user(), names: read.label_names(), ended: &ended, closed: &closed };
    let undo = undo_plan::plan(&chosen.run, &chosen.history, &held, &known);
    let plan = whole(&undo, &read.name(), &now, args.pause);
    let saved = args.plan_out.as_ref().map_or(Ok(()), |path| output::save_plan(path, &plan));
    let live = live.filter(|_| saved.is_ok());
    let mut why: Vec<String> = undo.unread.iter().map(|(_, why)| why.clone()).collect();
    why.dedup();
    let mut warnings = book.warnings;
    let applied = match (live, forge.write()) {
        (Some(live), Some(write)) => {
            let stop = live::stop()?;
            Some(live.carry_out(write, &plan, HashMap::new(), (&stop, &args.screen), clock))
        }
        _ => None,
    };
    let exit = exit(&undo, applied.as_ref());
    if let Some(applied) = &applied {
        why.extend(applied.ended.clone());
        warnings.extend(applied.warnings.clone());
    }
    let job = chosen.history.iter().find(|written| written.run == chosen.run).map(|written| written.job.as_str());
    let shown = UndoView {
        undo: &undo,
        run: (&chosen.run, job.unwrap_or("no write")),
        own,
        outcomes: applied.as_ref().map(|applied| applied.outcomes.as_slice()),
        forge: &read.name(),
        now: &now,
        by_comments: chosen.by_comments,
        warnings: &warnings,
        why_incomplete: &why,
    };
    let report = shown.json();
    match args.screen.format {
        Format::Json => output::print_raw(&format!("{report}\n")),
        Format::Markdown => output::print_text(&shown.markdown()),
        Format::Text => output::print_prose(&shown.text(args.screen.verbose)),
    }?;
    let acted = if live.is_some() { shown.count("done") } else { undo.writes() };
    output::summary(|| shown.markdown())?;
    output::step_outputs(acted, exit == Exit::Done)?;
    if let Some(live) = live {
        end(live, forge, (exit, &why), report["totals"].clone(), clock())?;
    }
    saved?;
    Ok(exit)
}

/// The run in the journal: the one that is named, else the last that wrote.
fn in_journal(book: &RunBook, named: Option<&str>) -> Option<String> {
    let run = match named {
        Some(run) => book.history.iter().find(|written| written.run == run).map(|written| written.run.as_str()),
        None => history::last(&book.history),
    };
    run.map(str::to_owned)
}

/// Who has taken a run back of which this folder knows nothing else.
fn undone_by<'b>(book: &'b RunBook, named: Option<&str>) -> Option<&'b str> {
    let done = |run: &&crate::undo::runs::PastRun| run.writes > 0 && run.undoes.as_deref() == named && named.is_some();
    book.runs.iter().rev().find(done).map(|run| run.run.as_str())
}

fn nobody_knows(args: &cli::UndoOptions, book: &RunBook) -> anyhow::Error {
    let folder = args.target.loop_dir.display();
    let help = "--since T looks for our own comments since then";
    match &args.run {
        None => anyhow!("no run that wrote something is known in {folder}; where the journal is gone, {help}"),
        Some(run) => {
            let names = book.runs.iter().map(|known| known.run.as_str());
            let near = names.max_by_key(|name| name.chars().zip(run.chars()).take_while(|(a, b)| a == b).count());
            let near = near.map_or_else(String::new, |name| format!("did you mean {name}? "));
            anyhow!(
                "{folder} knows no run {run}; {near}`kaizen runs` lists them, and where the journal is gone, {help}"
            )
        }
    }
}

fn repos_of(history: &[RunWrite], run: &str) -> Vec<String> {
    let names: BTreeSet<&str> =
        history.iter().filter(|written| written.run == run).map(|written| written.repo.as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The run's own forge, and one that says who we are: without that no comment is known as ours.
fn fits(forge: &dyn Forge, recorded: Option<&str>) -> Result<(), EarlyEnd> {
    let name = forge.name();
    if let Some(recorded) = recorded.filter(|recorded| !same_forge(&name, recorded)) {
        return Err(usage(anyhow!("that run wrote to {recorded}, and this is {name}; name its own with --forge")));
    }
    if forge.user().is_empty() {
        return Err(usage(anyhow!(
            "{name} does not say whose token this is, and without that nothing is known as ours"
        )));
    }
    Ok(())
}

/// The run as our own comments tell of it: the one that is named, else the newest.
fn in_comments(
    args: &cli::UndoOptions,
    forge: &dyn Forge,
    book: &RunBook,
    names: &[String],
) -> Result<UndoChoice, EarlyEnd> {
    let mut history = Vec::new();
    if let Some(since) = args.since {
        let us = plan::memory::Us { user: forge.user(), bots: &[] };
        for repo in repos(forge, names, args.org.as_deref())? {
            let placed = forge.comments_since(repo, since)?;
            history.extend(comment_trail::writes_in_comments(&forge.repos()[repo].name, &placed, us));
        }
        history.sort_by_key(|written| written.at);
    }
    let undone = undone_by(book, args.run.as_deref());
    let newest = history.iter().map(|written| written.run.clone()).max_by_key(|run| comment_trail::started(run));
    let there = |run: &String| history.iter().any(|written| written.run == *run);
    match (&args.run, args.since) {
        (Some(run), _) if there(run) => Ok(UndoChoice { run: run.clone(), history, by_comments: true }),
        (Some(run), _) if undone.is_some() => {
            say(&format!("nothing is left of {run}: {} took it back", undone.unwrap_or_default()));
            Ok(UndoChoice { run: run.clone(), history, by_comments: false })
        }
        (Some(run), Some(since)) => {
            Err(usage(anyhow!("none of our comments since {} is of the run {run}", rfc3339(since))))
        }
        (Some(run), None) => Ok(UndoChoice { run: run.clone(), history, by_comments: false }),
        (None, since) => match newest {
            Some(run) => Ok(UndoChoice { run, history, by_comments: true }),
            None => {
                let since = since.map(rfc3339).unwrap_or_default();
                Err(usage(anyhow!("there is no comment of ours since {since}")))
            }
        },
    }
}

fn whole<'u>(undo: &'u UndoPlan, forge: &str, now: &str, pause_ms: u64) -> Plan<'u> {
    Plan {
        version: plan::VERSION,
        kaizen: VERSION.into(),
        job: JOB.into(),
        forge: forge.to_owned().into(),
        created_at: now.to_owned().into(),
        now: now.to_owned().into(),
        rules_hash: "".into(),
        complete: undo.unread.is_empty(),
        manners: Manners { pause_ms, labels: undo.labels.clone(), ..Manners::default() },
        items: undo.items.as_slice().into(),
        digest: "".into(),
    }
}

fn exit(undo: &UndoPlan, applied: Option<&ApplyResult>) -> Exit {
    match applied.map_or(Exit::Done, super::apply::exit) {
        Exit::Done | Exit::Incomplete if !undo.unread.is_empty() => Exit::Failed,
        other => other,
    }
}

fn end(
    live: &Live,
    forge: &OpenForge,
    (exit, why): (Exit, &[String]),
    totals: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<()> {
    let ended = RunEnding {
        exit: exit.code(),
        complete: exit == Exit::Done,
        why_incomplete: why,
        totals,
        rules: HashMap::new(),
        counts: forge.counts(),
        rules_hash: "",
    };
    live.end(&ended, now, VERSION)
}
