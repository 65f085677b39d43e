//! Tests of who goes into the quarantine and comes out.

use super::*;
use crate::loops::block;

const LIMITS: QuarantineLimits = QuarantineLimits { failures: 2, window: 14 * DAY, stay: 7 * DAY, reasons: 2 };
const NOW: i64 = 1_795_176_000_000_000; // 2026-11-20T12:00:00Z

/// Failures of issue 7 so many hours before now; a negative number is a success.
fn run(quarantine: &mut Quarantine, text: &str, hours: &[i64], at: i64, by_hand: &[u64]) {
    let line = |hours: &i64| {
        let when = chrono::DateTime::from_timestamp_micros(NOW - hours.abs() * DAY / 24).unwrap().to_rfc3339();
        let reason = format!("tests failed {}", hours % 3);
        json!({"timestamp": when, "issue": 7, "success": *hours < 0, "reason": reason}).to_string() + "\n"
    };
    let log = block::read(hours.iter().map(line).collect::<String>().into_bytes());
    let open = OpenIssues::from([(("acme/app".to_owned(), 7), text.to_owned())]);
    let read = BTreeSet::from(["acme/app".to_owned()]);
    (quarantine.new, quarantine.out) = (Vec::new(), Vec::new());
    quarantine.release(&open, &read, by_hand, at);
    let mut failures = Failures::default();
    failures.take(&log, (&open, Some("acme/app")), quarantine, &LIMITS, at);
    quarantine.admit(&open, &failures, &LIMITS, at);
    *quarantine = {
        let (new, out) = (std::mem::take(&mut quarantine.new), std::mem::take(&mut quarantine.out));
        Quarantine { new, out, ..Quarantine::read(&quarantine.json("x")) }
    };
}

#[test]
fn who_fails_as_often_as_the_rules_say_goes_in_with_the_reasons() {
    let mut one = Quarantine::default();
    run(&mut one, "a", &[30], NOW, &[]);
    assert!(!one.holds("acme/app", 7), "once is not often");
    run(&mut one, "a", &[30, -20, 10], NOW, &[]);
    assert!(!one.holds("acme/app", 7), "a success between them");
    run(&mut one, "a", &[20 * 24, 10], NOW, &[]);
    assert!(!one.holds("acme/app", 7), "too long ago");
    run(&mut one, "a", &[30, 20, 10, 7], NOW, &[]);
    assert!(one.holds("acme/app", 7) && !one.holds("acme/other", 7));
    let file = one.json("x");
    assert_eq!(
        (&file["items"][0]["failures"], &file["items"][0]["until"]),
        (&json!(4), &json!("2026-11-27T12:00:00Z"))
    );
    assert_eq!(file["items"][0]["reasons"], json!(["tests failed 2", "tests failed 1"]));
}

#[test]
fn it_comes_out_by_time_by_an_edit_by_hand_and_stays_out() {
    for (text, at, by_hand, why) in [
        ("a", NOW + 7 * DAY, &[][..], "its time is over"),
        ("b", NOW + 1, &[][..], "it was edited"),
        ("a", NOW + 1, &[7][..], "by hand"),
    ] {
        let mut one = Quarantine::default();
        run(&mut one, "a", &[30, 20], NOW, &[]);
        assert_eq!(one.new.len(), 1);
        run(&mut one, "a", &[30, 20], NOW, &[]);
        assert!(one.holds("acme/app", 7) && one.new.is_empty(), "it stays until then");
        run(&mut one, text, &[30, 20], at, by_hand);
        assert_eq!(one.out, [("acme/app".to_owned(), 7, why)]);
        run(&mut one, text, &[30, 20], at + 1, &[]);
        assert!(one.is_empty(), "{why}: the failures of before are forgotten");
    }
}

#[test]
fn who_is_closed_comes_out_unless_the_list_was_not_read() {
    let mut one = Quarantine::default();
    run(&mut one, "a", &[30, 20], NOW, &[]);
    one.release(&OpenIssues::new(), &BTreeSet::new(), &[], NOW);
    assert!(one.holds("acme/app", 7));
    one.release(&OpenIssues::new(), &BTreeSet::from(["acme/app".to_owned()]), &[], NOW);
    assert_eq!((one.len(), one.out.last().unwrap().2), (0, "it is no longer open"));
}
