//! What a change of the rules does to whom a run believes, where it writes and how it works: told where no item
//! shows it, in each format.

use serde_json::{Value, json};

use super::backlog;
use crate::support::{Kaizen, Ran, issue, root, world};

/// A change of trust: the job, what the base says, what the head says instead, the key that is told.
type Change = (&'static str, &'static str, &'static str, &'static str);

const TRIAGE: &str = "backlog-triage";
const RETRO: &str = "kaizen-retro";

/// Changes that touch trust.
const TRUST: [Change; 20] = [
    (TRIAGE, "timezone: UTC", "timezone: UTC\nbots: [mallory]", "bots"),
    (TRIAGE, "command: /kaizen ignore", "command: /kaizen do not disturb", "skip.command"),
    (TRIAGE, "skip: {command: /kaizen ignore}\n", "", "skip.command"),
    (TRIAGE, "claude: {login: claude", "claude: {login: mallory", "agents.claude.login"),
    (TRIAGE, "at_once: 3", "at_once: 300", "agents.claude.at_once"),
    (TRIAGE, "agents:\n", "agents:\n  mallory: {login: mallory}\n", "agents.mallory.login"),
    (TRIAGE, "limits: {", "publish: {private: full}\nlimits: {", "publish.private"),
    (TRIAGE, "summary: {repo: null", "summary: {repo: acme/elsewhere", "summary.repo"),
    (TRIAGE, "actions:\n", "actions:\n  call: {comment: decision.md.j2, mention: [owner]}\n", "actions.call.mention"),
    (RETRO, "private: counted", "private: full", "publish.private"),
    (RETRO, "timezone: UTC", "timezone: UTC\nbots: [mallory]", "bots"),
    (RETRO, "title: Retrospective", "title: Retrospective, repo: acme/elsewhere", "publish.sinks.issue.issue.repo"),
    (RETRO, "create: true", "create: false", "publish.sinks.issue.issue.create"),
    (RETRO, "label: kaizen-retro", "label: welcome", "publish.sinks.issue.issue.label"),
    (
        RETRO,
        "      step_summary: true\n",
        "      step_summary: true\n    - {id: leak, webhook: {url_env: LEAK_URL}}\n",
        "publish.sinks.leak.webhook.url_env",
    ),
    (
        RETRO,
        "      step_summary: true\n",
        "      step_summary: true\n    - {id: chat, telegram: {token_env: BOT, chat: \"-1001\"}}\n",
        "publish.sinks.chat.telegram.chat",
    ),
    (
        RETRO,
        "      step_summary: true\n",
        "      step_summary: true\n    - {id: file, file: {path: reports/x.md}}\n",
        "publish.sinks.file.file.path",
    ),
    (RETRO, "    - id: summary\n      step_summary: true\n", "", "publish.sinks.summary.step_summary"),
    (RETRO, "    - id: summary", "    - id: elsewhere", "publish.sinks.elsewhere.id"),
    (RETRO, "step_summary: true", "step_summary: false", "publish.sinks.summary.step_summary"),
];

/// Changes of how a run works, which no item shows either.
const OTHERS: [Change; 16] = [
    (TRIAGE, "timezone: UTC", "timezone: Europe/Berlin", "timezone"),
    (TRIAGE, "items_per_run: 50", "items_per_run: 5000", "limits.items_per_run"),
    (TRIAGE, "pause_ms: 500", "pause_ms: 0", "limits.pause_ms"),
    (TRIAGE, "label: kaizen-summary", "label: news", "summary.label"),
    (TRIAGE, "summary, days: 14}", "summary, days: 15}", "summary.days"),
    (TRIAGE, "{desc: score}, {asc: number}", "{asc: number}, {desc: score}", "order[1].desc"),
    (TRIAGE, "brackets: known", "brackets: any", "tags.brackets"),
    (TRIAGE, "labels: [whole, last_part]", "labels: [whole]", "tags.labels"),
    (TRIAGE, "future: 0", "future: keep", "ages.future"),
    (TRIAGE, "states: [open]}", "states: [open], min_age_minutes: 1}", "scope.min_age_minutes"),
    (TRIAGE, "006b75", "aabbcc", "labels.kimi-ready.color"),
    (TRIAGE, "max: 3\n", "max: 4\n", "score.scope.max"),
    (TRIAGE, "id: ready\n", "id: free\n", "decide.free.id"),
    (
        TRIAGE,
        "  kimi_ready: [kimi-ready]",
        "  kimi_ready: [kimi-ready]\n  opt_out: {also: [hands-off]}",
        "keywords.opt_out",
    ),
    (RETRO, "quiet_days: 3", "quiet_days: 4", "measure.quiet_days"),
    (RETRO, "remember_days: 14", "remember_days: 15", "measure.remember_days"),
];

fn compared(change: &Change, world: &Value, format: &'static str, args: &[&str]) -> Ran {
    let (job, from, to, _) = change;
    let kaizen = Kaizen::diff(world);
    for name in ["common.yaml", &format!("{job}.yaml")] {
        let text = std::fs::read_to_string(root().join("rules").join(name)).unwrap();
        kaizen.file(&format!("base/{name}"), &text);
        assert!(name == "common.yaml" || text.contains(from), "{job} has no `{from}`");
        kaizen.file(&format!("head/{name}"), &if name == "common.yaml" { text } else { text.replacen(from, to, 1) });
    }
    kaizen.args([job, "--base", "base", "--rules", "head"]).args(args).format(format).run()
}

#[test]
fn every_change_of_trust_is_told_first_and_others_are_told_in_every_format() {
    let world = world(json!([issue(1, "[bug] One", json!({}))]));
    for (change, trust) in TRUST.iter().map(|change| (change, true)).chain(OTHERS.iter().map(|change| (change, false)))
    {
        let key = change.3;
        let report = compared(change, &world, "json", &[]).json(0);
        let keys = report["keys"].as_array().unwrap();
        let told = keys.iter().find(|told| told["key"] == key).unwrap_or_else(|| panic!("{key}: {keys:?}"));
        assert_eq!(told["trust"], trust, "{told}");
        assert_ne!(told["from"], told["to"], "{told}");
        assert_eq!(report["totals"]["keys"], keys.len());
        let of_trust = keys.iter().filter(|told| told["trust"] == true).count();
        assert_eq!((&report["totals"]["trust"], of_trust > 0), (&json!(of_trust), trust), "{keys:?}");
        let text = compared(change, &world, "text", &["--fail-on", "trust > 0"]);
        assert_eq!(text.code, if trust { 3 } else { 0 }, "{key}: {}", text.stderr);
        for shown in [text.stdout, compared(change, &world, "markdown", &[]).stdout] {
            let plain = shown.replace('\\', "").replace("&#95;", "_");
            assert!(plain.contains(key), "{key}: {shown}");
            assert!(!shown.contains("nothing changes"), "{key}: {shown}");
            // What touches trust is never folded, and nothing but the headline stands before it.
            if trust {
                let (before, _) = shown.split_once("What touches trust").unwrap_or_else(|| panic!("{key}: {shown}"));
                assert!(!before.contains("<details") && before.lines().count() <= 5, "{shown}");
            } else {
                assert!(shown.contains("What else changes in the rules"), "{key}: {shown}");
            }
        }
    }
}

#[test]
fn trust_stands_before_a_thousand_changes_of_items_and_is_not_left_out_for_length() {
    let change = (TRIAGE, "ready: 5", "ready: 99", "thresholds.ready");
    let logins: Vec<String> = (0..50).map(|number| format!("login-{number}")).collect();
    let kaizen = Kaizen::diff(&backlog(3_000));
    kaizen.pack("base", &[]);
    let bots = format!("timezone: UTC\nbots: [{}]", logins.join(", "));
    kaizen.pack("head", &[(change.1, change.2), ("timezone: UTC", &bots), ("login: claude", "login: mallory")]);
    let shown = kaizen.args(["--base", "base", "--rules", "head"]).format("markdown").run().stdout;
    assert!(shown.chars().count() <= 60_000 && shown.contains("left out for length"));
    let (before, after) = shown.split_once("**What touches trust (2)**").unwrap();
    assert!(before.lines().count() <= 4, "{before}");
    let (trust, _) = after.split_once("<details").unwrap();
    assert!(trust.contains("50 entries: login-0") && trust.contains("mallory"), "{trust}");
}

#[test]
fn a_thousand_changes_of_trust_are_counted_where_they_have_no_room() {
    let agents: String = (0..3_000).map(|number| format!("  a{number}: {{login: login-{number}}}\n")).collect();
    let edits = format!("agents:\n{agents}");
    let world = world(json!([issue(1, "[bug] One", json!({}))]));
    let shown = compared(&(TRIAGE, "agents:\n", Box::leak(edits.into_boxed_str()), ""), &world, "markdown", &[]).stdout;
    assert!(shown.chars().count() <= 60_000, "{}", shown.len());
    assert!(shown.contains("**What touches trust (3000)**"), "{}", &shown[..500]);
    let named = shown.lines().filter(|line| line.starts_with("| agents.a")).count();
    let left = format!("… and {} more keys, left out for length.", 3_000 - named);
    assert!(named > 300 && shown.contains(&left), "{named}: {}", &shown[shown.len() - 500..]);
}

#[test]
fn keys_and_values_of_strangers_are_only_text() {
    let hostile = "\"@ada #12 </details> | <!-- x --> `x` \\e[2J ::error::x\"";
    let edit = format!("timezone: UTC\nbots: [{hostile}]");
    let named = format!("labels:\n  {hostile}: {{color: \"aabbcc\"}}\n");
    let world = world(json!([issue(1, "[bug] One", json!({}))]));
    let kaizen = |format| {
        let kaizen = Kaizen::diff(&world);
        kaizen.pack("base", &[]);
        kaizen.pack("head", &[("timezone: UTC", &edit), ("labels:\n", &named)]);
        kaizen.args(["--base", "base", "--rules", "head"]).format(format)
    };
    let shown = kaizen("markdown").run().stdout;
    for bad in ["@ada", "#12", "<!--", "\u{1b}"] {
        assert!(!shown.contains(bad), "{bad}: {shown}");
    }
    assert_eq!(shown.matches("<details").count(), shown.matches("</details>").count(), "{shown}");
    let shown = kaizen("text").env("GITEA_ACTIONS", "true").run().stdout;
    assert!(!shown.contains('\u{1b}') && !shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
}
