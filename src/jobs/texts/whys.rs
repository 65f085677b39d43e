//! Why rules did not hold, each sentence put together once.
//!
//! Takes: what is kept of an item, a rule. Gives: [`Whys`]: the sentence that was made for another item of which
//! the names of that rule came to the same, which is so for most of a backlog. To see that is a tenth of the work.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use minijinja::Value as Text;

use super::JudgedItem;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::rules::Policy;
use crate::engine::value::{Estimate, Value};

/// Sentences that are kept.
const MOST: usize = 4_096;
/// Bytes of what names come to, beyond which no other item will be the same.
const LONGEST: usize = 256;

/// Sentences by rule and what its names come to.
#[derive(Debug)]
pub(super) struct Whys {
    /// What the condition of each rule turns on, flags with what these turn on.
    names: Vec<Vec<NameRef>>,
    known: Mutex<HashMap<(usize, Vec<u8>), Text>>,
}

impl Whys {
    /// None yet, for the rules of this policy.
    pub(super) fn new(policy: &Policy) -> Self {
        let of_rule = |when: &Expr| {
            let mut names = Vec::new();
            gather(policy, when, &mut names);
            names
        };
        let names = policy.decide.iter().map(|rule| rule.when.as_ref().map(|when| of_rule(&when.expr)));
        Whys { names: names.map(Option::unwrap_or_default).collect(), known: Mutex::default() }
    }

    /// Why a rule did not hold; `why` puts it into words where that was not done yet.
    pub(super) fn of(&self, rule: usize, kept: &JudgedItem<'_>, why: impl FnOnce() -> String) -> Text {
        let mut seen = Vec::with_capacity(LONGEST);
        let all = self.names[rule].iter().all(|name| see(&kept.value(*name), &mut seen) && seen.len() <= LONGEST);
        if !all {
            return Text::from(why());
        }
        let key = (rule, seen);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = known().get(&key) {
            return text.clone();
        }
        let text = Text::from(why());
        let mut known = known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, text.clone());
        text
    }
}

fn gather(policy: &Policy, expr: &Expr, names: &mut Vec<NameRef>) {
    let mut own = Vec::new();
    expr.names(&mut own);
    for name in own {
        if !names.contains(&name) {
            names.push(name);
            if let NameRef::Flag(flag) = name {
                gather(policy, &policy.flags[flag].when.expr, names);
            }
        }
    }
}

/// Writes down what a name comes to, so that two that differ are never the same; whether that could be done.
fn see(out: &Estimate<'_>, seen: &mut Vec<u8>) -> bool {
    match out {
        Estimate::Is(value) => see_value(value, seen),
        // Not known is not known, whatever would have to be read for it.
        Estimate::Lacks(_) => seen.push(b'?'),
        Estimate::Within(..) => return false,
    }
    true
}

fn see_value(value: &Value<'_>, seen: &mut Vec<u8>) {
    let mut put = |kind: u8, bytes: &[u8]| {
        seen.push(kind);
        seen.extend_from_slice(bytes);
    };
    match value {
        Value::None => put(b'-', &[]),
        Value::Bool(yes) => put(b'b', &[u8::from(*yes)]),
        Value::Int(number) => put(b'i', &number.to_le_bytes()),
        Value::Float(number) => put(b'f', &number.to_bits().to_le_bytes()),
        Value::Text(text) => {
            put(b't', &text.len().to_le_bytes());
            seen.extend_from_slice(text.as_bytes());
        }
        Value::Texts(_) | Value::List(_) => {
            let elements = value.elements().unwrap_or_default();
            put(b'l', &elements.len().to_le_bytes());
            elements.iter().for_each(|element| see_value(element, seen));
        }
    }
}
