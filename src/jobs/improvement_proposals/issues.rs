//! The issues that are kept for proposals.
//!
//! Takes: what is proposed, the issues of ours in a repository. Gives: [`Issues`]: planned writes within the
//! limits of the rules, and what becomes of each proposal. An issue is closed when its pattern is gone.

use std::collections::BTreeMap;

use minijinja::context;
use serde::Serialize;
use serde_json::json;

use super::follow_up::EarlierProposal;
use super::{Proposal, ProposalAdvice, rounded, texts};
use crate::advise::Advice;
use crate::engine::digest;
use crate::engine::policy::Policy;
use crate::engine::template::Templates;
use crate::plan::PlannedItem;
use crate::plan::choice::ItemState;
use crate::plan::keyed_issues::{self, Keep, KeptText, There};

/// The label by which issues are found again, where the rules name none.
const LABEL: &str = "kaizen-proposal";
/// The label by which people have one left alone, where the rules name none.
const OPT_OUT: &str = "kaizen-ignore";

/// What becomes of an issue.
#[derive(Debug, Clone, Serialize)]
pub struct IssueRow {
    /// By what its proposal is known again.
    pub key: String,
    /// The rule.
    pub rule: String,
    /// `propose` or `close`.
    pub action: &'static str,
    /// Its number, where it has one.
    pub number: Option<u64>,
    /// What becomes of it.
    pub state: ItemState,
    /// Why, where there is something to say.
    pub note: Option<String>,
}

/// What is written, and what becomes of every proposal that is worth an issue.
#[derive(Debug, Clone, Default)]
pub struct Issues {
    /// What is written, in order.
    pub items: Vec<PlannedItem>,
    /// Every issue.
    pub rows: Vec<IssueRow>,
    /// For each of `items`, its row.
    pub of_items: Vec<usize>,
}

/// Where issues are kept, and what is known there.
#[derive(Debug, Clone, Copy)]
pub struct IssueStore<'a> {
    /// The repository.
    pub repo: &'a str,
    /// Issues of ours, by the key that they keep.
    pub there: &'a BTreeMap<String, Vec<There>>,
    /// When, as RFC 3339.
    pub when: &'a str,
    /// Of this program.
    pub version: &'a str,
    /// Enough was read that what is not found is gone.
    pub believed: bool,
}

/// The labels of issues, by the first of which they are found again.
#[must_use]
pub fn labels(advice: &Advice) -> Vec<String> {
    let labels = advice.measure.texts("issue_labels");
    if labels.is_empty() { vec![LABEL.to_owned()] } else { labels.to_vec() }
}

/// The labels by which people have such an issue left alone.
#[must_use]
pub fn opt_out_labels(advice: &Advice) -> Vec<String> {
    let labels = advice.measure.texts("opt_out_labels");
    if labels.is_empty() { vec![OPT_OUT.to_owned()] } else { labels.to_vec() }
}

/// Plans the issues. `worth` says whether a priority is worth one.
///
/// # Errors
/// What a template could not do.
pub fn plan(
    (policy, advice, templates): (&Policy, &Advice, &Templates),
    place: IssueStore<'_>,
    advised: &ProposalAdvice,
    followed: &[EarlierProposal],
    worth: &dyn Fn(&str) -> bool,
) -> Result<Issues, String> {
    let labels = labels(advice);
    let mut issues = Issues::default();
    let most = policy.limits.items_per_run.unwrap_or(usize::MAX);
    for proposal in advised.proposals.iter().filter(|proposal| worth(&proposal.priority)) {
        let text = templates.render(texts::ISSUE, texts::issue(proposal, place.when, place.version))?;
        let figures = figures(proposal);
        let said = KeptText {
            key: &proposal.key,
            rule: &proposal.rule,
            title: &proposal.title,
            text: &text,
            figures: &figures,
            labels: &labels,
        };
        let there = place.there.get(&proposal.key).map_or(&[][..], Vec::as_slice);
        let keep = keyed_issues::say(policy, place.repo, place.when, &said, there);
        issues.add(keep, (&proposal.key, &proposal.rule, "propose"), most);
    }
    let found = |key: &str| advised.proposals.iter().chain(&advised.below).any(|proposal| proposal.key == key);
    for (key, there) in place.there.iter().filter(|(key, _)| place.believed && !found(key)) {
        let known = followed.iter().find(|one| one.key == *key);
        let promised = known.map(|known| known.promised_weekly_hours);
        let names = context! { when => place.when, version => place.version, promised => promised };
        let text = templates.render(texts::GONE, names)?;
        let rule = key.rsplit_once('-').map_or(key.as_str(), |(rule, _)| rule);
        let said = KeptText { key, rule, title: "", text: &text, figures: "gone", labels: &labels };
        if let Some(keep) = keyed_issues::close(policy, place.repo, place.when, &said, there) {
            issues.add(keep, (key, rule, "close"), most);
        }
    }
    Ok(issues)
}

/// A digest of what an issue says, without when it was counted.
fn figures(proposal: &Proposal) -> String {
    let short = |value| rounded(value, 1);
    let figures = json!([
        proposal.priority,
        short(&proposal.estimated_weekly_hours_saved),
        short(&proposal.implementation_hours),
        short(&proposal.roi_weeks),
    ]);
    digest(&figures.to_string())
}

impl Issues {
    fn add(&mut self, keep: Keep, (key, rule, action): (&str, &str, &'static str), most: usize) {
        let mut row = IssueRow {
            key: key.to_owned(),
            rule: rule.to_owned(),
            action,
            number: None,
            state: ItemState::Planned,
            note: None,
        };
        match keep {
            Keep::Same(number) => (row.number, row.state) = (Some(number), ItemState::Unchanged),
            Keep::Person(number) => {
                (row.number, row.state) = (Some(number), ItemState::Skipped);
                row.note = Some("Somebody closed, edited, took or locked it, or asked to leave it alone.".to_owned());
            }
            Keep::Write(item) => {
                row.number = item.number;
                if self.items.len() < most {
                    self.of_items.push(self.rows.len());
                    self.items.push(*item);
                } else {
                    row.state = ItemState::Deferred;
                    row.note = Some(format!("The rules' limit of {most} a run is reached."));
                }
            }
        }
        self.rows.push(row);
    }

    /// Plans nothing, because nothing can be written there.
    pub fn drop_all(&mut self, why: &str) {
        self.items.clear();
        self.of_items.clear();
        for row in &mut self.rows {
            (row.state, row.note) = (ItemState::Dropped, Some(why.to_owned()));
        }
    }

    /// How many came to this.
    #[must_use]
    pub fn count(&self, state: ItemState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }
}
