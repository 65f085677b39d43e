//! Names that stand for people, repositories and labels, the same for one all through a document.
//!
//! Takes: the logins, full names and labels of a document, and those that the rules name. Gives: `user-1`,
//! `owner-1/repo-1`, `group-1/label-1`, in the order in which they first appear; what the rules look for stays.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::keep::{ANY, least};
use super::vocabulary::Vocabulary;
use crate::forge::LabelNames;

/// Every name of a document with the one that stands for it.
#[derive(Debug, Default)]
pub(super) struct NameMap {
    logins: HashMap<String, String>,
    owners: HashMap<String, String>,
    repos: HashMap<String, String>,
    /// Logins and full names in small letters, for texts: forges do not tell them apart by case.
    folded: HashMap<String, String>,
    users: usize,
    /// Labels, in small letters where the forge does not tell them apart by case.
    labels: HashMap<String, String>,
    /// What stands for labels.
    taken: HashSet<String>,
    /// What stands before the last part of labels, and last parts, by which tags are made: `kind` and `bug` of
    /// `Kind/Bug`.
    groups: HashMap<String, usize>,
    parts: HashMap<String, usize>,
    /// The forge does not tell labels apart by case.
    fold: bool,
}

impl NameMap {
    /// Gathers the names of a document.
    pub(super) fn of(document: &Value, vocabulary: &Vocabulary<'_>) -> NameMap {
        let fold = document
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|kind| LabelNames::of_kind(kind) == LabelNames::AnyCase);
        let mut names = NameMap { fold, ..NameMap::default() };
        let repos = document.get("repos").and_then(Value::as_array).into_iter().flatten();
        for name in repos.filter_map(|repo| repo.get("full_name")?.as_str()) {
            names.add_repo(name, vocabulary);
        }
        names.add_logins(document, vocabulary);
        names
    }

    /// Every member `login`, and every label, however deep it stands.
    fn add_logins(&mut self, value: &Value, vocabulary: &Vocabulary<'_>) {
        match value {
            Value::Array(entries) => entries.iter().for_each(|entry| self.add_logins(entry, vocabulary)),
            Value::Object(members) => {
                if let Some(login) = members.get("login").and_then(Value::as_str) {
                    self.add_login(login, vocabulary);
                }
                let listed = members.get("labels").and_then(Value::as_array).into_iter().flatten();
                for label in listed.chain(members.get("label")).filter_map(|label| label.get("name")?.as_str()) {
                    self.add_label(label, vocabulary);
                }
                members.values().for_each(|member| self.add_logins(member, vocabulary));
            }
            _ => {}
        }
    }

    fn add_login(&mut self, login: &str, vocabulary: &Vocabulary<'_>) {
        if login.is_empty() || self.logins.contains_key(login) {
            return;
        }
        let name = if vocabulary.keeps_login(login) {
            login.to_owned()
        } else {
            // What a rule looks for within a login stays in it, and the mark of an app.
            let app = if login.ends_with("[bot]") { "[bot]" } else { "" };
            let within = vocabulary.within_login(login).map(|part| format!("-{part}")).collect::<String>();
            loop {
                self.users += 1;
                let name = format!("user-{}{within}{app}", self.users);
                if !vocabulary.keeps_login(&name) {
                    break name;
                }
            }
        };
        self.folded.entry(login.to_lowercase()).or_insert_with(|| name.clone());
        self.logins.insert(login.to_owned(), name);
    }

    fn add_repo(&mut self, full_name: &str, vocabulary: &Vocabulary<'_>) {
        let Some((owner, _)) = full_name.split_once('/') else { return };
        let (owners, repos) = (self.owners.len() + 1, self.repos.len() + 1);
        let owner = self.owners.entry(owner.to_owned()).or_insert_with(|| format!("owner-{owners}"));
        let kept = vocabulary.keeps_repo(full_name);
        let name = if kept { full_name.to_owned() } else { format!("{owner}/repo-{repos}") };
        self.folded.entry(full_name.to_lowercase()).or_insert_with(|| name.clone());
        self.repos.entry(full_name.to_owned()).or_insert(name);
    }

    fn add_label(&mut self, label: &str, vocabulary: &Vocabulary<'_>) {
        let key = if self.fold { label.to_lowercase() } else { label.to_owned() };
        if label.is_empty() || self.labels.contains_key(&key) {
            return;
        }
        let name = if vocabulary.keeps_label(label) { label.to_owned() } else { self.masked_label(label, vocabulary) };
        self.taken.insert(name.clone());
        self.labels.insert(key, name);
    }

    /// The first of several names in which the rules find what they find in the label: without any of it, with its
    /// last part, with those of its letters that are needed.
    fn masked_label(&mut self, label: &str, vocabulary: &Vocabulary<'_>) -> String {
        let number = self.labels.len() + 1;
        let alike = |name: &str| vocabulary.found("", "", &[name]) == vocabulary.found("", "", &[label]);
        let of = |name: &str, all: &mut HashMap<String, usize>| {
            let next = all.len() + 1;
            *all.entry(name.trim().to_lowercase()).or_insert(next)
        };
        let mut tried = Vec::new();
        match label.rfind(['/', ':']) {
            Some(at) => {
                let between = label[at..].len() - label[at + 1..].trim_start().len();
                let (between, last) = label[at..].split_at(between);
                let (group, part) = (of(&label[..at], &mut self.groups), of(last, &mut self.parts));
                tried.push(format!("label-{part}"));
                tried.push(format!("group-{group}{between}label-{part}"));
                if vocabulary.knows_tag(last.trim().to_lowercase().as_str()) {
                    tried.push(format!("group-{group}{between}{last}"));
                }
            }
            None => {
                let part = of(label, &mut self.parts);
                // Where a forge tells them apart by case there may be several.
                tried.extend(["label", "Label", "LABEL"].map(|label| format!("{label}-{part}")));
            }
        }
        let chars: Vec<char> = label.chars().collect();
        let needed = least(&chars, |chars| alike(&chars.iter().collect::<String>()));
        let letters: String =
            needed.into_iter().zip(chars).map(|(needed, own)| needed.unwrap_or(masked(own))).collect();
        tried.extend([format!("{letters}-{number}"), format!("{number}-{letters}"), format!("{number}/{letters}")]);
        let free = |name: &&String| !self.taken.contains(*name) && alike(name);
        tried.iter().find(free).cloned().unwrap_or(letters)
    }

    /// What stands for a label of the document.
    pub(super) fn label(&self, label: &str) -> Option<&str> {
        let found = if self.fold { self.labels.get(&label.to_lowercase()) } else { self.labels.get(label) };
        found.map(String::as_str)
    }

    /// What stands for a login of the document.
    pub(super) fn login(&self, login: &str) -> Option<&str> {
        self.logins.get(login).map(String::as_str)
    }

    /// The number in what stands for a login; 0 for one that the rules name.
    pub(super) fn number(&self, login: &str) -> u64 {
        let digits = |name: &str| name.strip_prefix("user-")?.split(['-', '[']).next()?.parse().ok();
        self.login(login).and_then(digits).unwrap_or(0)
    }

    /// What stands for a repository of the document.
    pub(super) fn repo(&self, full_name: &str) -> Option<&str> {
        self.repos.get(full_name).map(String::as_str)
    }

    /// What stands for a login or a full name as a text spells it.
    pub(super) fn spelled(&self, name: &str) -> Option<&str> {
        let exact = self.logins.get(name).or_else(|| self.repos.get(name));
        exact.or_else(|| self.folded.get(&name.to_lowercase())).map(String::as_str)
    }
}

/// What is put for a character that nothing asks for.
fn masked(c: char) -> char {
    if c.is_alphabetic() { ANY } else { c }
}
