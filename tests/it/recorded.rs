//! What real forges answered, as file forges: nothing in it stops a run or is lost.
//!
//! Takes: `tests/recorded/*.json`, answers of Gitea, Forgejo and GitHub that hold issues, pull
//! requests and comments. Gives: runs of both packs over all of it, open and closed, in which
//! every item appears once, with a rule or a reason, and the totals add up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::golden::read;
use crate::support::{Kaizen, Ran, repo_world, root};

const RECORDED: [&str; 8] = [
    "gitea-com-test_repo",
    "github-go-gitea-test_repo",
    "octokit",
    "gitea-1.26.4-world",
    "gitea-1.26.4",
    "gitea-1.24.7",
    "gitea-1.21.11",
    "forgejo-10.0.0-dev",
];

/// An item: its repository, its kind, its number.
type Key = (String, &'static str, u64);

/// Every recorded file as a forge, with its name.
pub fn worlds() -> impl Iterator<Item = (&'static str, Value)> {
    RECORDED.into_iter().map(|name| (name, Recorded::of(name).world))
}

/// A recorded file as a forge, and the items it holds.
struct Recorded {
    world: Value,
    items: BTreeSet<Key>,
}

/// `owner/name` and number of an address that ends `owner/name/issues/7`.
fn place(address: &str) -> (String, String) {
    let parts: Vec<&str> = address.rsplitn(5, '/').collect();
    (format!("{}/{}", parts[3], parts[2]), parts[0].to_owned())
}

/// The full name of the repository that an issue or a pull request is of.
fn repo_of(item: &Value) -> String {
    let named = item["base"]["repo"]["full_name"].as_str().or(item["repository"]["full_name"].as_str());
    match (named, item["repository_url"].as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(address)) => place(&format!("{address}/issues/0")).0,
        (None, None) => panic!("of which repository is {}?", item["html_url"]),
    }
}

fn push(repo: &mut Map<String, Value>, list: &str, entry: &Value) {
    repo.entry(list).or_insert(json!([])).as_array_mut().unwrap().push(entry.clone());
}

fn push_talk(repo: &mut Map<String, Value>, kind: &str, number: &str, entry: &Value) {
    let talk = repo.entry(kind).or_insert(json!({})).as_object_mut().unwrap();
    talk.entry(number).or_insert(json!([])).as_array_mut().unwrap().push(entry.clone());
}

impl Recorded {
    /// Reads a file. What was answered twice goes in twice, as it does when pages shift.
    fn of(name: &str) -> Recorded {
        let file = read(&root().join(format!("tests/recorded/{name}.json")));
        let mut repos: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        let mut items = BTreeSet::new();
        for answer in file["answers"].as_array().unwrap() {
            let path = answer["path"].as_str().unwrap().split('?').next().unwrap();
            let pulls = path.contains("/pulls");
            for entry in answer["body"].as_array().unwrap() {
                if path.ends_with("/assignees") {
                    push(repos.entry("acme/app".to_owned()).or_default(), "assignees", entry);
                } else if entry["number"].is_u64() {
                    let name = repo_of(entry);
                    let kind = if pulls || entry["pull_request"].is_object() { "pull" } else { "issue" };
                    items.insert((name.clone(), kind, entry["number"].as_u64().unwrap()));
                    push(repos.entry(name).or_default(), if pulls { "pulls" } else { "issues" }, entry);
                } else {
                    let addresses = ["issue_url", "pull_request_url"].map(|name| entry[name].as_str());
                    let address = addresses.into_iter().flatten().find(|address| !address.is_empty()).unwrap();
                    let (name, number) = place(address);
                    let kind = if path.ends_with("/timeline") { "events" } else { "comments" };
                    push_talk(repos.entry(name).or_default(), kind, &number, entry);
                }
            }
        }
        let named = repos.into_iter().map(|(name, mut repo)| {
            repo.insert("full_name".to_owned(), json!(name));
            Value::Object(repo)
        });
        let repos: Vec<Value> = named.collect();
        let world = json!({ "version": 1, "kind": file["kind"], "user": "kaizen", "repos": repos });
        assert!(!items.is_empty(), "{name} holds items");
        Recorded { world, items }
    }

    fn numbers(&self, kind: &str) -> BTreeSet<(String, u64)> {
        self.items.iter().filter(|item| item.1 == kind).map(|item| (item.0.clone(), item.2)).collect()
    }
}

/// The rule file of a pack, reading issues and pull requests in every state.
fn widened(pack: &str) -> String {
    const ALL: &str = "scope: {kinds: [issue, pull], states: [open, closed]}";
    let text = std::fs::read_to_string(root().join(pack).join("backlog-triage.yaml")).unwrap();
    let narrow = "scope: {kinds: [issue], states: [open]}";
    let wide = if text.contains(narrow) { text.replace(narrow, ALL) } else { format!("{text}\n{ALL}\n") };
    assert_eq!(wide.matches("\nscope:").count(), 1, "{pack} has one scope");
    wide
}

/// A run over a world under a pack, widened.
fn run(world: &Value, pack: &str) -> Ran {
    let kaizen = Kaizen::triage(world).at("2026-11-22T00:00:00Z");
    let folder = kaizen.folder().join("wide");
    kaizen.file("wide/backlog-triage.yaml", &widened(pack));
    if pack == "rules" {
        kaizen.file("wide/common.yaml", &std::fs::read_to_string(root().join("rules/common.yaml")).unwrap());
    }
    kaizen.args([std::path::Path::new("--rules"), &folder]).run()
}

/// The report of such a run, which is done or has left work because of its cap.
fn report(world: &Value, pack: &str) -> Value {
    let ran = run(world, pack);
    assert!([0, 4].contains(&ran.code), "{pack}: {} {}", ran.code, ran.stderr);
    let report = ran.json(ran.code);
    assert_eq!(report["totals"]["deferred"] == 0, ran.code == 0, "{pack}");
    report
}

const PACKS: [&str; 2] = ["rules", "tests/reference/rules"];

/// Every item is there once and decided on; the totals are the sums of their states.
fn check(recorded: &Recorded, report: &Value, what: &str) {
    let issues = report["issues"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    let mut states: BTreeMap<&str, u64> = BTreeMap::new();
    for issue in issues {
        let kind = recorded.items.iter().map(|item| item.1).find(|kind| issue["kind"] == *kind).unwrap();
        let key = (issue["repo"].as_str().unwrap().to_owned(), kind, issue["number"].as_u64().unwrap());
        let decision = &issue["decision"];
        assert!(decision["rule"].is_string() || decision["reason"].is_string(), "{what}: {issue}");
        assert!(decision["reason"].as_str().is_none_or(|reason| !reason.trim().is_empty()), "{what}: {issue}");
        *states.entry(decision["state"].as_str().unwrap()).or_default() += 1;
        assert!(seen.insert(key), "{what}: twice: {issue}");
    }
    assert_eq!(seen, recorded.items, "{what}");
    assert_eq!(report["warnings"], json!([]), "{what}");

    let totals = &report["totals"];
    for (total, state) in [
        ("acted", "planned"),
        ("unchanged", "unchanged"),
        ("waiting", "waiting"),
        ("skipped", "skipped"),
        ("deferred", "deferred"),
        ("dropped", "dropped"),
        ("failed", "failed"),
    ] {
        assert_eq!(totals[total], states.remove(state).unwrap_or_default(), "{what}: {total}");
    }
    assert!(states.is_empty(), "{what}: {states:?}");
    assert_eq!(totals["failed"], 0, "{what}");
    assert_eq!(totals["scored"], issues.len(), "{what}");
}

#[test]
fn every_recorded_item_is_decided_on_once_under_both_packs() {
    for name in RECORDED {
        let recorded = Recorded::of(name);
        for pack in PACKS {
            check(&recorded, &report(&recorded.world, pack), &format!("{name} under {pack}"));
        }
    }
}

#[test]
fn pull_requests_among_issues_are_pulls_and_out_of_scope_where_only_issues_are_asked_for() {
    for name in RECORDED {
        let recorded = Recorded::of(name);
        let report = Kaizen::triage(&recorded.world).args(["--allow-deferred"]).run().json(0);
        let issues = report["issues"].as_array().unwrap();
        let allowed = recorded.numbers("issue");
        for issue in issues {
            let key = (issue["repo"].as_str().unwrap().to_owned(), issue["number"].as_u64().unwrap());
            assert!(issue["kind"] == "issue" && allowed.contains(&key), "{name}: {issue}");
        }
        assert_eq!(report["totals"]["open"], issues.len(), "{name}: only open ones are asked for");
    }
    let world = Recorded::of("gitea-1.26.4-world");
    assert!(world.numbers("pull").len() >= 25, "the recording mixes them");
}

#[test]
fn a_deleted_account_is_no_reason_to_stop() {
    let mut recorded = Recorded::of("gitea-1.26.4-world");
    let issues = recorded.world["repos"][0]["issues"].as_array().unwrap();
    assert!(issues.iter().any(|issue| issue["user"]["login"] == "Ghost"), "Gitea calls them Ghost");
    let named = report(&recorded.world, "rules");

    // GitHub may name nobody at all. Nothing in the rules turns on the author, so no decision changes.
    for repo in recorded.world["repos"].as_array_mut().unwrap() {
        for list in ["issues", "pulls"] {
            repo[list].as_array_mut().unwrap().iter_mut().for_each(|item| item["user"] = Value::Null);
        }
        let talk = repo["comments"].as_object_mut().unwrap();
        talk.values_mut().flat_map(|list| list.as_array_mut().unwrap()).for_each(|one| one["user"] = Value::Null);
    }
    let nobody = report(&recorded.world, "rules");
    check(&recorded, &nobody, "nobody wrote anything");
    assert_eq!(named["issues"].as_array().unwrap().len(), nobody["issues"].as_array().unwrap().len());
    for (named, nobody) in named["issues"].as_array().unwrap().iter().zip(nobody["issues"].as_array().unwrap()) {
        assert_eq!(named["decision"]["rule"], nobody["decision"]["rule"], "{named}");
    }
}

#[test]
fn the_same_issue_is_judged_alike_in_the_answers_of_all_versions() {
    // The four servers were given the same issue; versions differ in members that judge nothing.
    let mut judged = BTreeSet::new();
    for name in ["gitea-1.26.4", "gitea-1.24.7", "gitea-1.21.11", "forgejo-10.0.0-dev"] {
        let recorded = Recorded::of(name);
        let report = report(&recorded.world, "rules");
        let pull = report["issues"].as_array().unwrap().iter().find(|item| item["number"] == 345).unwrap().clone();
        judged.insert(json!([pull["kind"], pull["title"], pull["type"], pull["tags"], pull["scores"]]).to_string());
    }
    assert_eq!(judged.len(), 1, "{judged:?}");
}

#[test]
fn text_and_markdown_of_a_recorded_backlog_are_printed_whole() {
    let recorded = Recorded::of("gitea-1.26.4-world");
    for format in ["text", "markdown"] {
        let ran = Kaizen::triage(&recorded.world).args(["--allow-deferred"]).format(format).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for part in ["275", "Data loss on restart", "flag-owner", "not-ready"] {
            assert!(ran.stdout.contains(part), "{format} lacks {part}: {}", ran.stdout);
        }
        // Nothing that somebody wrote reaches the terminal as a control character.
        assert!(!ran.stdout.chars().any(|c| c.is_control() && c != '\n'), "{format}");
    }
}

#[test]
fn a_list_that_is_all_pull_requests_needs_no_mark_on_them() {
    let recorded = Recorded::of("github-go-gitea-test_repo");
    let repo = &recorded.world["repos"][0];
    let world = repo_world(json!({ "full_name": repo["full_name"], "pulls": repo["pulls"] }));
    let report = report(&world, "rules");
    let kinds: BTreeSet<&str> =
        report["issues"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["pull"]));
}
