//! What is decided: urgency, type, what waits, what is first looked into (T10 to T12, T22, T23).

use serde_json::json;

use super::{READY, both, expect};
use crate::support::labels;

#[test]
fn t10_what_is_urgent_is_never_skipped_for_want_of_detail() {
    for title in ["[security] Leak", "[p0] Down", "[data-loss] Gone"] {
        let both = both(title, json!({}));
        assert_eq!(both.rules(), ("not-ready".to_owned(), "urgent".to_owned()), "{title}");
        assert_eq!(both.of("/decision/action"), (json!("skip"), json!("assign-claude")), "{title}");
        assert_eq!(both.of("/scores/alignment"), (json!(0), json!(3)), "{title}: urgency counts for itself");
        assert_eq!(both.of("/ready"), (json!(false), json!(true)), "{title}");
    }
    // A discussion that is urgent is not put away as a discussion.
    let talk = both("[security][question] Leak?", json!({}));
    assert_eq!(talk.rules(), ("meta".to_owned(), "urgent".to_owned()));
}

#[test]
fn t11_a_bug_is_not_urgent_for_being_a_bug() {
    expect(
        "/urgent",
        &[
            (json!({ "title": "[bug] A parser" }), json!(true), json!(false)),
            (json!({ "labels": labels(&["regression"]) }), json!(true), json!(false)),
            (json!({ "title": "[bug][p0] A parser" }), json!(true), json!(true)),
            (json!({ "title": "[critical] A parser" }), json!(true), json!(true)),
            (json!({ "title": "[feature] A parser" }), json!(false), json!(false)),
        ],
    );
    let bug = both("[bug] A parser", json!({ "body": READY }));
    assert_eq!(bug.of("/type"), (json!("bug"), json!("bug")));
    assert_eq!(bug.rules(), ("urgent".to_owned(), "ready".to_owned()));
}

#[test]
fn t12_non_blocking_is_not_blocked() {
    let body = |body: &str, reference: bool, shipped: bool| (json!({ "body": body }), json!(reference), json!(shipped));
    expect(
        "/blocked",
        &[
            body("Use non-blocking reads", true, false),
            body("Format the code blocks", true, false),
            body("Slow:\n\n```\nblocked by the lock\n```", true, false),
            body("The state `blocked by` is printed", true, false),
            body("<!-- blocked by #3 -->\n\nHello", true, false),
            body("> blocked by #3\n\nNo.", true, false),
            body("It is no longer blocked", true, false),
            body("It is no longer blocked by #3", true, false),
            body("This is not blocked by #3", true, false),
            body("This blocks the release", true, false),
            body("Unblocked by #3", false, false),
            // To wait for something is to be blocked, in whatever words.
            body("This is blocked by #3", true, true),
            body("Blocked on the new queue", true, true),
            body("Blocked until spring", true, true),
            body("This depends on #3", false, true),
            body("Waiting for #3", false, true),
            body("Not blocked by #3, but blocked by #4", true, true),
        ],
    );
    let reads = both("Use non-blocking reads", json!({ "body": READY }));
    assert_eq!(reads.rules(), ("blocked".to_owned(), "ready".to_owned()));

    // "blocking" as a tag says how urgent it is.
    let blocking = both("[blocking] The parser hangs", json!({ "body": READY }));
    assert_eq!(blocking.of("/urgent"), (json!(true), json!(true)));
    assert_eq!(blocking.of("/blocked"), (json!(true), json!(false)));
    assert_eq!(blocking.rules(), ("blocked".to_owned(), "urgent".to_owned()));
}

#[test]
fn t22_a_discussion_is_one_whatever_else_it_is_tagged_with_but_a_bug() {
    expect(
        "/type",
        &[
            (json!({ "title": "[philosophy][feature] A soul" }), json!("feature"), json!("philosophy")),
            (json!({ "title": "[rfc][refactor] A soul" }), json!("refactor"), json!("philosophy")),
            (json!({ "title": "[question][research] A soul" }), json!("research"), json!("philosophy")),
            (json!({ "title": "[philosophy][bug] A soul" }), json!("bug"), json!("bug")),
            (json!({ "title": "[philosophy] A soul" }), json!("philosophy"), json!("philosophy")),
        ],
    );
    let feature = both("[philosophy][feature] A soul", json!({ "body": READY }));
    let (reference, shipped) = feature.rules();
    assert_ne!(reference, "meta", "the reference takes it for work");
    assert_eq!(shipped, "meta");
    let bug = both("[discussion][bug] A soul", json!({}));
    assert_eq!(bug.of("/scores/alignment"), (json!(3), json!(3)));
}

#[test]
fn t23_what_is_urgent_is_mended_before_anything_is_looked_into() {
    for (title, reference, shipped) in [
        ("[p0][spike] The parser hangs", "research", "urgent"),
        ("[bug][research] The parser hangs", "research", "ready"),
        ("[bug][p0][research] The parser hangs", "research", "urgent"),
        ("[research] Other parsers", "research", "research"),
    ] {
        let both = both(title, json!({ "body": READY }));
        assert_eq!(both.rules(), (reference.to_owned(), shipped.to_owned()), "{title}");
    }
    let p0 = both("[p0][spike] The parser hangs", json!({ "body": READY }));
    assert_eq!(p0.of("/decision/agent"), (json!("kimi"), json!("claude")));
}
