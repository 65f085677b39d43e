//! The questions that five real servers were asked, put to the server of the tests.
//!
//! Takes: `tests/forge/live/*.json`, question and answer of Gitea 1.21.11, 1.24.7, 1.26.4, 1.27.3 and
//! Forgejo 10, and the world in which they were asked, built again. Gives: a failure for every answer that
//! differs: in its status, its headers, its members, types and nulls, or in what it says of numbers,
//! titles, names, states and addresses.

use serde_json::{Value, json};

use super::client::{Client, Reply};
use super::seed::{Recorded, SERVERS, acme};
use super::server::Server;
use crate::support::root;

/// Who asks, where the recording only says that a token was used.
fn asker(note: &str, by: &str) -> &'static str {
    match note {
        "create as a reader with labels and assignee" | "assign own issue as a reader" => "reader",
        "edit another's issue as a reader" | "comment on a locked issue as a reader" => "reader",
        "token without the scope" | "scope missing for /user" => "noissue",
        "wrong token on a public read" => "wrong",
        "who am I" => "bot",
        _ if by == "nobody" => "nobody",
        _ => "bot",
    }
}

/// What the program that recorded did between two recorded questions.
struct Between<'a> {
    server: &'a Server,
    plain: String,
    comment: i64,
}

impl Between<'_> {
    fn ask(&mut self, token: &str, method: &str, path: &str, body: Value) -> Reply {
        Client::new(&self.server.url(), "/api/v1/repos/acme/app").with_token(token).send(method, path, &body)
    }

    fn before(&mut self, note: &str, path: &str) {
        let plain = self.plain.clone();
        self.server.world().clock.advance(2);
        match note {
            "timeline with nothing" => {
                let made = self.ask("admin", "POST", "/issues", json!({ "title": "untouched 1795223412" }));
                self.plain = format!("/issues/{}", made.json()["number"]);
            }
            "replace assignees" => _ = self.ask("bot", "PATCH", &plain, json!({ "assignees": ["claude", "kimi"] })),
            "add an unknown label" => {
                let post = self.ask("bot", "POST", &format!("{plain}/assignees"), json!({ "assignees": ["maria"] }));
                let there = self.server.world().dialect.assignees_apart();
                assert_eq!(post.status, if there { 201 } else { 404 }, "fact 40: from 1.27 only");
                let cleared = self.ask("bot", "PATCH", &plain, json!({ "assignees": [] }));
                assert_eq!((cleared.status, &cleared.json()["assignees"]), (201, &Value::Null), "fact 40");
            }
            "second label of an exclusive scope" => {
                self.ask("bot", "POST", &format!("{plain}/labels"), json!({ "labels": ["Kind/Bug"] }));
            }
            "stale content_version" => {
                let version =
                    Client::new(&self.server.url(), "/api/v1/repos/acme/app").get(&plain).json()["content_version"]
                        .clone();
                let edited = self.ask("bot", "PATCH", &plain, json!({ "body": "b1", "content_version": version }));
                assert_eq!(edited.status, 201);
            }
            "stale content_version on an assignee change" => {
                self.ask("bot", "PATCH", &plain, json!({ "assignees": ["maria"] }));
                self.ask("bot", "POST", &format!("{plain}/labels"), json!({ "labels": ["bug"] }));
                self.ask("bot", "POST", &format!("{plain}/comments"), json!({ "body": "z" }));
                self.ask("bot", "PATCH", &plain, json!({ "title": "new title 1795223412" }));
            }
            "comment on a locked issue as a reader" => {
                let lock = path.replace("/api/v1/repos/acme/app", "").replace("/comments", "/lock");
                assert!([403, 404].contains(&self.ask("bot", "PUT", &lock, json!({})).status), "fact 46");
                self.ask("admin", "PUT", &lock, json!({}));
            }
            "label that exists" => {
                _ = self.ask("bot", "POST", "/labels", json!({ "name": "twice", "color": "aabbcc" }))
            }
            "read under the old name" => {
                let old = path.split('/').nth(5).unwrap();
                let mut world = self.server.world();
                world.add_repo(&format!("acme/{old}"));
                world.rename(&format!("acme/{old}"), &old.replace("before", "after"));
            }
            _ => {}
        }
    }
}

/// Members whose values come from git, from the clock or from the run.
const OWN: [&str; 19] = [
    "last_login",
    "active",
    "sha",
    "last_commit_sha",
    "merge_commit_sha",
    "merge_base",
    "commit_id",
    "email",
    "avatar_url",
    "git_url",
    "git",
    "size",
    "mergeable",
    "additions",
    "branch_count",
    "language",
    "message",
    "watchers_count",
    "wiki_branch",
];

/// What differs between a recorded value and ours.
fn differs(recorded: &Value, ours: &Value, hosts: &[String; 2], place: &str, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for name in recorded.keys().filter(|name| !ours.contains_key(*name)) {
                found.push(format!("{place} lacks `{name}`"));
            }
            for name in ours.keys().filter(|name| !recorded.contains_key(*name)) {
                found.push(format!("{place} should not have `{name}`"));
            }
            let numbered_apart = recorded.contains_key("issue_url") || recorded.contains_key("submitted_at");
            for (name, value) in recorded {
                let Some(own) = ours.get(name) else { continue };
                let own_value = OWN.contains(&name.as_str()) || (name == "id" && numbered_apart);
                let kind = |value: &Value| match value {
                    Value::Null => "null",
                    Value::Bool(_) => "a bool",
                    Value::Number(_) => "a number",
                    Value::String(_) => "a text",
                    Value::Array(_) => "a list",
                    Value::Object(_) => "an object",
                };
                if own_value {
                    if kind(value) != kind(own) {
                        found.push(format!("{place}.{name} is {}, not {}", kind(own), kind(value)));
                    }
                    if name == "message" && (value == "") != (own == "") {
                        found.push(format!("{place}.{name} is {own}, not {value}"));
                    }
                } else {
                    differs(value, own, hosts, &format!("{place}.{name}"), found);
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            for (at, (recorded, ours)) in recorded.iter().zip(ours).enumerate() {
                differs(recorded, ours, hosts, &format!("{place}[{at}]"), found);
            }
        }
        (Value::String(recorded), Value::String(ours)) => {
            let time = |text: &str| chrono::DateTime::parse_from_rfc3339(text).is_ok_and(|time| time.timestamp() > 0);
            let (recorded, ours) = (plain_text(recorded, &hosts[0]), plain_text(ours, &hosts[1]));
            if recorded != ours && !(time(&recorded) && time(&ours)) {
                found.push(format!("{place} is {ours:?}, not {recorded:?}"));
            }
        }
        _ if recorded != ours => found.push(format!("{place} is {ours:.80}, not {recorded:.80}")),
        _ => {}
    }
}

/// A text without the host that was called, and without the ids of comments and of commits.
fn plain_text(text: &str, host: &str) -> String {
    let text = text.replace(host, "CALLED");
    let text = text.replace("#pullrequestreview-", "#issuecomment-");
    let (head, tail) = text.split_once("#issuecomment-").unwrap_or((&text, ""));
    let tail = tail.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let stamp = regex::Regex::new("[0-9]{10}").unwrap();
    stamp.replace_all(&format!("{head}{tail}"), "STAMP").into_owned()
}

/// Questions that cannot be put: none. A question is left out here with its reason.
const LEFT_OUT: [(&str, &str); 0] = [];

/// What the answers of one recorded server and ours differ in, and how many were compared.
fn compare(recorded: &Recorded) -> (usize, Vec<String>, Vec<String>) {
    let path = root().join(format!("tests/forge/live/{}.json", recorded.name));
    let exchanges: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut world = acme(recorded);
    world.add_token("admin", "root1");
    let scopes = |scopes: &[&str]| Some(scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<String>>());
    world.add_token("bot", "kaizen-bot").scopes =
        scopes(&["write:issue", "read:repository", "read:user", "read:organization"]);
    world.add_token("reader", "reader").scopes = scopes(&["write:issue", "read:repository", "read:user"]);
    world.add_token("noissue", "kaizen-bot").scopes = scopes(&["read:repository"]);
    let server = Server::start(world);
    server.unchecked();
    let hosts = [format!("127.0.0.1:{}", recorded.port), server.url().replace("http://", "")];
    let mut between = Between { server: &server, plain: String::new(), comment: 0 };
    let (mut found, mut compared) = (Vec::new(), 0);
    for exchange in &exchanges {
        let (note, request, answer) = (exchange["note"].as_str().unwrap(), &exchange["request"], &exchange["response"]);
        if LEFT_OUT.iter().any(|(left, _)| *left == note) {
            continue;
        }
        let mut path = request["path"].as_str().unwrap().to_owned();
        between.before(note, &path);
        if note == "edit a comment" {
            path = format!("/api/v1/repos/acme/app/issues/comments/{}", between.comment);
        }
        let token = asker(note, request["as"].as_str().unwrap());
        let mut client = Client::new(&server.url(), "");
        if token != "nobody" {
            client = client.with_token(token);
        }
        let body = match note {
            "wrong JSON type" => Some(r#"{"title": 5}"#.to_owned()),
            // What was sent is not what a later reading of the recording says: no version is null.
            _ => Some(&request["body"]).filter(|body| !body.is_null()).map(Value::to_string),
        };
        let reply = client.ask(request["method"].as_str().unwrap(), &path, body.as_deref().map(str::as_bytes)).unwrap();
        if note == "comment" {
            between.comment = reply.json()["id"].as_i64().unwrap();
        }
        let mut wrong = Vec::new();
        if answer["status"] != reply.status {
            wrong.push(format!("status {}, not {}", reply.status, answer["status"]));
        }
        for name in
            ["link", "x-total-count", "content-type", "location", "cache-control", "x-gitea-warning", "retry-after"]
        {
            let (wanted, seen) = (answer["headers"][name].as_str(), reply.header(name));
            if wanted != seen {
                wrong.push(format!("{name} {seen:?}, not {wanted:?}"));
            }
        }
        match answer.get("text") {
            Some(text) => {
                let seen = String::from_utf8_lossy(&reply.body).into_owned();
                if text.as_str() != Some(&seen) {
                    wrong.push(format!("text {seen:?}, not {text}"));
                }
            }
            None => {
                let (wanted, seen) = (&answer["json"], reply.json());
                let length = answer["of"].as_u64().or(wanted.as_array().map(|list| list.len() as u64));
                if length != seen.as_array().map(|list| list.len() as u64) {
                    wrong.push(format!("{:?} entries, not {length:?}", seen.as_array().map(Vec::len)));
                }
                differs(wanted, &seen, &hosts, "answer", &mut wrong);
            }
        }
        compared += 1;
        found.extend(wrong.into_iter().map(|wrong| format!("{}: {note}: {wrong}", recorded.name)));
    }
    (compared, found, server.violations())
}

/// What of the questions is against a description, by server: each was asked to see what comes. No
/// answer is.
fn asked_wrongly(name: &str) -> Vec<&'static str> {
    let mut all = vec![
        "GET /nosuch: the API has no such operation",
        "GET /repos/acme/app/assignees: no query parameter `limit`",
        "GET /repos/acme/app/issues/N/comments: no query parameter `limit`",
        "GET /repos/acme/app/issues/N/labels: no query parameter `limit`",
        "GET /repos/acme/app/issues: `since` is \"yesterday\", which is no time",
        "PATCH /repos/acme/app/issues/N: body.title is 5, not string",
        "POST /repos/acme/app/issues: body.labels[0] is \"bug\", not integer",
    ];
    if name != "gitea-1.27.3" {
        all.push("POST /repos/acme/app/issues/N/assignees: the API has no such operation");
    }
    if !name.starts_with("gitea-1.2") || name == "gitea-1.21.11" {
        all.extend([
            "PATCH /repos/acme/app/issues/N: body has no member `content_version`",
            "PUT /repos/acme/app/issues/N/lock: the API has no such operation",
        ]);
    }
    if name == "gitea-1.21.11" {
        all.extend([
            "POST /repos/acme/app/issues/N/labels: body.labels[0] is \"Kind/Bug\", not integer",
            "POST /repos/acme/app/issues/N/labels: body.labels[0] is \"Kind/Feature\", not integer",
            "POST /repos/acme/app/issues/N/labels: body.labels[0] is \"bug\", not integer",
            "POST /repos/acme/app/issues/N/labels: body.labels[0] is \"nosuch\", not integer",
            "POST /repos/acme/app/issues/N/labels: body.labels[0] is \"org/urgent\", not integer",
            "POST /repos/acme/app/issues/N/labels: body.labels[1] is \"bug\", not integer",
            "PUT /repos/acme/app/issues/N/labels: body.labels[0] is \"nosuch\", not integer",
        ]);
    }
    all.sort_unstable();
    all
}

#[test]
fn every_recorded_question_is_answered_as_recorded() {
    let mut found = Vec::new();
    let number = regex::Regex::new("issues/[0-9]+").unwrap();
    for recorded in &SERVERS {
        let (compared, wrong, violations) = compare(recorded);
        assert_eq!(compared, 74, "{}", recorded.name);
        found.extend(wrong);
        let mut violations: Vec<String> =
            violations.iter().map(|found| number.replace(found, "issues/N").into_owned()).collect();
        violations.sort();
        violations.dedup();
        assert_eq!(violations, asked_wrongly(recorded.name), "{}", recorded.name);
    }
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
