//! What a run came to, as people and programs read it.
//!
//! Takes: [`TriageRun`], the one record between deciding and printing. Gives: a terminal table
//! ([`text`]), Markdown ([`markdown`]), JSON ([`json`]). Printing code decides nothing.

pub mod json;
pub mod markdown;
pub mod pieces;
pub mod table;
pub mod text;
pub mod unmatched;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::engine::evaluate::Judgement;
use crate::engine::rules::{LabelSpec, Policy};
use crate::forge::{Comment, ItemKind, change};
use crate::plan::choice::ItemState;
use crate::plan::{self, Effect, ItemSubject, Manners, Plan, PlannedItem, Write};

/// A finished run of a policy over items.
#[derive(Debug)]
pub struct TriageRun<'p> {
    /// The rules.
    pub policy: &'p Policy,
    /// The forge, by the name that plans hold.
    pub forge: String,
    /// The instant of the run, RFC 3339.
    pub generated_at: String,
    /// Full names of the repositories, by the indices of rows.
    pub repos: Vec<String>,
    /// Indices of the repositories that were asked for.
    pub repos_in_scope: Vec<usize>,
    /// One item was asked for, not the backlog.
    pub only: bool,
    /// Everything was read and nothing was left undone.
    pub complete: bool,
    /// Why not, one sentence each.
    pub why_incomplete: Vec<String>,
    /// What a person should know beside that.
    pub warnings: Vec<String>,
    /// The figures.
    pub totals: RunTotals,
    /// Open items of the kinds in scope, by repository.
    pub open: Vec<(usize, usize)>,
    /// Every item in scope, in the forge's order.
    pub rows: Vec<ItemRow<'p>>,
    /// Indices of rows in the order of acting.
    pub order: Vec<usize>,
    /// What would be written, in order.
    pub planned: Vec<PlannedItem>,
    /// What became of each of these; `None` in a dry run.
    pub outcomes: Option<Vec<ItemState>>,
    /// An account of the forge's jobs that is not ours and whose texts end with our marker: nothing may be written.
    pub job_account: Option<String>,
    /// Comments that were read, by repository and number.
    pub comments: HashMap<(usize, u64), Vec<Comment>>,
}

/// Figures of a run. `scored` is the sum of the seven after `ready`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RunTotals {
    /// Open items of the kinds in scope.
    pub open: usize,
    /// Items that were judged.
    pub scored: usize,
    /// Of those, how many are ready.
    pub ready: usize,
    /// Written to; in a dry run, planned.
    pub acted: usize,
    /// Done before.
    pub unchanged: usize,
    /// Their agent has enough in hand.
    pub waiting: usize,
    /// Nothing to do, by the rules.
    pub skipped: usize,
    /// The run's cap was reached.
    pub deferred: usize,
    /// Changed or opted out.
    pub dropped: usize,
    /// Something went wrong.
    pub failed: usize,
    /// Timelines that had to be read.
    pub timelines: usize,
}

impl RunTotals {
    /// Every figure with its name, as JSON and templates call it.
    #[must_use]
    pub fn named(&self) -> [(&'static str, usize); 11] {
        [
            ("open", self.open),
            ("scored", self.scored),
            ("ready", self.ready),
            ("acted", self.acted),
            ("unchanged", self.unchanged),
            ("waiting", self.waiting),
            ("skipped", self.skipped),
            ("deferred", self.deferred),
            ("dropped", self.dropped),
            ("failed", self.failed),
            ("timelines", self.timelines),
        ]
    }

    /// The sums of two.
    #[must_use]
    pub fn plus(self, other: RunTotals) -> RunTotals {
        RunTotals {
            open: self.open + other.open,
            scored: self.scored + other.scored,
            ready: self.ready + other.ready,
            acted: self.acted + other.acted,
            unchanged: self.unchanged + other.unchanged,
            waiting: self.waiting + other.waiting,
            skipped: self.skipped + other.skipped,
            deferred: self.deferred + other.deferred,
            dropped: self.dropped + other.dropped,
            failed: self.failed + other.failed,
            timelines: self.timelines + other.timelines,
        }
    }

    /// Counts one item.
    pub fn count(&mut self, state: ItemState, ready: bool) {
        self.scored += 1;
        self.ready += usize::from(ready);
        *match state {
            ItemState::Skipped => &mut self.skipped,
            ItemState::Planned | ItemState::Done => &mut self.acted,
            ItemState::Unchanged => &mut self.unchanged,
            ItemState::Waiting => &mut self.waiting,
            ItemState::Deferred => &mut self.deferred,
            ItemState::Dropped => &mut self.dropped,
            ItemState::Failed => &mut self.failed,
        } += 1;
    }
}

/// One item.
#[derive(Debug)]
pub struct ItemRow<'p> {
    /// Index of its repository.
    pub repo: usize,
    /// Issue or pull request.
    pub kind: ItemKind,
    /// Its number.
    pub number: u64,
    /// It is open.
    pub open: bool,
    /// Its assignees.
    pub assignees: Vec<String>,
    /// What the rules say.
    pub judgement: Box<Judgement<'p>>,
    /// What becomes of it.
    pub state: ItemState,
    /// Why, where that is not what the rule says.
    pub note: Option<String>,
    /// What writing to it needs; only where its rule names an action.
    pub subject: Option<Box<ItemSubject>>,
}

impl TriageRun<'_> {
    /// The finished plan, as `--plan-out` saves it.
    #[must_use]
    pub fn plan<'r>(&'r self, version: &'r str) -> Plan<'r> {
        let policy = self.policy;
        let label = |label: &LabelSpec| change::NewLabel {
            name: label.name.clone(),
            color: label.color.clone().unwrap_or_else(|| change::GREY.to_owned()),
            description: label.description.clone().unwrap_or_default(),
        };
        Plan {
            version: plan::VERSION,
            kaizen: version.into(),
            job: policy.job.as_str().into(),
            forge: self.forge.as_str().into(),
            created_at: self.generated_at.as_str().into(),
            now: self.generated_at.as_str().into(),
            rules_hash: policy.hash.as_str().into(),
            complete: self.complete,
            manners: Manners {
                pause_ms: policy.limits.pause_ms,
                skip_command: policy.skip_command.clone(),
                more_skip_commands: Vec::new(),
                bots: policy.bots.clone(),
                labels: policy.labels.iter().map(label).collect(),
            },
            items: self.planned.as_slice().into(),
            digest: "".into(),
        }
    }

    /// Every write with the item and the effect it belongs to.
    pub fn writes(&self) -> impl Iterator<Item = (&PlannedItem, &Effect, &Write)> {
        self.stated().map(|(item, effect, write, _)| (item, effect, write))
    }

    /// The same with what became of the item.
    pub fn stated(&self) -> impl Iterator<Item = (&PlannedItem, &Effect, &Write, ItemState)> {
        let outcomes = self.outcomes.as_deref().unwrap_or_default();
        let items = self.planned.iter().enumerate();
        let items = items.map(|(index, item)| (item, outcomes.get(index).copied().unwrap_or(ItemState::Planned)));
        let effects = items.flat_map(|(item, state)| item.effects.iter().map(move |effect| (item, effect, state)));
        effects.flat_map(|(item, effect, state)| effect.writes.iter().map(move |write| (item, effect, write, state)))
    }

    /// `dry run` or `run`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.outcomes.is_none() { "dry run" } else { "run" }
    }

    /// The repository, or how many.
    #[must_use]
    pub fn place(&self) -> String {
        match self.repos_in_scope.as_slice() {
            [repo] => self.repos[*repo].clone(),
            repos => format!("{} repositories", repos.len()),
        }
    }

    /// `#12`, or `owner/name#12` where several repositories were asked for.
    #[must_use]
    pub fn item(&self, row: &ItemRow<'_>) -> String {
        if self.repos_in_scope.len() != 1 {
            format!("{}#{}", self.repos[row.repo], row.number)
        } else {
            format!("#{}", row.number)
        }
    }
}

impl ItemRow<'_> {
    /// The value of a flag, if the policy has it and it is known.
    #[must_use]
    pub fn flag(&self, policy: &Policy, name: &str) -> Option<bool> {
        let index = policy.flags.iter().position(|flag| flag.name == name)?;
        self.judgement.flags.get(index).copied().flatten()
    }

    /// The id of the rule that decided.
    #[must_use]
    pub fn rule<'r>(&self, policy: &'r Policy) -> Option<&'r str> {
        self.judgement.rule.map(|rule| policy.decide[rule].id.as_str())
    }

    /// The action that was decided.
    #[must_use]
    pub fn action<'r>(&self, policy: &'r Policy) -> &'r str {
        self.judgement.action.map_or("skip", |action| policy.actions[action].name.as_str())
    }

    /// The login of the agent whose work it becomes.
    #[must_use]
    pub fn agent<'r>(&self, policy: &'r Policy) -> Option<&'r str> {
        let agent = policy.actions[self.judgement.action?].agent?;
        Some(policy.agents[agent].login.as_str())
    }

    /// Why it stands where it stands.
    #[must_use]
    pub fn why(&self) -> &str {
        self.note.as_deref().or(self.judgement.reason.as_deref()).unwrap_or("")
    }
}

/// Items that one rule left alone.
#[derive(Debug)]
pub struct SkipGroup<'r> {
    /// The rule, or `-`.
    pub rule: &'r str,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub item: String,
    /// Why, each reason once, the first few.
    pub whys: Vec<&'r str>,
}

/// Reasons that are told of one rule, and one more where there are more.
const REASONS: usize = 4;

impl SkipGroup<'_> {
    /// Why, of all of them: what the rule says of one item is not what it says of another.
    #[must_use]
    pub fn reason(&self) -> String {
        let told = self.whys.len().min(REASONS - 1);
        let rest = if told < self.whys.len() { " · …" } else { "" };
        format!("{}{rest}", self.whys[..told].join(" · "))
    }
}

/// What was left alone of these rows, by rule in the order of the rules; what no rule decided comes
/// last.
#[must_use]
pub fn by_rule<'r, 'p: 'r>(
    run: &'r TriageRun<'p>,
    rows: impl IntoIterator<Item = &'r ItemRow<'p>>,
) -> Vec<SkipGroup<'r>> {
    let mut groups: BTreeMap<usize, SkipGroup<'r>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.state == ItemState::Skipped) {
        let group = groups.entry(row.judgement.rule.unwrap_or(usize::MAX)).or_insert_with(|| SkipGroup {
            rule: row.rule(run.policy).unwrap_or("-"),
            count: 0,
            item: run.item(row),
            whys: Vec::new(),
        });
        group.count += 1;
        if group.whys.len() < REASONS && !group.whys.contains(&row.why()) {
            group.whys.push(row.why());
        }
    }
    groups.into_values().collect()
}
