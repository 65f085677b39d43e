//! Names that stand for people and repositories, the same for one all through a document.
//!
//! Takes: the logins and full names of a document, and those that the rules name. Gives: `user-1`,
//! `owner-1/repo-1`, in the order in which they first appear; what the rules name stays.

use std::collections::HashMap;

use serde_json::Value;

use super::vocabulary::Vocabulary;

/// Every name of a document with the one that stands for it.
#[derive(Debug, Default)]
pub(super) struct Names {
    logins: HashMap<String, String>,
    owners: HashMap<String, String>,
    repos: HashMap<String, String>,
    /// Logins and full names in small letters, for texts: forges do not tell them apart by case.
    folded: HashMap<String, String>,
    users: usize,
}

impl Names {
    /// Gathers the names of a document.
    pub(super) fn of(document: &Value, vocabulary: &Vocabulary<'_>) -> Names {
        let mut names = Names::default();
        let repos = document.get("repos").and_then(Value::as_array).into_iter().flatten();
        for name in repos.filter_map(|repo| repo.get("full_name")?.as_str()) {
            names.add_repo(name, vocabulary);
        }
        names.add_logins(document, vocabulary);
        names
    }

    /// Every member `login`, however deep it stands.
    fn add_logins(&mut self, value: &Value, vocabulary: &Vocabulary<'_>) {
        match value {
            Value::Array(entries) => entries.iter().for_each(|entry| self.add_logins(entry, vocabulary)),
            Value::Object(members) => {
                if let Some(login) = members.get("login").and_then(Value::as_str) {
                    self.add_login(login, vocabulary);
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
