//! `kaizen rules capture`: a real item becomes a case of the rules.
//!
//! - `read` the item, masked where that is asked for, `expected` what its case says
//!
//! Takes: [`Capture`]. Gives: the case in the case file, and on stdout what was written and how it is
//! run. The file is read again before it is written: the case in it is the item, and judged as it is.

mod expected;
mod read;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::Utc;
use serde_json::Value;

use super::super::confined;
use super::super::forge::check;
use super::super::rules::{self, RulesInForce};
use super::super::{EarlyEnd, Exit, VERSION, output, say, usage};
use crate::cli::rules::Capture;
use crate::engine::source::Source;
use crate::engine::untrusted::terminal;
use crate::files;
use crate::jobs;
use crate::pack;
use crate::review::book::RuleBook;
use crate::review::cases::judge::Judge;
use crate::review::cases::write::{CaseFile, New, with_case};
use crate::review::cases::{self, CaseItem, CaseMember, CaseSubject};

/// Captures.
pub(super) fn run(args: &Capture) -> Result<Exit, EarlyEnd> {
    let (names, number) = item_name(&args.item).map_err(usage)?;
    check(&args.target, &names, None)?;
    let spec = rules::policy(&args.policy, args.rules.as_deref())?;
    confined::begin(&format!("checking the rules of {}", spec.job));
    let pack = pack::read(spec.job, &jobs::NAMES, args.rules.as_deref(), args.templates.as_deref()).map_err(usage)?;
    let folder = pack.folder.clone();
    let RulesInForce { policy, templates, advice, .. } = match rules::checked(spec, pack, &args.screen, "the rules") {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let book = RuleBook { spec, policy: &policy, advice: &advice };
    let file = match (&args.output, &folder) {
        (Some(path), _) if path == Path::new("-") => None,
        (Some(path), _) => Some(path.clone()),
        (None, Some(folder)) => Some(folder.join(pack::CASES).join(format!("{}.yaml", spec.job))),
        (None, None) => {
            let help = "run `kaizen init`, name a folder with --rules, or a file with --output (- prints the case)";
            return Err(usage(anyhow!("these are the built-in rules, and a case needs rules of one's own: {help}")));
        }
    };
    let expect = args.expect.as_deref().map(|text| expected::expectations(text, &policy)).transpose().map_err(usage)?;
    let old = match &file {
        Some(path) if path.exists() => {
            let text =
                files::read(path, 64 << 20).with_context(|| format!("reading the cases in {}", path.display()))?;
            let text = String::from_utf8(text).with_context(|| format!("reading the cases in {}", path.display()))?;
            Some(Source::new(path.display().to_string(), text))
        }
        _ => None,
    };
    let before = match &old {
        Some(source) => {
            let (suite, found) = cases::read(source, book);
            if !found.is_empty() {
                rules::tell(&found, output::color(&args.screen, std::io::stderr().is_terminal()));
                say("error: the cases have errors; mend them first, nothing was written");
                return Ok(Exit::BadRules);
            }
            suite.cases.into_iter().map(|case| case.name).collect()
        }
        None => Vec::new(),
    };
    let now = args.target.now.unwrap_or_else(Utc::now);
    let given = read::read_item(args, &policy, (&names, number), now)?;
    confined::begin(&format!("judging {}", args.item));
    let judge = Judge::new(book, &templates, VERSION);
    let given =
        if args.mask { read::masked(&judge, &given, now)? } else { read::with_plain_breaks(&judge, given, now) };
    let decided = expected::decided(&judge, &given, now)?;
    let new = New { name: name(&given, &before), now, expect: expect.unwrap_or(decided), item: given };
    let written = with_case(old.as_ref(), &policy, &new).map_err(|why| anyhow!("adding a case: {why}"))?;
    let shown = file.as_ref().map_or_else(|| "the case".to_owned(), |path| path.display().to_string());
    let source = Source::new(shown, written.text.as_str());
    let failures = verified((book, &judge), &source, &new, before.len())?;
    match &file {
        Some(path) => {
            files::replace(path, written.text.as_bytes(), files::Access::Usual)?;
            tell(&source, &written, path, (folder.as_deref(), args.rules.as_deref(), spec.job), &failures)?;
        }
        None => output::print_text(&written.case)?,
    }
    Ok(Exit::Done)
}

/// `OWNER/NAME#123`, `#123`, `123`: the repository if it is named, and the number.
fn item_name(text: &str) -> Result<(Vec<String>, u64)> {
    let (repo, number) = text.rsplit_once('#').unwrap_or(("", text));
    let number: u64 = number.parse().ok().filter(|number| *number > 0).unwrap_or_default();
    let good = repo.is_empty()
        || repo.split('/').count() == 2
            && repo
                .split('/')
                .all(|part| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control()));
    if number == 0 || !good {
        bail!("`{}` names no item: write OWNER/NAME#123, or 123", terminal(text));
    }
    Ok((Some(repo).filter(|repo| !repo.is_empty()).map(str::to_owned).into_iter().collect(), number))
}

/// `owner/name#12`, with a number behind it where a case has that name.
fn name(given: &CaseItem, before: &[String]) -> String {
    let plain = format!("{}#{}", given.repo.name, given.item.number);
    let numbered = (2..).map(|number| format!("{plain} ({number})"));
    let mut names = [plain.clone()].into_iter().chain(numbered);
    names.find(|name| !before.contains(name)).unwrap_or(plain)
}

/// Reads the new text: it holds one case more, which is the item. Gives what differs from what it expects.
fn verified(
    (book, judge): (RuleBook<'_>, &Judge<'_>),
    source: &Source,
    new: &New,
    before: usize,
) -> Result<Vec<String>> {
    let (suite, found) = cases::read(source, book);
    let case = suite.cases.iter().find(|case| case.name == new.name);
    let (Some(case), [], true) = (case, found.as_slice(), suite.cases.len() == before + 1) else {
        let why = found.first().map_or_else(String::new, |found| format!(": {}", found.message));
        bail!("the case cannot be added to {} so that it can be read{why}; nothing was written", source.name);
    };
    if !matches!(&case.given, CaseSubject::Item(given) if **given == new.item) || case.now != new.now {
        bail!("the case in {} would not be the item that was read; nothing was written", source.name);
    }
    let failures = judge.judge(case).failures.into_iter();
    let name = |member: Option<CaseMember>| member.map_or_else(|| "decision".to_owned(), |one| one.name(judge.policy));
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(failures.map(|one| format!("{} {} and not {}", name(one.member), word(&one.got), word(&one.expected))).collect())
}

/// What was written, and how it is run.
fn tell(
    source: &Source,
    written: &CaseFile,
    path: &Path,
    (folder, named, policy): (Option<&Path>, Option<&Path>, &str),
    failures: &[String],
) -> Result<()> {
    let line = source.line_column(written.at.start).0;
    let mut out = format!("{}:{line}\n", path.display());
    for line in written.case.lines() {
        out.push_str(format!("  {}", output::shown_line(line)).trim_end());
        out.push('\n');
    }
    if !failures.is_empty() {
        out.push_str(&format!("the rules now decide: {}\n", terminal(&failures.join(", "))));
    }
    let beside: Option<PathBuf> = folder.map(|folder| folder.join(pack::CASES).join(format!("{policy}.yaml")));
    let rules = named.map_or_else(String::new, |folder| format!(" --rules {}", folder.display()));
    let run = format!("kaizen rules test {policy}{rules}");
    if beside.as_deref() == Some(path) {
        out.push_str(&format!("run it: {run}\n"));
    } else {
        out.push_str(&format!("to run it, put it into tests/{policy}.yaml below the rules: {run}\n"));
    }
    output::print_text(&out)
}
