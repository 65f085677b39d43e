//! `kaizen rules capture`: a real item becomes a case of the rules.
//!
//! Takes: [`Capture`]. Gives: the case in the case file, and on stdout what was written and how it is
//! run. The file is read again before it is written: the case in it is the item, and judged as it is.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::super::forge::{Opened, Wanted, check, repos};
use super::super::rules::{self, Rules};
use super::super::{Exit, Stop, VERSION, output, say, usage};
use crate::apply::journal::Journal;
use crate::cli::rules::Capture;
use crate::engine::facts::Reading;
use crate::engine::rules::Policy;
use crate::engine::source::Source;
use crate::engine::untrusted::terminal;
use crate::files;
use crate::forge::change::Write as _;
use crate::forge::{Item, Kind, States, object};
use crate::jobs::backlog::Asked;
use crate::jobs::{self, backlog_triage, items};
use crate::language::diag::did_you_mean;
use crate::pack;
use crate::plan::marker::Marker;
use crate::review::cases::judge::Judge;
use crate::review::cases::write::{New, Written, with_case};
use crate::review::cases::{self, Given, Member};
use crate::snapshot;

/// The job whose rules an item is captured for.
const SPEC: &crate::language::JobSpec = &backlog_triage::SPEC;

/// Captures.
pub(super) fn run(args: &Capture) -> Result<Exit, Stop> {
    let (names, number) = item_name(&args.item).map_err(usage)?;
    check(&args.target, &names, None)?;
    let pack = pack::read(SPEC.job, &jobs::NAMES, args.rules.as_deref(), args.templates.as_deref()).map_err(usage)?;
    let folder = pack.folder.clone();
    let Rules { policy, templates, .. } = match rules::checked(pack, SPEC, &args.shown) {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let file = match (&args.output, &folder) {
        (Some(path), _) if path == Path::new("-") => None,
        (Some(path), _) => Some(path.clone()),
        (None, Some(folder)) => Some(folder.join(pack::CASES).join(format!("{}.yaml", SPEC.job))),
        (None, None) => {
            let help = "run `kaizen init`, name a folder with --rules, or a file with --output (- prints the case)";
            return Err(usage(anyhow!("these are the built-in rules, and a case needs rules of one's own: {help}")));
        }
    };
    let expect = args.expect.as_deref().map(|text| expected(text, &policy)).transpose().map_err(usage)?;
    let old = match &file {
        Some(path) if path.exists() => {
            let text = std::fs::read(path).with_context(|| format!("reading the cases in {}", path.display()))?;
            let text = String::from_utf8(text).with_context(|| format!("reading the cases in {}", path.display()))?;
            Some(Source::new(path.display().to_string(), text))
        }
        _ => None,
    };
    let before = match &old {
        Some(source) => {
            let (suite, found) = cases::read(source, &policy);
            if !found.is_empty() {
                rules::tell(&found, output::color(&args.shown, std::io::stderr().is_terminal()));
                say("error: the cases have errors; mend them first, nothing was written");
                return Ok(Exit::BadRules);
            }
            suite.cases.into_iter().map(|case| case.name).collect()
        }
        None => Vec::new(),
    };
    let now = args.target.now.unwrap_or_else(Utc::now);
    let given = given(args, &policy, (&names, number), now)?;
    let judge = Judge::new(&policy, &templates, VERSION);
    let given = if args.mask { masked(&judge, &given, now)? } else { with_plain_breaks(&judge, given, now) };
    let decided = decided(&judge, &given, now)?;
    let new = New { name: name(&given, &before), now, expect: expect.unwrap_or(decided), given };
    let written = with_case(old.as_ref(), &policy, &new).map_err(|why| anyhow!("adding a case: {why}"))?;
    let shown = file.as_ref().map_or_else(|| "the case".to_owned(), |path| path.display().to_string());
    let source = Source::new(shown, written.text.as_str());
    let failures = verified(&judge, &source, &new, before.len())?;
    match &file {
        Some(path) => {
            files::replace(path, written.text.as_bytes())?;
            tell(&source, &written, path, (folder.as_deref(), args.rules.as_deref()), &failures)?;
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

/// What `--expect` says, by the names of a case file.
fn expected(text: &str, policy: &Policy) -> Result<Vec<(String, Value)>> {
    let mut found: Vec<(String, Value)> = Vec::new();
    for pair in text.split(',') {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("--expect: write NAME=VALUE, such as action=skip, and not `{}`", terminal(pair));
        };
        let (name, value) = (name.trim(), value.trim());
        let one_of = |known: Vec<&str>| match known.contains(&value) {
            true => Ok(Value::from(value)),
            false => {
                let help = did_you_mean(value, known).map_or_else(String::new, |help| format!(": {help}"));
                bail!("--expect: the rules have no {name} `{}`{help}", terminal(value))
            }
        };
        let or_none = |known: Vec<&str>| if value == "none" { Ok(Value::Null) } else { one_of(known) };
        let classify = &policy.classify;
        let value = match name {
            "rule" => or_none(policy.decide.iter().map(|rule| rule.id.as_str()).collect())?,
            "action" => one_of(policy.actions.iter().map(|action| action.name.as_str()).chain(["skip"]).collect())?,
            "type" => one_of(classify.rules.iter().map(|rule| &*rule.ty).chain([&*classify.default]).collect())?,
            "agent" => or_none(policy.agents.iter().flat_map(|agent| [&*agent.name, &*agent.login]).collect())?,
            "score" => match value.parse::<i64>() {
                Ok(score) => score.into(),
                Err(_) => bail!("--expect: `score` is a whole number, and not `{}`", terminal(value)),
            },
            flag if policy.flags.iter().any(|known| known.name == flag) => match value.parse::<bool>() {
                Ok(holds) => holds.into(),
                Err(_) => bail!("--expect: `{flag}` is true or false, and not `{}`", terminal(value)),
            },
            _ => {
                let flags = policy.flags.iter().map(|flag| flag.name.as_str());
                let known: Vec<&str> = ["rule", "action", "type", "agent", "score"].into_iter().chain(flags).collect();
                let help = did_you_mean(name, known).map_or_else(String::new, |help| format!(": {help}"));
                bail!("--expect: nothing is called `{}`{help}", terminal(name));
            }
        };
        let flag = policy.flags.iter().any(|flag| flag.name == name);
        found.push((if flag { format!("flags.{name}") } else { name.to_owned() }, value));
    }
    Ok(found)
}

/// Reads the item, and its timeline where the rules ask for it.
fn given(
    args: &Capture,
    policy: &Policy,
    (names, number): (&[String], u64),
    now: DateTime<Utc>,
) -> Result<Given, Stop> {
    let wanted = Wanted { target: &args.target, repos: names, org: None, live: false, now };
    let opened = Opened::new(&wanted)?;
    let forge = opened.read();
    let found = repos(forge, names, None)?;
    let [repo] = found[..] else {
        let known: Vec<&str> = forge.repos().iter().take(10).map(|repo| repo.name.as_str()).collect();
        let known = known.join(", ");
        return Err(usage(anyhow!("{} holds {known}: write OWNER/NAME#{number}", forge.name())));
    };
    let item = match &opened {
        Opened::Remote(forge) => forge.item(repo, Kind::Issue, number)?.map(|fresh| fresh.item),
        Opened::File(_) | Opened::Live(_) => {
            let found = Mutex::new(None);
            forge.items(repo, States::ALL, 1, &|_, items| {
                let item = items.iter().find(|item| item.number == number);
                // A thread that panicked has ended the run.
                if let (Some(item), Ok(mut found)) = (item, found.lock()) {
                    *found = Some(item.clone().into_owned());
                }
            })?;
            found.into_inner().unwrap_or_default()
        }
    };
    let repository = forge.repos()[repo].clone();
    let Some(item) = item else { return Err(usage(anyhow!("{} has no item #{number}", repository.name))) };
    let journal = Journal::default();
    let asked =
        Asked { forge, repos: vec![repo], policy, now, threads: 1, only: None, journal: &journal, progress: &|_| {} };
    let ours = item.author.as_ref().is_some_and(|author| asked.us().is(&author.login));
    let own_report = ours && Marker::ending(&item.body).is_some();
    let mut given = Given { repo: repository, item, own_report, last_activity: Reading::NotRead };
    let facts = given.facts();
    let evaluation = crate::engine::evaluate::evaluate(policy, &facts, now.timestamp_micros());
    if let crate::engine::evaluate::Evaluation::Lacks(_) = evaluation {
        given.last_activity = items::last_activity(&asked, repo, number)?;
    }
    Ok(given)
}

/// A body with the line breaks of YAML, where the rules make the same of it: it can then be read.
fn with_plain_breaks(judge: &Judge<'_>, given: Given, now: DateTime<Utc>) -> Given {
    if !given.item.body.contains("\r\n") {
        return given;
    }
    let mut plain = given.clone();
    plain.item.body = given.item.body.replace("\r\n", "\n").into();
    if differences(judge, &given, &plain, now).is_empty() { plain } else { given }
}

/// The item masked: judged as before, or an error that says what is not.
fn masked(judge: &Judge<'_>, given: &Given, now: DateTime<Utc>) -> Result<Given> {
    let item = &given.item;
    let login = |login: &str| json!({ "login": login });
    let date = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let author = item.author.as_ref().map(|author| {
        let mut account = login(&author.login);
        if author.bot {
            account["type"] = "Bot".into();
        }
        account
    });
    let object = json!({
        "number": item.number,
        "title": item.title,
        "body": item.body,
        "labels": item.labels.iter().map(|name| json!({ "name": name })).collect::<Value>(),
        "assignees": item.assignees.iter().map(|name| login(name)).collect::<Value>(),
        "user": author,
        "state": if item.open { "open" } else { "closed" },
        "locked": item.locked,
        "draft": item.draft,
        "milestone": item.milestone.as_ref().map(|title| json!({ "title": title })),
        "comments": item.comments,
        "created_at": date(item.created_at),
        "updated_at": date(item.updated_at),
        "pull_request": (item.kind == Kind::Pull).then(|| json!({ "draft": item.draft })),
    });
    let document = json!({ "version": 1, "repos": [{ "full_name": given.repo.name, "issues": [object] }] });
    let shown = snapshot::mask(&document, &[judge.policy]).document;
    let repo = shown.pointer("/repos/0/full_name").and_then(Value::as_str).unwrap_or("owner-1/repo-1");
    let list = shown.pointer("/repos/0/issues").map(Value::to_string).unwrap_or_default();
    let mut spare = String::new();
    let read: Option<Item<'static>> = object::items(list.as_bytes(), &mut spare)
        .context("reading the masked item")?
        .into_iter()
        .next()
        .and_then(Result::ok)
        .map(Item::into_owned);
    let mut after = given.clone();
    after.item = read.context("reading the masked item")?;
    repo.clone_into(&mut after.repo.name);
    match differences(judge, given, &after, now).as_slice() {
        [] => Ok(after),
        found => bail!("masked, the rules make something else of it ({}); nothing was written", found.join(", ")),
    }
}

/// Everything of a judgement but its words.
fn members(policy: &Policy) -> Vec<Member> {
    let of_score = (0..policy.components.len()).map(Member::Component);
    let flags = (0..policy.flags.len()).map(Member::Flag);
    let rest = [Member::Type, Member::Score, Member::Held, Member::Rule, Member::Action, Member::Agent];
    rest.into_iter().chain(of_score).chain(flags).collect()
}

fn differences(judge: &Judge<'_>, one: &Given, other: &Given, now: DateTime<Utc>) -> Vec<String> {
    let rows = (judge.row(one, now), judge.row(other, now));
    let (Some(one), Some(other)) = rows else { return vec!["what has to be read".to_owned()] };
    let differs = |member: &Member| judge.value(*member, &one) != judge.value(*member, &other);
    members(judge.policy).into_iter().filter(differs).map(|member| member.name(judge.policy)).collect()
}

/// What the rules decide now, as far as a case says it.
fn decided(judge: &Judge<'_>, given: &Given, now: DateTime<Utc>) -> Result<Vec<(String, Value)>> {
    let row = judge.row(given, now).context("the rules decide nothing of this item")?;
    let said = [Member::Type, Member::Score, Member::Rule, Member::Action, Member::Agent];
    let pair = |member: Member| (member.name(judge.policy), judge.value(member, &row));
    let agent = |(name, value): &(String, Value)| name != "agent" || !value.is_null();
    // What turns on a timeline that was not recorded has no type or score to expect.
    let known = |(name, value): &(String, Value)| name == "rule" || !value.is_null();
    Ok(said.into_iter().map(pair).filter(agent).filter(known).collect())
}

/// `owner/name#12`, with a number behind it where a case has that name.
fn name(given: &Given, before: &[String]) -> String {
    let plain = format!("{}#{}", given.repo.name, given.item.number);
    let numbered = (2..).map(|number| format!("{plain} ({number})"));
    let mut names = [plain.clone()].into_iter().chain(numbered);
    names.find(|name| !before.contains(name)).unwrap_or(plain)
}

/// Reads the new text: it holds one case more, which is the item. Gives what differs from what it expects.
fn verified(judge: &Judge<'_>, source: &Source, new: &New, before: usize) -> Result<Vec<String>> {
    let (suite, found) = cases::read(source, judge.policy);
    let case = suite.cases.iter().find(|case| case.name == new.name);
    let (Some(case), [], true) = (case, found.as_slice(), suite.cases.len() == before + 1) else {
        let why = found.first().map_or_else(String::new, |found| format!(": {}", found.message));
        bail!("the case cannot be added to {} so that it can be read{why}; nothing was written", source.name);
    };
    if case.given != new.given || case.now != new.now {
        bail!("the case in {} would not be the item that was read; nothing was written", source.name);
    }
    let failures = judge.judge(case).failures.into_iter();
    let name = |member: Option<Member>| member.map_or_else(|| "decision".to_owned(), |one| one.name(judge.policy));
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(failures.map(|one| format!("{} {} and not {}", name(one.member), word(&one.got), word(&one.expected))).collect())
}

/// What was written, and how it is run.
fn tell(
    source: &Source,
    written: &Written,
    path: &Path,
    (folder, named): (Option<&Path>, Option<&Path>),
    failures: &[String],
) -> Result<()> {
    let line = source.line_column(written.at.start).0;
    let mut out = format!("{}:{line}\n", path.display());
    for line in written.case.lines() {
        out.push_str(&format!("  {}\n", output::shown_line(line)));
    }
    if !failures.is_empty() {
        out.push_str(&format!("the rules now decide: {}\n", terminal(&failures.join(", "))));
    }
    let beside: Option<PathBuf> = folder.map(|folder| folder.join(pack::CASES).join(format!("{}.yaml", SPEC.job)));
    let rules = named.map_or_else(String::new, |folder| format!(" --rules {}", folder.display()));
    let run = format!("kaizen rules test {}{rules}", SPEC.job);
    if beside.as_deref() == Some(path) {
        out.push_str(&format!("run it: {run}\n"));
    } else {
        out.push_str(&format!("to run it, put it into tests/{}.yaml below the rules: {run}\n", SPEC.job));
    }
    output::print_text(&out)
}
