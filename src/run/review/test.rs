//! `kaizen rules test`: the rules' own cases, judged.
//!
//! Takes: [`Test`]. Gives: the report on stdout, an [`Exit`]: 3 where a case does not hold or no case
//! notices a change of the rules, 78 where rules or cases are broken.

use std::io::IsTerminal;

use anyhow::anyhow;
use chrono::Utc;
use serde_json::{Value, json};

use super::super::confined;
use super::super::rules::{self, Rules};
use super::super::{Exit, Progress, Stop, VERSION, output, say, usage};
use crate::cli::Format;
use crate::cli::rules::Test;
use crate::engine::source::Source;
use crate::forge::time::rfc3339;
use crate::jobs;
use crate::language::JobSpec;
use crate::language::diag::did_you_mean;
use crate::pack;
use crate::review::book::Book;
use crate::review::cases::judge::{Judge, Judged};
use crate::review::cases::report::{Tested, json, markdown, text};
use crate::review::cases::{self, Suite, coverage};
use crate::review::mutate;

/// Seconds of the processor for the cases, and how many judgements more than that take one.
const GRANT: u64 = 4;
const JUDGED: u64 = 2_000;

/// The most seconds for trying changes.
const LONGEST: u64 = 240;

/// Tests the rules of each job that was asked for.
pub(super) fn run(args: &Test) -> Result<Exit, Stop> {
    let mut specs = Vec::new();
    for name in &args.jobs {
        let Some(spec) = jobs::spec(name) else {
            let help = did_you_mean(name, jobs::NAMES).unwrap_or_default();
            return Err(usage(anyhow!("there is no job `{name}`; {help}")));
        };
        specs.push(spec);
    }
    if specs.is_empty() {
        // Those that there are rules of one's own for; nobody's own: the built-in ones, of all.
        let own = |spec: &&JobSpec| {
            let folder = pack::folder(spec.job, args.rules.as_deref());
            folder.is_some_and(|folder| folder.join(format!("{}.yaml", spec.job)).is_file())
        };
        specs.extend(jobs::SPECS.iter().filter(own));
        if specs.is_empty() {
            specs.extend(&jobs::SPECS);
        }
    }
    let (mut tested, mut bad) = (Vec::new(), false);
    for spec in specs {
        match job(args, spec)? {
            Ok(job) => tested.extend(job),
            Err(_) => bad = true,
        }
    }
    if bad {
        return Ok(Exit::BadRules);
    }
    print(args, &tested)?;
    Ok(if tested.iter().all(Tested::passed) { Exit::Done } else { Exit::Found })
}

/// The inner error is an exit whose reasons have been printed; no record where there are no cases.
fn job(args: &Test, spec: &JobSpec) -> Result<Result<Option<Tested>, Exit>, Stop> {
    confined::begin(&format!("checking the rules of {}", spec.job));
    let pack = pack::read(spec.job, &jobs::NAMES, args.rules.as_deref(), args.templates.as_deref()).map_err(usage)?;
    let folder = pack.folder.clone();
    let (source, mut found) = pack::cases(spec.job, &jobs::NAMES, folder.as_deref())?;
    let Rules { policy, templates, advice, .. } = match rules::checked(spec, pack, &args.shown, "the rules") {
        Ok(rules) => rules,
        Err(exit) => return Ok(Err(exit)),
    };
    let book = Book { spec, policy: &policy, advice: &advice };
    let suite = source.map(|source| {
        let (suite, problems) = cases::read(&source, book);
        found.extend(problems);
        suite
    });
    let mutants = mutate::list(book);
    if let Some(suite) = &suite {
        mutate::unknown(&suite.source, &suite.equivalent, &mutants, &mut found);
    }
    rules::tell(&found, output::color(&args.shown, std::io::stderr().is_terminal()));
    if !found.is_empty() {
        say(&format!("error: the cases have {} {}", found.len(), if found.len() == 1 { "error" } else { "errors" }));
        return Ok(Err(Exit::BadRules));
    }
    let suite = match suite {
        Some(suite) => suite,
        None => {
            let name =
                folder.unwrap_or_default().join(pack::CASES).join(format!("{}.yaml", spec.job)).display().to_string();
            say(&format!("{}: there are no cases; `kaizen rules capture` begins {name}", spec.job));
            if !args.mutate && !args.coverage {
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
    let judged: Vec<Judged> = judged.collect();
    let holds = judged.iter().all(|judged| judged.failures.is_empty());
    let coverage = args.coverage.then(|| coverage::coverage(book, &suite.cases));
    let mutation = (args.mutate && holds).then(|| {
        confined::begin(&format!("changing the rules of {}", spec.job));
        let judgements = u64::try_from(mutants.len() * suite.cases.len()).unwrap_or(u64::MAX);
        confined::grant((GRANT + judgements / JUDGED).min(LONGEST));
        let progress = Progress::of(&args.shown, mutants.len(), "changes tried");
        let found = mutate::run::run((book, &templates, VERSION), &suite, &mutants, &|done| progress.at(done));
        progress.done();
        (mutants, found)
    });
    let generated_at = rfc3339(args.now.unwrap_or_else(Utc::now));
    Ok(Ok(Some(Tested { generated_at, policy, suite, judged, coverage, mutation, mutate: args.mutate })))
}

fn print(args: &Test, tested: &[Tested]) -> anyhow::Result<()> {
    match args.shown.format {
        Format::Json => {
            let mut documents: Vec<Value> = tested.iter().map(json::document).collect();
            let document = if documents.len() == 1 { documents.remove(0) } else { json!({ "jobs": documents }) };
            let mut text = serde_json::to_string_pretty(&document)?;
            text.push('\n');
            output::print_raw(&text)?;
        }
        Format::Markdown => output::print_text(&tested.iter().map(markdown::render).collect::<String>())?,
        Format::Text => {
            let color = output::color(&args.shown, std::io::stdout().is_terminal());
            output::print_text(&tested.iter().map(|one| text::render(one, color)).collect::<String>())?;
        }
    }
    output::summary(|| tested.iter().map(markdown::render).collect::<String>())
}
