//! What counts as a tag, what its words mean, how old an issue is (T13, T14, T21, T24).

use serde_json::{Value, json};

use super::{both, expect};
use crate::support::labels;

#[test]
fn t13_labels_say_that_something_is_blocked() {
    let label = |name: &str, shipped: bool| (json!({ "labels": labels(&[name]) }), json!(false), json!(shipped));
    expect(
        "/blocked",
        &[
            label("blocked", true),
            label("Blocked", true),
            label("Status/Blocked", true),
            label("status::blocked", true),
            label("status: blocked", true),
            label("unblocked", false),
            label("blockchain", false),
        ],
    );
    let labelled = both("Save twice", json!({ "labels": labels(&["Status/Blocked"]), "body": super::READY }));
    assert_eq!(labelled.rules(), ("ready".to_owned(), "blocked".to_owned()));
}

#[test]
fn t14_scoped_labels_and_other_names_of_bugs_are_read() {
    let label = |name: &str, shipped: &str| (json!({ "labels": labels(&[name]) }), json!("unknown"), json!(shipped));
    let word =
        |word: &str, shipped: &str| (json!({ "title": format!("[{word}] A title") }), json!("unknown"), json!(shipped));
    expect(
        "/type",
        &[
            label("Kind/Bug", "bug"),
            label("type: bug", "bug"),
            label("Kind/Feature", "feature"),
            label("bug-fix", "bug"),
            label("bugs", "bug"),
            label("Priority/Critical", "unknown"),
            label("Reviewed/Bugless", "unknown"),
            word("bug-fix", "bug"),
            word("bugs", "bug"),
        ],
    );
    expect(
        "/urgent",
        &[
            (json!({ "labels": labels(&["Priority/Critical"]) }), json!(false), json!(true)),
            (json!({ "labels": labels(&["Kind/Security"]) }), json!(false), json!(true)),
        ],
    );
}

#[test]
fn t21_only_known_words_in_brackets_are_tags() {
    let title = |title: &str, reference: &[&str], shipped: &[&str]| {
        (json!({ "title": title }), json!(reference), json!(shipped))
    };
    let cases = [
        title("[text](https://forge.test) is gone", &["text"], &[]),
        title("[bug](https://forge.test) is gone", &["bug"], &[]),
        title("[x] done", &["x"], &[]),
        title("[WIP] A parser", &["wip"], &[]),
        title("[two\nlines] A parser", &["two\nlines"], &[]),
        title("[ ] to do", &[""], &[]),
        title("[a [bug] b] nested", &["a [bug"], &["bug"]),
        title("[Bug] [ RFC ] A parser", &["bug", "rfc"], &["bug", "rfc"]),
    ];
    expect("/tags", &cases);
    expect("/tags", &[(json!({ "labels": labels(&["", " "]) }), json!([""]), json!([]))]);

    // What is no tag stays where it stood.
    let kept =
        |given: &str, reference: &str, shipped: &str| (json!({ "title": given }), json!(reference), json!(shipped));
    expect(
        "/title",
        &[
            kept(
                "[text](https://forge.test) is gone",
                "(https://forge.test) is gone",
                "[text](https://forge.test) is gone",
            ),
            kept("[WIP] A parser", "A parser", "[WIP] A parser"),
            kept("[x] done", "done", "[x] done"),
            kept("[fix] A parser", "A parser", "A parser"),
        ],
    );
    let nested = both("[a [bug] b] nested", json!({}));
    assert_eq!(nested.of("/title").0, json!("b] nested"), "the reference leaves half a bracket");
}

#[test]
fn t24_an_unreadable_date_gives_no_age_and_one_ahead_the_age_0() {
    let date =
        |created: Value, reference: i64, shipped: Value| (json!({ "created_at": created }), json!(reference), shipped);
    expect(
        "/age_days",
        &[
            date(json!("soon"), 0, Value::Null),
            date(json!(""), 0, Value::Null),
            date(Value::Null, 0, Value::Null),
            date(json!(1_700_000_000), 0, Value::Null),
            date(json!({ "at": "2026-11-01" }), 0, Value::Null),
            date(json!("2026-11-20T12:00:01Z"), -1, json!(0)),
            date(json!("2026-11-27T12:00:00Z"), -7, json!(0)),
            date(json!("2026-11-20T12:00:00Z"), 0, json!(0)),
            date(json!("2026-11-13T12:00:00Z"), 7, json!(7)),
        ],
    );

    // A member that is not there at all.
    let mut issue = crate::support::issue(1, "A title", json!({}));
    issue.as_object_mut().unwrap().remove("created_at");
    let [missing] = &super::both_of(&[issue])[..] else { panic!("one issue, one record") };
    assert_eq!(missing.of("/age_days"), (json!(0), Value::Null));
}
