//! What a recorded forge holds, and where in its file.
//!
//! Takes: the document of a file forge, from a buffered reader. Gives: its user, its
//! repositories, and the byte ranges of their issues, pull requests, comments and timelines;
//! none of these is kept.

use std::collections::HashSet;
use std::io::BufRead;

use super::object;
use super::ranges::{ByteRun, Places, list, places};
use super::scan::{Fault, Scanner};
use super::{LabelNames, Repo, closed};

/// Where the parts of one repository are.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Issues, then pull requests.
    pub(super) runs: Vec<ByteRun>,
    /// Lists of comments.
    pub(super) comments: Places,
    /// Timelines.
    pub(super) events: Places,
    /// Who may write.
    pub(super) writers: Vec<String>,
    /// Why nothing may be written, whoever asks.
    pub(super) closed: Option<&'static str>,
}

/// A whole document.
#[derive(Debug)]
pub(super) struct Index {
    /// Who we are: `kaizen`, where the document does not say.
    pub(super) user: String,
    /// The document is a recording of GitHub.
    pub(super) github: bool,
    /// The repositories, in the document's order.
    pub(super) repos: Vec<Repo>,
    /// The parts of each.
    pub(super) parts: Vec<Parts>,
}

/// Reads the document once.
///
/// # Errors
/// The document is no JSON, or no forge of version 1.
pub(super) fn index(from: impl BufRead) -> Result<Index, Fault> {
    let mut scan = Scanner::new(from)?;
    scan.enter(b'{', "an object with `version`, `kind` and `repos`")?;
    let start = scan.offset();
    let (mut version, mut kind, mut user, mut repos) = (false, None, None, None);
    let mut first = true;
    while let Some(name) = scan.member(&mut first)? {
        match &*name {
            "version" => {
                let at = scan.here()?;
                if scan.value()? != b"1" {
                    let what = "`version` is not 1, which is the one that is read here";
                    return Err(Fault::At(at, what.into()));
                }
                version = true;
            }
            "kind" => {
                let at = scan.here()?;
                let found = text(&mut scan, "kind")?.unwrap_or_default();
                if !matches!(&*found, "gitea" | "forgejo" | "github") {
                    let what = format!("unknown `kind` {found:?}: gitea, forgejo or github");
                    return Err(Fault::At(at, what));
                }
                kind = Some(&*found == "github");
            }
            "user" => user = text(&mut scan, "user")?.filter(|user| !user.is_empty()),
            "repos" => repos = Some(repositories(&mut scan)?),
            _ => {
                scan.skip()?;
            }
        }
    }
    scan.end()?;
    let missing = |name: &str| Fault::At(start, format!("the document has no `{name}`"));
    if !version {
        return Err(missing("version"));
    }
    let github = kind.ok_or_else(|| missing("kind"))?;
    let (mut repos, parts) = repos.ok_or_else(|| missing("repos"))?;
    let label_names = LabelNames::of(github);
    repos.iter_mut().for_each(|repo| repo.label_names = label_names);
    Ok(Index { github, user: user.unwrap_or_else(|| "kaizen".to_owned()), repos, parts })
}

fn repositories<R: BufRead>(scan: &mut Scanner<R>) -> Result<(Vec<Repo>, Vec<Parts>), Fault> {
    let (mut repos, mut parts): (Vec<Repo>, Vec<Parts>) = Default::default();
    let mut names = HashSet::new();
    scan.enter(b'[', "the list of repositories")?;
    let mut first = true;
    while scan.entry(&mut first)? {
        let at = scan.here()?;
        let (repo, its) = repository(scan)?;
        if !names.insert(repo.name.clone()) {
            let what = format!("the repository {} is here a second time", repo.name);
            return Err(Fault::At(at, what));
        }
        repos.push(repo);
        parts.push(its);
    }
    Ok((repos, parts))
}

fn repository<R: BufRead>(scan: &mut Scanner<R>) -> Result<(Repo, Parts), Fault> {
    scan.enter(b'{', "an object with `full_name`")?;
    let start = scan.offset();
    let (mut name, mut private) = (None, false);
    let (mut archived, mut no_issues) = (false, false);
    let (mut issues, mut pulls) = (Vec::new(), Vec::new());
    let (mut comments, mut events) = (Places::default(), Places::default());
    let mut writers = Vec::new();
    let mut first = true;
    while let Some(member) = scan.member(&mut first)? {
        match &*member {
            "full_name" => name = text(scan, "full_name")?,
            "private" => {
                let at = scan.here()?;
                private = match &*scan.value()? {
                    b"true" => true,
                    b"false" | b"null" => false,
                    _ => return Err(Fault::At(at, "`private` is not true or false".into())),
                };
            }
            "archived" => archived = *scan.value()? == *b"true",
            "has_issues" => no_issues = *scan.value()? == *b"false",
            "issues" => issues = list(scan, "issues", false)?,
            "pulls" => pulls = list(scan, "pulls", true)?,
            "comments" => comments = places(scan, "comments")?,
            "events" => events = places(scan, "events")?,
            "assignees" => writers = logins(&scan.value()?),
            _ => {
                scan.skip()?;
            }
        }
    }
    let name = match name {
        Some(name) if is_full_name(&name) => name,
        Some(name) => {
            let what = format!("the repository's `full_name` {name:?} is not owner/name");
            return Err(Fault::At(start, what));
        }
        None => return Err(Fault::At(start, "the repository has no `full_name`".into())),
    };
    issues.append(&mut pulls);
    let closed = closed(archived, no_issues);
    let parts = Parts { runs: issues, comments, events, writers, closed };
    Ok((Repo { name, private, label_names: LabelNames::default() }, parts))
}

/// The logins in a list of accounts; what is no account is left out.
fn logins(list: &[u8]) -> Vec<String> {
    let accounts: Vec<serde_json::Value> = serde_json::from_slice(list).unwrap_or_default();
    accounts.iter().filter_map(|account| account.get("login")?.as_str()).map(str::to_owned).collect()
}

fn is_full_name(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    name.split_once('/').is_some_and(|(owner, repo)| {
        !owner.is_empty() && !repo.is_empty() && !repo.contains('/') && !name.contains(odd)
    })
}

/// A text, or `None` for null.
fn text<R: BufRead>(scan: &mut Scanner<R>, name: &str) -> Result<Option<String>, Fault> {
    let at = scan.here()?;
    let value = scan.value()?;
    match object::text(&value) {
        Ok(None) if value == b"null" => Ok(None),
        Ok(Some(text)) => Ok(Some(text)),
        _ => Err(Fault::At(at, format!("`{name}` is not a text"))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn wrong(document: &str) -> String {
        match index(document.as_bytes()) {
            Err(Fault::At(at, what)) => format!("{at}: {what}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn members_come_in_any_order_and_null_is_missing() {
        let document = r#"{"x": [{}], "repos": [{"events": null, "pulls": [{}], "comments":
            {"2": [], "1": null, "2": [1], "x": []}, "issues": [null, 1], "full_name": "a/b"},
            {"full_name": "a/c", "private": true}], "user": null, "kind": "gitea", "version": 1}"#;
        let index = index(document.as_bytes()).unwrap();
        assert_eq!(index.user, "kaizen");
        let names: Vec<_> = index.repos.iter().map(|r| (&*r.name, r.private)).collect();
        assert_eq!(names, [("a/b", false), ("a/c", true)]);
        let parts = &index.parts[0];
        let runs: Vec<_> = parts.runs.iter().map(|r| (r.length, r.pulls)).collect();
        assert_eq!(runs, [(7, false), (2, true)]);
        let lengths = [0, 1, 2, 3].map(|n| parts.comments.of(n).map(|place| place.length));
        assert_eq!(lengths, [None, Some(4), Some(3), None]);
        assert_eq!(parts.events.of(1), None);
    }

    #[test]
    fn what_is_no_forge_of_version_1_is_an_error() {
        let with = |repos: &str| format!(r#"{{"version":1,"kind":"gitea","repos":{repos}}}"#);
        for (document, what) in [
            (r#"{"kind": "gitea", "repos": []}"#, "1: the document has no `version`"),
            (r#"{"version": 2}"#, "12: `version` is not 1, which is the one that is read here"),
            (r#"{"version": 1, "repos": []}"#, "1: the document has no `kind`"),
            (r#"{"kind": "svn"}"#, "9: unknown `kind` \"svn\": gitea, forgejo or github"),
            (r#"{"user": 3}"#, "9: `user` is not a text"),
            (r#"{"version":1,"kind":"gitea"}"#, "1: the document has no `repos`"),
            (&with("{}"), "36: expected the list of repositories, found `{`"),
            (&with("[3]"), "37: expected an object with `full_name`, found `3`"),
            (&with("[{}]"), "38: the repository has no `full_name`"),
            (&with(r#"[{"full_name":"ab"}]"#), "38: the repository's `full_name` \"ab\" is not owner/name"),
            (&with(r#"[{"full_name":"a/b"},{"full_name":"a/b"}]"#), "57: the repository a/b is here a second time"),
            (&with(r#"[{"issues":3}]"#), "47: expected the list `issues`, found `3`"),
            (&with(r#"[{"private":"no"}]"#), "48: `private` is not true or false"),
            (&with(r#"[{"comments":{"1":{}}}]"#), "54: expected a list, found `{`"),
        ] {
            assert_eq!(wrong(document), what, "{document}");
        }
    }
}
