//! A forge in one recorded JSON document, `--forge file:PATH`.
//!
//! Takes: the path of the document. Gives: a [`Forge`] that reads it as a stream: opening it
//! notes where everything is, and what is asked for is read from there, a piece at a time, so
//! that memory stays flat however long the document is.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::index::{Index, Parts, index};
use super::object::{self, NoItem};
use super::quiet::Quiet;
use super::ranges::Run;
use super::source::Source;
use super::turns::{Turns, share};
use super::{Comment, Event, Forge, Item, Kind, LabelNames, Listed, Page, Placed, Repo, States, loose, talk};

/// A forge recorded in a file. The file stays open: replacing it by another of its name changes
/// nothing here.
#[derive(Debug)]
pub struct FileForge {
    source: Source,
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
        let mut source = Source::open(path)?;
        match index(source.window()) {
            Ok(index) => Ok(FileForge { source, index }),
            Err(fault) => Err(source.located(fault)),
        }
    }

    /// The bytes of the document, and all of it as a value: for the one that writes it.
    pub(super) fn document(&self) -> Result<(Vec<u8>, Value)> {
        let bytes = self.source.whole()?;
        let value = loose::whole(&bytes).map_err(|error| self.source.malformed(0, &bytes, &error))?;
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

    /// The entries of a run, in its order. `bytes` and `spare` are room for what they borrow.
    fn entries<'a>(&self, run: Run, bytes: &'a mut Vec<u8>, spare: &'a mut String) -> Result<Entries<'a>> {
        bytes.clear();
        bytes.push(b'[');
        self.source.read(run.offset, run.length, bytes)?;
        bytes.push(b']');
        let bytes: &'a [u8] = bytes;
        let mut entries = object::items(bytes, spare)
            .map_err(|error| self.source.malformed(run.offset.saturating_sub(1), bytes, &error))?;
        if run.pulls {
            // In a list of pull requests none of them says that it is one.
            entries.iter_mut().flatten().for_each(|item| item.kind = Kind::Pull);
        }
        Ok(entries)
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
        if self.index.github { LabelNames::AnyCase } else { LabelNames::Exact }
    }

    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String {
        let name = self.index.repos.get(repo).map_or("", |repo| &repo.name);
        let quiet = if self.index.github { Quiet::Redirect } else { Quiet::Entity };
        quiet.link(name, number, full)
    }

    fn items(&self, repo: usize, _: States, threads: usize, page: Page<'_>) -> Result<Listed> {
        let runs = &self.parts(repo)?.runs;
        let name = self.index.repos.get(repo).map_or("", |repo| &repo.name);
        let next = AtomicUsize::new(0);
        let turns = Turns::default();
        let work = || {
            let mut bytes = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(run) = runs.get(place) else { return };
                let mut spare = String::new();
                let entries = self.entries(*run, &mut bytes, &mut spare);
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
            let (mut bytes, mut spare) = (Vec::new(), String::new());
            let entries = self.entries(*run, &mut bytes, &mut spare)?;
            if let Some(pull) = entries.into_iter().flatten().find(|item| item.number == number) {
                return Ok(Some(pull.into_owned()));
            }
        }
        Ok(self.find(repo, number)?.filter(|item| item.kind == Kind::Pull))
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

    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<Placed>> {
        let mut found = Vec::new();
        for number in self.parts(repo)?.comments.numbers() {
            // A list that cannot be read is told when its own item is looked at: it stops only that.
            let Ok(comments) = self.comments(repo, number) else { continue };
            let recent = comments.into_iter().filter(|comment| comment.at() >= Some(since));
            found.extend(recent.map(|comment| Placed { number, comment }));
        }
        found.sort_by_key(|placed| (placed.comment.created_at, placed.comment.id));
        Ok(found)
    }

    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>> {
        match self.parts(repo)?.events.of(number) {
            Some(at) => self.list(at.offset, at.length, talk::events).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Mutex;

    /// A file forge of one repository with these members, and its file.
    fn recorded(members: &str) -> (Result<FileForge>, tempfile::NamedTempFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let repo = format!(r#"{{"full_name": "a/b", {members}}}"#);
        write!(file, "{{\"version\": 1, \"kind\": \"gitea\",\n\"repos\": [{repo}]}}").unwrap();
        (FileForge::open(file.path()), file)
    }

    /// Every item as `number title`, in the list's order.
    fn all(forge: &FileForge, threads: usize) -> (Vec<String>, Result<Listed>) {
        let pages = Mutex::new(Vec::new());
        let listed = forge.items(0, States::OPEN, threads, &|place, items| {
            let shown = items.iter().map(|item| {
                let kind = item.kind.name();
                format!("{kind} {} {:.9}", item.number, item.title)
            });
            pages.lock().unwrap().push((place, shown.collect::<Vec<_>>()));
        });
        let mut pages = pages.into_inner().unwrap();
        pages.sort();
        assert!(listed.is_err() || pages.iter().map(|page| page.0).eq(0..pages.len()));
        (pages.into_iter().flat_map(|page| page.1).collect(), listed)
    }

    #[test]
    fn the_first_of_a_number_stands_and_what_is_no_item_is_named() {
        let (forge, _file) = recorded(
            r#""pulls": [{"number": 2, "title": "late"}, {"number": 3}, 7], "issues":
            [{"number": 1, "title": "a"}, null, {"number": 2, "title": "b\ud800"},
            {"number": 1, "title": "again"}, {"number": 0}]"#,
        );
        let (items, listed) = all(&forge.unwrap(), 4);
        assert_eq!(items, ["issue 1 a", "issue 2 b\u{fffd}", "pull 3 "]);
        let unreadable = [
            "a/b: entry 2 of issues is null, not an object",
            "a/b: entry 5 of issues has a number that is no whole number above 0",
            "a/b: entry 3 of pulls is a number, not an object",
        ];
        let unreadable = unreadable.map(str::to_owned).to_vec();
        assert_eq!(listed.unwrap(), Listed { items: 3, unreadable });
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        let titles = "x".repeat(20_000);
        let entry = |n: usize| match n % 9 {
            8 => "{}".to_owned(),
            _ => format!(r#"{{"number": {}, "title": "{n:9} {titles}"}}"#, n % 70 + 1),
        };
        let list: Vec<_> = (0..200).map(entry).collect();
        let (forge, _file) = recorded(&format!(r#""issues": [{}]"#, list.join(",")));
        let forge = forge.unwrap();
        let (items, listed) = all(&forge, 1);
        let listed = listed.unwrap();
        assert_eq!((items.len(), listed.unreadable.len()), (70, 22));
        for threads in [2, 3, 16] {
            let again = all(&forge, threads);
            assert_eq!((again.0, again.1.unwrap()), (items.clone(), listed.clone()));
        }
    }

    #[test]
    fn comments_and_timelines_are_there_or_not_recorded() {
        let (forge, _file) = recorded(
            r#""comments": {"1": [{"id": 5}, null]},
            "events": {"1": null, "2": [{"user": {"login": "x"}}], "3": [{]}"#,
        );
        assert!(forge.is_err());
        let (forge, _file) = recorded(
            r#""comments": {"1": [{"id": 5}, null]},
            "events": {"1": null, "2": [{"user": {"login": "x"}}], "3": [nope]}"#,
        );
        let forge = forge.unwrap();
        assert_eq!((forge.user(), forge.repos().len()), ("kaizen", 1));
        assert_eq!(forge.comments(0, 1).unwrap().len(), 1);
        assert_eq!(forge.comments(0, 2).unwrap(), []);
        let events = |n| forge.timeline(0, n).unwrap().map(|events| events.len());
        assert_eq!((events(1), events(2), events(4)), (Some(0), Some(1), None));
        assert!(forge.timeline(0, 3).is_err() && forge.timeline(1, 1).is_err());
        assert_eq!(all(&forge, 2).0, Vec::<String>::new());
    }

    #[test]
    fn errors_say_where() {
        let (forge, file) = recorded("\"issues\": [{\"number\": 1},\n\n {\"title\": \"\u{e9}\u{e9}\", \"number\": }]");
        let (items, listed) = all(&forge.unwrap(), 2);
        let path = file.path().display();
        let expected = format!(
            "reading the forge file failed: {path}:4:28: expected value at `}}`; mend it there, \
             or record it again with `kaizen snapshot`"
        );
        assert_eq!((items.len(), format!("{:#}", listed.unwrap_err())), (0, expected));
        let (forge, _file) = recorded("\"issues\": 3");
        let error = format!("{:#}", forge.unwrap_err());
        assert!(error.contains(":2:42: expected the list `issues`, found `3`"), "{error}");
        let missing = Path::new("/nowhere/forge.json");
        let error = format!("{:#}", FileForge::open(missing).unwrap_err());
        assert!(error.starts_with("opening the forge file /nowhere/forge.json failed; check"));
        assert!(FileForge::open(Path::new("/")).is_err());
    }

    #[test]
    fn a_file_that_changes_is_an_error_and_one_that_is_replaced_is_not() {
        let (forge, file) = recorded(r#""issues": [{"number": 1}]"#);
        let forge = forge.unwrap();
        std::fs::remove_file(file.path()).unwrap();
        std::fs::write(file.path(), "{}").unwrap();
        assert_eq!(all(&forge, 1).0.len(), 1);
        let (forge, file) = recorded(r#""issues": [{"number": 1}]"#);
        file.as_file().set_len(60).unwrap();
        let error = all(&forge.unwrap(), 1).1.unwrap_err().to_string();
        assert!(error.ends_with("was changed while it was being read; run this again"));
    }
}
