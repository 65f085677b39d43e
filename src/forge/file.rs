//! A forge in one recorded JSON document, `--forge file:PATH`.
//!
//! Takes: the path of the document. Gives: a [`Forge`] that reads it as a stream: opening it
//! notes where everything is, and what is asked for is read from there, a piece at a time, so
//! that memory stays flat however long the document is.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::comments_since::{self, CommentsSince};
use super::index::{Index, Parts, index};
use super::object::{self, NoItem};
use super::quiet::QuietForm;
use super::ranges::ByteRun;
use super::source::FileSource;
use super::turns::{Turns, share};
use super::{
    Comment, Event, Forge, Item, ItemKind, LabelNames, Listing, PageHandler, PlacedComment, Repo, States, Take,
    activity, loose, talk,
};

/// A forge recorded in a file. The file stays open: replacing it by another of its name changes
/// nothing here.
#[derive(Debug)]
pub struct FileForge {
    source: FileSource,
    index: Index,
}

/// The entries of a run as they were read.
type Entries<'a> = Vec<Result<Item<'a>, NoItem>>;

impl FileForge {
    /// Opens the document at `path` and reads through it once, to note where everything is.
    ///
    /// # Errors
    /// The file cannot be read, is no JSON (the error says where and what was found) or is no
    /// forge of version 1.
    pub fn open(path: &Path) -> Result<FileForge> {
        let mut source = FileSource::open(path)?;
        match index(source.window()) {
            Ok(index) => Ok(FileForge { source, index }),
            Err(fault) => Err(source.located(fault)),
        }
    }

    /// The bytes of the document, and all of it as a value: for the one that writes it.
    pub(super) fn document(&self) -> Result<(Vec<u8>, Value)> {
        let bytes = self.source.whole()?;
        let value = loose::read(&bytes).map_err(|error| self.source.malformed(0, &bytes, &error))?;
        Ok((bytes, value))
    }

    /// The document is a recording of GitHub.
    pub(super) fn github(&self) -> bool {
        self.index.github
    }

    fn parts(&self, repo: usize) -> Result<&Parts> {
        self.index.parts.get(repo).ok_or_else(|| {
            let (path, count) = (self.source.path().display(), self.index.parts.len());
            anyhow!("the forge file {path} has {count} repositories, and none at index {repo}")
        })
    }

    /// The entries of a run, in its order. `bytes` is room for what they borrow.
    fn entries<'a>(&self, run: ByteRun, bytes: &'a mut Vec<u8>) -> Result<Entries<'a>> {
        bytes.clear();
        bytes.push(b'[');
        self.source.read(run.offset, run.length, bytes)?;
        bytes.push(b']');
        let bytes: &'a [u8] = bytes;
        let mut entries =
            object::items(bytes).map_err(|error| self.source.malformed(run.offset.saturating_sub(1), bytes, &error))?;
        if run.pulls {
            // In a list of pull requests none of them says that it is one.
            entries.iter_mut().flatten().for_each(|item| item.kind = ItemKind::Pull);
        }
        Ok(entries)
    }

    /// The comments since, oldest first, and what of the lists of comments cannot be read.
    fn said_since(&self, repo: usize, since: DateTime<Utc>) -> Result<CommentsSince> {
        let lists = &self.parts(repo)?.comments;
        let (mut found, mut told) = (Vec::new(), Vec::new());
        for number in lists.numbers() {
            let Some(at) = lists.of(number) else { continue };
            let place = || format!("{}: {}#{number}", self.name(), self.index.repos[repo].name);
            match self.list(at.offset, at.length, talk::entries) {
                Ok(entries) => {
                    let (comments, torn) = comments_since::since(entries, number, since, place);
                    found.extend(comments);
                    told.extend(torn);
                }
                Err(error) => told.push(format!("{}: its comments are left out: {error:#}", place())),
            }
        }
        found.sort_by_key(|placed| (placed.comment.created_at, placed.comment.id));
        Ok((found, told))
    }

    /// The bytes of the list at `offset`, read by `of`.
    fn list<T>(&self, offset: u64, length: u64, of: impl Fn(&[u8]) -> serde_json::Result<T>) -> Result<T> {
        let mut bytes = Vec::new();
        self.source.read(offset, length, &mut bytes)?;
        of(&bytes).map_err(|error| self.source.malformed(offset, &bytes, &error))
    }
}

impl Forge for FileForge {
    fn name(&self) -> String {
        format!("file:{}", self.source.path().display())
    }

    fn user(&self) -> &str {
        &self.index.user
    }

    fn repos(&self) -> &[Repo] {
        &self.index.repos
    }

    fn closed(&self, repo: usize) -> Option<&'static str> {
        self.index.parts.get(repo).and_then(|parts| parts.closed)
    }

    fn label_names(&self) -> LabelNames {
        LabelNames::of(self.index.github)
    }

    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String {
        let name = self.index.repos.get(repo).map_or("", |repo| &repo.name);
        let quiet = if self.index.github { QuietForm::Redirect } else { QuietForm::Entity };
        quiet.link(name, number, full)
    }

    fn items(&self, repo: usize, _: States, threads: usize, page: PageHandler<'_>) -> Result<Listing> {
        let runs = &self.parts(repo)?.runs;
        let name = self.index.repos.get(repo).map_or("", |repo| &repo.name);
        let next = AtomicUsize::new(0);
        let turns = Turns::default();
        let work = || {
            let mut bytes = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(run) = runs.get(place) else { return };
                let entries = self.entries(*run, &mut bytes);
                let Some(items) = turns.take(place, name, run, entries) else {
                    return;
                };
                page(place, &items);
            }
        };
        share(threads, runs.len(), work);
        turns.result()
    }

    fn pull(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        // In the list of issues it may stand too, and says less there.
        for run in self.parts(repo)?.runs.iter().filter(|run| run.pulls) {
            let mut bytes = Vec::new();
            let entries = self.entries(*run, &mut bytes)?;
            if let Some(pull) = entries.into_iter().flatten().find(|item| item.number == number) {
                return Ok(Some(pull.into_owned()));
            }
        }
        Ok(self.find(repo, number)?.filter(|item| item.kind == ItemKind::Pull))
    }

    fn writers(&self, repo: usize) -> Result<Option<&[String]>> {
        Ok(Some(&self.parts(repo)?.writers))
    }

    fn comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>> {
        match self.parts(repo)?.comments.of(number) {
            Some(at) => self.list(at.offset, at.length, talk::comments),
            None => Ok(Vec::new()),
        }
    }

    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>> {
        // A list that cannot be read is told when its own item is looked at: it stops only that.
        Ok(self.said_since(repo, since)?.0)
    }

    fn activity(&self, repos: &[usize], since: DateTime<Utc>, threads: usize, take: Take<'_>) -> Vec<Result<Listing>> {
        // No item is looked at by itself: what cannot be read is told here.
        activity::one_by_one(self, repos, |repo| self.said_since(repo, since), threads, take)
    }

    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>> {
        match self.parts(repo)?.events.of(number) {
            Some(at) => self.list(at.offset, at.length, talk::events).map(Some),
            None => Ok(None),
        }
    }
}
