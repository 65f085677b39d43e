//! The objects of a document, member by member.
//!
//! Takes: a document of a forge. Gives: the same with those members only that some reader of ours
//! reads, each masked by its kind. What is of another type than expected stays of that type, so that it
//! is read as it was, and keeps nothing of what it says.

use serde_json::{Map, Value, json};

use super::Unequal;
use super::names::NameMap;
use super::text::Masker;
use super::vocabulary::Vocabulary;
use crate::engine::facts::Fact;
use crate::forge::time;

/// Masks the objects of one document.
#[derive(Debug)]
pub(super) struct ObjectMasker<'v, 'p> {
    vocabulary: &'v Vocabulary<'p>,
    names: &'v NameMap,
    masker: Masker<'v, 'p>,
    /// Full name of the repository at hand.
    repo: String,
    pub(super) unequal: Vec<Unequal>,
}

impl<'v, 'p> ObjectMasker<'v, 'p> {
    pub(super) fn new(vocabulary: &'v Vocabulary<'p>, names: &'v NameMap) -> Self {
        let masker = Masker::new(vocabulary, names);
        ObjectMasker { vocabulary, names, masker, repo: String::new(), unequal: Vec::new() }
    }

    /// A whole document.
    pub(super) fn document(&mut self, document: &Value) -> Value {
        self.members(document, |to, name, value| {
            Some(match name {
                "version" => to.odd(value),
                "kind" => word(value),
                "user" => value.as_str().map_or_else(|| to.odd(value), Value::from),
                "repos" => to.list(value, Self::repository),
                _ => return None,
            })
        })
    }

    fn repository(&mut self, repo: &Value) -> Value {
        let full_name = repo.get("full_name").and_then(Value::as_str).unwrap_or_default();
        full_name.clone_into(&mut self.repo);
        self.members(repo, |to, name, value| {
            Some(match name {
                "full_name" => {
                    value.as_str().and_then(|name| to.names.repo(name)).map_or_else(|| to.odd(value), Value::from)
                }
                "private" | "archived" | "has_issues" => to.odd(value),
                "permissions" => to.members(value, |to, name, value| {
                    ["admin", "maintain", "push", "triage", "pull"].contains(&name).then(|| to.odd(value))
                }),
                "issues" | "pulls" => to.list(value, Self::item),
                "labels" => to.list(value, Self::label),
                "milestones" => to.list(value, Self::milestone),
                "assignees" => to.list(value, Self::account),
                "comments" => to.talk(value, Self::comment),
                "events" => to.talk(value, Self::event),
                _ => return None,
            })
        })
    }

    /// Lists by the numbers of items.
    fn talk(&mut self, lists: &Value, mask: fn(&mut Self, &Value, Option<u64>) -> Value) -> Value {
        self.members(lists, |to, name, list| {
            let number: u64 = name.parse().ok()?;
            Some(to.list(list, |to, entry| mask(to, entry, Some(number))))
        })
    }

    fn item(&mut self, item: &Value) -> Value {
        let of = |name: &str| item.get(name).and_then(Value::as_str);
        let names = item.get("labels").and_then(Value::as_array).into_iter().flatten();
        let labels: Vec<&str> = names.filter_map(|label| label.get("name")?.as_str()).collect();
        let (title, body) = (of("title").unwrap_or_default(), of("body").unwrap_or_default());
        let ((title, body), equal) = self.masker.item(title, body, &labels, self.is_ours(item));
        if !equal {
            self.note(item.get("number").and_then(Value::as_u64), "item");
        }
        self.members(item, |to, name, value| {
            Some(match name {
                "title" if value.is_string() => title.as_str().into(),
                "body" if value.is_string() => body.as_str().into(),
                "labels" => to.list(value, Self::label),
                "assignees" => to.list(value, Self::account),
                "assignee" | "user" | "closed_by" | "merged_by" => to.account(value),
                "milestone" => to.milestone(value),
                "pull_request" => to.pull_mark(value),
                "state" | "state_reason" | "author_association" => word(value),
                "id" | "number" | "title" | "body" | "comments" | "content_version" | "locked" | "is_locked"
                | "draft" | "merged" => to.odd(value),
                _ => return to.date(name, value),
            })
        })
    }

    /// What says of an issue that it is a pull request. Addresses go, and what they said stays said.
    fn pull_mark(&mut self, mark: &Value) -> Value {
        let mut masked = self.members(mark, |to, name, value| match name {
            "draft" | "merged" => Some(to.odd(value)),
            _ => to.date(name, value),
        });
        let given = |mark: &Value| mark.as_object().is_some_and(|mark| mark.values().any(|value| !value.is_null()));
        if given(mark) && !given(&masked) {
            masked["draft"] = json!(false);
        }
        masked
    }

    fn label(&mut self, label: &Value) -> Value {
        self.members(label, |to, name, value| {
            Some(match name {
                "name" => {
                    value.as_str().and_then(|name| to.names.label(name)).map_or_else(|| to.odd(value), Value::from)
                }
                "id" | "exclusive" | "is_archived" | "default" => to.odd(value),
                "color" => {
                    let hex = |color: &str| {
                        color.len() <= 7 && color.trim_start_matches('#').chars().all(|c| c.is_ascii_hexdigit())
                    };
                    value.as_str().filter(|color| hex(color)).map_or_else(|| to.odd(value), Value::from)
                }
                _ => return None,
            })
        })
    }

    fn milestone(&mut self, milestone: &Value) -> Value {
        self.members(milestone, |to, name, value| {
            Some(match name {
                "title" => match value.as_str() {
                    Some(title) if to.vocabulary.keeps_milestone(title) => title.into(),
                    Some(title) => to.masker.plain(title, to.vocabulary.within_title(Fact::Milestone)).into(),
                    None => to.odd(value),
                },
                "state" => word(value),
                "id" | "number" | "open_issues" | "closed_issues" => to.odd(value),
                _ => return to.date(name, value),
            })
        })
    }

    fn account(&mut self, account: &Value) -> Value {
        let login = account.get("login").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.members(account, |to, name, value| {
            Some(match name {
                "login" => to.names.login(&login).map_or_else(|| to.odd(value), Value::from),
                // A number names an account as well as its login; below 0 it says that it is none.
                "id" => match value.as_i64() {
                    Some(id) if id < 0 => value.clone(),
                    _ => json!(to.names.number(&login)),
                },
                "type" => word(value),
                _ => return None,
            })
        })
    }

    fn comment(&mut self, comment: &Value, number: Option<u64>) -> Value {
        let ours = self.is_ours(comment);
        self.members(comment, |to, name, value| {
            Some(match name {
                "id" => to.odd(value),
                "body" => to.comment_text(value, ours, number),
                "user" => to.account(value),
                "author_association" => word(value),
                _ => return to.date(name, value),
            })
        })
    }

    fn event(&mut self, event: &Value, number: Option<u64>) -> Value {
        let ours = self.is_ours(event);
        self.members(event, |to, name, value| {
            Some(match name {
                "id" | "removed_assignee" => to.odd(value),
                "type" | "event" | "state" | "state_reason" | "author_association" => word(value),
                "body" => to.comment_text(value, ours, number),
                "user" | "actor" | "assignee" | "assigner" => to.account(value),
                "label" => to.label(value),
                "milestone" | "old_milestone" => to.milestone(value),
                "author" | "committer" => to.members(value, |to, name, value| to.date(name, value)),
                _ => return to.date(name, value),
            })
        })
    }

    fn comment_text(&mut self, value: &Value, ours: bool, number: Option<u64>) -> Value {
        let Some(body) = value.as_str() else { return self.odd(value) };
        let (masked, equal) = self.masker.comment(body, ours);
        if !equal {
            self.note(number, "comment");
        }
        masked.into()
    }

    /// Written by an account of ours.
    fn is_ours(&self, entry: &Value) -> bool {
        let author = |name: &str| entry.get(name).and_then(|user| user.get("login")?.as_str());
        author("user").or_else(|| author("actor")).is_some_and(|login| self.vocabulary.is_ours(login))
    }

    fn note(&mut self, number: Option<u64>, what: &'static str) {
        self.unequal.push(Unequal { repo: self.repo.clone(), number, what });
    }

    /// A member that holds an instant. One that cannot be read is still none without its letters.
    fn date(&self, name: &str, value: &Value) -> Option<Value> {
        const DATES: [&str; 8] =
            ["created_at", "updated_at", "closed_at", "merged_at", "submitted_at", "due_date", "due_on", "date"];
        DATES.contains(&name).then(|| match value.as_str().and_then(time::parse) {
            Some(_) => value.clone(),
            None => self.odd(value),
        })
    }

    /// The members of an object that `mask` gives something for.
    fn members(&mut self, of: &Value, mut mask: impl FnMut(&mut Self, &str, &Value) -> Option<Value>) -> Value {
        let Some(members) = of.as_object() else { return self.odd(of) };
        let masked = members.iter().filter_map(|(name, value)| Some((name.clone(), mask(self, name, value)?)));
        Value::Object(masked.collect::<Map<_, _>>())
    }

    fn list(&mut self, of: &Value, mut mask: impl FnMut(&mut Self, &Value) -> Value) -> Value {
        let Some(entries) = of.as_array() else { return self.odd(of) };
        entries.iter().map(|entry| mask(self, entry)).collect()
    }

    /// A value as far as its type goes, and its number; a text without its letters.
    fn odd(&self, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(text) => self.masker.plain(text, std::iter::empty()).into(),
            Value::Array(_) => json!([]),
            Value::Object(_) => json!({}),
        }
    }
}

/// A word that the forge says, such as a state or what an entry of a timeline is; nobody else wrote it.
fn word(value: &Value) -> Value {
    let inner = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-');
    match value {
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        Value::String(text) if text.len() > 40 || !text.chars().all(inner) => "x".into(),
        _ => value.clone(),
    }
}
