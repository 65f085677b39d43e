//! The document of a forge, in memory, to be changed.
//!
//! Takes: the JSON of a whole document. Gives: a [`LiveRepo`], one repository of it with what a change
//! needs beside it: ids that nothing has, and the accounts that the document knows. Members that
//! nothing here reads stay as they are.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::forge::LabelNames;

/// Ids above this were made up by somebody: the next one after them might be past every range.
const IDS: u64 = 1 << 53;

/// A whole document.
#[derive(Debug)]
pub(super) struct LiveDocument {
    root: Value,
    /// The highest id of anything in it. One count for all of it: comments and entries of timelines
    /// share theirs on the forge (fact 90), and for the rest it does not matter.
    last_id: u64,
    people: People,
    github: bool,
    /// The instant of every change.
    now: String,
    /// Something differs from what was saved.
    pub(super) changed: bool,
}

/// The accounts that a document knows.
#[derive(Debug)]
pub(super) struct People {
    /// Our own login.
    pub(super) me: String,
    /// By their logins in small letters.
    known: HashMap<String, Value>,
    github: bool,
}

/// A repository that is being changed.
#[derive(Debug)]
pub(super) struct LiveRepo<'a> {
    /// The repository as the document has it.
    pub(super) repo: &'a mut Map<String, Value>,
    /// The highest id that is in use.
    pub(super) last_id: &'a mut u64,
    /// Who there is.
    pub(super) people: &'a People,
    /// It answers as GitHub does.
    pub(super) github: bool,
    /// The instant of the change.
    pub(super) now: &'a str,
    /// Set by whatever changes something.
    pub(super) changed: &'a mut bool,
}

impl LiveDocument {
    /// A document that was checked to be a forge.
    pub(super) fn new(root: Value, me: &str, github: bool, now: String) -> LiveDocument {
        let mut people = People { me: me.to_owned(), known: HashMap::new(), github };
        let mut last_id = 0;
        look_around(&root, &mut last_id, &mut people.known);
        LiveDocument { root, last_id, people, github, now, changed: false }
    }

    /// All of it.
    pub(super) fn root(&self) -> &Value {
        &self.root
    }

    /// A repository, to be read.
    pub(super) fn repo(&self, repo: usize) -> Option<&Map<String, Value>> {
        self.root.get("repos")?.get(repo)?.as_object()
    }

    /// A repository, to be changed.
    pub(super) fn place(&mut self, repo: usize) -> Option<LiveRepo<'_>> {
        let repo = self.root.get_mut("repos")?.get_mut(repo)?.as_object_mut()?;
        let LiveDocument { last_id, people, github, now, changed, .. } = self;
        Some(LiveRepo { repo, last_id, people, github: *github, now, changed })
    }
}

/// Notes the highest id and every account, however deep they stand.
fn look_around(value: &Value, last_id: &mut u64, known: &mut HashMap<String, Value>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| look_around(entry, last_id, known)),
        Value::Object(members) => {
            if let Some(id) = members.get("id").and_then(Value::as_u64).filter(|id| *id < IDS) {
                *last_id = (*last_id).max(id);
            }
            if let Some(login) = text(members, "login").filter(|login| !login.is_empty()) {
                known.entry(login.to_lowercase()).or_insert_with(|| value.clone());
            }
            members.values().for_each(|member| look_around(member, last_id, known));
        }
        _ => {}
    }
}

impl People {
    /// The account of a login: as it stands elsewhere in the document, or made up.
    pub(super) fn account(&self, login: &str) -> Value {
        let made_up = || match self.github {
            true if login.ends_with("[bot]") => json!({"login": login, "type": "Bot"}),
            true => json!({"login": login, "type": "User"}),
            false => json!({"login": login}),
        };
        self.known.get(&login.to_lowercase()).cloned().unwrap_or_else(made_up)
    }

    /// Our own account.
    pub(super) fn ours(&self) -> Value {
        self.account(&self.me)
    }
}

impl LiveRepo<'_> {
    /// An id that nothing in the document has.
    pub(super) fn id(&mut self) -> u64 {
        // Whatever is given an id is new.
        *self.changed = true;
        *self.last_id += 1;
        *self.last_id
    }

    /// The item as it stands first: issues before pull requests, as a reader takes it.
    pub(super) fn first(&self, number: u64) -> Option<&Map<String, Value>> {
        entries(self.repo, number).next()
    }

    /// Does something to every object that stands for the item: a pull request may be in both lists.
    pub(super) fn each(&mut self, number: u64, mut change: impl FnMut(&mut Map<String, Value>)) {
        for list in ["issues", "pulls"] {
            let entries = self.repo.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            let objects = entries.filter_map(Value::as_object_mut);
            objects.filter(|entry| whole(entry, "number") == Some(number)).for_each(&mut change);
        }
    }

    /// Sets a member of every object that stands for the item.
    pub(super) fn set(&mut self, number: u64, name: &str, value: &Value) {
        self.each(number, |entry| {
            entry.insert(name.to_owned(), value.clone());
        });
    }

    /// Whether this is a label's name: GitHub does not tell `Bug` from `bug`.
    pub(super) fn same_label(&self, one: &str, other: &str) -> bool {
        let names = if self.github { LabelNames::AnyCase } else { LabelNames::Exact };
        names.same(one, other)
    }

    /// A label of the repository, whole. One that an item carries is the repository's, though the
    /// document may not list it.
    pub(super) fn label(&self, name: &str) -> Option<Value> {
        labels(self.repo).find(|label| text(label, "name").is_some_and(|it| self.same_label(it, name))).map(object)
    }

    /// A milestone of the repository, by its title.
    pub(super) fn milestone(&self, title: &str) -> Option<Value> {
        milestones(self.repo).find(|milestone| text(milestone, "title") == Some(title)).map(object)
    }
}

fn object(members: &Map<String, Value>) -> Value {
    Value::Object(members.clone())
}

/// The objects of a list; none where it is no list.
pub(super) fn objects<'a>(of: &'a Map<String, Value>, list: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    of.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// Every object that stands for a number.
pub(super) fn entries(repo: &Map<String, Value>, number: u64) -> impl Iterator<Item = &Map<String, Value>> {
    all(repo).filter(move |entry| whole(entry, "number") == Some(number))
}

/// Every object of both lists.
fn all(repo: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    objects(repo, "issues").chain(objects(repo, "pulls"))
}

/// The labels that there are in a repository: those it lists, then those its items carry; some of
/// them many times.
pub(super) fn labels(repo: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    objects(repo, "labels").chain(all(repo).flat_map(|item| objects(item, "labels")))
}

/// The milestones that there are in a repository, as [`labels`].
pub(super) fn milestones(repo: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let carried = all(repo).filter_map(|item| item.get("milestone")?.as_object());
    objects(repo, "milestones").chain(carried)
}

/// The list of something of one number, in `comments` or `events`: `None` where it was not recorded.
pub(super) fn talk<'a>(repo: &'a Map<String, Value>, kind: &str, number: u64) -> Option<&'a Value> {
    let lists = repo.get(kind)?.as_object()?;
    lists.iter().rfind(|(key, _)| key.parse() == Ok(number)).map(|(_, list)| list)
}

/// As [`talk`], to be changed; null becomes an empty list (fact 8).
pub(super) fn talk_mut<'a>(repo: &'a mut Map<String, Value>, kind: &str, number: u64) -> Option<&'a mut Vec<Value>> {
    let lists = repo.get_mut(kind)?.as_object_mut()?;
    let (_, list) = lists.iter_mut().rfind(|(key, _)| key.parse() == Ok(number))?;
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut()
}

/// As [`talk_mut`], where a missing list is begun.
pub(super) fn talk_begun<'a>(repo: &'a mut Map<String, Value>, kind: &str, number: u64) -> Option<&'a mut Vec<Value>> {
    if talk(repo, kind, number).is_none() {
        let lists = repo.entry(kind).or_insert_with(|| json!({}));
        if lists.is_null() {
            *lists = json!({});
        }
        lists.as_object_mut()?.insert(number.to_string(), json!([]));
    }
    talk_mut(repo, kind, number)
}

/// The list of this name, made where there is none.
pub(super) fn list_begun<'a>(of: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Vec<Value>> {
    let list = of.entry(name).or_insert_with(|| json!([]));
    if !list.is_array() {
        *list = json!([]);
    }
    list.as_array_mut()
}

/// A member that is a text.
pub(super) fn text<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)?.as_str()
}

/// A member that is a whole number from 0.
pub(super) fn whole(of: &Map<String, Value>, name: &str) -> Option<u64> {
    of.get(name)?.as_u64()
}

/// Whether a member is `true`.
pub(super) fn holds(of: &Map<String, Value>, name: &str) -> bool {
    of.get(name) == Some(&Value::Bool(true))
}

/// The login of an account that is a member.
pub(super) fn login<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    of.get(name)?.get("login")?.as_str()
}
