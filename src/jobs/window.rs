//! What happened in repositories in a window of time, and in the windows that it is compared with.
//!
//! Takes: a forge, repositories, where the windows begin and end. Gives: [`Activity`]: open issues, what
//! was opened, closed and merged, who was answered and when. A page is looked at as it arrives and
//! what lies in no window is dropped, so that memory goes with the open issues and the windows, whatever the
//! past of a repository. Nothing is judged here: [`ActiveItem::facts`] gives rules what they ask for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::facts;
use crate::apply::twice::SECOND;
use crate::engine;
use crate::engine::rules::Policy;
use crate::forge::{ActivityPage, Comment, Forge, Item, ItemKind, Repo};
use crate::plan::marker::Marker;
use crate::plan::memory::Us;
use crate::plan::section;

/// What to read. Instants are microseconds since 1970 UTC.
#[allow(missing_debug_implementations, reason = "it holds a forge and a callback")]
pub struct WindowQuery<'a> {
    /// Where it is.
    pub forge: &'a dyn Forge,
    /// Which repositories, as indices into the forge's.
    pub repos: Vec<usize>,
    /// Where the window begins; the instant is in it.
    pub since: i64,
    /// Where it ends; the instant is not in it.
    pub until: i64,
    /// Where each window begins that it is compared with. They are as long as it is, and may overlap.
    pub before: Vec<i64>,
    /// Logins whose comments are no person's, beside those that the forge calls automations.
    pub bots: &'a [String],
    /// How many reads run at once.
    pub threads: usize,
    /// Told how many more items have been read, from any thread.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// A span of time, from the first instant to just before the second, in microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub since: i64,
    /// The first instant after it.
    pub until: i64,
}

impl Window {
    /// Whether an instant lies in it; an unknown one does not.
    #[must_use]
    pub fn holds(self, at: Option<i64>) -> bool {
        at.is_some_and(|at| self.since <= at && at < self.until)
    }
}

/// What happened.
#[derive(Debug)]
pub struct Activity {
    /// The window that was asked for, then those that it is compared with, in their order.
    pub windows: Vec<Window>,
    /// The repositories that were read to their end, in the order asked for.
    pub repos: Vec<RepoWindow>,
    /// Name and reason of each that was not; nothing of it is in `repos`.
    pub unread: Vec<(String, String)>,
    /// Entries of the forge that were no item, and kinds that the token may not see: one sentence each.
    pub unreadable: Vec<String>,
}

/// What happened in one repository. Within each list the order is the forge's.
#[derive(Debug)]
pub struct RepoWindow {
    /// Its name, and whether only some people may read it.
    pub repo: Repo,
    /// Every issue that is open now.
    pub open: Vec<ActiveItem>,
    /// Every issue that is closed and was opened or closed in one of the windows.
    pub closed: Vec<ActiveItem>,
    /// Every pull request that was merged or closed in one of the windows.
    pub pulls: Vec<ActiveItem>,
}

/// An issue or a pull request, with what was said on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveItem {
    /// As the list gave it; its text is without sections of ours.
    pub item: Item<'static>,
    /// An issue that we opened ourselves, whatever it is: by our account, with our marker.
    pub own_report: bool,
    /// When people commented on it, the first first, since the first of the windows began.
    pub comment_times: Vec<i64>,
    /// The first time that a person who did not open it commented: the first response. `None` where there was
    /// none since the first of the windows began, or where it cannot be known that none came before that.
    pub answered: Option<i64>,
    /// How many comments were written on it, by whomever, since the first of the windows began.
    lately: u64,
}

impl ActiveItem {
    /// When it was opened.
    #[must_use]
    pub fn opened_at(&self) -> Option<i64> {
        micros(self.item.created_at)
    }

    /// When it was merged, else closed; `None` where it is open.
    #[must_use]
    pub fn closed_at(&self) -> Option<i64> {
        micros(self.item.closed_at)
    }

    /// How many comments people wrote on it in a window.
    #[must_use]
    pub fn comments_in(&self, window: Window) -> usize {
        self.comment_times.iter().filter(|at| window.holds(Some(**at))).count()
    }

    /// What rules are told of it.
    #[must_use]
    pub fn facts<'s>(&'s self, policy: &'s Policy, repo: &'s Repo) -> engine::facts::ItemFacts<'s> {
        facts::facts(policy, repo, (&self.item, &self.item.body), self.own_report)
    }
}

impl RepoWindow {
    /// The issues that were closed in a window.
    pub fn closed_in(&self, window: Window) -> impl Iterator<Item = &ActiveItem> {
        self.closed.iter().filter(move |seen| window.holds(seen.closed_at()))
    }

    /// The issues that were opened in a window, whatever became of them, without those that we opened ourselves.
    pub fn opened_in(&self, window: Window) -> impl Iterator<Item = &ActiveItem> {
        let opened = move |seen: &&ActiveItem| !seen.own_report && window.holds(seen.opened_at());
        self.open.iter().chain(&self.closed).filter(opened)
    }

    /// The pull requests that were merged or closed in a window.
    pub fn pulls_in(&self, window: Window) -> impl Iterator<Item = &ActiveItem> {
        self.pulls.iter().filter(move |seen| window.holds(seen.closed_at()))
    }

    /// How long issues had waited whose first response came in a window, in microseconds, whenever they were
    /// opened: were it only those of the window, who lets people wait for weeks would have the best figures.
    #[must_use]
    pub fn first_responses(&self, window: Window) -> Vec<i64> {
        let issues = self.open.iter().chain(&self.closed).filter(|seen| !seen.own_report);
        let answered = issues.filter(|seen| window.holds(seen.answered));
        answered.filter_map(|seen| Some(seen.answered?.saturating_sub(seen.opened_at()?))).collect()
    }

    /// How long the issues closed in a window had been open, in microseconds.
    #[must_use]
    pub fn times_to_close(&self, window: Window) -> Vec<i64> {
        let took = |seen: &ActiveItem| Some(seen.closed_at()?.saturating_sub(seen.opened_at()?).max(0));
        self.closed_in(window).filter_map(took).collect()
    }
}

impl WindowQuery<'_> {
    /// The window asked for, then those that it is compared with.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        let length = self.until.saturating_sub(self.since);
        let first = Window { since: self.since, until: self.until };
        let others = self.before.iter().map(|&since| Window { since, until: since.saturating_add(length) });
        std::iter::once(first).chain(others).collect()
    }
}

/// What the pages of a repository come to; shared by the threads that read them.
#[derive(Default)]
struct WindowPages {
    /// Each with the place of its page and its own in it.
    items: Vec<((usize, usize), ActiveItem)>,
    /// Which people commented when, by number.
    comments: HashMap<u64, Vec<(i64, Box<str>)>>,
    /// How many comments there were, by number.
    lately: HashMap<u64, u64>,
}

/// Reads what happened.
#[must_use]
pub fn read(asked: &WindowQuery<'_>) -> Activity {
    let windows = asked.windows();
    let since = windows.iter().map(|window| window.since).min().unwrap_or(asked.since);
    let from = DateTime::from_timestamp_micros(since).unwrap_or_default();
    let us = Us { user: asked.forge.user(), bots: asked.bots };
    let pages: Vec<Mutex<WindowPages>> = asked.repos.iter().map(|_| Mutex::default()).collect();
    let results = asked.forge.activity(&asked.repos, from, asked.threads, &|nth, page| {
        let Some(pages) = pages.get(nth) else { return };
        match page {
            ActivityPage::Items(place, items) => {
                (asked.progress)(items.len());
                let wanted = items.iter().enumerate().filter(|(_, item)| is_wanted(item, &windows));
                let kept: Vec<_> = wanted.map(|(nth, item)| ((place, nth), active_item(us, item))).collect();
                pages.lock().unwrap_or_else(PoisonError::into_inner).items.extend(kept);
            }
            ActivityPage::Comments(comments) => {
                let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
                for placed in comments {
                    let Some(at) = micros(placed.comment.created_at).filter(|at| *at >= since) else { continue };
                    *pages.lately.entry(placed.number).or_default() += 1;
                    if let Some(login) = person(us, &placed.comment) {
                        pages.comments.entry(placed.number).or_default().push((at, login.into()));
                    }
                }
            }
        }
    });
    let mut world =
        Activity { windows, repos: Vec::new(), unread: asked.forge.unread().to_vec(), unreadable: Vec::new() };
    for ((&at, pages), result) in asked.repos.iter().zip(pages).zip(results) {
        let repo = asked.forge.repos().get(at).cloned();
        let repo = repo.unwrap_or_else(|| Repo {
            name: format!("repository {at}"),
            private: true,
            label_names: asked.forge.label_names(),
        });
        match result {
            Ok(listed) => {
                world.unreadable.extend(listed.unreadable);
                let mut window = gather(repo, pages.into_inner().unwrap_or_else(PoisonError::into_inner));
                world.unreadable.extend(look_before(asked, (at, us), since, &mut window));
                world.repos.push(window);
            }
            Err(error) => world.unread.push((repo.name, format!("{error:#}"))),
        }
    }
    world
}

fn is_wanted(item: &Item<'_>, windows: &[Window]) -> bool {
    let in_one = |at: Option<DateTime<Utc>>| windows.iter().any(|window| window.holds(micros(at)));
    match (item.kind, item.open) {
        (ItemKind::Issue, true) => true,
        (ItemKind::Issue, false) => in_one(item.closed_at) || in_one(item.created_at),
        (ItemKind::Pull, true) => false,
        (ItemKind::Pull, false) => in_one(item.closed_at),
    }
}

fn active_item(us: Us<'_>, item: &Item<'_>) -> ActiveItem {
    // One that lost a race has no marker any more.
    let marked = Marker::ending(&item.body).is_some() || item.body.starts_with(SECOND);
    let own_report = facts::is_ours(&us, item) && marked;
    let body = section::without(&item.body).into_owned();
    let item = Item { body: body.into(), ..item.clone().into_owned() };
    ActiveItem { item, own_report, comment_times: Vec::new(), answered: None, lately: 0 }
}

/// The login of the person who wrote a comment; `None` for an automation, and for what we write ourselves.
fn person<'c>(us: Us<'_>, comment: &'c Comment) -> Option<&'c str> {
    let author = comment.author.as_ref().filter(|author| !author.bot)?;
    let bot = us.bots.iter().any(|bot| bot.eq_ignore_ascii_case(&author.login));
    (!bot && us.marker(comment).is_none()).then_some(&author.login)
}

fn gather(repo: Repo, pages: WindowPages) -> RepoWindow {
    let WindowPages { items: mut kept, comments: mut said, lately } = pages;
    kept.sort_by_key(|(place, _)| *place);
    // One that was closed while its lists were read is in both of them: the later state holds.
    let state = |seen: &ActiveItem| (seen.item.updated_at, !seen.item.open);
    let mut last = HashMap::new();
    for (_, seen) in &kept {
        let known = last.entry(seen.item.number).or_insert_with(|| state(seen));
        *known = state(seen).max(*known);
    }
    let mut window = RepoWindow { repo, open: Vec::new(), closed: Vec::new(), pulls: Vec::new() };
    for (_, mut seen) in kept {
        if last.get(&seen.item.number) != Some(&state(&seen)) {
            continue;
        }
        // Once only, where two say the same.
        last.remove(&seen.item.number);
        let its = said.remove(&seen.item.number).unwrap_or_default();
        seen.lately = lately.get(&seen.item.number).copied().unwrap_or_default();
        seen.answered = first_answer(&seen, &its);
        seen.comment_times = its.into_iter().map(|(at, _)| at).collect();
        seen.comment_times.sort_unstable();
        match (seen.item.kind, seen.item.open) {
            (ItemKind::Pull, _) => window.pulls.push(seen),
            (ItemKind::Issue, true) => window.open.push(seen),
            (ItemKind::Issue, false) => window.closed.push(seen),
        }
    }
    window
}

/// The first of these comments of people that somebody else than who opened the issue wrote after that.
fn first_answer(seen: &ActiveItem, said: &[(i64, Box<str>)]) -> Option<i64> {
    let author = seen.item.author.as_ref().map_or("", |author| &author.login);
    let after = |at: i64| seen.opened_at().is_none_or(|opened| opened <= at);
    let others = said.iter().filter(|(at, login)| after(*at) && !login.eq_ignore_ascii_case(author));
    others.map(|(at, _)| *at).min()
}

/// Of issues that were opened before all windows and had comments before them: was the answer that they got in
/// one the first? Their earlier comments are read, of each that was answered. Gives what could not be read.
fn look_before(asked: &WindowQuery<'_>, (at, us): (usize, Us<'_>), since: i64, window: &mut RepoWindow) -> Vec<String> {
    let mut unreadable = Vec::new();
    let before = |seen: &&mut ActiveItem| {
        let opened_before = seen.opened_at().is_none_or(|opened| opened < since);
        opened_before && seen.answered.is_some() && !seen.own_report && seen.lately < seen.item.comments
    };
    for seen in window.open.iter_mut().chain(&mut window.closed).filter(before) {
        seen.answered = match asked.forge.comments(at, seen.item.number) {
            // Fewer than the forge counts: not all were recorded, and what came first is not known.
            Ok(all) if (all.len() as u64) < seen.item.comments => None,
            Ok(all) => {
                let of = |comment: &Comment| Some((micros(comment.created_at)?, person(us, comment)?.into()));
                first_answer(seen, &all.iter().filter_map(of).collect::<Vec<_>>())
            }
            Err(error) => {
                unreadable.push(format!("{error:#}"));
                None
            }
        };
    }
    unreadable
}

fn micros(at: Option<DateTime<Utc>>) -> Option<i64> {
    at.map(|at| at.timestamp_micros())
}
