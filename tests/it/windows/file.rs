//! Windows of time over a forge in a file.
//!
//! Takes: the made-up history as each forge gives it, and recorded inputs with the figures of the program that
//! Kaizen replaces. Gives: the same account as from the server; those figures.

use std::io::Write as _;

use chrono::DateTime;
use kaizen::forge::Forge;
use kaizen::forge::change::ForgeWriter;
use kaizen::forge::file::FileForge;
use kaizen::forge::live::LiveFile;
use kaizen::jobs::window::{Activity, WindowQuery, read};
use serde_json::{Map, Value, json};

use super::{TOLD, happened, history, told};
use crate::forge::Server;
use crate::golden;
use crate::remote::{client, worlds};

fn saved(document: &Value) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "{document}").unwrap();
    file
}

/// All that a server's lists say of `acme/app`, as a forge in a file.
fn recorded(server: &Server, kind: &str) -> Value {
    let world = server.world();
    let at = world.place("acme/app").unwrap();
    let github = world.dialect.is_github();
    let comment = |item: &_, entry: &_| match github {
        true => world.github_comment(at, item, entry),
        false => world.gitea_comment(at, item, entry),
    };
    let issue = |item: &_| if github { world.github_issue(at, item) } else { world.gitea_issue(at, item) };
    let items = world.repos[at].items.values();
    let issues: Vec<Value> = items.clone().map(issue).collect();
    let comments: Map<String, Value> = items
        .map(|item| (item.number.to_string(), item.comments().map(|(entry, _)| comment(item, entry)).collect()))
        .collect();
    let repo = json!({ "full_name": "acme/app", "issues": issues, "comments": comments });
    json!({ "version": 1, "kind": kind, "user": "kaizen-bot", "repos": [repo] })
}

#[test]
fn a_file_tells_what_its_forge_told() {
    for place in worlds() {
        let server = Server::start(history(place));
        let remote = client(&server);
        let kind = remote.kind().name();
        let from_server = happened(&remote, vec![0], 4);
        let file = saved(&recorded(&server, kind));
        let streamed = FileForge::open(file.path()).unwrap();
        for threads in [1, 4] {
            assert_eq!(told(&happened(&streamed, vec![0], threads)), TOLD, "{kind}");
        }
        let live = LiveFile::to_look(file.path(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(told(&happened(&live, vec![0], 1)), TOLD, "{kind}");
        assert!(live.item_done().is_ok());
        // Each in its own order; the items themselves are the same to the last member.
        let [one, other] = [&from_server, &happened(&streamed, vec![0], 1)].map(|world: &Activity| {
            let [app] = &world.repos[..] else { panic!() };
            let mut all: Vec<_> = app.open.iter().chain(&app.closed).chain(&app.pulls).cloned().collect();
            all.sort_by_key(|seen| seen.item.number);
            all
        });
        assert_eq!(one, other, "{kind}");
    }
}

/// A recorded input as a forge in a file: a list for each state there, one for all here.
fn golden_forge(input: &Value) -> Value {
    let repo = |repo: &Value| {
        let list = |name: &str| repo[name].as_array().cloned().unwrap_or_default();
        let issues = [list("open_issues"), list("closed_issues")].concat();
        json!({ "full_name": repo["full_name"], "issues": issues, "pulls": list("closed_pulls") })
    };
    let repos: Vec<Value> = input["repos"].as_array().unwrap().iter().map(repo).collect();
    json!({ "version": 1, "kind": "gitea", "repos": repos })
}

#[test]
fn recorded_windows_count_what_the_reference_counts() {
    for path in golden::files("retro-") {
        let (input, expected) = (golden::read(&path), golden::read(&path.with_extension("expected.json")));
        // Where it counts what was only touched, or no more than a hundred: what it counts without that.
        let mended = ["if_closed_at", "if_not_capped"].into_iter().find(|name| expected.get(name).is_some());
        let metrics = mended.map_or(&expected["metrics"], |name| &expected[name]["metrics"]);
        let file = saved(&golden_forge(&input));
        let forge = FileForge::open(file.path()).unwrap();
        let at = |name: &str| DateTime::parse_from_rfc3339(input[name].as_str().unwrap()).unwrap().timestamp_micros();
        let asked = WindowQuery {
            forge: &forge,
            repos: (0..forge.repos().len()).collect(),
            since: at("since"),
            until: at("now"),
            before: Vec::new(),
            bots: &[],
            threads: 2,
            progress: &|_| (),
        };
        let world = read(&asked);
        assert_eq!(world.repos.len(), forge.repos().len());
        for app in &world.repos {
            let window = world.windows[0];
            let (merged, closed): (Vec<_>, Vec<_>) = app.pulls_in(window).partition(|seen| seen.item.merged);
            let theirs = &metrics["by_repo"][app.repo.name.split('/').next_back().unwrap()];
            let ours = [app.closed_in(window).count(), app.open.len(), merged.len(), closed.len()];
            let theirs = ["closed", "open", "merged_prs", "closed_prs"].map(|name| theirs[name].as_u64().unwrap());
            assert_eq!(ours.map(|count| count as u64), theirs, "{} {}", path.display(), app.repo.name);
        }
    }
}
