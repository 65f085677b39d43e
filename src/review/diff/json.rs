//! A diff as JSON, with the names of the contract.
//!
//! Takes: the [`DiffReport`]s of one or several jobs. Gives: one document: `{job, totals, evaluated,
//! changed, items: [{key, from: {rule, action, score, text}, to}]}`, or `{jobs: […]}`. It is the whole
//! diff, whoever reads it.

use std::io::{self, Write};

use super::groups::{DiffReport, DiffVersion};
use super::key_changes::KeyChange;
use super::{ChangedSubject, Class, DiffTotals, SideRecord, WantedWrite};
use crate::plan::Words;
use crate::report::json::{list, text};

/// Writes the document and a line break; long lists are put into text by `threads` threads.
///
/// # Errors
/// What writing gives.
pub fn write(reports: &[DiffReport], threads: usize, mut out: impl Write) -> io::Result<()> {
    if let [report] = reports {
        one(report, threads, &mut out)?;
    } else {
        out.write_all(b"{\"jobs\":[")?;
        for (index, report) in reports.iter().enumerate() {
            out.write_all(if index > 0 { b"," } else { b"" })?;
            one(report, threads, &mut out)?;
        }
        out.write_all(b"]}")?;
    }
    out.write_all(b"\n")
}

fn one(report: &DiffReport, threads: usize, out: &mut impl Write) -> io::Result<()> {
    let mut head = text(&One::of(report))?;
    head.pop(); // the brace that closes it
    out.write_all(&head)?;
    let diff = report.diff();
    let items: Vec<ItemJson<'_>> =
        diff.worst_first().into_iter().map(|index| ItemJson::of(&diff.items[index])).collect();
    list(out, "items", &items, threads)?;
    out.write_all(b"}")
}

#[derive(serde::Serialize)]
struct One<'r> {
    job: &'r str,
    generated_at: &'r str,
    complete: bool,
    why_incomplete: Vec<String>,
    warnings: Vec<String>,
    forge: &'r str,
    base: &'r DiffVersion,
    head: &'r DiffVersion,
    totals: DiffTotals,
    evaluated: usize,
    changed: usize,
    timelines: usize,
    keys: &'r [KeyChange],
    rules: Vec<RuleJson<'r>>,
    writes: Vec<Writes<'r>>,
}

#[derive(serde::Serialize)]
struct RuleJson<'r> {
    rule: &'r str,
    before: usize,
    after: usize,
    gained: usize,
    lost: usize,
}

#[derive(serde::Serialize)]
struct Writes<'r> {
    op: &'r str,
    added: usize,
    removed: usize,
}

impl<'r> One<'r> {
    fn of(report: &'r DiffReport) -> Self {
        let diff = report.diff();
        let rule = |(rule, it): (&'r String, &super::Moves)| {
            let super::Moves { before, after, gained, lost } = *it;
            RuleJson { rule, before, after, gained, lost }
        };
        let writes =
            |(op, (added, removed)): (&&'r str, &(usize, usize))| Writes { op, added: *added, removed: *removed };
        One {
            job: &report.job,
            generated_at: &report.generated_at,
            complete: report.complete(),
            why_incomplete: report.why_incomplete(),
            warnings: report.notes(),
            forge: &report.forge,
            base: &report.base,
            head: &report.head,
            totals: diff.totals,
            evaluated: diff.totals.evaluated,
            changed: diff.totals.changed,
            timelines: report.read.timelines,
            keys: &report.keys,
            rules: diff.rules.iter().map(rule).collect(),
            writes: diff.writes.iter().map(writes).collect(),
        }
    }
}

#[derive(serde::Serialize)]
struct ItemJson<'r> {
    key: &'r str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    subject: Option<SubjectJson<'r>>,
    class: Class,
    why: &'r [String],
    from: Option<SideJson<'r>>,
    to: Option<SideJson<'r>>,
    writes: WriteCountJson<'r>,
}

#[derive(serde::Serialize)]
struct SubjectJson<'r> {
    repo: &'r str,
    kind: &'r str,
    number: u64,
    title: &'r str,
}

#[derive(serde::Serialize)]
struct SideJson<'r> {
    rule: Option<&'r str>,
    action: &'r str,
    score: &'r crate::engine::value::Value<'static>,
    text: Option<&'r str>,
    section: Option<&'r str>,
    issue: Option<NewIssueJson<'r>>,
    effects: Vec<ActionJson<'r>>,
}

/// The issue that would be created.
#[derive(serde::Serialize)]
struct NewIssueJson<'r> {
    title: &'r str,
    body: &'r str,
}

#[derive(serde::Serialize)]
struct ActionJson<'r> {
    rule: Option<&'r str>,
    action: &'r str,
}

#[derive(serde::Serialize)]
struct WriteCountJson<'r> {
    added: &'r [WantedWrite],
    removed: &'r [WantedWrite],
}

impl<'r> ItemJson<'r> {
    fn of(item: &'r ChangedSubject) -> Self {
        let about = |it: &'r super::RecordSubject| SubjectJson {
            repo: &it.repo,
            kind: it.kind,
            number: it.number,
            title: &it.title,
        };
        ItemJson {
            key: &item.key,
            subject: item.subject.as_ref().map(about),
            class: item.class,
            why: &item.why,
            from: item.from.as_ref().map(SideJson::of),
            to: item.to.as_ref().map(SideJson::of),
            writes: WriteCountJson { added: &item.added, removed: &item.removed },
        }
    }
}

impl<'r> SideJson<'r> {
    fn of(record: &'r SideRecord) -> Self {
        let (rule, action) = (record.rule.as_deref(), record.action.as_str());
        let acts = rule.is_some() && action != "skip";
        let effects = if acts { vec![ActionJson { rule, action }] } else { Vec::new() };
        let Words { comment, section, issue } = &record.words;
        let issue = issue.as_ref().map(|(title, body)| NewIssueJson { title, body });
        SideJson {
            rule,
            action,
            score: &record.score,
            text: comment.as_deref(),
            section: section.as_deref(),
            issue,
            effects,
        }
    }
}
