//! What stands on an item, and what stands in a repository beside its backlog.
//!
//! Takes: a repository, a number, a label, an instant. Gives: comments, timelines, one item as it
//! is now, logins of writers.

use std::collections::HashSet;

use anyhow::{Context, Result, anyhow, bail};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::api::{Ends, Next, part};
use super::failure::FailureHelp;
use super::node::{JsonNode, tree};
use super::{Comment, Event, Item, PlacedComment, Remote};
use crate::forge::change::Fresh;
use crate::forge::{Forge as _, ItemKind, object, talk, time};
use crate::http::Answer;

impl Remote {
    pub(super) fn read_comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>> {
        let (path, name, _) = self.at(repo)?;
        let path = format!("{path}/issues/{number}/comments");
        let told = || format!("reading the comments of {name}#{number}");
        if !self.api.dialect.is_github() {
            // All of them at once, whatever page is asked for (fact 4).
            let answer = self.api.get(&path).with_context(told)?;
            return talk::comments(&answer.body).with_context(told);
        }
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        let walked = self.api.walk(&path, Ends::AtTotal, |answer| {
            let page = talk::comments(&answer.body)?;
            let (entries, before) = (page.len(), all.len());
            all.extend(page.into_iter().filter(|comment| seen.insert(comment.id)));
            Ok((entries, all.len() - before))
        });
        walked.with_context(told)?;
        Ok(all)
    }

    pub(super) fn read_timeline(&self, repo: usize, number: u64) -> Result<Vec<Event>> {
        let (path, name, _) = self.at(repo)?;
        let path = format!("{path}/issues/{number}/timeline");
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        // `X-Total-Count` is this page's own there, and pages may be short (facts 3, 5).
        let walked = self.api.walk(&path, Ends::Empty, |answer| {
            let list = tree(&answer.body);
            // As the reader of events has it: what is no object is left out.
            let ids: Vec<_> = list.entries().iter().filter(|entry| entry.is_object()).map(id).collect();
            let events = talk::events(&answer.body)?;
            let (entries, before) = (events.len(), all.len());
            // An entry of GitHub may have no id.
            let fresh = events.into_iter().zip(ids).filter(|(_, id)| id.is_none_or(|id| seen.insert(id)));
            all.extend(fresh.map(|(event, _)| event));
            Ok((entries, all.len() - before))
        });
        walked.with_context(|| format!("reading the timeline of {name}#{number}"))?;
        Ok(all)
    }

    pub(super) fn read_comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>> {
        let (path, name, _) = self.at(repo)?;
        let path = self.comments_path(&path, since);
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        let walked = self.api.walk(&path, Ends::AtTotal, |answer| {
            let page = placed(answer)?;
            let (entries, before) = (page.len(), seen.len());
            for (comment, number) in page {
                if seen.insert(comment.id) {
                    all.extend(number.map(|number| PlacedComment { number, comment }));
                }
            }
            Ok((entries, seen.len() - before))
        });
        walked.with_context(|| format!("reading the comments of {name}"))?;
        Ok(all)
    }

    /// The list of a repository's comments that were written or changed since, oldest first.
    pub(super) fn comments_path(&self, repo: &str, since: DateTime<Utc>) -> String {
        // In UTC: a raw `+` of an offset would become a space (fact 13).
        let path = format!("{repo}/issues/comments?since={}", part(&time::rfc3339(since)));
        if self.api.dialect.is_github() { path + "&sort=created&direction=asc" } else { path }
    }

    /// Who may write, as far as it is told: Gitea's `assignees` says it, GitHub says it on each
    /// comment (fact 89). A refusal is remembered too, and told once: every item would meet with it.
    pub(super) fn read_writers(&self, repo: usize) -> Result<Option<&[String]>> {
        let (path, name, memory) = self.at(repo)?;
        if self.api.dialect.is_github() {
            return Ok(Some(&[]));
        }
        if memory.writers.get().is_none() {
            let told = match self.api.get(&format!("{path}/assignees")) {
                Ok(answer) => {
                    let list = tree(&answer.body);
                    let logins = list.entries().iter().map(|user| user["login"].text().to_owned());
                    Some(logins.filter(|login| !login.is_empty()).collect())
                }
                // It takes another scope than the issues do (facts 52, 58).
                Err(error) if matches!(FailureHelp::status(&error), Some(403 | 404)) => None,
                Err(error) => return Err(error.context(format!("reading who may write to {name}"))),
            };
            let refused = told.is_none();
            // Another thread may have been faster; it was told the same.
            if memory.writers.set(told).is_ok() && refused {
                self.api.client.say(&format!(
                    "warning: {name}: the token may not ask who may write there (it needs to read the repository), so \
                     whoever asks to leave an item alone is heeded"
                ));
            }
        }
        Ok(memory.writers.get().and_then(Option::as_deref))
    }

    pub(super) fn read_item(&self, repo: usize, kind: ItemKind, number: u64) -> Result<Option<Fresh>> {
        let (path, name, _) = self.at(repo)?;
        let told = || format!("reading {} {name}#{number}", kind.name());
        let Some(answer) = self.api.find(&format!("{path}/issues/{number}")).with_context(told)? else {
            return Ok(None);
        };
        let node = tree(&answer.body);
        // Moved to another repository: the redirect led there (fact 71).
        let at = node["repository_url"].text();
        let here = at.is_empty() || at.to_ascii_lowercase().ends_with(&format!("/repos/{}", name.to_ascii_lowercase()));
        let item = one(&answer).with_context(told)?;
        if !here || item.number != number {
            return Ok(None);
        }
        Ok(Some(Fresh { item, content_version: node["content_version"].as_u64() }))
    }

    /// A pull request by itself: that object tells the lines that it changes, the list of issues does not.
    pub(super) fn read_pull(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        let (path, name, _) = self.at(repo)?;
        let told = || format!("reading the pull request {name}#{number}");
        let Some(answer) = self.api.find(&format!("{path}/pulls/{number}")).with_context(told)? else {
            return Ok(None);
        };
        let item = one(&answer).with_context(told)?;
        Ok(Some(Item { kind: ItemKind::Pull, ..item }).filter(|item| item.number == number))
    }

    /// The issues that carry a label, open and closed; with `pulls` the pull requests too.
    pub(super) fn read_carrying(&self, repo: usize, label: &str, pulls: bool) -> Result<Vec<Item<'static>>> {
        let (path, name, _) = self.at(repo)?;
        let github = self.api.dialect.is_github();
        let mut path = format!("{path}/issues?state=all");
        if !github && !pulls {
            // A kind of issue on GitHub (fact 65).
            path.push_str("&type=issues");
        }
        let known = self.known_labels(repo, false)?;
        let mut found = known.iter().filter(|known| self.same_label(&known.name, label));
        let Some(first) = found.next() else { return Ok(Vec::new()) };
        // A filter that the forge cannot take falls away and gives the whole list (fact 14): names of
        // an organisation's labels, and names with a comma; a name that two labels have wants both of them. Then the
        // whole list it is.
        if first.own && found.next().is_none() && !label.contains(',') {
            path.push_str(&format!("&labels={}", part(label)));
        }
        let has = |item: &Item<'_>| {
            (pulls || item.kind == ItemKind::Issue) && item.labels.iter().any(|found| self.same_label(found, label))
        };
        self.items_where(&path, &has).with_context(|| format!("reading the issues of {name} with the label {label}"))
    }

    pub(super) fn read_opened_by(&self, repo: usize, login: &str) -> Result<Vec<Item<'static>>> {
        let (path, name, _) = self.at(repo)?;
        let github = self.api.dialect.is_github();
        let path = format!("{path}/issues?state=all{}", if github { "" } else { "&type=issues" });
        let author = |item: &Item<'_>| item.author.as_ref().is_some_and(|who| who.login.eq_ignore_ascii_case(login));
        let by = |item: &Item<'_>| item.kind == ItemKind::Issue && author(item);
        let told = || format!("reading the issues of {name} by {login}");
        // The account of a job is no user of theirs: the whole list it is (facts 16, 30, 85).
        if !self.user.robot && !login.ends_with("[bot]") {
            let filter = if github { "creator" } else { "created_by" };
            match self.items_where(&format!("{path}&{filter}={}", part(login)), &by) {
                Err(error) if matches!(FailureHelp::status(&error), Some(404 | 422)) => {}
                other => return other.with_context(told),
            }
        }
        self.items_where(&path, &by).with_context(told)
    }

    /// The items of a list that this holds of.
    fn items_where(&self, path: &str, holds: &dyn Fn(&Item<'_>) -> bool) -> Result<Vec<Item<'static>>> {
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        self.api.walk(path, Ends::AtTotal, |answer| {
            let entries = object::items(&answer.body)?;
            let (length, before) = (entries.len(), seen.len());
            for item in entries.into_iter().flatten() {
                if seen.insert(item.number) && holds(&item) {
                    all.push(item.into_owned());
                }
            }
            Ok((length, seen.len() - before))
        })?;
        Ok(all)
    }

    /// Whether two names are one label here.
    pub(super) fn same_label(&self, one: &str, other: &str) -> bool {
        self.label_names().same(one, other)
    }

    /// The pages of a short list, each entry handed to `each`.
    pub(super) fn each(&self, path: &str, mut each: impl FnMut(&Value)) -> Result<()> {
        let mut seen = HashSet::new();
        self.api.walk(path, Ends::AtTotal, |answer| {
            let list = tree(&answer.body);
            let mut new = 0;
            for entry in list.entries() {
                if id(entry).is_none_or(|id| seen.insert(id)) {
                    new += 1;
                    each(entry);
                }
            }
            Ok((list.entries().len(), new))
        })
    }

    /// The first page of a list as it is, for a question that its first entries answer.
    pub(super) fn first_page(&self, path: &str) -> Result<Answer> {
        self.api.page(path, &Next::Page(1))
    }
}

/// The id of an entry.
fn id(entry: &Value) -> Option<u64> {
    entry["id"].as_u64()
}

/// The comments of a page of a repository's list, each with the number of its item where that can be read.
///
/// # Errors
/// It is no JSON.
pub(super) fn placed(answer: &Answer) -> Result<Vec<(Comment, Option<u64>)>> {
    let list = tree(&answer.body);
    let numbers: Vec<_> = list.entries().iter().filter(|entry| entry.is_object()).map(number_of).collect();
    let comments = talk::comments(&answer.body)?;
    Ok(comments.into_iter().zip(numbers).collect())
}

/// The number of the item that a comment stands on: the end of one of two addresses, of which Gitea
/// leaves the other empty (fact 33).
fn number_of(comment: &Value) -> Option<u64> {
    ["issue_url", "pull_request_url"].into_iter().find_map(|name| {
        let url = comment[name].text();
        url.rsplit('/').next()?.parse().ok()
    })
}

/// The one item that an answer holds.
pub(super) fn one(answer: &Answer) -> Result<Item<'static>> {
    let list = [b"[", &answer.body[..], b"]"].concat();
    match object::items(&list)?.pop() {
        Some(Ok(item)) => Ok(item.into_owned()),
        Some(Err(why)) => Err(anyhow!("{}: the answer {why}", crate::http::display(&answer.url))),
        None => bail!("{}: the answer is empty", crate::http::display(&answer.url)),
    }
}
