//! `kaizen rules diff`: what a change of the rules does to the whole backlog.
//!
//! Takes: [`Diff`]. Gives: the report on stdout, in the job's summary and, with `--comment`, on the
//! pull request, an [`Exit`].

use std::io::{BufWriter, IsTerminal, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};

use super::super::confined;
use super::super::forge::{Opened, Wanted, check, repos};
use super::super::output::{self, variable};
use super::super::rules::{Rules, event, judged, tell};
use super::super::{Exit, Progress, Stop, VERSION, finish, say, usage};
use super::broken::{cannot, comment};
use super::revision::Version;
use super::sticky::Said;
use crate::apply::journal::Journal;
use crate::cli::{Diff, Format};
use crate::engine::untrusted;
use crate::forge::Forge;
use crate::forge::remote::address::Runner;
use crate::forge::time::rfc3339;
use crate::jobs::backlog::Asked;
use crate::jobs::backlog_triage;
use crate::pack;
use crate::report::text::Style;
use crate::review::diff::backlog::{Read, compare};
use crate::review::diff::broken::Broken;
use crate::review::diff::fail_on::FailOn;
use crate::review::diff::groups::{self, Report};
use crate::review::diff::side::Side;
use crate::review::diff::{json, markdown, text};

/// The two versions that are compared.
struct Versions {
    base: Version,
    head: Version,
}

/// The rules of one side for one job.
struct Loaded {
    rules: Rules,
    /// Its templates, one after the other.
    texts: String,
    /// A template prints the line that something stands in.
    lines: bool,
}

/// The rules of the base and of the head; `None` where that has none for the job.
type Sides = (Option<Loaded>, Option<Loaded>);

/// What is wrong with them, printed, and the base where that is right.
type Wrong = (Vec<Broken>, Option<Loaded>);

/// Compares, reports, comments.
pub(super) fn run(args: &Diff) -> Result<Exit, Stop> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let fail_on = match args.fail_on.as_deref().map(FailOn::read).transpose() {
        Ok(fail_on) => fail_on,
        Err(found) => {
            tell(&found, output::color(&common.shown, std::io::stderr().is_terminal()));
            return Err(usage(anyhow!("--fail-on is no condition over the totals; nothing was read")));
        }
    };
    let versions = Versions::find(args)?;
    let (base, head) = match versions.load(args)? {
        Ok(loaded) => loaded,
        Err((broken, base)) => return cannot(args, &broken, base.as_ref().map(|base| &base.rules.policy)),
    };
    let now = common.target.now.unwrap_or_else(Utc::now);
    let org = common.org.as_deref();
    let wanted = Wanted { target: &common.target, repos: &common.repos, org, live: false, now };
    let forge = Opened::new(&wanted)?;
    let asked_for = repos(forge.read(), &common.repos, org)?;
    let read = items(args, (base.as_ref(), head.as_ref()), (forge.read(), asked_for.clone()), now)?;
    let of_side = |version: &Version, loaded: Option<&Loaded>| groups::Version {
        name: version.name.clone(),
        commit: version.commit.clone(),
        rules_hash: loaded.map(|loaded| loaded.rules.policy.hash.clone()),
    };
    let reports = [Report {
        job: backlog_triage::SPEC.job.to_owned(),
        forge: forge.read().name(),
        generated_at: rfc3339(now),
        repos: asked_for.iter().map(|repo| forge.read().repos()[*repo].name.clone()).collect(),
        base: of_side(&versions.base, base.as_ref()),
        head: of_side(&versions.head, head.as_ref()),
        read,
        // What a stranger wants to merge has no say in what is shown.
        publish_private: base.as_ref().is_some_and(|base| base.rules.policy.publish_private),
    }];
    drop(forge);
    print(args, &reports)?;
    let own = variable("GITHUB_REPOSITORY").filter(|_| Runner::of(&variable).is_some());
    output::summary(|| markdown::render(&reports, own.as_deref(), 0))?;
    let rules_hash = reports.iter().find_map(|report| report.head.rules_hash.as_deref()).unwrap_or("");
    let text = |place: Option<&str>, room: usize| markdown::render(&reports, place, room);
    let policy = base.as_ref().map(|base| &base.rules.policy);
    comment(args, Said { text: &text, rules_hash }, policy, now)?;
    let exit = exit(&reports, fail_on.as_ref());
    // The program ends here: giving back thousands of texts one by one serves nobody.
    std::mem::forget(reports);
    Ok(exit)
}

impl Versions {
    fn find(args: &Diff) -> Result<Versions, Stop> {
        let common = &args.common;
        let rules = common.rules.as_deref();
        let is_folder = |name: &str| std::path::Path::new(name).is_dir();
        let own = rules.is_some() || common.templates.is_some();
        let sides = if args.base.is_some() && (args.head.is_some() || own) { None } else { event()? };
        let head_of_event = sides.as_ref().and_then(|sides| sides.head.as_deref()).filter(|_| !own);
        let head = match (args.head.as_deref(), head_of_event) {
            (Some(head), _) => Version::named(head, common)?,
            (None, Some(commit)) => Version::away(commit, common)?,
            (None, None) => Version::here(rules, common.templates.as_deref()),
        };
        let base = match (args.base.as_deref(), &sides) {
            (Some(folder), _) if is_folder(folder) => Version::folder(folder.as_ref()),
            (Some(revision), _) => {
                let from = args.head.as_deref().filter(|head| !is_folder(head)).unwrap_or("HEAD");
                Version::revision(revision, Some(from), rules, common)?
            }
            (None, Some(sides)) => Version::away(&sides.base, common)?,
            (None, None) => {
                let help = "a folder of rules, or a revision such as main";
                return Err(usage(anyhow!("what is it to be compared with? Give --base: {help}")));
            }
        };
        Ok(Versions { base, head })
    }

    /// The rules of both sides, checked.
    fn load(&self, args: &Diff) -> Result<Result<Sides, Wrong>, Stop> {
        let spec = &backlog_triage::SPEC;
        // Each job brings the records that are compared: what rules decide about items, so far.
        if let Some(other) = args.jobs.iter().find(|job| **job != spec.job) {
            return Err(usage(anyhow!("the rules of {other} decide nothing about items: there is nothing to compare")));
        }
        let base = self.base.pack(spec.job)?;
        // Where the base is a commit, rules that are not here any more are gone, not the built-in ones.
        let gone = self.head.is_here() && self.base.commit.is_some() && pack::folder(spec.job, None).is_none();
        let head = if gone { None } else { self.head.pack(spec.job)? };
        if base.is_none() && head.is_none() {
            let (base, head) = (&self.base.name, &self.head.name);
            return Err(usage(anyhow!("neither {base} nor {head} has rules for {}", spec.job)));
        }
        let load = |pack: Option<pack::Pack>, side: &'static str, version: &Version| {
            pack.map(|pack| {
                let texts: String =
                    pack.input.templates.iter().map(|(name, source)| format!("{name}\n{}\n", source.text)).collect();
                let lines = texts.contains("line");
                confined::begin(&format!("checking the rules of the {side}, {},", version.name));
                let loaded = judged(spec, pack, &args.common.shown).map(|rules| Loaded { rules, texts, lines });
                loaded.map_err(|found| Broken { side, name: version.name.clone(), found })
            })
            .transpose()
        };
        Ok(match (load(base, "base", &self.base), load(head, "head", &self.head)) {
            (Ok(base), Ok(head)) => Ok((base, head)),
            (Ok(base), Err(head)) => Err((vec![head], base)),
            (Err(base), Ok(_)) => Err((vec![base], None)),
            (Err(base), Err(head)) => Err((vec![base, head], None)),
        })
    }
}

/// Seconds of the processor before the first page is judged, and how many items take one more.
const START: u64 = 6;
const JUDGED: u64 = 200;

/// Reads every item once, and judges it under both.
fn items(
    args: &Diff,
    (base, head): (Option<&Loaded>, Option<&Loaded>),
    (forge, repos): (&dyn Forge, Vec<usize>),
    now: DateTime<Utc>,
) -> Result<Read> {
    let (progress, journal) = (Progress::new(&args.common.shown), Journal::default());
    // Time of the processor comes with the work: what was read tells how much that is.
    let counted = AtomicU64::new(0);
    confined::begin("judging the items under both versions");
    confined::grant(START);
    let more = |items| {
        progress.more(items);
        let before = counted.fetch_add(items as u64, Ordering::Relaxed);
        confined::grant(START + (before + items as u64) / JUDGED);
    };
    let sides = [(base, "base"), (head, "head")].map(|(loaded, name)| {
        loaded.map(|loaded| {
            let asked = Asked {
                forge,
                repos: repos.clone(),
                policy: &loaded.rules.policy,
                now,
                threads: usize::from(args.common.concurrency),
                only: None,
                plans: false,
                journal: &journal,
                progress: &more,
            };
            (asked, loaded, name)
        })
    });
    let [from, to] = sides.each_ref().map(|side| {
        side.as_ref().map(|(asked, loaded, name)| {
            let texts = (&loaded.rules.templates, loaded.texts.as_str());
            Side::new(asked, texts, (loaded.lines, name), VERSION)
        })
    });
    let read = compare(from.as_ref(), to.as_ref());
    progress.done();
    read
}

fn print(args: &Diff, reports: &[Report]) -> Result<()> {
    let shown = &args.common.shown;
    let stdout = std::io::stdout();
    let terminal = stdout.is_terminal();
    let mut out = BufWriter::with_capacity(1 << 16, stdout.lock());
    let report = match shown.format {
        Format::Json => {
            let result = json::write(reports, usize::from(args.common.concurrency), &mut out);
            return finish(&mut out, result);
        }
        Format::Markdown => markdown::render(reports, None, 0),
        Format::Text => {
            let color = output::color(shown, terminal);
            let style = Style { width: output::width(terminal), color, verbose: shown.verbose };
            reports.iter().map(|report| text::render(report, style)).collect::<Vec<_>>().join("\n")
        }
    };
    let report = if output::in_ci() { untrusted::ci_block(&report) } else { report };
    let result = out.write_all(report.as_bytes());
    finish(&mut out, result)
}

fn exit(reports: &[Report], fail_on: Option<&FailOn>) -> Exit {
    let incomplete = reports.iter().any(|report| !report.complete());
    for sentence in reports.iter().flat_map(Report::why_incomplete) {
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
