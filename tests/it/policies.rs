//! Several policies over one backlog: the one that `docs/rules.md` shows beside `backlog-triage`.
//!
//! Takes: the page's rule file as it stands there, a simulated forge, three days. Gives: what stands on the forge after
//! each, in either order of the policies, in one run or two, with and without the folder of the loop.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Kaizen, Ran, issue, root};

/// The days: the warning, an answer on one of the two, and the end of the days of grace for the other.
const DAYS: [&str; 3] = ["2026-11-20T12:00:00Z", "2026-11-22T12:00:00Z", "2026-12-05T12:00:00Z"];

/// The policy as the page of rules shows it: somebody who has read only that can write it.
fn stale_pulls() -> String {
    let page = std::fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let from = page.split_once("```yaml\n# rules/stale-pulls.yaml\n").unwrap().1;
    from.split_once("```").unwrap().0.to_owned()
}

/// A folder with a forge, rules and the memory of the loop.
struct Place(TempDir);

impl Place {
    fn new(world: &Value) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for name in ["backlog-triage.yaml", "common.yaml"] {
            place.write(&format!("rules/{name}"), &std::fs::read_to_string(root().join("rules").join(name)).unwrap());
        }
        place.write("rules/stale-pulls.yaml", &stale_pulls());
        place.write("world.json", &world.to_string());
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn repo(&self) -> Value {
        let text = std::fs::read_to_string(self.0.path().join("world.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["repos"][0].clone()
    }

    fn edit(&self, what: impl FnOnce(&mut Value)) {
        let text = std::fs::read_to_string(self.0.path().join("world.json")).unwrap();
        let mut world: Value = serde_json::from_str(&text).unwrap();
        what(&mut world["repos"][0]);
        self.write("world.json", &world.to_string());
    }

    fn kaizen(&self, args: &[&str], now: &str) -> Ran {
        let path = |name: &str| self.0.path().join(name).display().to_string();
        let forge = format!("file:{}", path("world.json"));
        let common = ["--forge", &forge, "--rules", &path("rules"), "--loop-dir", &path("loop")].map(str::to_owned);
        Kaizen::bare().args(args).args(common).at(now).format("json").run()
    }

    fn pull(&self, number: u64) -> Value {
        let repo = self.repo();
        repo["pulls"].as_array().unwrap().iter().find(|pull| pull["number"] == number).unwrap().clone()
    }

    fn labels(&self, number: u64) -> Vec<String> {
        let pull = self.pull(number);
        let names = pull["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap().to_owned());
        names.collect()
    }

    /// Comments of an item that end with a marker of this policy.
    fn comments(&self, number: u64, policy: &str) -> Vec<String> {
        let repo = self.repo();
        let all = repo["comments"][number.to_string()].as_array().cloned().unwrap_or_default();
        let bodies = all.iter().map(|comment| comment["body"].as_str().unwrap().to_owned());
        bodies.filter(|body| body.contains(&format!("policy={policy} "))).collect()
    }

    /// Everything of ours on the forge that has a marker: its policy, where it stands, its text.
    fn ours(&self) -> BTreeSet<(String, String, String)> {
        let repo = self.repo();
        let policy = |body: &str| {
            let last = body.trim_end().lines().last()?;
            let after = last.strip_prefix("<!-- kaizen:v1 policy=")?;
            Some(after.split(' ').next().unwrap().to_owned())
        };
        let mut all = BTreeSet::new();
        for (number, comments) in repo["comments"].as_object().unwrap() {
            for comment in comments.as_array().unwrap() {
                let body = comment["body"].as_str().unwrap();
                all.extend(policy(body).map(|policy| (policy, number.clone(), body.to_owned())));
            }
        }
        for issue in repo["issues"].as_array().unwrap() {
            let body = issue["body"].as_str().unwrap_or("");
            all.extend(policy(body).map(|policy| (policy, issue["number"].to_string(), body.to_owned())));
        }
        all
    }
}

/// Two pull requests that nobody touched for months, and an issue that is worth handing out.
fn world() -> Value {
    let old = json!({ "created_at": "2026-09-01T12:00:00Z", "updated_at": "2026-09-01T12:00:00Z" });
    let bug = json!({ "body": "`src/a.rs` should return, and must not crash." });
    json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": [{
        "full_name": "acme/app",
        "issues": [issue(1, "[bug] It crashes", bug)],
        "pulls": [issue(2, "A change", old.clone()), issue(3, "Another change", old)],
        "comments": {}, "events": { "1": [], "2": [], "3": [] },
    }] })
}

/// An answer on a pull request.
fn answer(repo: &mut Value, number: u64, at: &str) {
    let user = json!({ "id": 7, "login": "ada" });
    let comment =
        json!({ "id": 9_000 + number, "user": user, "body": "Still on it.", "created_at": at, "updated_at": at });
    repo["comments"][number.to_string()].as_array_mut().unwrap().push(comment);
    let event = json!({ "id": 9_500 + number, "type": "comment", "user": user, "created_at": at, "updated_at": at });
    repo["events"][number.to_string()].as_array_mut().unwrap().push(event);
    let pulls = repo["pulls"].as_array_mut().unwrap();
    let pull = pulls.iter_mut().find(|pull| pull["number"] == number).unwrap();
    pull["updated_at"] = json!(at);
    pull["comments"] = json!(pull["comments"].as_u64().unwrap() + 1);
}

/// The three days, each run as these commands, twice on each day: the second time there is nothing to do.
fn three_days(runs: &[&[&str]], forgets: bool, summary: bool) -> Place {
    let place = Place::new(&world());
    if summary {
        place.write("rules/stale-pulls.yaml", &format!("{}summary: {{label: stale-summary}}\n", stale_pulls()));
    }
    for (day, now) in DAYS.iter().enumerate() {
        if day == 1 {
            place.edit(|repo| answer(repo, 2, "2026-11-21T09:00:00Z"));
        }
        for again in [false, true] {
            let before = place.ours();
            for args in runs {
                if forgets {
                    let _ = std::fs::remove_dir_all(place.0.path().join("loop"));
                }
                let report = place.kaizen(args, now).json(0);
                assert_eq!(report["complete"], true, "{report}");
            }
            assert!(!again || place.ours() == before, "a second run of the day {now} by {runs:?} wrote something");
        }
        let said = |number| place.comments(number, "stale-pulls").join("\n");
        assert!(place.comments(1, "stale-pulls").is_empty() && place.comments(2, "backlog-triage").is_empty());
        assert_eq!(place.comments(1, "backlog-triage").len(), 1, "{runs:?} {now}");
        match day {
            0 => {
                assert_eq!((place.labels(2), place.labels(3)), (vec!["stale".to_owned()], vec!["stale".to_owned()]));
                assert!(said(2).starts_with("@ada Nothing happened here for 30 days."), "{}", said(2));
            }
            1 => {
                assert_eq!((place.labels(2), place.labels(3)), (vec![], vec!["stale".to_owned()]));
                assert!(said(2).starts_with("Somebody answered"), "{}", said(2));
            }
            _ => {
                assert_eq!((&place.pull(2)["state"], &place.pull(3)["state"]), (&json!("open"), &json!("closed")));
                assert!(said(3).contains("Nobody answered for 14 more days"), "{}", said(3));
            }
        }
    }
    place
}

#[test]
fn two_policies_of_three_days_leave_each_others_work_alone() {
    let together: [&[&[&str]]; 3] = [
        &[&["run", "backlog-triage", "stale-pulls"]],
        &[&["run", "stale-pulls", "backlog-triage"]],
        &[&["run", "--all"]],
    ];
    let apart: [&[&[&str]]; 2] =
        [&[&["backlog-triage"], &["run", "stale-pulls"]], &[&["run", "stale-pulls"], &["backlog-triage"]]];
    let titles = |place: &Place| -> Vec<String> {
        let repo = place.repo();
        let all = repo["issues"].as_array().unwrap().iter();
        let mut all: Vec<String> = all.map(|issue| issue["title"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    let own = ["Backlog summary (backlog-triage)", "Backlog summary (stale-pulls)", "[bug] It crashes"];
    for forgets in [false, true] {
        for runs in together.into_iter().chain(apart) {
            let place = three_days(runs, forgets, false);
            let policies: BTreeSet<String> = place.ours().into_iter().map(|(policy, ..)| policy).collect();
            assert_eq!(policies.iter().map(String::as_str).collect::<Vec<_>>(), ["backlog-triage", "stale-pulls"]);
            assert_eq!(titles(&place), [own[0], own[2]]);
            // Each has a summary of its own where it wants one.
            assert_eq!(titles(&three_days(runs, forgets, true)), own);
        }
    }
}

#[test]
fn what_two_policies_do_to_an_item_is_one_entry_of_the_plan_and_both_are_written() {
    let place = Place::new(&world());
    let greet = "version: 1\njob: run\nscope: {kinds: [pull]}\nlabels: {triaged: {}}\n\
        actions: {greet: {add_labels: [triaged], comment: reason.md.j2}}\n\
        decide: [{id: new, action: greet, reason: Seen.}]\n";
    place.write("rules/greet.yaml", greet);
    let plan = place.0.path().join("plan.json");
    let names = ["run", "greet", "stale-pulls", "--dry-run", "--plan-out", plan.to_str().unwrap()];
    place.kaizen(&names, DAYS[0]).json(0);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&plan).unwrap()).unwrap();
    let items = plan["items"].as_array().unwrap();
    let parts = |item: &Value| -> Vec<(String, String)> {
        let effects = item["effects"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        effects.map(|effect| (text(&effect["policy"]), text(&effect["rule"]))).collect()
    };
    let both = [("greet".to_owned(), "new".to_owned()), ("stale-pulls".to_owned(), "stale".to_owned())];
    assert_eq!(items.iter().map(parts).collect::<Vec<_>>(), [both.clone(), both], "{items:?}");
    let report = place.kaizen(&["run", "greet", "stale-pulls"], DAYS[0]).json(0);
    let acted: Vec<&Value> = report["policies"].as_array().unwrap().iter().map(|one| &one["totals"]["acted"]).collect();
    assert_eq!(acted, [2, 2], "{report}");
    for number in [2, 3] {
        assert_eq!(place.labels(number), ["triaged", "stale"]);
        assert_eq!((place.comments(number, "greet").len(), place.comments(number, "stale-pulls").len()), (1, 1));
    }
    let lines = std::fs::read_to_string(place.0.path().join("loop/runs.jsonl")).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["job"], &last["policies"]), (&json!("run"), &json!(["greet", "stale-pulls"])));
    assert_eq!(
        (&last["totals"]["acted"], &last["rules"]),
        (&json!(4), &json!({ "greet/new": 2, "stale-pulls/stale": 2 }))
    );
}

#[test]
fn an_agent_has_in_hand_what_any_policy_gave_it() {
    let policy = |kind: &str, name: &str| {
        format!(
            "version: 1\njob: run\nscope: {{kinds: [{kind}]}}\n\
             agents: {{{name}: {{login: claude, holds: \"'claude' in assignees\", at_once: 2}}}}\n\
             actions: {{hand: {{agent: {name}, assign: [{name}]}}}}\n\
             decide: [{{id: free, when: \"not ('claude' in assignees)\", action: hand, reason: Free.}}]\n"
        )
    };
    let place = Place::new(&world());
    place.write("rules/issues.yaml", &policy("issue", "coder"));
    place.write("rules/pulls.yaml", &policy("pull", "reviewer"));
    let report = place.kaizen(&["run", "issues", "pulls"], DAYS[0]).json(0);
    let totals = |policy: usize, name: &str| report["policies"][policy]["totals"][name].clone();
    assert_eq!(
        [totals(0, "acted"), totals(1, "acted"), totals(1, "waiting")],
        [json!(1), json!(1), json!(1)],
        "{report}"
    );
}

#[test]
fn a_file_that_nothing_reads_ends_every_run_and_a_check() {
    for (file, text, told) in [
        ("triage-old.yaml", "version: 1\njob: backlog-triage\n", "no job and no policy reads triage-old.yaml"),
        ("stale-pulls.yml", "version: 1\njob: run\n", "no job and no policy reads stale-pulls.yml"),
        ("words.yaml", "version: 1\nkeywords: {a: [b]}\n", "nothing reads words.yaml"),
    ] {
        let place = Place::new(&world());
        place.write(&format!("rules/{file}"), text);
        for args in
            [&["backlog-triage", "--dry-run"][..], &["run", "stale-pulls", "--dry-run"], &["run", "--all", "--dry-run"]]
        {
            let ran = place.kaizen(args, DAYS[0]);
            assert!(ran.code == 78 && ran.stderr.contains(told), "{file} {args:?}: {} {}", ran.code, ran.stderr);
        }
        let ran = Kaizen::bare().args(["rules", "check"]).args([place.0.path().join("rules")]).run();
        assert!(ran.code == 78 && ran.stdout.contains(told), "{file}: {} {}", ran.code, ran.stdout);
    }
}

#[test]
fn a_check_warns_where_one_policy_puts_on_what_another_takes_off() {
    let place = Place::new(&world());
    let rules = place.0.path().join("rules");
    let check = || Kaizen::bare().args(["rules", "check", "--deny-warnings"]).args([&rules]).run();
    let ran = check();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    let keep = "version: 1\njob: run\nscope: {kinds: [KIND]}\nlabels: {stale: {}}\n\
        actions: {keep: {add_labels: [stale]}}\ndecide: [{id: keep, when: draft, action: keep, reason: A draft.}]\n";
    place.write("rules/keep.yaml", &keep.replace("KIND", "pull"));
    let ran = check();
    let told = "the policies `keep` and `stale-pulls` undo each other";
    assert!(ran.code == 3 && ran.stdout.contains(told) && ran.stdout.contains("the label `stale`"), "{}", ran.stdout);
    // Of issues the other never judges one.
    place.write("rules/keep.yaml", &keep.replace("KIND", "issue").replace("when: draft", "when: locked"));
    let ran = check();
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn commands_that_take_a_job_take_a_policy() {
    let place = Place::new(&world());
    let rules = place.0.path().join("rules").display().to_string();
    let in_place = |args: &[&str]| Kaizen::bare().args(args).args(["--rules", &rules]).run();
    let shown = in_place(&["rules", "show", "stale-pulls"]);
    assert!(shown.code == 0 && shown.stdout.contains("grace_days"), "{}", shown.stderr);
    let slip = in_place(&["rules", "show", "stale-pull"]);
    assert!(slip.code == 2 && slip.stderr.contains("stale-pulls"), "{}", slip.stderr);
    let facts = Kaizen::bare().args(["rules", "facts", "run"]).run();
    assert!(facts.code == 0 && facts.stdout.contains("idle_days"), "{}", facts.stderr);
    let why = place.kaizen(&["why", "2", "--policy", "stale-pulls"], DAYS[0]).json(0);
    assert_eq!(why["decision"]["rule"], "stale");
    let forge = format!("file:{}", place.0.path().join("world.json").display());
    let capture = ["rules", "capture", "acme/app#2", "--policy", "stale-pulls", "--forge", &forge, "--now", DAYS[0]];
    let captured = in_place(&capture);
    assert_eq!(captured.code, 0, "{}", captured.stderr);
    assert!(place.0.path().join("rules/tests/stale-pulls.yaml").is_file());
    let tested = in_place(&["rules", "test", "stale-pulls"]);
    assert!(tested.code == 0 && tested.stdout.contains("stale-pulls"), "{} {}", tested.stdout, tested.stderr);
    let mutated = in_place(&["rules", "test", "stale-pulls", "--mutate"]);
    assert_eq!(mutated.code, 3, "one case cannot notice every change: {}", mutated.stdout);
    let other = place.0.path().join("other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("stale-pulls.yaml"), stale_pulls().replace("stale_days: 30", "stale_days: 300")).unwrap();
    let diff =
        ["rules", "diff", "stale-pulls", "--base", &other.display().to_string(), "--forge", &forge, "--now", DAYS[0]];
    let diff = in_place(&diff);
    assert!(diff.code == 0 && diff.stdout.contains("stale"), "{} {}", diff.stdout, diff.stderr);
    let undone = {
        place.kaizen(&["run", "--all"], DAYS[0]).json(0);
        let loop_dir = place.0.path().join("loop").display().to_string();
        let now = "2026-11-20T13:00:00Z";
        Kaizen::bare().args(["undo", "--forge", &forge, "--loop-dir", &loop_dir, "--now", now]).run()
    };
    assert_eq!(undone.code, 0, "{} {}", undone.stdout, undone.stderr);
    let left =
        (1..=3).flat_map(|number| ["backlog-triage", "stale-pulls"].map(|policy| place.comments(number, policy)));
    assert!(left.flatten().next().is_none() && place.labels(2).is_empty(), "{:?}", place.ours());
}

#[test]
fn a_job_is_no_policy_and_a_policy_has_to_be_there() {
    let place = Place::new(&world());
    for (args, told) in [
        (&["run", "kaizen-retro"][..], "`kaizen kaizen-retro` runs it"),
        (&["run", "stale-pull"], "stale-pull.yaml"),
        (&["run", "../rules/stale-pulls"], "no name of a policy"),
    ] {
        let ran = place.kaizen(args, DAYS[0]);
        assert!(ran.code == 2 && ran.stderr.contains(told), "{args:?}: {} {}", ran.code, ran.stderr);
    }
    let plain = place.kaizen(&["backlog-triage", "--dry-run"], DAYS[0]);
    let by_name = place.kaizen(&["run", "backlog-triage", "--dry-run"], DAYS[0]);
    assert_eq!((plain.code, plain.stdout), (by_name.code, by_name.stdout));
}
