//! What runs wrote, as their own comments tell: the journal is gone.
//!
//! Takes: comments of a repository, who we are. Gives: [`RunWrite`]s: the comment, and what its hidden line
//! says goes with it. That line names what held before too, and only an item's timeline tells the two
//! apart. What was written without a comment is not found. Pure.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::{CLOCKS, RunWrite, WriteCertainty};
use crate::forge::{ItemKind, PlacedComment};
use crate::plan::marker::{self, Marker};
use crate::plan::memory::Us;
use crate::plan::{self, Args, Op};

/// What the comments of a repository tell, in the order of writing.
#[must_use]
pub fn writes_in_comments(repo: &str, placed: &[PlacedComment], us: Us<'_>) -> Vec<RunWrite> {
    let mut ours: Vec<(&PlacedComment, Marker)> =
        placed.iter().filter_map(|placed| Some((placed, us.marker(&placed.comment)?))).collect();
    ours.sort_by_key(|(placed, _)| (placed.comment.at(), placed.comment.id));
    ours.iter().flat_map(|(placed, marker)| one(repo, placed, marker)).collect()
}

fn one(repo: &str, placed: &PlacedComment, marker: &Marker) -> Vec<RunWrite> {
    let field = |name: &str| marker.get(name).unwrap_or_default().to_owned();
    let comment = &placed.comment;
    // Written before its run began: that run gave an older comment another text.
    let older = started(&field("run"))
        .zip(comment.created_at)
        .is_some_and(|(started, created)| created < started - Duration::minutes(CLOCKS));
    let whole = RunWrite {
        run: field("run"),
        job: field("policy"),
        policy: field("policy"),
        rule: marker.get("rule").map(str::to_owned),
        repo: repo.to_owned(),
        kind: ItemKind::Issue,
        number: Some(placed.number),
        op: if older { Op::EditComment } else { Op::Comment },
        args: Args { id: Some(comment.id), body: Some(comment.body.clone()), ..Args::default() },
        before: None,
        before_known: false,
        at: comment.at(),
        done: WriteCertainty::Yes,
    };
    let listed = marker::listed(&field("writes"));
    let beside = listed.iter().flat_map(plan::Write::singly).map(|write| {
        let mut beside = RunWrite { op: write.op, args: write.args, done: WriteCertainty::Perhaps, ..whole.clone() };
        if write.op == Op::CreateIssue {
            // It has another number, by what its own hidden line says of it.
            let marker = plan::created(&beside.policy, placed.number, "").with("run", &beside.run);
            (beside.number, beside.args.body) = (None, Some(marker.line()));
        }
        beside
    });
    let beside: Vec<RunWrite> = beside.collect();
    std::iter::once(whole).chain(beside).collect()
}

/// When a run began: its name says so.
#[must_use]
pub fn started(run: &str) -> Option<DateTime<Utc>> {
    let (at, _) = run.split_once('-')?;
    NaiveDateTime::parse_from_str(at, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}
