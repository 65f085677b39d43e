//! What is said of conditions without an item holds for every item.
//!
//! Takes: conditions made up by proptest, over all kinds of names, and made-up items. Gives: where one
//! is said never to hold, or always, or wherever another holds, no item that says otherwise.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use kaizen::engine::examine::Examination;
use kaizen::engine::facts::{Availability, ItemFacts};
use kaizen::engine::source::Source;
use kaizen::jobs::backlog_triage::SPEC;
use kaizen::language::{RuleInput, load};
use kaizen::review::formula::Formula;
use kaizen::review::logic::Terms;
use kaizen::review::solve::never;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::test_runner::{TestCaseError, TestRunner};

const HEAD: &str = "version: 1\njob: backlog-triage\nkeywords: {a: [x, y], b: [y], c: [z], nil: []}\n\
    patterns: {p: {words: [alpha, beta]}, q: {regex: 'g+'}}\nthresholds: {low: 2, high: 4, half: 2.5}\n\
    score:\n  one: {max: 3, points: [{add: 2, when: locked}, {add: 2, when: draft}, {add: -1, when: tagged.c}]}\n\
    \x20 two: {max: 1.5, when: not bot, points: [{add: 0.5, when: comments > 1}, {add: 1.25, when: tagged.a}]}\n\
    classify: {rules: [{type: odd, when: tagged.a and locked}, {type: even, when: comments > 2}]}\n\
    agents: {ada: {login: ada}}\nflags:\n  urgent: tagged.b or locked\n  ready: not urgent and comments >= thresholds.low\n  blocked: false\n";

fn number() -> impl Strategy<Value = String> {
    let literal = prop_oneof![
        (-1_i64..6).prop_map(|number| number.to_string()),
        Just("2.5".to_owned()),
        Just("thresholds.low".to_owned()),
        Just("thresholds.high".to_owned()),
        Just("thresholds.half".to_owned()),
    ];
    let name = prop_oneof![
        Just("comments"),
        Just("number"),
        Just("count.p"),
        Just("distinct.p"),
        Just("count.q"),
        Just("labels_with.p"),
        Just("labels | length"),
        Just("title | length"),
        Just("score"),
        Just("scores.one"),
        Just("scores.two"),
        Just("(comments + count.p)"),
        Just("(0 / comments)"),
        Just("(comments / 0 - 1 / comments)"),
    ];
    prop_oneof![3 => name.prop_map(str::to_owned), 2 => literal]
}

fn condition() -> impl Strategy<Value = String> {
    let op = || prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let of_age =
        (op(), -1_i64..5).prop_map(|(op, number)| format!("(age_days is not none and age_days {op} {number})"));
    let of_idle = (op(), 0_i64..4).prop_map(|(op, number)| format!("(idle_days is none or idle_days {op} {number})"));
    let plain = prop_oneof![
        Just("tagged.a"),
        Just("tagged.b"),
        Just("tagged.c"),
        Just("tagged.nil"),
        Just("labelled.a"),
        Just("labelled.b"),
        Just("locked"),
        Just("draft"),
        Just("locked == true"),
        Just("draft != false"),
        Just("urgent"),
        Just("ready"),
        Just("blocked"),
        Just("kind == 'issue'"),
        Just("kind in ['issue', 'pull']"),
        Just("state != 'open'"),
        Just("type == 'odd'"),
        Just("type in ['even', 'unknown']"),
        Just("author is none"),
        Just("(author is not none and author == agents.ada.login)"),
        Just("(author is not none and author != 'ada')"),
        Just("'x' in labels"),
        Just("author is not none"),
        Just("(locked if draft else tagged.a)"),
        Just("1 < comments <= 4"),
        Just("thresholds.low > 1"),
        Just("agents.ada.login in assignees"),
        Just("tags == labels"),
    ];
    let leaf = prop_oneof![
        4 => (number(), op(), number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        4 => plain.prop_map(str::to_owned),
        1 => of_age,
        1 => of_idle,
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) if ({b}) else ({c})")),
        ]
    })
}

#[derive(Debug, Clone)]
struct Made {
    title: String,
    body: String,
    labels: Vec<&'static str>,
    bits: [bool; 6],
    author: Option<&'static str>,
    number: u64,
    comments: u64,
    age: Option<i64>,
}

fn made() -> impl Strategy<Value = Made> {
    let tags = prop_oneof![Just(""), Just("[x] "), Just("[y] "), Just("[z] "), Just("[x][z] ")];
    let words = prop_oneof![Just(""), Just("alpha"), Just("alpha beta alpha"), Just("gg alpha g"), Just("beta")];
    let label = prop_oneof![Just("x"), Just("y"), Just("kind/z"), Just("alpha"), Just("other")];
    let author = prop_oneof![Just(None), Just(Some("ada")), Just(Some("bob"))];
    let age = prop_oneof![Just(None), (-2_i64..6).prop_map(Some)];
    let labels = proptest::collection::vec(label, 0..4);
    (tags, words, words_of_titles(), labels, any::<[bool; 6]>(), author, (1_u64..6, 0_u64..6), age).prop_map(
        |(tag, body, title, labels, bits, author, (number, comments), age)| Made {
            title: format!("{tag}{title}"),
            body: body.to_owned(),
            labels,
            bits,
            author,
            number,
            comments,
            age,
        },
    )
}

fn words_of_titles() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just(""), Just("Ab"), Just("alpha"), Just("A longer title")]
}

const DAY: i64 = 86_400_000_000;
const NOW: i64 = 20_000 * DAY;

impl Made {
    fn item(&self) -> ItemFacts<'_> {
        let [issue, bot, own, open, locked, draft] = self.bits;
        let created = self.age.map(|days| NOW - days * DAY);
        ItemFacts {
            repo: "acme/app",
            kind: if issue { "issue" } else { "pull" },
            number: self.number,
            title: &self.title,
            body: &self.body,
            labels: self.labels.clone(),
            assignees: if own { vec!["ada"] } else { Vec::new() },
            author: self.author,
            bot,
            own_report: own,
            open,
            locked,
            draft,
            private: bot,
            milestone: None,
            comments: self.comments,
            closed_as: None,
            recent_comments: 0,
            recent: false,
            created,
            updated: created,
            last_activity: Availability::Is(None),
        }
    }
}

/// What was claimed, so that a procedure that claims nothing cannot pass.
#[derive(Default)]
struct Claims {
    settled: AtomicUsize,
    implied: AtomicUsize,
    together: AtomicUsize,
}

fn hold_to_items(conditions: &[String], items: &[Made], claims: &Claims) -> Result<(), TestCaseError> {
    let mut text = HEAD.to_owned();
    for (index, condition) in conditions.iter().enumerate() {
        text += &format!("  c{index}: {}\n", serde_json::to_string(condition).unwrap());
    }
    text += "decide: [{id: rest, action: skip}]\n";
    let file = Source::new("backlog-triage.yaml", text);
    let loaded = load(&SPEC, &RuleInput { file, folder: BTreeMap::new(), templates: BTreeMap::new() });
    let problems: Vec<String> = loaded.diagnostics.iter().map(|one| one.render(false)).collect();
    let (policy, _) = loaded.policy.unwrap_or_else(|| panic!("{}", problems.join("\n")));
    let flags: Vec<_> = policy.flags.iter().filter(|flag| flag.name.starts_with('c')).collect();
    let mut terms = Terms::new(&policy);
    let formulas: Vec<Formula> = flags.iter().map(|flag| terms.formula(&flag.when.expr)).collect();
    terms.relate();
    let items: Vec<ItemFacts<'_>> = items.iter().map(Made::item).collect();
    let examined: Vec<Examination<'_, '_>> = items.iter().map(|item| Examination::new(&policy, item, NOW)).collect();
    let truths: Vec<Vec<bool>> = examined
        .iter()
        .map(|one| flags.iter().map(|flag| one.holds(&flag.when.expr).expect("all was read")).collect())
        .collect();
    let mut budget = usize::MAX;
    let mut certain = |formulas: &[&Formula]| never(formulas, &terms, &mut budget);
    let against = |claim: &str, wrong: &dyn Fn(&[bool]) -> bool| match truths.iter().position(|truth| wrong(truth)) {
        Some(item) => Err(TestCaseError::fail(format!("{claim}\nsays otherwise: {:?}", items[item]))),
        None => Ok(()),
    };
    for (a, condition) in conditions.iter().enumerate() {
        for (value, formula) in [(true, formulas[a].not()), (false, formulas[a].clone())] {
            if certain(&[&formula]) {
                claims.settled.fetch_add(1, Ordering::Relaxed);
                against(&format!("{condition} is always {value}"), &|truth| truth[a] != value)?;
            }
        }
        for b in (0..conditions.len()).filter(|b| *b != a) {
            if certain(&[&formulas[a], &formulas[b].not()]) {
                claims.implied.fetch_add(1, Ordering::Relaxed);
                let claim = format!("{condition}\nimplies {}", conditions[b]);
                against(&claim, &|truth| truth[a] && !truth[b])?;
            }
        }
        // All others together take what this one asks for.
        let others: Vec<Formula> = (0..conditions.len()).filter(|b| *b != a).map(|b| formulas[b].not()).collect();
        let mut all: Vec<&Formula> = others.iter().collect();
        all.push(&formulas[a]);
        if certain(&all) {
            claims.together.fetch_add(1, Ordering::Relaxed);
            let taken = |truth: &[bool]| (0..truth.len()).any(|b| b != a && truth[b]);
            against(&format!("{conditions:?} take {condition}"), &|truth| truth[a] && !taken(truth))?;
        }
    }
    Ok(())
}

#[test]
fn no_item_says_otherwise() {
    let claims = Claims::default();
    let mut runner = TestRunner::new(ProptestConfig { cases: 1_500, failure_persistence: None, ..Default::default() });
    let cases = (proptest::collection::vec(condition(), 2..6), proptest::collection::vec(made(), 24));
    runner.run(&cases, |(conditions, items)| hold_to_items(&conditions, &items, &claims)).unwrap();
    for (what, count) in [("settled", claims.settled), ("implied", claims.implied), ("together", claims.together)] {
        assert!(count.into_inner() > 100, "hardly anything was claimed: {what}");
    }
}
