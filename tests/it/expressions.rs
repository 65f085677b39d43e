//! Expressions agree with minijinja wherever both are defined, and three values keep their laws.
//!
//! Takes: expressions made up by proptest over a few names. Gives: the same value from our
//! evaluation and from minijinja's; with some names not read, an answer that no later reading can
//! contradict; and a printed text that is read as the same expression.

use std::borrow::Cow;

use kaizen::engine::eval::{NameValues, eval};
use kaizen::engine::expr::{Expr, NameRef};
use kaizen::engine::facts::Fact;
use kaizen::engine::source::{Source, Span};
use kaizen::engine::value::{Base, Estimate, Tiers, Ty, Value};
use kaizen::language::diag::{Diagnostic, ProblemSink};
use kaizen::language::expressions::check;
use kaizen::language::print::print;
use kaizen::language::scope::{ExprPlace, Scope};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;

/// Names of the made-up expressions: numbers, yes or no, texts, a list.
const NUMBERS: [&str; 3] = ["n0", "n1", "n2"];
const FLAGS: [&str; 2] = ["b0", "b1"];
const TEXTS: [&str; 2] = ["t0", "t1"];

fn scope() -> Scope {
    let mut scope = Scope::default();
    for (index, name) in NUMBERS.iter().enumerate() {
        scope.add(*name, NameRef::Threshold(index), Ty::of(Base::Number));
    }
    for (index, name) in FLAGS.iter().enumerate() {
        scope.add(*name, NameRef::Flag(index), Ty::of(Base::Bool));
    }
    for (index, name) in TEXTS.iter().enumerate() {
        scope.add(*name, NameRef::Login(index), Ty::of(Base::Text));
    }
    scope.add("labels", NameRef::Fact(Fact::Labels), Ty::of(Base::List(Box::new(Base::Text), false)));
    scope
}

#[derive(Debug, Clone)]
struct World {
    numbers: [i64; 3],
    flags: [bool; 2],
    texts: [&'static str; 2],
    /// Bit by bit: this name was not read.
    unread: u8,
}

impl<'v> NameValues<'v> for World {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        let (bit, value) = match name {
            NameRef::Threshold(index) => (index, Value::Int(self.numbers[index])),
            NameRef::Flag(index) => (3 + index, Value::Bool(self.flags[index])),
            NameRef::Login(index) => (5 + index, Value::Text(Cow::Borrowed(self.texts[index]))),
            _ => (7, Value::Texts(&["bug", "a b"])),
        };
        if self.unread & (1 << bit) == 0 { Estimate::Is(value) } else { Estimate::Lacks(Tiers::TIMELINE) }
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (0..NUMBERS.len()).prop_map(|index| NUMBERS[index].to_owned()),
        (0_i64..20).prop_map(|number| number.to_string()),
        Just("labels | length".to_owned()),
        Just("t0 | length".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone(), prop_oneof![Just("+"), Just("-"), Just("*")]);
        prop_oneof![
            pair.prop_map(|(a, b, op)| format!("({a}) {op} ({b})")),
            // By a number that is not 0, where minijinja has an error and we are infinite.
            (inner.clone(), 1_i64..9, prop_oneof![Just("//"), Just("%"), Just("/")])
                .prop_map(|(a, b, op)| format!("({a}) {op} {b}")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("({a}) | abs")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[{a}, {b}] | max")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let compared =
        (number(), number(), prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")]);
    let leaf = prop_oneof![
        (0..FLAGS.len()).prop_map(|index| FLAGS[index].to_owned()),
        compared.prop_map(|(a, b, op)| format!("({a}) {op} ({b})")),
        Just("t0 == t1".to_owned()),
        Just("t0 in labels".to_owned()),
        Just("'bug' in labels".to_owned()),
        Just("t1 not in labels".to_owned()),
        Just("(t0 | lower) == 'bug'".to_owned()),
        Just("(labels | join('-')) == 'bug-a b'".to_owned()),
        Just("(n0 if b0 else n1) > 3".to_owned()),
        Just("0 < n0 < 10".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) if ({b}) else ({c})")),
        ]
    })
}

fn worlds() -> impl Strategy<Value = World> {
    let text = || prop_oneof![Just("bug"), Just("Bug"), Just("a b"), Just("")];
    (any::<[i8; 3]>(), any::<[bool; 2]>(), text(), text(), any::<u8>()).prop_map(|(numbers, flags, a, b, unread)| {
        World { numbers: numbers.map(i64::from), flags, texts: [a, b], unread }
    })
}

/// The tree, or what is told of the text; never both and never neither.
fn read(text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let source = Source::new("made up", text);
    let mut found: Vec<Diagnostic> = Vec::new();
    let place = ExprPlace { whole: Span::new(0, text.len()), text: Some(0) };
    let checked =
        check(&mut ProblemSink { source: &source, found: &mut found }, &scope(), place, text, &mut Vec::new());
    for problem in &found {
        let span = problem.span;
        assert!(text.get(span.start..span.end).is_some(), "{text:?}: {span:?} is not on characters");
        assert!(!problem.render(false).is_empty());
    }
    assert_eq!(checked.is_none(), !found.is_empty(), "{text:?} is read and told, or neither");
    checked.map(|(expr, _)| expr).ok_or(found)
}

fn checked(text: &str) -> Expr {
    read(text).unwrap_or_else(|found| {
        let problems: Vec<String> = found.iter().map(|problem| problem.render(false)).collect();
        panic!("{text}: {}", problems.join("\n"))
    })
}

/// Characters that stand in no expression.
const FOREIGN: [&str; 24] = [
    "&", "$", "?", "!", ";", "#", "@", "^", "\\", "`", "{", "}", "\u{a0}", "\u{200b}", "\u{feff}", "\u{202e}", "\0",
    "“", "’", "≥", "−", "ü", "é", "🦀",
];

/// Pieces of expressions, good and bad, of which nonsense is made.
const PIECES: [&str; 36] = [
    "n0",
    "b0",
    "t0",
    "labels",
    "thresholds.x",
    "'bug'",
    "\"a b\"",
    "12",
    "1.5e3",
    "3x",
    "true",
    "none",
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "==",
    "!=",
    "<=",
    ">",
    "=",
    "+",
    "-",
    "**",
    "|",
    "|length",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    "'",
];

/// Offsets of a text outside its quotes where a character can be put.
fn outside_quotes(text: &str) -> Vec<usize> {
    let mut quote = None;
    let mut places = Vec::new();
    for (at, c) in text.char_indices() {
        if quote.is_none() {
            places.push(at);
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
    }
    places.push(text.len());
    places
}

fn written(name: NameRef) -> String {
    match name {
        NameRef::Threshold(index) => NUMBERS[index].to_owned(),
        NameRef::Flag(index) => FLAGS[index].to_owned(),
        NameRef::Login(index) => TEXTS[index].to_owned(),
        _ => "labels".to_owned(),
    }
}

fn theirs(text: &str, world: &World) -> minijinja::Value {
    let mut env = minijinja::Environment::empty();
    env.add_filter("abs", minijinja::filters::abs);
    env.add_filter("length", minijinja::filters::length);
    env.add_filter("lower", minijinja::filters::lower);
    env.add_filter("join", minijinja::filters::join);
    env.add_filter("max", minijinja::filters::max);
    let [n0, n1, n2] = world.numbers;
    let [b0, b1] = world.flags;
    let [t0, t1] = world.texts;
    let names = minijinja::context! { n0, n1, n2, b0, b1, t0, t1, labels => ["bug", "a b"] };
    env.compile_expression(text)
        .and_then(|expression| expression.eval(names))
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn conditions_are_what_minijinja_says(text in condition(), mut world in worlds()) {
        world.unread = 0;
        let expr = checked(&text);
        let ours = eval(&expr, &world).truth().ok_or_else(|| TestCaseError::fail("not decided"))?;
        proptest::prop_assert_eq!(ours, theirs(&text, &world).is_true(), "{}", text);
    }

    #[test]
    fn numbers_are_what_minijinja_says(text in number(), mut world in worlds()) {
        world.unread = 0;
        let expr = checked(&text);
        let Estimate::Is(ours) = eval(&expr, &world) else { return Err(TestCaseError::fail("not decided")) };
        let theirs = f64::try_from(theirs(&text, &world)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        proptest::prop_assert_eq!(ours.number(), Some(theirs), "{}", text);
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(text in condition(), mut world in worlds()) {
        world.unread = 0;
        let expr = checked(&text);
        let printed = print(&expr, &written);
        let again = checked(&printed);
        proptest::prop_assert_eq!(eval(&expr, &world).truth(), eval(&again, &world).truth(), "{} is {}", text, printed);
        proptest::prop_assert_eq!(&print(&again, &written), &printed);
        proptest::prop_assert!(printed.matches('(').count() <= text.matches('(').count(), "{} is {}", text, printed);
    }

    #[test]
    fn a_foreign_character_is_told_where_it_stands(
        text in prop_oneof![condition(), number()],
        foreign in proptest::sample::select(&FOREIGN[..]),
        place in any::<proptest::sample::Index>(),
    ) {
        let places = outside_quotes(&text);
        let at = places[place.index(places.len())];
        let slip = format!("{}{foreign}{}", &text[..at], &text[at..]);
        let Err(found) = read(&slip) else { return Err(TestCaseError::fail(format!("{slip:?} is read"))) };
        let covers = |problem: &Diagnostic| problem.span.start <= at && problem.span.end >= at + foreign.len();
        proptest::prop_assert!(found.iter().any(covers), "{:?} at {}: {:?}", slip, at, found[0].span);
    }

    #[test]
    fn no_text_is_too_strange(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..12),
        spaces in any::<bool>(),
    ) {
        // Whatever comes of it, `read` looks that it is read or told, on whole characters.
        let _ = read(&String::from_utf8_lossy(&bytes));
        let _ = read(&pieces.join(if spaces { " " } else { "" }));
    }

    #[test]
    fn a_text_in_quotes_is_printed_as_it_is_read(text in any::<String>()) {
        let printed = print(&Expr::Literal(Value::Text(Cow::Borrowed(text.as_str())).into_owned()), &written);
        if printed.len() <= 2_000 {
            let Expr::Literal(again) = checked(&printed) else { return Err(TestCaseError::fail(printed)) };
            proptest::prop_assert_eq!(again.to_string(), text);
        }
    }

    #[test]
    fn an_answer_without_everything_read_stands_when_it_is(text in condition(), world in worlds()) {
        let expr = checked(&text);
        let read = World { unread: 0, ..world.clone() };
        match eval(&expr, &world).truth() {
            Some(early) => proptest::prop_assert_eq!(Some(early), eval(&expr, &read).truth(), "{}", text),
            None => proptest::prop_assert!(!eval(&expr, &world).lacks().is_empty()),
        }
    }
}

#[test]
fn what_is_nested_too_deeply_is_told() {
    let deep = ["(", "[", "-", "not ", "n0 + ", "b0 if b0 else ", "labels | join(", "labels[", "n0 | abs | "];
    for part in deep {
        let found = read(&part.repeat(1_990 / part.len())).err().unwrap_or_default();
        assert!(!found.is_empty(), "{part}");
        let whole = format!("{}n0", part.repeat(1_990 / part.len()));
        assert!(read(&whole).is_err(), "{part}");
    }
    // Long is not deep.
    checked(&vec!["b0"; 250].join(" and "));
    checked(&format!("n0 in [{}]", vec!["1"; 300].join(", ")));
}

#[test]
fn a_number_between_bounds_decides_what_its_bounds_decide() {
    struct Bounded;
    impl<'v> NameValues<'v> for Bounded {
        fn value(&self, _: NameRef) -> Estimate<'v> {
            Estimate::Within(3.0, 10.0, Tiers::TIMELINE)
        }
    }
    let cases = [
        ("n0 > 2", Some(true)),
        ("n0 >= 3", Some(true)),
        ("n0 > 3", None),
        ("n0 > 10", Some(false)),
        ("n0 < 11", Some(true)),
        ("10 >= n0", Some(true)),
        ("n0 == 2", Some(false)),
        ("n0 != 11", Some(true)),
        ("n0 == 5", None),
        ("n0 is none", Some(false)),
        ("n0 > 5 and n0 > 10", Some(false)),
        ("n0 > 5 or n0 > 2", Some(true)),
        ("not n0 > 5", None),
    ];
    for (text, expected) in cases {
        assert_eq!(eval(&checked(text), &Bounded).truth(), expected, "{text}");
    }
}
