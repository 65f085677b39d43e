//! `kaizen why ITEM`: why the rules decide on an item as they do, and what they narrowly do not.
//!
//! Takes: [`Why`]. Gives: the explanation on stdout, an [`Exit`]. Nothing is written.

use anyhow::anyhow;
use chrono::Utc;
use serde_json::json;

use super::forge::{ForgeRequest, OpenForge, check, repos};
use super::rules::{self, RulesInForce};
use super::{EarlyEnd, Exit, output, say, usage};
use crate::cli::{Format, ItemName, Why};
use crate::engine::evaluate::{Evaluation, Judgement};
use crate::engine::examine::Examination;
use crate::engine::rules::Policy;
use crate::engine::untrusted::{markdown, terminal};
use crate::explain::{Explanation, explain, show};
use crate::forge::{Forge, Item};
use crate::jobs::facts;
use crate::plan::marker::Marker;
use crate::plan::memory::Us;
use crate::plan::section;

/// Explains one item.
pub(super) fn run(args: &Why) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let named: Vec<String> = args.item.repo.iter().chain(&common.repos).cloned().collect();
    if named.len() > 1 {
        return Err(usage(anyhow!("the item names its repository: leave --repo out")));
    }
    check(&common.target, &named, common.org.as_deref())?;
    let found = match rules::find(common, rules::policy(&args.policy, common.rules.as_deref())?)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let now = common.target.now.unwrap_or_else(Utc::now);
    let wanted = ForgeRequest { target: &common.target, repos: &named, org: common.org.as_deref(), live: false, now };
    let forge = OpenForge::new(&wanted)?;
    let forge = forge.read();
    let (repo, item) = item(forge, &named, &args.item)?;
    let place = format!("{}#{}", forge.repos()[repo].name, item.number);
    let RulesInForce { policy, .. } = &found;
    if !policy.scope.kinds.iter().any(|kind| kind == item.kind.name())
        || !facts::in_scope(policy, &item, forge.label_names(), now)
    {
        say(&format!("note: runs do not judge {place}: `scope` leaves it out; this is what the rules would say"));
    }
    let us = Us { user: forge.user(), bots: &policy.bots };
    let own_report = facts::is_ours(&us, &item) && Marker::ending(&item.body).is_some();
    let body = section::without(&item.body);
    let mut seen = facts::facts(policy, &forge.repos()[repo], (&item, &body), own_report);
    let micros = now.timestamp_micros();
    if let Evaluation::Lacks(_) = Examination::new(policy, &seen, micros).judgement() {
        seen.last_activity = facts::last_activity(policy, forge, &us, repo, item.number)?;
    }
    let examined = Examination::new(policy, &seen, micros);
    let Evaluation::Judged(judgement) = examined.judgement() else {
        return Err(anyhow!("judging {place}: facts are lacking that were read").into());
    };
    let told = explain(policy, &judgement, &examined.points(), &|expr| examined.value(expr).into_owned());
    print(args, policy, &place, &judgement, &told)?;
    Ok(Exit::Done)
}

/// The item that is asked about, and the index of its repository.
fn item(forge: &dyn Forge, named: &[String], wanted: &ItemName) -> Result<(usize, Item<'static>), EarlyEnd> {
    let asked = repos(forge, named, None)?;
    let mut found = Vec::new();
    for repo in asked {
        found.extend(forge.find(repo, wanted.number)?.map(|item| (repo, item)));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(usage(anyhow!("there is no item {wanted} on {}", forge.name()))),
        _ => {
            let places: Vec<String> =
                found.iter().map(|(repo, item)| format!("{}#{}", forge.repos()[*repo].name, item.number)).collect();
            Err(usage(anyhow!("{wanted} is the number of several items: name one of {}", places.join(", "))))
        }
    }
}

fn print(
    args: &Why,
    policy: &Policy,
    place: &str,
    judgement: &Judgement<'_>,
    told: &Explanation,
) -> Result<(), EarlyEnd> {
    let shown = &args.common.screen;
    let rule = judgement.rule.map(|rule| policy.decide[rule].id.as_str());
    let action = judgement.action.map(|action| &policy.actions[action]);
    let agent = action.and_then(|action| action.agent).map(|agent| policy.agents[agent].login.as_str());
    let name = action.map_or("skip", |action| action.name.as_str());
    let reason = judgement.reason.as_deref().unwrap_or("");
    let hands = agent.map_or_else(String::new, |agent| format!(" → {}", terminal(agent)));
    let by = rule.map_or_else(|| "no rule holds".to_owned(), |rule| format!("rule {rule}"));
    match shown.format {
        Format::Json => {
            let decision = json!({"rule": rule, "action": name, "agent": agent, "reason": reason});
            let (repo, number) = place.rsplit_once('#').unwrap_or((place, ""));
            let number: u64 = number.parse().unwrap_or_default();
            let whole = json!({
                "job": policy.job, "repo": repo, "number": number, "title": judgement.title, "tags": judgement.tags,
                "decision": decision, "explanation": told,
            });
            output::print_raw(&format!("{whole:#}\n"))?;
        }
        Format::Markdown => output::print_text(&format!(
            "## {}: {}\n\n**{name}**{hands}, {by}: {}\n\n{}",
            markdown(place),
            markdown(&judgement.title),
            markdown(reason),
            show::markdown(told)
        ))?,
        Format::Text => {
            let title = terminal(&judgement.title);
            let color = output::style(shown).color;
            let bold = |text: String| if color { format!("\x1b[1m{text}\x1b[0m") } else { text };
            output::print_prose(&format!(
                "{}\n{name}{} ({by})\n{}\n\n{}",
                bold(format!("{place}  {title}")),
                hands,
                terminal(reason),
                show::text(told, shown.verbose)
            ))?;
        }
    }
    Ok(())
}
