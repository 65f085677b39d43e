//! A case, judged as a run would judge it.
//!
//! Takes: the rules of a job, their templates, a case. Gives: [`CaseResult`], what differs from what the case expects.
//! It is the judgement and the text of a run: the same functions make them.

use std::cell::RefCell;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::expect::{number, same};
use super::{Case, CaseItem, CaseMember, CaseSubject, Expectation, records};
use crate::engine::evaluate::{Evaluation, Judgement, evaluate};
use crate::engine::facts::ItemFacts;
use crate::engine::policy::Policy;
use crate::engine::source::Location;
use crate::engine::template::Templates;
use crate::forge::LabelNames;
use crate::jobs::backlog_triage;
use crate::jobs::facts;
use crate::jobs::items::subject;
use crate::jobs::texts::{ItemNames, RunNames, Telling};
use crate::plan;
use crate::plan::choice::ItemState;
use crate::report::ItemRow;
use crate::review::book::RuleBook;

/// What was decided in a case, and what of it is not as expected.
#[derive(Debug)]
pub struct CaseResult {
    /// The rule that decided.
    pub by: Option<By>,
    /// One a member; empty where all is as expected.
    pub failures: Vec<CaseFailure>,
}

/// A rule that decided.
#[derive(Debug, Clone)]
pub struct By {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub at: Location,
}

/// A member that is not as expected.
#[derive(Debug, Clone)]
pub struct CaseFailure {
    /// Which; `None`: nothing was decided at all.
    pub member: Option<CaseMember>,
    /// What the case says.
    pub expected: Value,
    /// What the rules say.
    pub got: Value,
}

/// Judges cases by the rules of one job.
#[allow(missing_debug_implementations, reason = "it holds lazily made texts")]
pub struct Judge<'p> {
    /// The rules over items.
    pub policy: &'p Policy,
    book: RuleBook<'p>,
    templates: &'p Templates,
    version: &'p str,
    /// What is the same in all texts of one instant.
    fixed: RefCell<Option<(DateTime<Utc>, Arc<RunNames>)>>,
}

impl CaseItem {
    /// The item as rules see it.
    #[must_use]
    pub fn facts<'a>(&'a self, policy: &'a Policy) -> ItemFacts<'a> {
        let item = (&self.item, &*self.item.body);
        ItemFacts {
            last_activity: self.last_activity,
            closed_as: self.item.state_reason.as_deref(),
            recent_comments: self.recent_comments,
            recent: self.recent,
            ..facts::facts(policy, &self.repo, item, self.own_report)
        }
    }
}

impl<'p> Judge<'p> {
    /// `version` is that of the program, which texts may name.
    #[must_use]
    pub fn new(book: RuleBook<'p>, templates: &'p Templates, version: &'p str) -> Self {
        Judge { policy: book.policy, book, templates, version, fixed: RefCell::default() }
    }

    /// Everything that is not as expected.
    #[must_use]
    pub fn judge(&self, case: &Case) -> CaseResult {
        self.until(case, usize::MAX)
    }

    /// Whether anything is not as expected.
    #[must_use]
    pub fn fails(&self, case: &Case) -> bool {
        !self.until(case, 1).failures.is_empty()
    }

    /// What the rules decide of an item; `None` where that turns on what was not read.
    #[must_use]
    pub fn row(&self, given: &CaseItem, now: DateTime<Utc>) -> Option<ItemRow<'p>> {
        let seen = given.facts(self.policy);
        let Evaluation::Judged(mut judgement) = evaluate(self.policy, &seen, now.timestamp_micros()) else {
            return None;
        };
        if !given.item.open {
            judgement.held.fill(false);
        }
        let of_kind = self.policy.scope.kinds.iter().any(|kind| kind == given.item.kind.name());
        if !of_kind || !facts::in_scope(self.policy, &given.item, LabelNames::default(), now) {
            out_of_scope(&mut judgement);
        }
        let acts = judgement.action.is_some();
        Some(ItemRow {
            repo: 0,
            kind: given.item.kind,
            number: given.item.number,
            open: given.item.open,
            assignees: given.item.assignees.iter().map(ToString::to_string).collect(),
            judgement,
            state: ItemState::Skipped,
            note: None,
            subject: acts.then(|| Box::new(subject(self.policy, &given.item, &seen, LabelNames::default()))),
        })
    }

    fn until(&self, case: &Case, most: usize) -> CaseResult {
        match &case.given {
            CaseSubject::Item(given) => self.item(case, given, most),
            CaseSubject::Counted(counted) => records::judge(self.book, counted, &case.expected),
        }
    }

    fn item(&self, case: &Case, given: &CaseItem, most: usize) -> CaseResult {
        let Some(row) = self.row(given, case.now) else {
            let got = "it turns on the timeline: say `last_activity` under `given`";
            let failure = CaseFailure { member: None, expected: "a decision".into(), got: got.into() };
            return CaseResult { by: None, failures: vec![failure] };
        };
        let mut text = None;
        // Texts last: they take the longest.
        let texts = |one: &&Expectation| one.member == CaseMember::Text;
        let all = case.expected.iter().filter(|one| !texts(one)).chain(case.expected.iter().filter(texts));
        let differs = all.filter_map(|one| {
            let got = match one.member {
                CaseMember::Text => {
                    let text = text.get_or_insert_with(|| self.text(given, case.now, &row));
                    let part = one.value.as_str().unwrap_or_default();
                    if text.as_ref().is_ok_and(|text| text.contains(part)) {
                        return None;
                    }
                    text.clone().unwrap_or_else(|error| error).into()
                }
                member => self.value(member, &row),
            };
            (!same(&got, &one.value)).then(|| CaseFailure {
                member: Some(one.member),
                expected: one.value.clone(),
                got,
            })
        });
        let failures = differs.take(most).collect();
        let by = row.judgement.rule.map(|rule| &self.policy.decide[rule]);
        CaseResult { failures, by: by.map(|rule| By { id: rule.id.clone(), at: rule.at }) }
    }

    /// A member of a judgement, as a case says it.
    #[must_use]
    pub fn value(&self, member: CaseMember, row: &ItemRow<'_>) -> Value {
        let (policy, judgement) = (self.policy, &row.judgement);
        match member {
            CaseMember::Type => judgement.ty.into(),
            CaseMember::Score => number(judgement.score.number()),
            CaseMember::Component(index) => number(judgement.scores[index].number()),
            CaseMember::Flag(index) => judgement.flags[index].into(),
            CaseMember::Tags => judgement.tags.clone().into(),
            CaseMember::Held => {
                let held = policy.agents.iter().zip(&judgement.held).filter(|(_, held)| **held);
                let mut held: Vec<&str> = held.map(|(agent, _)| agent.name.as_str()).collect();
                held.sort_unstable();
                held.into()
            }
            CaseMember::Rule => row.rule(policy).into(),
            CaseMember::Action => row.action(policy).into(),
            CaseMember::Agent => row.agent(policy).into(),
            CaseMember::Reason => judgement.reason.as_deref().into(),
            // A text is rendered; the rest is of rules over what was counted.
            CaseMember::Text
            | CaseMember::Rules
            | CaseMember::Observed
            | CaseMember::Subject
            | CaseMember::Field { .. } => Value::Null,
        }
    }

    /// The comment that a run would post, empty where it would post none.
    fn text(&self, given: &CaseItem, now: DateTime<Utc>, row: &ItemRow<'_>) -> Result<String, String> {
        let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else { return Ok(String::new()) };
        let action = &self.policy.actions[action];
        let wanted = plan::ask(self.policy, action, subject, &row.assignees);
        let fixed = self.fixed(now);
        let repo = &given.repo;
        let about = ItemNames { policy: self.policy, repo, row, subject, mention: &wanted.mention };
        Ok(backlog_triage::comment(self.templates, action, &Telling::new(&fixed, about))?.unwrap_or_default())
    }

    fn fixed(&self, now: DateTime<Utc>) -> Arc<RunNames> {
        let mut made = self.fixed.borrow_mut();
        match &*made {
            Some((at, fixed)) if *at == now => Arc::clone(fixed),
            _ => {
                let fixed = Arc::new(RunNames::new(self.policy, now, self.version));
                *made = Some((now, Arc::clone(&fixed)));
                fixed
            }
        }
    }
}

/// A run leaves such an item out: no rule decides it.
fn out_of_scope(judgement: &mut Judgement<'_>) {
    judgement.rule = None;
    judgement.action = None;
    judgement.reason = Some("The rules' `scope` leaves it out.".to_owned());
}
