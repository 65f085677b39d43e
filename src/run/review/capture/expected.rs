//! What the case of an item expects.
//!
//! Takes: `--expect`, or a judgement. Gives: pairs of a member of `expect` and its value, or what is wrong
//! with the argument.

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::engine::rules::Policy;
use crate::engine::untrusted::terminal;
use crate::language::diag::nearest_argument;
use crate::review::cases::judge::Judge;
use crate::review::cases::{CaseItem, CaseMember};

/// What `--expect` says, by the names of a case file.
pub(super) fn expectations(text: &str, policy: &Policy) -> Result<Vec<(String, Value)>> {
    let mut found: Vec<(String, Value)> = Vec::new();
    for pair in text.split(',') {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("--expect: write NAME=VALUE, such as action=skip, and not `{}`", terminal(pair));
        };
        let (name, value) = (name.trim(), value.trim());
        let one_of = |known: Vec<&str>| match known.contains(&value) {
            true => Ok(Value::from(value)),
            false => {
                let help = nearest_argument(value, known).map_or_else(String::new, |help| format!(": {help}"));
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
                let help = nearest_argument(name, known).map_or_else(String::new, |help| format!(": {help}"));
                bail!("--expect: nothing is called `{}`{help}", terminal(name));
            }
        };
        let flag = policy.flags.iter().any(|flag| flag.name == name);
        found.push((if flag { format!("flags.{name}") } else { name.to_owned() }, value));
    }
    Ok(found)
}

/// What the rules decide now, as far as a case says it.
pub(super) fn decided(judge: &Judge<'_>, given: &CaseItem, now: DateTime<Utc>) -> Result<Vec<(String, Value)>> {
    let row = judge.row(given, now).context("the rules decide nothing of this item")?;
    let said = [CaseMember::Type, CaseMember::Score, CaseMember::Rule, CaseMember::Action, CaseMember::Agent];
    let pair = |member: CaseMember| (member.name(judge.policy), judge.value(member, &row));
    let agent = |(name, value): &(String, Value)| name != "agent" || !value.is_null();
    // What turns on a timeline that was not recorded has no type or score to expect.
    let known = |(name, value): &(String, Value)| name == "rule" || !value.is_null();
    Ok(said.into_iter().map(pair).filter(agent).filter(known).collect())
}
