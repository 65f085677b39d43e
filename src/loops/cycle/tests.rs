//! Tests of lines with members of every kind.

use super::*;

fn names(bits: u16) -> Vec<&'static str> {
    (0..NAMES.len()).filter(|index| bits & (1 << index) != 0).map(|index| NAMES[index]).collect()
}

#[test]
fn a_whole_cycle_is_read() {
    let line = r#"{"timestamp":"2026-05-01T06:34:08.25+02:00","cycle":7,"issue":12,"type":"bug","success":true,
        "duration":61.5,"reason":"a \"b\"","lines_added":3,"lines_removed":1,"pr":9,"epoch":"e1","repo":"acme/app",
        "agent":"claude","more":{"a":[1e999]}}"#;
    let cycle = read(line).unwrap();
    assert_eq!((cycle.at, cycle.cycle, cycle.issue), (Some(1_777_610_048_250_000), Some(7), Some(12)));
    assert_eq!((cycle.kind.as_deref(), cycle.success, cycle.truthy), (Some("bug"), Some(true), true));
    assert_eq!((cycle.duration, cycle.reason.as_deref()), (Some(61.5), Some("a \"b\"")));
    assert_eq!((cycle.added, cycle.removed, cycle.pr), (Some(3.0), Some(1.0), Some(9)));
    assert_eq!((cycle.epoch.as_deref(), cycle.repo.as_deref()), (Some("e1"), Some("acme/app")));
    assert_eq!((cycle.missing, cycle.unreadable, cycle.zoneless), (0, 0, false));
}

#[test]
fn a_member_that_is_nothing_is_passed_over_and_named() {
    let cycle = read(
        r#"{"timestamp":1775000000,"cycle":[1],"issue":{"n":5},"type":["bug"],"success":"false","duration":1e999,
        "reason":5,"lines_added":"3","lines_removed":null,"pr":-1,"epoch":"\ud800"}"#,
    )
    .unwrap();
    let expected = ["timestamp", "cycle", "issue", "type", "success", "duration", "reason", "lines_added"];
    assert_eq!(names(cycle.unreadable), [&expected[..], &["pr", "epoch"]].concat());
    assert_eq!(names(cycle.missing), ["lines_removed", "repo"]);
    assert!(cycle.truthy, "the word false is no `no`");
    let empty = Cycle { missing: cycle.missing, unreadable: cycle.unreadable, truthy: true, ..Cycle::default() };
    assert_eq!(cycle, empty);
    assert_eq!(names(read("{}").unwrap().missing), NAMES);
}

#[test]
fn one_number_has_many_ways_of_being_written() {
    for issue in ["42", "\"42\"", "42.0", "4.2e1", "\"42.0\""] {
        assert_eq!(read(&format!("{{\"issue\":{issue}}}")).unwrap().issue, Some(42), "{issue}");
    }
    for issue in ["0", "\"\"", "null", "0.0"] {
        let line = format!("{{\"issue\":{issue}}}");
        let cycle = read(&line).unwrap();
        assert_eq!((cycle.issue, cycle.unreadable), (None, 0), "{issue}");
    }
    for issue in ["true", "1.5", "\"x\"", "1e300", "\"1 \""] {
        let line = format!("{{\"issue\":{issue}}}");
        let cycle = read(&line).unwrap();
        assert_eq!((cycle.issue, names(cycle.unreadable)), (None, vec!["issue"]), "{issue}");
    }
    assert_eq!(read(r#"{"dur\u0061tion":1,"duration":2}"#).unwrap().duration, Some(2.0), "the last counts");
    assert_eq!(read(r#"{"cycle":"x","cycle":2}"#).unwrap().unreadable, 0);
}

#[test]
fn success_is_a_boolean_or_unknown() {
    for (success, known, truthy) in [
        ("true", Some(true), true),
        ("false", Some(false), false),
        ("null", None, false),
        ("0", None, false),
        ("\"\"", None, false),
        ("[]", None, false),
        ("1", None, true),
        ("\"no\"", None, true),
    ] {
        let line = format!("{{\"success\":{success}}}");
        let cycle = read(&line).unwrap();
        assert_eq!((cycle.success, cycle.truthy), (known, truthy), "{success}");
    }
    assert!(!read("{}").unwrap().truthy);
}

#[test]
fn a_time_without_a_zone_is_utc_and_said() {
    for (text, zoneless) in [
        ("2026-05-01T06:34:08", true),
        ("2026-05-01", true),
        ("2026-05-01 06:34:08Z", false),
        ("2026-05-01t06:34:08-08:00", false),
    ] {
        let line = format!("{{\"timestamp\":\"{text}\"}}");
        let cycle = read(&line).unwrap();
        assert_eq!((cycle.at.is_some(), cycle.zoneless), (true, zoneless), "{text}");
    }
}

#[test]
fn what_is_no_object_is_told() {
    for (line, why) in [
        ("42", "invalid type: integer `42`, expected an object (column 2)"),
        ("null", "invalid type: null, expected an object (column 4)"),
        ("[1]", "invalid type: sequence, expected an object (column 0)"),
        ("{\"a\":", "EOF while parsing a value (column 5)"),
        ("{\"a\":1}{\"b\":2}", "trailing characters (column 8)"),
        ("{'a':1}", "key must be a string (column 2)"),
    ] {
        assert_eq!(read(line).unwrap_err(), why);
    }
}
