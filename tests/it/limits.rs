//! What is bounded, and what goes on when a part fails.
//!
//! Takes: rules that are too long, patterns that match without end, worlds of which a part is
//! broken or out of scope. Gives: located errors, and everything else done.

use serde_json::{Value, json};

use crate::support::{Kaizen, issue, labels, record, repo_world, world};

/// A small policy; `{}` takes more of it.
fn policy(more: &str) -> String {
    format!(
        "version: 1\njob: backlog-triage\nkeywords: {{x: [x], done: [done]}}\nflags: {{urgent: tagged.x, ready: true, blocked: false}}\n\
         labels: {{done: {{}}}}\norder: [{{asc: number}}]\n{more}"
    )
}

const HAND_OUT: &str = "agents: {claude: {login: claude, holds: \"'claude' in assignees\", at_once: 3}}\n\
    actions: {hand-out: {agent: claude, assign: [claude], add_labels: [done]}}\n\
    decide: [{id: assigned, when: assignees | length > 0, action: skip}, {id: ready, action: hand-out}]\n";

fn one() -> Value {
    world(json!([issue(1, "one", json!({}))]))
}

fn held(number: u64, with: Value) -> Value {
    let mut with = with;
    with["assignees"] = json!([{ "login": "claude" }]);
    issue(number, "held", with)
}

fn state(report: &Value, number: u64) -> String {
    record(report, number)["decision"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_rule_of_any_length_is_refused_at_its_place_and_ends_nothing() {
    let long = ["urgent or ".repeat(30_000) + "urgent", "not ".repeat(30_000) + "urgent", "-".repeat(20_000) + "1 > 0"];
    for when in long {
        let rules = policy(&format!("decide: [{{id: a, when: '{when}', action: skip}}]\n"));
        let ran = Kaizen::triage(&one()).rule_file(&rules).run();
        assert_eq!(ran.code, 78, "{}", ran.stderr.chars().take(400).collect::<String>());
        assert!(ran.stderr.contains("2000 is the most"), "{}", ran.stderr.chars().take(400).collect::<String>());
    }
}

#[test]
fn a_template_of_any_length_is_refused_at_its_place_and_ends_nothing() {
    let nested = "{% if title %}".repeat(10_000) + &"{% endif %}".repeat(10_000);
    let texts = [
        "{{ title".to_owned() + &" ~ title".repeat(30_000) + " }}",
        "{{ title".to_owned() + &" | upper".repeat(30_000) + " }}",
        nested,
    ];
    for text in texts {
        let more = "actions: {note: {comment: note.md.j2}}\ndecide: [{id: a, action: note}]\n";
        let kaizen = Kaizen::triage(&one()).rule_file(&policy(more));
        kaizen.file("templates/backlog-triage/note.md.j2", &text);
        let ran = kaizen.run();
        assert_eq!(ran.code, 78, "{}", ran.stderr.chars().take(400).collect::<String>());
        assert!(ran.stderr.contains("note.md.j2:1:1"), "{}", ran.stderr.chars().take(400).collect::<String>());
    }
}

#[test]
fn a_pattern_counts_a_thousand_matches_and_no_more() {
    let more = "patterns: {a: {regex: '(?-i).*[^A-Z]|[A-Z]', in: body}}\n\
        decide: [{id: many, when: count.a == 1000, action: skip}, {id: few, action: skip}]\n";
    let issues = json!([
        issue(1, "x", json!({ "body": "A".repeat(50_000) })),
        issue(2, "x", json!({ "body": "A".repeat(999) }))
    ]);
    let report = Kaizen::triage(&world(issues)).rule_file(&policy(more)).run().json(0);
    assert_eq!(record(&report, 1)["decision"]["rule"], "many");
    assert_eq!(record(&report, 2)["decision"]["rule"], "few");
}

#[test]
fn work_in_hand_counts_where_scope_leaves_it_out_and_never_when_it_is_closed() {
    let three = |with: Value| {
        (1..=3).map(|number| held(number, with.clone())).chain([issue(4, "next", json!({}))]).collect::<Value>()
    };
    let left_out = policy(&format!("scope: {{leave_out: {{labels: [later]}}}}\n{HAND_OUT}"));
    let report =
        Kaizen::triage(&world(three(json!({ "labels": labels(&["later"]) })))).rule_file(&left_out).run().json(0);
    assert_eq!(state(&report, 4), "waiting");
    let closed = policy(&format!("scope: {{states: [open, closed]}}\n{HAND_OUT}"));
    let report = Kaizen::triage(&world(three(json!({ "state": "closed" })))).rule_file(&closed).run().json(0);
    assert_eq!(state(&report, 4), "planned");
}

#[test]
fn an_action_without_a_comment_is_done_when_the_item_says_so() {
    let more = "actions: {mark: {add_labels: [done]}}\ndecide: [{id: ready, action: mark}]\n";
    let issues = json!([issue(1, "done", json!({ "labels": labels(&["done"]) })), issue(2, "new", json!({}))]);
    let report = Kaizen::triage(&world(issues)).rule_file(&policy(more)).run().json(0);
    assert_eq!((state(&report, 1), state(&report, 2)), ("unchanged".to_owned(), "planned".to_owned()));
    assert_eq!(report["writes"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_done_before_is_not_deferred() {
    let more =
        "actions: {mark: {add_labels: [done]}}\ndecide: [{id: ready, action: mark}]\nlimits: {items_per_run: 1}\n";
    let done = |number| issue(number, "done", json!({ "labels": labels(&["done"]) }));
    let issues = json!([issue(1, "new", json!({})), done(2), done(3)]);
    let report = Kaizen::triage(&world(issues)).rule_file(&policy(more)).run().json(0);
    assert_eq!(report["totals"]["unchanged"], 2);
    assert_eq!(report["totals"]["deferred"], 0);
}

#[test]
fn a_repository_that_cannot_be_read_stops_no_other() {
    let text = r#"{"version": 1, "kind": "gitea", "repos": [
        {"full_name": "acme/good", "issues": [{"number": 1, "title": "x", "state": "open"}]},
        {"full_name": "acme/bad", "issues": [{"number": 1, "title": }]}]}"#;
    let kaizen = Kaizen::triage(&one()).rule_file(&policy(HAND_OUT));
    kaizen.file("world.json", text);
    let report = kaizen.run().json(4);
    assert_eq!(report["issues"].as_array().unwrap().len(), 1);
    assert_eq!(report["complete"], false);
    assert!(report["why_incomplete"][0].as_str().unwrap().contains("acme/bad"), "{}", report["why_incomplete"]);
}

#[test]
fn a_timeline_that_cannot_be_read_fails_its_item_only() {
    let rules = policy(
        "decide: [{id: idle, when: idle_days is not none and idle_days > 5, action: skip}, {id: rest, action: skip}]\n",
    );
    let text = r#"{"version": 1, "kind": "gitea", "repos": [{"full_name": "acme/app", "issues": [
        {"number": 1, "title": "x", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-11-19T00:00:00Z"},
        {"number": 2, "title": "y", "created_at": "2026-11-19T00:00:00Z"}], "events": {"1": [{"created_at": }]}}]}"#;
    let kaizen = Kaizen::triage(&one()).rule_file(&rules);
    kaizen.file("world.json", text);
    let report = kaizen.run().json(1);
    assert_eq!((state(&report, 1), state(&report, 2)), ("failed".to_owned(), "skipped".to_owned()));
}

#[test]
fn one_summary_for_all_is_made_of_all_and_found_in_any_case() {
    let rules = policy("summary: {repo: acme/hub}\ndecide: [{id: rest, action: skip}]\n");
    let mut all = repo_world(json!({ "full_name": "Acme/Hub", "issues": [] }));
    all["repos"].as_array_mut().unwrap().push(json!({ "full_name": "acme/app", "issues": [issue(1, "x", json!({}))] }));
    let report = Kaizen::triage(&all).rule_file(&rules).run().json(0);
    assert_eq!(report["writes"][0]["repo"], "Acme/Hub");
    let part = Kaizen::triage(&all).rule_file(&rules).args(["--repo", "acme/app"]).run().json(0);
    assert_eq!(part["writes"], json!([]));
}

#[test]
fn what_is_too_large_is_named_and_does_not_fill_the_memory() {
    let kaizen = Kaizen::bare();
    let sparse = |name: &str, bytes: u64| {
        let path = kaizen.file(name, "");
        std::fs::File::options().write(true).open(&path).unwrap().set_len(bytes).unwrap();
        path.display().to_string()
    };
    let (plan, token) = (sparse("plan.json", (64 << 20) + 1), sparse("token", (64 << 10) + 1));
    let forge = kaizen.file("world.json", &one().to_string());
    let forge = format!("file:{}", forge.display());
    let event = sparse("event.json", (64 << 20) + 1);
    let fleet = sparse("fleet.json", (16 << 20) + 1);
    let server = ["--forge", "https://git.example.org", "--repo", "a/b"];
    let cases: [(&[&str], &str, &str); 5] = [
        (&["apply", &plan], "plan.json", "67108864 bytes"),
        (&["apply", "/dev/zero"], "/dev/zero", "67108864 bytes"),
        (&["merge", "/dev/null"], "/dev/null", "no part"),
        (
            &["backlog-triage", "--dry-run", server[0], server[1], server[2], server[3], "--token-file", &token],
            "token",
            "65536 bytes",
        ),
        (&["kaizen-retro", "--dry-run", "--forge", &forge, "--fleet", &fleet], "fleet.json", "16777216 bytes"),
    ];
    for (args, name, says) in cases {
        let ran = Kaizen::bare().args(args).run();
        assert!([1, 2].contains(&ran.code), "{args:?}: {} {}", ran.code, ran.stderr);
        assert!(ran.stderr.contains(name) && ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
    let ran = Kaizen::bare().args(["backlog-triage", "--dry-run", "--forge", &forge]);
    let ran = ran.env("GITEA_ACTIONS", "true").env("GITHUB_REPOSITORY", "a/b").env("GITHUB_EVENT_NAME", "pull_request");
    let ran = ran.env("GITHUB_EVENT_PATH", event).run();
    assert!(ran.code != 0 && ran.stderr.contains("67108864 bytes"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn an_item_with_texts_of_megabytes_is_named_and_the_others_are_judged() {
    let long = "x".repeat(5 << 20);
    let issues =
        json!([issue(1, "one", json!({})), issue(2, &long, json!({})), issue(3, "three", json!({"body": long}))]);
    let ran = Kaizen::triage(&world(issues)).rule_file(&policy("decide: [{id: a, when: true, action: skip}]\n")).run();
    let report = ran.json(0);
    assert_eq!(report["issues"].as_array().unwrap().len(), 1);
    let why = report["warnings"].to_string();
    assert!(why.contains("entry 2 of issues has texts of 5242880 bytes, and 4194304 are the most"), "{why}");
    let whole = format!(
        "{{\"version\": 1, \"kind\": \"gitea\", \"repos\": [{{\"full_name\": \"a/b\", \"issues\": [{{\"number\": 1, \"body\": \"{}\"}}]}}]}}",
        "x".repeat(65 << 20)
    );
    let kaizen = Kaizen::bare();
    let path = kaizen.file("world.json", &whole);
    let ran = kaizen.args(["backlog-triage", "--dry-run", "--forge", &format!("file:{}", path.display())]).run();
    assert!(ran.code == 1 && ran.stderr.contains("world.json:1:"), "{} {}", ran.code, ran.stderr);
    assert!(ran.stderr.contains("67108864 are the most"), "{}", ran.stderr);
}

#[test]
fn a_forge_file_that_is_too_large_to_be_written_to_is_still_read() {
    let kaizen = Kaizen::bare();
    let text = one().to_string();
    let path = kaizen.file("world.json", &format!("{text}{}", " ".repeat(256 << 20)));
    let forge = format!("file:{}", path.display());
    let ran =
        Kaizen::bare().args(["backlog-triage", "--dry-run", "--now", crate::support::NOW, "--forge", &forge]).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ran =
        Kaizen::bare().args(["backlog-triage", "--now", crate::support::NOW, "--forge", &forge]).rules("rules").run();
    assert!(ran.code == 1 && ran.stderr.contains("268435456 are the most"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn over_many_repositories_a_summary_is_opened_only_where_there_is_something_to_say() {
    let rules = policy(&format!("{HAND_OUT}summary: {{repo: null}}\n"));
    let mut all = repo_world(json!({ "full_name": "acme/quiet", "issues": [held(1, json!({}))] }));
    let repos = all["repos"].as_array_mut().unwrap();
    repos.push(json!({ "full_name": "acme/empty", "issues": [] }));
    repos.push(json!({ "full_name": "acme/app", "issues": [issue(1, "x", json!({}))] }));
    let opened = |report: &Value| {
        let writes = report["writes"].as_array().unwrap().iter().filter(|write| write["op"] == "create_issue");
        writes.map(|write| write["repo"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let report = Kaizen::triage(&all).rule_file(&rules).run().json(0);
    assert_eq!(opened(&report), ["acme/app"], "{}", report["writes"]);
    // A run over one says what there is.
    let alone = Kaizen::triage(&all).rule_file(&rules).args(["--repo", "acme/quiet"]).run().json(0);
    assert_eq!(opened(&alone), ["acme/quiet"]);
}

#[test]
fn a_template_is_given_4000_characters_of_a_text_and_a_condition_all_of_it() {
    // What docs/limits.md and docs/rules.md say.
    let rules = policy(
        "actions: {say: {comment: say.md.j2}}\ndecide: [{id: long, when: title | length == 5000, action: say}, \
         {id: rest, action: skip}]\n",
    );
    for (length, counted) in [(5_000, "4000"), (4_000, "")] {
        let kaizen = Kaizen::triage(&world(json!([issue(1, &"ä".repeat(length), json!({}))])));
        kaizen.file("templates/backlog-triage/say.md.j2", "It has {{ title | length }} of them. {{ title }}");
        let report = kaizen.rule_file(&rules).run().json(0);
        let text = report["writes"][0]["args"]["body"].as_str().unwrap_or_default().to_owned();
        match counted {
            "" => assert_eq!(report["writes"], json!([]), "{length}"),
            counted => assert!(text.starts_with(&format!("It has {counted} of them. ää")), "{length}: {text}"),
        }
        assert!(text.chars().filter(|c| *c == 'ä').count() <= 256, "{text}");
    }
}
