//! What happened in several repositories since an instant.
//!
//! Takes: a [`Forge`], repositories, an instant. Gives: every open issue, every item that was closed
//! since, every comment since, as [`ActivityPage`], a page at a time. One repository that cannot be read
//! stops no other.

use anyhow::Result;

use super::comments_since::CommentsSince;
use super::{Forge, Item, Listing, PlacedComment, States};

/// A page of what happened.
#[derive(Debug, Clone, Copy)]
pub enum ActivityPage<'p> {
    /// Issues and pull requests, with the place of their page in its list: among them every open issue
    /// and every item that was closed or merged since, and more: the state and the times of each say
    /// what it is. A number may come again, in another state, where it was closed meanwhile.
    Items(usize, &'p [Item<'p>]),
    /// Comments that were written or changed since.
    Comments(&'p [PlacedComment]),
}

/// Is handed a page: of which of the repositories asked for (its place among them) and what.
pub type Take<'t> = &'t (dyn Fn(usize, ActivityPage<'_>) + Sync);

/// As [`Forge::happened`] does it where reading everything costs no request: one repository after the
/// other, its items on several threads. `said` reads the comments of one.
pub(super) fn one_by_one<F: Forge + ?Sized>(
    forge: &F,
    repos: &[usize],
    said: impl Fn(usize) -> Result<CommentsSince>,
    threads: usize,
    take: Take<'_>,
) -> Vec<Result<Listing>> {
    let read = |(nth, &repo): (usize, &usize)| {
        let mut listed =
            forge.items(repo, States::ALL, threads, &|place, items| take(nth, ActivityPage::Items(place, items)))?;
        let (comments, torn) = said(repo)?;
        take(nth, ActivityPage::Comments(&comments));
        listed.unreadable.extend(torn);
        Ok(listed)
    };
    repos.iter().enumerate().map(read).collect()
}
