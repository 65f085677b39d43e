//! A repository as it is, for a file that is read back as a forge.
//!
//! Takes: a repository, the states wanted. Gives: its issues and pull requests, comments, labels,
//! milestones and assignees as the forge's own objects, pages at once where the first tells the rest, timelines one by one.

use std::collections::HashSet;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::api::Ends;
use super::{Remote, States};

impl Remote {
    /// A repository in the form of a forge file. `progress` is told how many entries were read so far.
    ///
    /// # Errors
    /// What was being read, where, and what was found.
    pub fn record(
        &self,
        repo: usize,
        states: States,
        threads: usize,
        progress: &dyn Fn(usize),
    ) -> Result<Map<String, Value>> {
        let (path, name, _) = self.at(repo)?;
        let told = |what: &str| format!("recording the {what} of {name}");
        let mut read = 0;
        let mut list = |what: &str, path: String| -> Result<Vec<Value>> {
            let entries = self.objects(&path, Ends::AtTotal, threads).with_context(|| told(what))?;
            read += entries.len();
            progress(read);
            Ok(entries)
        };
        let state = if states.closed { "all" } else { "open" };
        // Pull requests are among them, each with a mark (facts 9, 65).
        let issues = list("issues", format!("{path}/issues?state={state}"))?;
        let comments = list("comments", format!("{path}/issues/comments"))?;
        let labels = list("labels", format!("{path}/labels"))?;
        let milestones = list("milestones", format!("{path}/milestones?state=all"))?;
        // No pages on Gitea and Forgejo: all of them at once (fact 3).
        let assignees = if self.api.dialect.is_github() {
            list("assignees", format!("{path}/assignees"))?
        } else {
            let answer = self.api.get(&format!("{path}/assignees")).with_context(|| told("assignees"))?;
            serde_json::from_slice::<Option<Vec<Value>>>(&answer.body)
                .with_context(|| told("assignees"))?
                .unwrap_or_default()
        };
        let numbers: HashSet<u64> = issues.iter().filter_map(|issue| issue["number"].as_u64()).collect();
        let mut of_items: Map<String, Value> = Map::new();
        for comment in comments {
            let Some(number) = placed(&comment).filter(|number| numbers.contains(number)) else { continue };
            if let Value::Array(list) = of_items.entry(number.to_string()).or_insert_with(|| json!([])) {
                list.push(comment);
            }
        }
        let mut recorded = Map::new();
        recorded.insert("full_name".to_owned(), name.into());
        recorded.insert("private".to_owned(), self.repos[repo].private.into());
        for (member, value, held) in
            [("archived", true, self.details[repo].archived), ("has_issues", false, !self.details[repo].issues)]
        {
            if held {
                recorded.insert(member.to_owned(), value.into());
            }
        }
        for (member, list) in
            [("issues", issues), ("labels", labels), ("milestones", milestones), ("assignees", assignees)]
        {
            recorded.insert(member.to_owned(), list.into());
        }
        recorded.insert("comments".to_owned(), of_items.into());
        Ok(recorded)
    }

    /// The timeline of an item as the forge's own objects, oldest first.
    ///
    /// # Errors
    /// As [`Remote::record`].
    pub fn record_timeline(&self, repo: usize, number: u64) -> Result<Vec<Value>> {
        let (path, name, _) = self.at(repo)?;
        let timeline = self.objects(&format!("{path}/issues/{number}/timeline"), Ends::Empty, 1);
        timeline.with_context(|| format!("recording the timeline of {name}#{number}"))
    }

    /// Every object of a list, each once: pages shift while they are read (fact 7).
    fn objects(&self, path: &str, ends: Ends, threads: usize) -> Result<Vec<Value>> {
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        self.api.walk_at_once(path, ends, threads, |answer| {
            // Null is an empty list (fact 8).
            let page: Option<Vec<Value>> = serde_json::from_slice(&answer.body).context("the answer is no list")?;
            let page = page.unwrap_or_default();
            let (entries, before) = (page.len(), all.len());
            all.extend(page.into_iter().filter(|entry| seen.insert(identity(entry))));
            Ok((entries, all.len() - before))
        })?;
        Ok(all)
    }
}

/// What tells an object from the others of its list.
fn identity(entry: &Value) -> String {
    match (&entry["id"], &entry["node_id"]) {
        (Value::Null, Value::Null) => entry.to_string(),
        (id, node) => format!("{id} {node}"),
    }
}

/// The number of the item that a comment stands on (fact 33).
fn placed(comment: &Value) -> Option<u64> {
    let urls = ["issue_url", "pull_request_url"].into_iter().filter_map(|name| comment[name].as_str());
    urls.filter(|url| !url.is_empty()).find_map(|url| url.rsplit('/').next()?.parse().ok())
}
