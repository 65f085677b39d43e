//! `kaizen rules test`: the rules' own cases, judged.
//!
//! Takes: [`Test`]. Gives: the report on stdout, an [`Exit`]: 3 where a case does not hold, no case notices a
//! change of the rules or rules have no cases, 4 where there were too many changes to try, 78 where rules or cases are
//! broken.

use std::io::IsTerminal;

use chrono::Utc;
use serde_json::{Value, json};

use super::super::confined;
use super::super::rules::{self, RulesInForce};
use super::super::{EarlyEnd, Exit, Progress, VERSION, output, say, usage};
use super::revision::RuleVersion;
use crate::cli::Format;
use crate::cli::rules::Test;
use crate::engine::source::Source;
use crate::forge::time::rfc3339;
use crate::jobs;
use crate::language::JobSpec;
use crate::language::diag::Diagnostic;
use crate::pack::{self, Pack};
use crate::review::book::RuleBook;
use crate::review::cases::judge::{CaseResult, Judge};
use crate::review::cases::report::{TestReport, json, markdown, text};
use crate::review::cases::{self, Suite, coverage};
use crate::review::mutate;

/// Seconds of the processor for the cases, and how many judgements more than that take one.
const GRANT: u64 = 4;
const JUDGED: u64 = 2_000;

/// The most seconds for trying changes.
const LONGEST: u64 = 240;

/// Tests the rules of each job that was asked for.
pub(super) fn run(args: &Test) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let named = common.rules.is_some() || common.templates.is_some();
    let version = RuleVersion::of_options(args.head.as_deref(), named, common)?;
    let mut specs = Vec::new();
    for name in &args.jobs {
        specs.push(rules::spec(name, common.rules.as_deref(), version.is_some())?);
    }
    if specs.is_empty() {
        specs = unnamed(args, version.is_some());
        let own = match &version {
            Some(version) => version.policies()?,
            None => pack::own_policies(&jobs::NAMES, common.rules.as_deref()).map_err(usage)?,
        };
        // Beside policies of one's own the built-in rules of jobs are no concern.
        if !own.is_empty() && version.is_none() && !has_jobs(args) {
            specs.clear();
        }
        specs.extend(own.iter().map(|name| jobs::policy(name)));
    }
    let (mut tested, mut bad, mut there, mut untested) = (Vec::new(), false, false, false);
    let several = specs.len() > 1;
    for spec in specs {
        confined::begin(&format!("checking the rules of {}", spec.job));
        let Some(found) = read(args, version.as_ref(), spec.job)? else { continue };
        there = true;
        match job(args, found, spec, several)? {
            Ok(None) => untested |= judges(spec),
            Ok(Some(job)) => {
                untested |= job.suite.cases.is_empty();
                tested.push(job);
            }
            Err(_) => bad = true,
        }
    }
    if let Some(version) = version.as_ref().filter(|_| !there) {
        version.without_rules()?;
    }
    if bad {
        return Ok(Exit::BadRules);
    }
    print(args, &tested)?;
    Ok(if tested.iter().any(TestReport::cut_short) {
        Exit::Incomplete
    } else if tested.iter().all(TestReport::passed) && (args.allow_untested || !untested) {
        Exit::Done
    } else {
        Exit::Found
    })
}

/// Rules of this job judge something that a case can be about; of the others they are parameters alone.
fn judges(spec: &JobSpec) -> bool {
    spec.items.is_some() || !spec.sections.is_empty()
}

/// The jobs that are meant where none is named: those that there are rules of one's own for; without any, and
/// at a revision, all whose rules judge something.
fn unnamed(args: &Test, at_version: bool) -> Vec<&'static JobSpec> {
    let own = |spec: &&JobSpec| has_own(args, spec);
    let all: Vec<&'static JobSpec> =
        jobs::NAMES.iter().filter_map(|name| jobs::spec(name)).filter(|spec| judges(spec)).collect();
    let owned: Vec<&'static JobSpec> = all.iter().copied().filter(own).collect();
    if at_version || owned.is_empty() { all } else { owned }
}

/// There are rules of one's own for a job.
fn has_own(args: &Test, spec: &JobSpec) -> bool {
    let folder = pack::folder(spec.job, args.common.rules.as_deref());
    folder.is_some_and(|folder| folder.join(format!("{}.yaml", spec.job)).is_file())
}

/// There are rules of one's own for any job.
fn has_jobs(args: &Test) -> bool {
    jobs::SPECS.iter().any(|spec| has_own(args, spec))
}

/// What is tested of a job: its rules, its cases, what is wrong with the folder of these.
type TestFolder = (Pack, Option<Source>, Vec<Diagnostic>);

/// Reads them; `None` where the version that is asked for has no rules for the job.
fn read(args: &Test, version: Option<&RuleVersion>, job: &str) -> Result<Option<TestFolder>, EarlyEnd> {
    let common = &args.common;
    let Some(version) = version else {
        let pack = pack::read(job, &jobs::NAMES, common.rules.as_deref(), common.templates.as_deref());
        let pack = pack.map_err(usage)?;
        let (source, found) = pack::cases(job, &jobs::NAMES, pack.folder.as_deref())?;
        return Ok(Some((pack, source, found)));
    };
    let Some(pack) = version.pack(job)? else { return Ok(None) };
    let (source, found) = version.cases(job)?;
    Ok(Some((pack, source, found)))
}

/// The inner error is an exit whose reasons have been printed; no record where there are no cases. Of `several`
/// jobs those without cases are only named.
fn job(
    args: &Test,
    found: TestFolder,
    spec: &JobSpec,
    several: bool,
) -> Result<Result<Option<TestReport>, Exit>, EarlyEnd> {
    let shown = &args.common.screen;
    let (pack, source, mut found) = found;
    let folder = pack.folder.clone();
    let RulesInForce { policy, templates, advice, .. } = match rules::checked(spec, pack, shown, "the rules") {
        Ok(rules) => rules,
        Err(exit) => return Ok(Err(exit)),
    };
    let book = RuleBook { spec, policy: &policy, advice: &advice };
    let suite = source.map(|source| {
        let (suite, problems) = cases::read(&source, book);
        found.extend(problems);
        suite
    });
    let mutants = mutate::list(book);
    if let Some(suite) = &suite {
        mutate::unknown(&suite.source, &suite.equivalent, &mutants, &mut found);
    }
    rules::tell(&found, output::color(shown, std::io::stderr().is_terminal()));
    if !found.is_empty() {
        say(&format!("error: the cases have {} {}", found.len(), if found.len() == 1 { "error" } else { "errors" }));
        return Ok(Err(Exit::BadRules));
    }
    let suite = match suite {
        Some(suite) => suite,
        None => {
            let name =
                folder.unwrap_or_default().join(pack::CASES).join(format!("{}.yaml", spec.job)).display().to_string();
            let decides = spec.items.is_some_and(|items| items.decides);
            say(&match (judges(spec), decides) {
                (false, _) => {
                    format!("{}: its rules are parameters alone, and nothing that a case could be about", spec.job)
                }
                (_, true) => format!(
                    "{}: there are no cases, so nothing was tested; `kaizen rules capture` begins {name}",
                    spec.job
                ),
                (_, false) => {
                    format!("{}: there are no cases, so nothing was tested; they would stand in {name}", spec.job)
                }
            });
            if several || !args.mutate && !args.coverage {
                return Ok(Ok(None));
            }
            Suite { source: Source::new(name, ""), cases: Vec::new(), equivalent: Vec::new() }
        }
    };
    let judge = Judge::new(book, &templates, VERSION);
    confined::grant(GRANT);
    let judged = suite.cases.iter().map(|case| {
        confined::begin(&format!("judging the case `{}` of {}", case.name, suite.source.name));
        judge.judge(case)
    });
    let judged: Vec<CaseResult> = judged.collect();
    let holds = judged.iter().all(|judged| judged.failures.is_empty());
    let coverage = args.coverage.then(|| coverage::coverage(book, &suite.cases));
    let mutation = (args.mutate && holds).then(|| {
        confined::begin(&format!("changing the rules of {}", spec.job));
        let judgements = u64::try_from(mutants.all.len() * suite.cases.len()).unwrap_or(u64::MAX);
        confined::grant((GRANT + judgements / JUDGED).min(LONGEST));
        let progress = Progress::of(shown, mutants.all.len(), "changes tried");
        let found = mutate::run::run((book, &templates, VERSION), &suite, &mutants, &|done| progress.at(done));
        progress.done();
        (mutants, found)
    });
    let generated_at = rfc3339(args.common.target.now.unwrap_or_else(Utc::now));
    Ok(Ok(Some(TestReport { generated_at, policy, suite, judged, coverage, mutation, mutate: args.mutate })))
}

fn print(args: &Test, tested: &[TestReport]) -> anyhow::Result<()> {
    match args.common.screen.format {
        Format::Json => {
            let mut documents: Vec<Value> = tested.iter().map(json::document).collect();
            let document = if documents.len() == 1 { documents.remove(0) } else { json!({ "jobs": documents }) };
            let mut text = serde_json::to_string_pretty(&document)?;
            text.push('\n');
            output::print_raw(&text)?;
        }
        Format::Markdown => output::print_text(&tested.iter().map(markdown::render).collect::<String>())?,
        Format::Text => {
            let color = output::style(&args.common.screen).color;
            output::print_text(&tested.iter().map(|one| text::render(one, color)).collect::<String>())?;
        }
    }
    output::summary(|| tested.iter().map(markdown::render).collect::<String>())
}
