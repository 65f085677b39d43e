//! A case, judged as a run would judge it.
//!
//! Takes: the rules of a job, their templates, a case. Gives: [`Judged`], what differs from what the case expects.
//! It is the judgement and the text of a run: the same functions make them.

use std::cell::RefCell;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::expect::{number, same};
use super::{Case, Expected, Given, Member, What, records};
use crate::engine::evaluate::{Evaluation, Judgement, evaluate};
use crate::engine::facts::Item;
use crate::engine::policy::Policy;
use crate::engine::source::Location;
use crate::engine::template::Templates;
use crate::forge::LabelNames;
use crate::jobs::backlog_triage;
use crate::jobs::facts;
use crate::jobs::items::subject;
use crate::jobs::texts::{About, Fixed, Telling};
use crate::plan;
use crate::plan::choice::State;
use crate::report::Row;
use crate::review::book::Book;

/// What was decided in a case, and what of it is not as expected.
#[derive(Debug)]
pub struct Judged {
    /// The rule that decided.
    pub by: Option<By>,
    /// One a member; empty where all is as expected.
    pub failures: Vec<Failure>,
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
pub struct Failure {
    /// Which; `None`: nothing was decided at all.
    pub member: Option<Member>,
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
    book: Book<'p>,
    templates: &'p Templates,
    version: &'p str,
    /// What is the same in all texts of one instant.
    fixed: RefCell<Option<(DateTime<Utc>, Arc<Fixed>)>>,
}

impl Given {
    /// The item as rules see it.
    #[must_use]
    pub fn facts<'a>(&'a self, policy: &'a Policy) -> Item<'a> {
        let item = (&self.item, &*self.item.body);
        Item {
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
    pub fn new(book: Book<'p>, templates: &'p Templates, version: &'p str) -> Self {
        Judge { policy: book.policy, book, templates, version, fixed: RefCell::default() }
    }

    /// Everything that is not as expected.
    #[must_use]
    pub fn judge(&self, case: &Case) -> Judged {
        self.until(case, usize::MAX)
    }

    /// Whether anything is not as expected.
    #[must_use]
    pub fn fails(&self, case: &Case) -> bool {
        !self.until(case, 1).failures.is_empty()
    }

    /// What the rules decide of an item; `None` where that turns on what was not read.
    #[must_use]
    pub fn row(&self, given: &Given, now: DateTime<Utc>) -> Option<Row<'p>> {
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
        Some(Row {
            repo: 0,
            kind: given.item.kind,
            number: given.item.number,
            open: given.item.open,
            assignees: given.item.assignees.iter().map(ToString::to_string).collect(),
            judgement,
            state: State::Skipped,
            note: None,
            subject: acts.then(|| Box::new(subject(self.policy, &given.item, &seen, LabelNames::default()))),
        })
    }

    fn until(&self, case: &Case, most: usize) -> Judged {
        match &case.given {
            What::Item(given) => self.item(case, given, most),
            What::Counted(counted) => records::judge(self.book, counted, &case.expected),
        }
    }

    fn item(&self, case: &Case, given: &Given, most: usize) -> Judged {
        let Some(row) = self.row(given, case.now) else {
            let got = "it turns on the timeline: say `last_activity` under `given`";
            let failure = Failure { member: None, expected: "a decision".into(), got: got.into() };
            return Judged { by: None, failures: vec![failure] };
        };
        let mut text = None;
        // Texts last: they take the longest.
        let texts = |one: &&Expected| one.member == Member::Text;
        let all = case.expected.iter().filter(|one| !texts(one)).chain(case.expected.iter().filter(texts));
        let differs = all.filter_map(|one| {
            let got = match one.member {
                Member::Text => {
                    let text = text.get_or_insert_with(|| self.text(given, case.now, &row));
                    let part = one.value.as_str().unwrap_or_default();
                    if text.as_ref().is_ok_and(|text| text.contains(part)) {
                        return None;
                    }
                    text.clone().unwrap_or_else(|error| error).into()
                }
                member => self.value(member, &row),
            };
            (!same(&got, &one.value)).then(|| Failure { member: Some(one.member), expected: one.value.clone(), got })
        });
        let failures = differs.take(most).collect();
        let by = row.judgement.rule.map(|rule| &self.policy.decide[rule]);
        Judged { failures, by: by.map(|rule| By { id: rule.id.clone(), at: rule.at }) }
    }

    /// A member of a judgement, as a case says it.
    #[must_use]
    pub fn value(&self, member: Member, row: &Row<'_>) -> Value {
        let (policy, judgement) = (self.policy, &row.judgement);
        match member {
            Member::Type => judgement.ty.into(),
            Member::Score => number(judgement.score.number()),
            Member::Component(index) => number(judgement.scores[index].number()),
            Member::Flag(index) => judgement.flags[index].into(),
            Member::Tags => judgement.tags.clone().into(),
            Member::Held => {
                let held = policy.agents.iter().zip(&judgement.held).filter(|(_, held)| **held);
                let mut held: Vec<&str> = held.map(|(agent, _)| agent.name.as_str()).collect();
                held.sort_unstable();
                held.into()
            }
            Member::Rule => row.rule(policy).into(),
            Member::Action => row.action(policy).into(),
            Member::Agent => row.agent(policy).into(),
            Member::Reason => judgement.reason.as_deref().into(),
            // A text is rendered; the rest is of rules over what was counted.
            Member::Text | Member::Rules | Member::Observed | Member::Subject | Member::Field { .. } => Value::Null,
        }
    }

    /// The comment that a run would post, empty where it would post none.
    fn text(&self, given: &Given, now: DateTime<Utc>, row: &Row<'_>) -> Result<String, String> {
        let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else { return Ok(String::new()) };
        let action = &self.policy.actions[action];
        let wanted = plan::ask(self.policy, action, subject, &row.assignees);
        let fixed = self.fixed(now);
        let repo = &given.repo;
        let about = About { policy: self.policy, repo, row, subject, mention: &wanted.mention };
        Ok(backlog_triage::comment(self.templates, action, &Telling::new(&fixed, about))?.unwrap_or_default())
    }

    fn fixed(&self, now: DateTime<Utc>) -> Arc<Fixed> {
        let mut made = self.fixed.borrow_mut();
        match &*made {
            Some((at, fixed)) if *at == now => Arc::clone(fixed),
            _ => {
                let fixed = Arc::new(Fixed::new(self.policy, now, self.version));
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
