//! Caps: what is over them is left whole, for another run.

use serde_json::{Value, json};

use super::{ALL, Bench, names, rules, world_of};
use crate::support::{NOW, issue};

fn issues() -> Vec<Value> {
    (1..=4).map(|number| issue(number, "A", json!({}))).collect()
}

/// How many issues carry the whole effect, and how many a part of it.
fn whole_and_torn(bench: &Bench) -> (usize, usize) {
    let parts = (1..=4).map(|number| {
        let issue = bench.issue(number);
        let label = names(&issue, "labels", "name").len();
        label + names(&issue, "assignees", "login").len() + bench.comments(number).len()
    });
    let parts: Vec<usize> = parts.collect();
    (parts.iter().filter(|count| **count == 3).count(), parts.iter().filter(|count| [1, 2].contains(*count)).count())
}

#[test]
fn the_cap_of_a_run_defers_whole_items_and_says_so() {
    for (more, code) in [(&[][..], 4), (&["--allow-deferred"][..], 0)] {
        let rules = rules(ALL, "limits: {items_per_run: 3}\n");
        let bench = Bench::new(&world_of("gitea", &issues()), &rules);
        let report = bench.run_with(NOW, more).json(code);
        assert_eq!(json!([report["totals"]["acted"], report["totals"]["deferred"]]), json!([3, 1]));
        assert_eq!(report["complete"], false);
        assert!(report["why_incomplete"][0].as_str().unwrap().contains("items_per_run"), "{report}");
        assert_eq!(whole_and_torn(&bench), (3, 0));
        // The three cost nothing any more: the fourth has its turn.
        let report = bench.run_with(NOW, more).json(0);
        assert_eq!(json!([report["totals"]["acted"], report["totals"]["unchanged"]]), json!([1, 3]));
        assert_eq!(whole_and_torn(&bench), (4, 0));
    }
}

#[test]
fn who_waits_for_an_agent_is_no_shortcoming() {
    let capped = "claude: {login: claude, holds: \"'claude' in assignees\", at_once: 2}";
    let rules = rules(ALL, "").replace("claude: {login: claude}", capped);
    let bench = Bench::new(&world_of("gitea", &issues()), &rules);
    let report = bench.live().json(0);
    assert_eq!(
        json!([report["totals"]["acted"], report["totals"]["waiting"], report["complete"]]),
        json!([2, 2, true])
    );
    assert_eq!(whole_and_torn(&bench), (2, 0));
    bench.nothing(NOW, "the agent has enough");
    bench.edit_issue(1, json!({ "state": "closed" }));
    assert_eq!(bench.live().json(0)["totals"]["acted"], 1);
}

#[test]
fn what_a_killed_run_left_takes_its_room_before_anything_new() {
    let capped = "claude: {login: claude, holds: \"'claude' in assignees\", at_once: 2}";
    let rules = rules(ALL, "").replace("claude: {login: claude}", capped);
    let bench = Bench::new(&world_of("gitea", &issues()), &rules);
    assert_eq!(bench.live().json(0)["totals"]["acted"], 2);
    // Two are in hand. Of one the run that handed it over died before it was assigned.
    let handed = |number: u64| !names(&bench.issue(number), "assignees", "login").is_empty();
    let torn = (1..=4).find(|number| handed(*number)).unwrap();
    bench.edit_issue(torn, json!({ "assignees": [], "assignee": null }));
    bench.edit(|repo| {
        let events = repo["events"][torn.to_string()].as_array_mut().unwrap();
        events.retain(|event| event["type"] != "assignees");
    });
    bench.forget();
    let report = bench.live().json(0);
    assert_eq!(json!([report["totals"]["acted"], report["totals"]["waiting"]]), json!([1, 2]), "{report}");
    assert!(handed(torn));
    assert_eq!((1..=4).filter(|number| handed(*number)).count(), 2, "no third one");
}
