//! A forge in one JSON document that is written to, `--forge file:PATH` without `--dry-run`.
//!
//! Takes: the path of the document and the instant of the run. Gives: a [`LiveFile`], which reads
//! what the streamed reader reads, makes each change as a real forge of the document's kind would
//! make it, and refuses what that would refuse.
//!
//! The whole document is in memory, and its file is replaced after each item: a run that is killed
//! leaves it as it was after the last item, never half written, and never with half of an item's
//! changes. One run at a time has it, by a lock of the operating system on a file beside it: on the
//! document itself it would end with the first replacement.

mod change;
mod document;
mod read;
mod record;
mod refuse;
mod save;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use self::document::{LiveDocument, LiveRepo, labels, milestones, text};
use self::save::SavedFile;
use super::change::{Change, ChangeFailure, ForgeWriter, Fresh, NewIssue, NewLabel, Preflight, WriteAnswer};
use super::file::FileForge;
use super::{
    Comment, Event, Forge, ItemKind, LabelNames, Listing, PageHandler, PlacedComment, Repo, States, Take, activity,
    time,
};
use crate::files::{Lock, Patience};

/// A forge in a file, to be written to by this run alone.
#[derive(Debug)]
pub struct LiveFile {
    /// What does not change: names, repositories, who may write.
    file: FileForge,
    state: RwLock<LiveState>,
    /// The last to be dropped: nothing is written after it.
    /// None where it was opened only to look.
    _lock: Option<Lock>,
}

#[derive(Debug)]
struct LiveState {
    document: LiveDocument,
    saved: SavedFile,
}

impl LiveFile {
    /// Opens the document at `path` for this run alone, waiting for a run that has it. Whatever is
    /// written is written at the instant `now`.
    ///
    /// # Errors
    /// Another run keeps the document for longer than is waited, or it cannot be read: as
    /// [`FileForge::open`], and all of it must be JSON.
    pub fn open(path: &Path, now: DateTime<Utc>, patience: &Patience<'_>) -> Result<LiveFile> {
        let shown = path.display();
        // Two names of one file must meet at one lock.
        let real = std::fs::canonicalize(path).with_context(|| {
            format!("opening the forge file {shown} failed; check the path after `file:` and that you may read it")
        })?;
        let name = real.file_name().unwrap_or_default().to_string_lossy();
        let beside = real.with_file_name(format!(".{name}.lock"));
        let lock = Lock::take(&beside, &format!("the forge file {shown}"), patience)?;
        LiveFile::opened(path, real, now, Some(lock))
    }

    /// Opens the document to ask what would be possible, beside a run that has it.
    ///
    /// # Errors
    /// As [`FileForge::open`].
    pub fn to_look(path: &Path, now: DateTime<Utc>) -> Result<LiveFile> {
        LiveFile::opened(path, path.to_owned(), now, None)
    }

    fn opened(path: &Path, real: PathBuf, now: DateTime<Utc>, lock: Option<Lock>) -> Result<LiveFile> {
        let mut saved = SavedFile::new(real);
        let file = FileForge::open(path)?;
        let (bytes, root) = file.document()?;
        saved.looks_like(&bytes);
        let document = LiveDocument::new(root, file.user(), file.github(), time::rfc3339(now));
        Ok(LiveFile { file, state: RwLock::new(LiveState { document, saved }), _lock: lock })
    }

    fn read(&self) -> RwLockReadGuard<'_, LiveState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a repository.
    fn of<T>(&self, repo: usize, what: impl FnOnce(&Map<String, Value>) -> Result<T>) -> Result<T> {
        let state = self.read();
        what(state.document.repo(repo).ok_or_else(|| self.nowhere(repo))?)
    }

    /// Writes to a repository.
    fn write<T>(
        &self,
        repo: usize,
        what: impl FnOnce(&mut LiveRepo<'_>) -> Result<T, ChangeFailure>,
    ) -> Result<T, ChangeFailure> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut place = state.document.place(repo).ok_or_else(|| ChangeFailure::Refused(self.nowhere(repo)))?;
        what(&mut place)
    }

    fn nowhere(&self, repo: usize) -> anyhow::Error {
        anyhow!("{} has no repository at index {repo}", self.file.name())
    }
}

impl Forge for LiveFile {
    fn name(&self) -> String {
        self.file.name()
    }

    fn user(&self) -> &str {
        self.file.user()
    }

    fn repos(&self) -> &[Repo] {
        self.file.repos()
    }

    fn closed(&self, repo: usize) -> Option<&'static str> {
        self.file.closed(repo)
    }

    fn label_names(&self) -> LabelNames {
        self.file.label_names()
    }

    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String {
        self.file.quiet_link(repo, number, full)
    }

    fn items(&self, repo: usize, _: States, threads: usize, page: PageHandler<'_>) -> Result<Listing> {
        let name = self.repos().get(repo).map_or("", |repo| &repo.name);
        self.of(repo, |repo| read::items(repo, name, threads, page))
    }

    fn writers(&self, repo: usize) -> Result<Option<&[String]>> {
        self.file.writers(repo)
    }

    fn comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>> {
        self.of(repo, |repo| read::comments(repo, number))
    }

    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>> {
        self.of(repo, |repo| Ok(read::said_since(repo, "", since)?.0))
    }

    fn activity(&self, repos: &[usize], since: DateTime<Utc>, threads: usize, take: Take<'_>) -> Vec<Result<Listing>> {
        let said = |repo| self.of(repo, |repo| read::said_since(repo, &self.name(), since));
        activity::one_by_one(self, repos, said, threads, take)
    }

    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>> {
        self.of(repo, |repo| read::timeline(repo, number))
    }
}

impl ForgeWriter for LiveFile {
    fn preflight(&self, repo: usize, with_milestones: bool) -> Result<Preflight> {
        self.of(repo, |repo| {
            let refused = refuse::closed_to_issues(repo);
            let mut found = Preflight { refused, closed: refuse::is_closed(repo), ..Preflight::default() };
            add_new(&mut found.labels, labels(repo).filter_map(|label| text(label, "name")));
            if with_milestones {
                let open = milestones(repo).filter(|milestone| text(milestone, "state") != Some("closed"));
                add_new(&mut found.milestones, open.filter_map(|milestone| text(milestone, "title")));
            }
            Ok(found)
        })
    }

    fn keeps_close_reasons(&self) -> bool {
        self.file.github()
    }

    fn assignable(&self, repo: usize, login: &str) -> Result<bool> {
        self.of(repo, |repo| Ok(refuse::may_be_assigned(repo, login)))
    }

    fn item(&self, repo: usize, kind: ItemKind, number: u64) -> Result<Option<Fresh>> {
        self.of(repo, |repo| read::fresh(repo, kind, number))
    }

    fn change(&self, repo: usize, fresh: &Fresh, change: Change<'_>) -> Result<WriteAnswer, ChangeFailure> {
        self.write(repo, |place| place.change(fresh, &change))
    }

    fn create_issue(&self, repo: usize, issue: NewIssue<'_>) -> Result<WriteAnswer, ChangeFailure> {
        let NewIssue { title, body, labels, assignees } = issue;
        self.write(repo, |place| {
            refuse::issue(place, title, body)?;
            refuse::assignees(place, "the new issue", assignees)?;
            // Labels are sent by their ids, which an unknown one has none of; GitHub makes it.
            if let Some(unknown) = labels.iter().find(|name| !place.github && place.label(name).is_none()) {
                let name = refuse::name(place.repo);
                return Err(refuse::refused(format!("{name} has no label \"{unknown}\" for the new issue")));
            }
            let number = place.write_issue(title, body);
            place.add_labels(number, labels)?;
            place.assign(number, assignees)?;
            Ok(WriteAnswer { id: None, number: Some(number) })
        })
    }

    fn create_label(&self, repo: usize, label: &NewLabel) -> Result<(), ChangeFailure> {
        self.write(repo, |place| {
            refuse::label(place, label)?;
            if place.label(&label.name).is_none() {
                place.write_label(&label.name, &label.color, &label.description);
            }
            Ok(())
        })
    }

    fn delete_label(&self, repo: usize, label: &NewLabel) -> Result<bool, ChangeFailure> {
        self.write(repo, |place| place.delete_label(label))
    }

    fn item_done(&self) -> Result<()> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let LiveState { document, saved } = &mut *state;
        if document.changed {
            saved.save(document.root())?;
            document.changed = false;
        }
        Ok(())
    }
}

/// Adds what is not there yet.
fn add_new<'a>(to: &mut Vec<String>, names: impl Iterator<Item = &'a str>) {
    let mut seen = std::collections::HashSet::new();
    to.extend(names.filter(|name| seen.insert(*name)).map(str::to_owned));
}
