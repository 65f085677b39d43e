//! Every command in the job of a runner, over worlds whose texts speak to it.
//!
//! Takes: a forge, a log of the loop, sessions and rules that say `##[…]` and `::…::` wherever somebody else may
//! write. Gives: the proof that no line of any command, in any format, is one that a runner obeys; and that nothing
//! which keeps Markdown quiet is shown to people.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{NOW, issue, labels, root, shipped};

/// What a title may hold: commands to runners, and what Markdown has to be kept from reading.
const TITLES: [&str; 4] = [
    "::error::x ##[add-mask]y",
    "[bug] a ##[error]b\n::set-output name=acted::9 src/pay.rs must fail, expected tests",
    "@ada sees #12 in snake_case, <b>a*b*</b> | https://x.example/a & `c` ##[group]z",
    "[critical] ##[[bug]warning]x",
];

fn login(name: &str) -> Value {
    json!({ "id": 7, "login": name })
}

fn world() -> Value {
    let one = |(number, title): (u64, &str)| {
        let comments = json!({ "body": format!("{title} must fail. Expected: `fn x()` in src/a.rs\n::error::z"),
            "labels": labels(&[title, "bug"]), "user": login(title), "milestone": { "title": title } });
        issue(number, title, comments)
    };
    let issues: Vec<Value> = (1..).zip(TITLES).map(one).collect();
    let pull = |(number, title): (u64, &str)| {
        let merged = json!({ "state": "closed", "merged": true, "merged_at": "2026-11-20T08:00:00Z",
            "closed_at": "2026-11-20T08:00:00Z", "user": login(title), "body": format!("{title} fixes #1") });
        issue(number, title, merged)
    };
    let pulls: Vec<Value> = (11..).zip(TITLES).map(pull).collect();
    let repo = |name: &str| json!({ "full_name": name, "issues": issues, "pulls": pulls });
    json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": [repo("acme/app"), repo("acme/b##[error]x")] })
}

/// A folder with all that commands read.
fn desk() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("world.json", &world().to_string());
    for name in fs::read_dir(root().join("rules")).unwrap().map(|entry| entry.unwrap().path()).filter(|it| it.is_file())
    {
        write(&format!("rules/{}", name.file_name().unwrap().to_str().unwrap()), &fs::read_to_string(name).unwrap());
    }
    // Of somebody who wants them to be merged.
    let reason = "reason: \"::error::a ##[add-mask]b {{ title }}\"";
    let rules = shipped(&[("reason: A tag or a label makes it urgent, and urgent work goes first.", reason)]);
    write("head/backlog-triage.yaml", &rules);
    write("head/common.yaml", &fs::read_to_string(root().join("rules/common.yaml")).unwrap());
    write("bad/backlog-triage.yaml", &rules.replace("when: stuck\n", "when: '##[error]x'\n"));
    write("bad/common.yaml", "::error::x\n##[error]y\n");
    let cases =
        "cases:\n  - title: '::error::t ##[error]u'\n    issue: {title: '##[error]x'}\n    expect: {action: close}\n";
    write("head/tests/backlog-triage.yaml", cases);
    let cycle = |number: u64, title: &str| {
        json!({ "cycle": number, "issue": number, "repo": title, "type": title, "agent": title, "success": false,
            "reason": title, "duration": 60, "timestamp": "2026-11-20T08:00:00Z", "error": title })
    };
    let log: Vec<String> = (0..60).map(|at| cycle(at, TITLES[at as usize % 4]).to_string()).collect();
    write(".loop/retro/cycles.jsonl", &(log.join("\n") + "\n::error::x ##[error]y\n"));
    let message = |at: usize| json!({ "message": format!("{} {at}", TITLES[at % 4]) });
    let call = |at: usize| json!({ "tool": TITLES[at % 4], "latency_ms": 30_000, "success": false });
    let session = |at: usize| {
        json!({ "session_id": format!("{}{at}", TITLES[at % 4]), "repo": TITLES[0], "duration_minutes": 55,
            "started_at": "2026-10-01T08:00:00Z", "errors": [message(0), message(0), message(1), message(2)],
            "tool_calls": (0..8).map(call).collect::<Vec<_>>() })
    };
    let sessions: Vec<String> = (0..30).map(|at| session(at).to_string()).collect();
    write("sessions.jsonl", &(sessions.join("\n") + "\n::error::x ##[error]y\n"));
    write("fleet.json", &json!({ "agents": [{ "name": "::error::x ##[error]y", "active": true }] }).to_string());
    write(".git/config", "[remote \"origin\"]\n\turl = https://git.example.org/acme/app\n");
    folder
}

/// Every command, in an order in which each finds what it needs; what a format adds is added to each.
fn commands() -> Vec<Vec<&'static str>> {
    let forge = ["--forge", "file:world.json"];
    let on = |words: &[&'static str]| [words, &forge].concat();
    let agents = ["--agent", "claude=a", "--agent", "kimi=b", "--agent", "owner=c"];
    vec![
        on(&["backlog-triage", "--dry-run"]),
        on(&["run", "backlog-triage", "--dry-run"]),
        on(&["backlog-triage", "--dry-run", "--rules", "head", "--plan-out", "plan.json"]),
        on(&["backlog-triage", "--dry-run", "--rules", "bad"]),
        vec!["apply", "plan.json"],
        on(&["backlog-triage", "--rules", "head"]),
        on(&["why", "acme/app#2"]),
        on(&["why", "acme/app#3", "--rules", "head"]),
        on(&["why", "acme/b##[error]x#9"]),
        vec!["runs"],
        vec!["undo", "--dry-run"],
        vec!["undo"],
        on(&["snapshot", "--output", "recorded.json"]),
        on(&["snapshot", "--mask", "--output", "masked.json"]),
        on(&["kaizen-retro", "--dry-run", "--fleet", "fleet.json"]),
        on(&["kaizen-retro", "--repo", "acme/app"]),
        on(&["backfill-retro", "--repo", "acme/app"]),
        vec!["cycle-retro", "--issue", "3", "--type", TITLES[0], "--reason", TITLES[1], "--agent", TITLES[2]],
        on(&["triage-score", "--repo", "acme/app"]),
        vec!["loop-guard"],
        on(&["loop-state", "load", "--branch", "##[error]x"]),
        vec!["loop-introspect"],
        vec!["loop-merge", "world.json", "fleet.json"],
        vec!["loop-merge", "##[error]x", "::error::y"],
        vec!["improvement-proposals", "--input", "sessions.jsonl", "--dry-run"],
        vec!["improvement-proposals", "--input", "sessions.jsonl", "--shard", "1/1", "--output", "part.json"],
        vec!["merge", "part.json", "--dry-run"],
        vec!["rules", "check", "--rules", "bad"],
        vec!["rules", "check", "--rules", "head"],
        vec!["rules", "test", "--rules", "head"],
        vec!["rules", "show", "backlog-triage", "--rules", "head"],
        vec!["rules", "facts", "backlog-triage"],
        vec!["rules", "schema"],
        on(&["rules", "diff", "--base", "rules", "--rules", "head"]),
        on(&["rules", "capture", "acme/app#2", "--rules", "head"]),
        [&["init", "--forge", "file:world.json"][..], &agents].concat(),
        vec!["backlog-triage", "--forge", "file:##[error]x\n::error::y"],
        vec!["##[error]x\n::error::y"],
    ]
}

/// Commands that print one thing only.
const PLAIN: [&str; 4] = ["snapshot", "init", "loop-merge", "loop-state"];
/// Sub-commands of `rules` of which the same is so.
const PLAIN_RULES: [&str; 3] = ["show", "schema", "capture"];

fn is_plain(command: &[&str]) -> bool {
    PLAIN.contains(&command[0])
        || command[0].contains('#')
        || command[0] == "rules" && PLAIN_RULES.contains(&command[1])
}

/// Runs all of them in one folder; gives what each has printed, on both ways out.
fn run(folder: &Path, format: &str, verbose: bool, ci: bool) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for words in commands() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
        command.args(&words).current_dir(folder).env_clear().stdin(std::process::Stdio::null());
        if !is_plain(&words) {
            command.args(["--format", format]).args(verbose.then_some("-v"));
        }
        if !["init", "merge", "loop-merge", "rules"].contains(&words[0]) && !words[0].contains('#') {
            command.args(["--now", NOW]);
        }
        if ci {
            command.env("GITHUB_ACTIONS", "true").env("GITEA_ACTIONS", "true");
        }
        let output = command.output().unwrap();
        let code = output.status.code().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(!stderr.contains("panicked"), "{words:?}: {stderr}");
        // What a command refuses to read shows nothing of a world.
        assert!(code != 2 || words.iter().any(|word| word.contains("##[")), "{words:?} --format {format}: {stderr}");
        all.push((format!("{words:?} --format {format}"), format!("{stdout}\n{stderr}")));
    }
    all
}

/// Whether a runner would obey a line. Our own annotations are meant to be, and hold nothing else that is.
fn is_obeyed(line: &str) -> bool {
    let ours = ["::error file=", "::warning file="].iter().any(|start| line.starts_with(start));
    line.contains("##[") || (line.trim_start().starts_with("::") && !ours)
}

#[test]
fn no_command_prints_a_line_that_a_runner_obeys() {
    let mut wrong = Vec::new();
    for (format, verbose) in [("text", false), ("text", true), ("markdown", false), ("json", false)] {
        for (command, text) in run(desk().path(), format, verbose, true) {
            wrong.extend(text.lines().filter(|line| is_obeyed(line)).map(|line| format!("{command}: {line}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_for_people_says_what_a_title_says() {
    let mut wrong = Vec::new();
    for verbose in [false, true] {
        let shown = run(desk().path(), "text", verbose, false);
        let obeyed = shown.iter().filter(|(_, text)| text.lines().any(is_obeyed)).count();
        assert!(obeyed > 5, "the world speaks to a runner where there is none: {obeyed}");
        for (command, text) in shown {
            // Quoted from files of rules, or made for a file.
            if ["\"rules\"", "\"init\""].iter().any(|name| command.contains(name)) && !command.contains("\"diff\"") {
                continue;
            }
            for put_in in ["\u{2060}", "\\u{2060}", "&lt;", "&#91;", "\\_", "\\[", "\\|", "\\*"] {
                wrong
                    .extend(text.lines().filter(|line| line.contains(put_in)).map(|line| format!("{command}: {line}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names below "Commands:" of a help text.
fn listed(words: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_kaizen")).args(words).arg("--help").env_clear().output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = names.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).filter(|name| name != "help").collect()
}

#[test]
fn every_command_is_among_them() {
    let run: BTreeSet<String> = commands().iter().map(|words| words[0].to_owned()).collect();
    let missing: Vec<String> = listed(&[]).difference(&run).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
    let of_rules: BTreeSet<String> =
        commands().iter().filter(|words| words[0] == "rules").map(|words| words[1].to_owned()).collect();
    assert_eq!(listed(&["rules"]), of_rules);
    assert!(listed(&[]).len() > 10);
}
