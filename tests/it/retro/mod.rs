//! `kaizen-retro` from outside: figures, suggestions and what became of them, places a report goes to.
//!
//! Takes: recorded and made-up worlds. Gives: how the built binary is run on them.

mod chat;
mod golden;
mod memory;
mod places;
mod report;
mod server;
mod window;

use serde_json::{Value, json};

use crate::support::Kaizen;

/// `kaizen-retro` over a world in a file, with JSON as output.
pub fn retro(world: &Value) -> Kaizen {
    let kaizen = Kaizen::bare();
    let path = kaizen.file("world.json", &world.to_string());
    kaizen.args(["kaizen-retro", "-q", "--forge"]).args([format!("file:{}", path.display())]).format("json")
}

/// A rule file that extends the shipped one's words with other sinks.
pub fn rules_with_sinks(sinks: &str) -> String {
    let shipped = std::fs::read_to_string(crate::support::root().join("rules/kaizen-retro.yaml")).unwrap();
    let (before, _) = shipped.split_once("publish:\n").unwrap();
    format!("{before}publish:\n  private: counted\n  sinks:\n{sinks}")
}

/// An issue of Gitea that was closed at an instant.
pub fn closed(number: u64, title: &str, at: &str, with: Value) -> Value {
    let mut issue = crate::support::issue(number, title, json!({"state": "closed", "closed_at": at, "updated_at": at}));
    for (name, value) in with.as_object().unwrap() {
        issue[name] = value.clone();
    }
    issue
}

/// Assignees by login.
pub fn people(logins: &[&str]) -> Value {
    logins.iter().enumerate().map(|(index, login)| json!({"id": index + 20, "login": login})).collect()
}
