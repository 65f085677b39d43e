//! What counts in the texts: paths, code, acceptance, tests, headings, the title (T15 to T20).

use serde_json::{Value, json};

use super::expect;

/// Bodies with a component's points under the reference and the shipped pack.
fn component(name: &str, cases: &[(&str, u64, u64)]) {
    let cases: Vec<(Value, Value, Value)> = cases
        .iter()
        .map(|(body, reference, shipped)| (json!({ "body": body }), json!(reference), json!(shipped)))
        .collect();
    expect(&format!("/scores/{name}"), &cases);
}

// In all of these the short title gives the first point of the scope.
#[test]
fn t15_a_path_is_a_whole_path_of_any_usual_kind() {
    component(
        "scope",
        &[
            ("The lock in package.json is old", 2, 1),
            ("Visit www.shop.com and buy nothing", 2, 1),
            ("The stubs of numpy.pyi are old", 2, 1),
            ("See https://forge.test/src/branch/main", 2, 1),
            ("See https://forge.test/acme/src/app.js for more", 2, 1),
            // Kinds that the reference does not know.
            ("Look at ci.yml first", 1, 2),
            ("Look at main.rs first", 1, 2),
            ("Look at main.go first", 1, 2),
            ("Look at app.ts first", 1, 2),
            // Real paths count in both.
            ("Look at src/run.py first", 2, 2),
            ("Look at `tests/unit/` first", 2, 2),
            ("Look at ./scripts/run.sh, then go on.", 2, 2),
            ("(index.html)", 2, 2),
            ("Nothing of the kind", 1, 1),
        ],
    );
}

#[test]
fn t16_names_of_code_count_in_code_and_not_in_prose() {
    component(
        "scope",
        &[
            ("First-class support for tables", 2, 1),
            ("There is a method to it", 2, 1),
            ("The function that saves is slow", 2, 1),
            ("A class of problems", 2, 1),
            ("Why is `class Shop` slow?", 2, 2),
            ("Slow:\n\n```python\ndef save(self):\n    pass\n```", 2, 2),
            ("A call of `save()` is slow", 2, 2),
            // The reference knows neither.
            ("Slow:\n\n```rust\nfn save() {}\n```", 1, 2),
            ("A call of `shop.save()` is slow", 1, 2),
        ],
    );
}

#[test]
fn t17_acceptance_is_whole_words_each_once_and_outside_code() {
    component(
        "acceptance",
        &[
            ("A pain in the shoulder", 1, 0),
            ("More mustard, please", 1, 0),
            ("That was unexpected", 1, 0),
            ("Nothing but praise", 1, 0),
            ("By bypassing the queue", 1, 0),
            // Three returns in a snippet are no criteria, and one word said thrice is one word.
            ("```python\nreturn 1\nreturn 2\nreturn 3\n```", 2, 0),
            ("It should, should, should be fast", 2, 1),
            ("Somebody said:\n\n> it should, it must, verify it", 2, 0),
            // What passed or failed counts too.
            ("It passed and then it failed", 0, 1),
            ("It should pass, and must not raise", 2, 2),
            ("Test cases: none", 1, 1),
        ],
    );
}

#[test]
fn t18_a_test_is_a_word_of_its_own() {
    component(
        "acceptance",
        &[
            ("A toxic mixture", 1, 0),
            ("Time for a detox", 1, 0),
            ("Take the latest_build from there", 1, 0),
            ("Run tox before", 1, 1),
            ("Run pytest before", 1, 1),
            ("See test_save before", 1, 1),
            // Tools that the reference does not know.
            ("Run cargo test before", 0, 1),
            ("Run vitest before", 0, 1),
        ],
    );
    // The last word of the title and the first of the body are no test together.
    expect(
        "/scores/acceptance",
        &[(json!({ "title": "What the docs assert", "body": "is not true" }), json!(2), json!(1))],
    );
}

#[test]
fn t19_headings_are_those_of_markdown() {
    component(
        "acceptance",
        &[
            ("See text ## steps there", 1, 0),
            ("## Stepsister\n\nA tale", 1, 0),
            ("```md\n## Problem\n```", 1, 0),
            ("##\n\nProblem", 1, 0),
            ("\\## Problem", 1, 0),
            ("## The problem\n\nIt is slow", 0, 1),
            ("# Problem\n\nIt is slow", 0, 1),
            ("## **Problem**\n\nIt is slow", 0, 1),
            ("Problem\n=======\n\nIt is slow", 0, 1),
            ("## Problem\n\nIt is slow", 1, 1),
            ("### Steps to see it\n\nLook", 1, 1),
        ],
    );
}

#[test]
fn t20_an_empty_title_is_not_a_short_one_and_length_is_in_characters() {
    let title =
        |title: String, reference: u64, shipped: u64| (json!({ "title": title }), json!(reference), json!(shipped));
    expect(
        "/scores/scope",
        &[
            title(String::new(), 1, 0),
            title("[bug]".to_owned(), 1, 0),
            title("  ".to_owned(), 1, 0),
            title("x".to_owned(), 1, 1),
            // 79 characters of three bytes each are short, 80 are not; tags do not count.
            title("修".repeat(79), 1, 1),
            title("修".repeat(80), 0, 0),
            title(format!("[bug] {}", "é".repeat(79)), 1, 1),
        ],
    );
}
