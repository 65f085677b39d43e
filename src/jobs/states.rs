//! What becomes of each item in this run.
//!
//! Takes: judged items. Gives: their states: the order of the policy, work in hand, the cap of the run,
//! and, for those whose turn comes, what was done before and who opted out.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;

use super::backlog::{Backlog, BacklogQuery, HeldItem};
use crate::apply::doubt::{self, Against, Doubt, ItemAddress};
use crate::engine::rules::Policy;
use crate::engine::value::Value;
use crate::forge::{Comment, Repo};
use crate::plan::choice::{Candidate, Caps, ItemState, choose};
use crate::plan::memory::{self, TrustedPeople, Us};
use crate::plan::{self, COMMAND, DECISION, Earlier, ItemSubject, Op, Write, marker};
use crate::report::ItemRow;

/// The repositories asked for that take no writes, whoever asks, each with a sentence that says why.
#[must_use]
pub fn closed(asked: &BacklogQuery<'_>) -> Vec<(usize, String)> {
    let why = |repo: &usize| Some((*repo, asked.forge.repos().get(*repo)?, asked.forge.closed(*repo)?));
    let said = |(repo, known, why): (_, &Repo, _)| (repo, format!("{} {why}: nothing is written to it", known.name));
    asked.repos.iter().filter_map(why).map(said).collect()
}

/// Plans nothing for these: what a rule would do there is dropped, and the report says why.
pub fn close(asked: &BacklogQuery<'_>, backlog: &mut Backlog<'_>) {
    for (repo, why) in closed(asked) {
        backlog.unfinished.retain(|left| left.repo != repo);
        for row in backlog.rows.iter_mut().filter(|row| row.repo == repo && row.subject.is_some()) {
            row.subject = None;
            (row.state, row.note) = (ItemState::Dropped, Some(format!("{why}.")));
        }
        backlog.unreadable.push(why);
    }
}

/// What the policies of a run have come to know of items beside each other.
#[derive(Debug, Default)]
pub struct SharedWork {
    /// Comments that were read, by repository and number.
    pub comments: HashMap<HeldItem, Vec<Comment>>,
    /// By login and policy: what is in hand, with what this run has handed out.
    hands: BTreeMap<(String, usize), BTreeSet<HeldItem>>,
}

impl SharedWork {
    /// What is in hand under these policies, before anything is handed out.
    #[must_use]
    pub fn of(queries: &[BacklogQuery<'_>], backlogs: &[Backlog<'_>]) -> Self {
        let mut shared = SharedWork::default();
        // What one policy alone has in hand it counts itself.
        for (place, (asked, backlog)) in queries.iter().zip(backlogs).enumerate().filter(|_| queries.len() > 1) {
            for (agent, who) in asked.policy.agents.iter().enumerate() {
                let held = backlog.in_hand(asked.policy, agent);
                shared.hands.entry((who.login.to_lowercase(), place)).or_default().extend(held);
            }
        }
        shared
    }

    /// What an agent holds under the other policies.
    fn elsewhere(&self, login: &str, policy: usize) -> BTreeSet<HeldItem> {
        let login = login.to_lowercase();
        let others = self.hands.iter().filter(|((who, other), _)| *who == login && *other != policy);
        others.flat_map(|(_, items)| items).copied().collect()
    }
}

/// Decides the state of every row under the policy of this place in the run. An item whose comments cannot be read is
/// failed, others go on. Gives the indices of the rows that a rule wants something done with, in the order of acting.
pub fn decide(
    asked: &BacklogQuery<'_>,
    backlog: &mut Backlog<'_>,
    (place, shared): (usize, &mut SharedWork),
) -> Vec<usize> {
    let policy = asked.policy;
    let elsewhere: Vec<BTreeSet<HeldItem>> =
        policy.agents.iter().map(|who| shared.elsewhere(&who.login, place)).collect();
    let room = policy
        .agents
        .iter()
        .zip(&elsewhere)
        .enumerate()
        .map(|(agent, (who, elsewhere))| {
            let held = || backlog.in_hand(policy, agent).union(elsewhere).count();
            who.at_once.map(|most| most.saturating_sub(held()))
        })
        .collect();
    let caps = Caps { items_per_run: policy.limits.items_per_run, room };
    if let Some(only) = asked.only {
        backlog.rows.retain(|row| row.number == only);
        backlog.unfinished.retain(|left| left.number == only);
    }
    // What a killed run left is finished first, whatever the rules now say.
    let unfinished = |row: &ItemRow<'_>| backlog.unfinished.iter().any(|left| left.is(row));
    let rows = 0..backlog.rows.len();
    let acting = rows.filter(|index| backlog.rows[*index].subject.is_some() && !unfinished(&backlog.rows[*index]));
    let acting: Vec<usize> = acting.collect();
    // Side by side in memory: sorting compares them again and again.
    let each = policy.order.len();
    let keys: Vec<Value<'_>> =
        acting.iter().flat_map(|index| backlog.rows[*index].judgement.keys.iter().cloned()).collect();
    let candidates: Vec<Candidate<'_>> = acting
        .iter()
        .enumerate()
        .map(|(at, &index)| {
            let row = &backlog.rows[index];
            let agent = row.judgement.action.and_then(|action| policy.actions[action].agent);
            Candidate {
                repo: row.repo,
                keys: keys.get(at * each..(at + 1) * each).unwrap_or_default(),
                agent: agent.filter(|agent| {
                    let held = row.judgement.held[*agent] || elsewhere[*agent].contains(&(row.repo, row.number));
                    policy.agents[*agent].at_once.is_some() && !held
                }),
            }
        })
        .collect();
    let created = OwnIssueTexts::default();
    let mut looks: Vec<Option<CommentHistory>> = acting.iter().map(|_| None).collect();
    let mut read = Vec::new();
    let (states, order) = choose(&candidates, &policy.descending(), caps, |at| {
        let row = &backlog.rows[acting[at]];
        let key = (row.repo, row.number);
        let known = shared.comments.get(&key).cloned();
        let look = look(asked, row, (&created, known), |comments| read.push((key, comments)))
            .unwrap_or_else(|error| CommentHistory::of(ItemState::Failed, format!("{error:#}")));
        let state = look.state;
        looks[at] = Some(look);
        state
    });
    drop(candidates);
    for ((repo, number), comments) in &read {
        let strangers =
            comments.iter().filter_map(|comment| asked.us().stranger(comment.author.as_ref(), &comment.body));
        backlog.strangers.extend(strangers.map(|account| (*repo, *number, account)));
    }
    shared.comments.extend(read);
    let order = order.into_iter().map(|at| acting[at]).collect();
    for ((at, state), look) in acting.into_iter().zip(states).zip(looks) {
        let row = &mut backlog.rows[at];
        row.state = state;
        if let Some(look) = look {
            if look.loops {
                let (name, number) = (&asked.forge.repos()[row.repo].name, row.number);
                backlog.unreadable.push(format!("{name}#{number}: {}", look.note.as_deref().unwrap_or_default()));
            }
            row.note = look.note;
            if let Some(subject) = &mut row.subject {
                subject.earlier = look.earlier;
                subject.commented = look.commented;
                subject.unheard = look.unheard;
                subject.created |= look.created;
            }
        }
    }
    for row in backlog.rows.iter().filter(|row| row.state == ItemState::Planned) {
        let agent = row.judgement.action.and_then(|action| policy.actions[action].agent);
        let hands = agent.and_then(|agent| shared.hands.get_mut(&(policy.agents[agent].login.to_lowercase(), place)));
        if let Some(hands) = hands {
            hands.insert((row.repo, row.number));
        }
    }
    order
}

/// What the comments of an item say about acting on it.
#[derive(Default)]
struct CommentHistory {
    state: ItemState,
    note: Option<String>,
    earlier: Option<Earlier>,
    commented: bool,
    created: bool,
    /// Somebody meant the command and is answered.
    unheard: bool,
    /// Our own rules undo each other.
    loops: bool,
}

impl CommentHistory {
    fn of(state: ItemState, note: impl Into<Option<String>>) -> Self {
        CommentHistory { state, note: note.into(), ..CommentHistory::default() }
    }
}

/// Texts of the issues that we have opened, by repository: asked for once, where an action creates one.
#[derive(Default)]
struct OwnIssueTexts(RefCell<HashMap<usize, Vec<String>>>);

impl OwnIssueTexts {
    fn is_there(&self, asked: &BacklogQuery<'_>, repo: usize, marker: &marker::Marker) -> Result<bool> {
        let mut found = self.0.borrow_mut();
        let texts = match found.entry(repo) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => {
                let mut texts = Vec::new();
                for login in asked.us().logins() {
                    texts.extend(asked.forge.opened_by(repo, login)?.into_iter().map(|item| item.body.into_owned()));
                }
                free.insert(texts)
            }
        };
        Ok(texts.iter().any(|text| plan::is_created(text, marker)))
    }
}

/// Our newest comment about a decision of these rules. One of earlier days does not name their folder: it is of these
/// rules where they know its rule or its decision.
fn newest<'c>(
    policy: &Policy,
    subject: &ItemSubject,
    assignees: &[String],
    comments: &'c [Comment],
    us: Us<'_>,
) -> Option<(&'c Comment, marker::Marker)> {
    let of = |name: &str| memory::newest(comments, us, name, DECISION);
    let known = |marker: &marker::Marker| {
        policy.decide.iter().any(|rule| marker.get("rule") == Some(&rule.id))
            || policy
                .actions
                .iter()
                .any(|action| marker.get("did") == Some(&plan::ask(policy, action, subject, assignees).did))
    };
    let unnamed = || of(&policy.name).filter(|(_, marker)| known(marker));
    of(&policy.mark).or_else(|| unnamed().filter(|_| policy.mark != policy.name))
}

/// An earlier comment that a run has left as it was when it posted a newer one.
fn unreduced(policy: &Policy, action: usize, comments: &[Comment], us: Us<'_>) -> Option<Earlier> {
    policy.actions[action].comment.as_ref()?;
    let id = memory::unreduced(comments, us, &policy.mark, DECISION)?;
    Some(Earlier { id, writes: Vec::new() })
}

/// Whether the comment about this decision stood there and somebody deleted it, as far as anything tells: the
/// journal, or what the decision left beside it. An issue of our own begins with labels of ours.
fn taken_away(
    asked: &BacklogQuery<'_>,
    at: ItemAddress<'_>,
    subject: &ItemSubject,
    (wanted, comments): (&plan::ActionRequest, &[Comment]),
) -> Result<Option<String>> {
    let told = |updated| asked.journal.commented_digest(&asked.policy.mark, at.name, at.number, DECISION, updated);
    if subject.updated_at.and_then(told) == Some(wanted.did.as_str()) {
        return Ok(Some("The journal says that it was told here: its comment was taken away since.".to_owned()));
    }
    match subject.author.as_ref().is_some_and(|author| asked.us().is(&author.login)) {
        true => Ok(None),
        false => {
            // What a comment of another policy tells of says nothing about ours.
            let others = comments.iter().filter_map(|comment| asked.us().marker(comment));
            let others = others.filter(|marker| !asked.policy.is_marked(marker.get("policy")));
            let told: Vec<Write> =
                others.flat_map(|marker| marker::listed(marker.get("writes").unwrap_or(""))).collect();
            let told = |write: &Write| told.iter().flat_map(Write::singly).any(|other| other == *write);
            let held: Vec<Write> = wanted.held.iter().flat_map(Write::singly).filter(|write| !told(write)).collect();
            doubt::comment_taken_away(asked.forge, asked.us(), at, &held)
        }
    }
}

/// Reads the comments of an item whose turn has come: what we did before, and who opted out.
fn look(
    asked: &BacklogQuery<'_>,
    row: &ItemRow<'_>,
    (found, known): (&OwnIssueTexts, Option<Vec<Comment>>),
    keep: impl FnOnce(Vec<Comment>),
) -> Result<CommentHistory> {
    let (policy, us): (_, Us<'_>) = (asked.policy, asked.us());
    let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else {
        return Ok(CommentHistory::of(ItemState::Unchanged, None));
    };
    if subject.locked {
        return Ok(CommentHistory::of(ItemState::Dropped, "It is locked.".to_owned()));
    }
    // A server counts its comments rightly; whoever wrote a file by hand may not have.
    let none = subject.comments == 0 && asked.forge.is_remote();
    let comments = match known {
        Some(known) => known,
        None if none => Vec::new(),
        None => asked.forge.comments(row.repo, row.number)?,
    };
    let concerned = TrustedPeople {
        author: subject.author.as_ref().map(|author| author.login.as_str()),
        assignees: row.assignees.iter().map(String::as_str).collect(),
        writers: &|| asked.forge.writers(row.repo),
    };
    if let Some(login) = memory::opted_out(&comments, policy.skip_command.as_deref(), &concerned)? {
        return Ok(CommentHistory::of(ItemState::Dropped, format!("{login} asked to leave it alone.")));
    }
    let answered = || memory::newest(&comments, us, &policy.mark, COMMAND).is_some();
    if let Some(login) = memory::near_miss(&comments, us, policy.skip_command.as_deref(), &concerned)?
        && !answered()
    {
        let why = format!("{login} seems to have meant the command: that is answered, and nothing else is done yet.");
        keep(comments);
        return Ok(CommentHistory { unheard: true, ..CommentHistory::of(ItemState::Planned, why) });
    }
    let newest = newest(policy, subject, &row.assignees, &comments, us);
    let asks = &policy.actions[action];
    let at = ItemAddress { repo: row.repo, name: &asked.forge.repos()[row.repo].name, number: row.number };
    let mut wanted = plan::ask(policy, asks, subject, &row.assignees);
    if newest.is_none()
        && asks.comment.is_some()
        && let Some(why) = taken_away(asked, at, subject, (&wanted, &comments))?
    {
        keep(comments);
        return Ok(CommentHistory::of(ItemState::Unchanged, why));
    }
    let created = wanted.asks(Op::CreateIssue) && {
        let there = |name: &str| found.is_there(asked, row.repo, &plan::created(name, row.number, &asks.name));
        there(&policy.mark)? || there(&policy.name)?
    };
    wanted.writes.retain(|write| !(created && write.op == Op::CreateIssue));
    let mut begun = false;
    let mut look = match newest {
        Some((_, marker)) if marker.get("did") == Some(&wanted.did) && wanted.writes.is_empty() => {
            let earlier = unreduced(policy, action, &comments, us);
            let state = if earlier.is_some() { ItemState::Planned } else { ItemState::Unchanged };
            CommentHistory { commented: true, earlier, ..CommentHistory::of(state, None) }
        }
        Some((comment, marker)) if marker.get("did") == Some(&wanted.did) => {
            match doubt::decide(asked.forge, asked.journal, us, at, (comment, &marker), &wanted.writes)? {
                Doubt::Person(why) => CommentHistory::of(ItemState::Unchanged, why),
                // We took it back ourselves, and it holds again: whom it calls is called again.
                Doubt::Reversed if !wanted.mention.is_empty() => {
                    let earlier = Some(Earlier { id: comment.id, writes: Vec::new() });
                    CommentHistory { earlier, ..CommentHistory::of(ItemState::Planned, None) }
                }
                doubt => {
                    begun = doubt == Doubt::Unfinished;
                    let earlier = unreduced(policy, action, &comments, us);
                    CommentHistory { commented: true, earlier, ..CommentHistory::of(ItemState::Planned, None) }
                }
            }
        }
        Some((comment, marker)) => {
            let writes = marker::listed(marker.get("writes").unwrap_or(""));
            let earlier = Some(Earlier { id: comment.id, writes: marker::writes(&writes) });
            CommentHistory { earlier, ..CommentHistory::of(ItemState::Planned, None) }
        }
        // Without a comment the item's own state is the memory.
        None if asks.comment.is_none() && wanted.writes.is_empty() => CommentHistory::of(ItemState::Unchanged, None),
        None => CommentHistory::of(ItemState::Planned, None),
    };
    // Whose comment stands there is told above; the rest the timeline tells, whatever the rule is called. On a
    // server an item on which nothing ever happened needs no look at it.
    let untouched = asked.forge.is_remote() && subject.comments == 0 && subject.created_at == subject.updated_at;
    if look.state == ItemState::Planned
        && !begun
        && !untouched
        && let Some(against) = doubt::against(asked.forge, us, at, subject.updated_at, &wanted.writes)?
    {
        let loops = matches!(against, Against::Ourselves(_));
        look = CommentHistory { loops, ..CommentHistory::of(ItemState::Unchanged, against.why()) };
    }
    keep(comments);
    Ok(CommentHistory { created, ..look })
}
