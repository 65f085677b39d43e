//! Tests of cycles that are sent, and of their summary.

use super::*;
use crate::loops::block;

fn record(given: Value) -> CycleRecord {
    let (record, odd) = CycleRecord::new(given.as_object().unwrap().clone(), "2026-11-20T12:00:00Z");
    assert_eq!(odd, [""; 0]);
    record
}

#[test]
fn members_stand_in_the_order_of_the_contract_and_more_behind_them() {
    let one = record(json!({"model": "x", "duration": 5, "timestamp": "2026-11-20 13:00:00+02:00", "issue": 7}));
    let line = one.value().to_string();
    assert!(line.starts_with(r#"{"timestamp":"2026-11-20T11:00:00Z","cycle":null,"issue":7,"type":null"#), "{line}");
    assert!(line.ends_with(r#""repo":null,"agent":null,"model":"x"}"#), "{line}");
    let given = json!({"timestamp": "soon", "duration": "long", "success": "yes"});
    let (odd, told) = CycleRecord::new(given.as_object().unwrap().clone(), "2026-11-20T12:00:00Z");
    assert_eq!((odd.value()["timestamp"].as_str(), told.len()), (Some("2026-11-20T12:00:00Z"), 3), "{told:?}");
}

#[test]
fn a_cycle_is_recorded_once_however_often_it_is_sent() {
    let at = "2026-11-20T10:00:00Z";
    let mut sent = [
        record(json!({"cycle": 4})),
        record(json!({"cycle": 4, "repo": "acme/app"})),
        record(json!({"timestamp": at, "issue": 7})),
        record(json!({"timestamp": at, "issue": "7"})),
        record(json!({"timestamp": at, "issue": 8})),
        record(json!({"cycle": 5})),
    ];
    let mut known = KnownCycles::new(&sent);
    let log = format!(
        "{{\"cycle\":4,\"timestamp\":\"2026-11-20T11:59:00Z\"}}\n{{\"cycle\":9,\"timestamp\":\"{at}\",\"issue\":8}}\n"
    );
    known.take(&block::read(log.into_bytes()));
    let fates: Vec<CycleFate> = sent.iter_mut().map(|record| known.add(record)).collect();
    assert_eq!(
        fates,
        [CycleFate::Known, CycleFate::New, CycleFate::New, CycleFate::Known, CycleFate::Known, CycleFate::New]
    );
    assert_eq!(sent.map(|record| record.number()), [Some(4), Some(4), Some(10), None, None, Some(5)]);
}

#[test]
fn a_number_that_comes_again_with_another_time_is_another_cycle() {
    let at = |at: &str| json!({"cycle": 4, "issue": 7, "timestamp": at});
    let log =
        format!("{}\n{{\"cycle\":5,\"issue\":7,\"timestamp\":\"2026-11-20T11:30:00Z\"}}\n", at("2026-11-20T10:00:00Z"));
    for (sent, fate) in [
        (at("2026-11-20T11:00:00+01:00"), CycleFate::Known),
        (at("2026-11-20T10:00:01Z"), CycleFate::Renumbered),
        // Without a time: the same again within an hour, sent by a step that is tried again.
        (json!({"cycle": 5, "issue": 7}), CycleFate::Known),
        (json!({"cycle": 5, "issue": 8}), CycleFate::Renumbered),
        (json!({"cycle": 5, "issue": 7, "success": true}), CycleFate::Renumbered),
        (json!({"cycle": 5, "issue": 7, "type": "bug"}), CycleFate::Renumbered),
        (json!({"cycle": 4, "issue": 7}), CycleFate::Renumbered),
        (json!({"cycle": 6, "issue": 7}), CycleFate::New),
        (json!({"cycle": 5, "issue": 7, "repo": "acme/app"}), CycleFate::New),
    ] {
        let mut sent = record(sent);
        let mut known = KnownCycles::new(std::slice::from_ref(&sent));
        known.take(&block::read(log.clone().into_bytes()));
        assert_eq!(known.add(&mut sent), fate, "{}", sent.value());
        assert_eq!(known.add(&mut sent.clone()), CycleFate::Known, "once");
    }
}

#[test]
fn the_summary_is_of_the_last_ones() {
    let mut last = Last::new(3);
    let log: String = (1..=9)
        .map(|n| format!("{{\"cycle\":{n},\"type\":\"bug\",\"success\":{},\"duration\":{n}}}\n", n % 2 == 0))
        .collect();
    last.take(&block::read(log.into_bytes()));
    last.add(&record(json!({"cycle": 10, "type": "docs", "success": true, "duration": 60, "epoch": "e2", "pr": 3})));
    let summary = last.summary("2026-11-20T12:00:00Z");
    let members = ["cycles", "successes", "failures", "success_rate", "avg_duration", "prs", "last_cycle", "epoch"];
    let found: Vec<&Value> = members.iter().map(|name| &summary[name]).collect();
    assert_eq!(
        found,
        [&json!(3), &json!(2), &json!(1), &json!(0.667), &json!(26), &json!(1), &json!(10), &json!("e2")]
    );
    assert_eq!(summary["by_type"]["bug"]["cycles"], 2);
    assert_eq!(Last::new(0).summary("x")["success_rate"], Value::Null);
}
