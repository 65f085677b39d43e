//! What a change of rules does to the keys in force, whether or not an item shows it.
//!
//! Takes: the effective rules of both versions as trees ([`tree`](crate::language::effective::tree)), their
//! templates. Gives: [`KeyChange`]s, what touches trust first. Both trees are walked as they are, so that no
//! key can be forgotten.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::engine::digest;
use crate::engine::source::Source;
use crate::engine::untrusted::cut;
use crate::language::keys::touches_trust;

/// Characters of one value, as people are shown it.
const CHARS_SHOWN: usize = 300;
/// Characters that are shown before the first difference of two long texts.
const BEFORE: usize = 40;
/// What the path of a template begins with.
const TEMPLATES: &str = "templates/";

/// A key that says something else. All of it is untrusted.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct KeyChange {
    /// Its path: `publish.sinks.team.webhook.url_env`, `score.scope.points[2].add`. Entries of a list that have
    /// an `id` are named by it.
    pub key: String,
    /// What stood there; `None` where nothing did.
    pub from: Option<Value>,
    /// What stands there.
    pub to: Option<Value>,
    /// It says who is believed, who gets work, or where texts go.
    pub trust: bool,
}

/// The keys that differ, what touches trust first, then in the order of the file. Templates are compared by a
/// digest of their text.
#[must_use]
pub fn key_changes(
    (from, old): (&Value, &BTreeMap<String, Source>),
    (to, new): (&Value, &BTreeMap<String, Source>),
) -> Vec<KeyChange> {
    let mut walk = KeyWalk { path: Vec::new(), found: Vec::new() };
    walk.both(Some(from), Some(to));
    let mut found = walk.found;
    let names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
    for name in names {
        let [from, to] = [old, new].map(|all| all.get(name).map(|source| &*source.text));
        if from != to {
            let text = |text: Option<&str>| text.map(|text| Value::from(format!("text {}", digest(text))));
            found.push(KeyChange { key: format!("{TEMPLATES}{name}"), from: text(from), to: text(to), trust: false });
        }
    }
    found.sort_by_key(|change| !change.trust);
    found
}

/// One step of a path.
#[derive(Clone, Copy)]
enum PathStep<'v> {
    Name(&'v str),
    Place(usize),
}

struct KeyWalk<'v> {
    path: Vec<PathStep<'v>>,
    found: Vec<KeyChange>,
}

impl<'v> KeyWalk<'v> {
    fn both(&mut self, from: Option<&'v Value>, to: Option<&'v Value>) {
        if from == to {
            return;
        }
        if let Some((from, to)) = maps(from, to) {
            let names = from.keys().chain(to.keys().filter(|name| !from.contains_key(*name)));
            names.for_each(|name| self.step(PathStep::Name(name), from.get(name), to.get(name)));
            return;
        }
        if let Some((from, to)) = lists(from, to) {
            match (by_id(from), by_id(to)) {
                (Some(old), Some(new)) => self.named(&old, &new),
                _ => self.placed(from, to),
            }
            return;
        }
        self.tell(from, to);
    }

    fn step(&mut self, step: PathStep<'v>, from: Option<&'v Value>, to: Option<&'v Value>) {
        self.path.push(step);
        self.both(from, to);
        self.path.pop();
    }

    /// Lists whose entries have ids: what has the same id is the same, and so is their order.
    fn named(&mut self, from: &[(&'v str, &'v Value)], to: &[(&'v str, &'v Value)]) {
        let [old, new]: [HashMap<&str, &Value>; 2] = [from, to].map(|all| all.iter().copied().collect());
        let ids = from.iter().chain(to.iter().filter(|(id, _)| !old.contains_key(id)));
        ids.for_each(|(id, _)| self.step(PathStep::Name(id), old.get(id).copied(), new.get(id).copied()));
        let order = |all: &[(&'v str, &'v Value)], other: &HashMap<&str, &Value>| -> Vec<Value> {
            all.iter().filter(|(id, _)| other.contains_key(id)).map(|(id, _)| Value::from(*id)).collect()
        };
        let (old, new) = (order(from, &new), order(to, &old));
        if old != new {
            self.tell_values(Some(Value::from(old)), Some(Value::from(new)));
        }
    }

    /// Other lists of lists and maps: what begins and ends alike is the same, the rest is compared in its order.
    fn placed(&mut self, from: &'v [Value], to: &'v [Value]) {
        let begin = from.iter().zip(to).take_while(|(from, to)| from == to).count();
        let (old, new) = (&from[begin..], &to[begin..]);
        let end = old.iter().rev().zip(new.iter().rev()).take_while(|(from, to)| from == to).count();
        let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
        for place in 0..old.len().max(new.len()) {
            self.step(PathStep::Place(begin + place), old.get(place), new.get(place));
        }
    }

    fn tell(&mut self, from: Option<&Value>, to: Option<&Value>) {
        self.tell_values(from.cloned(), to.cloned());
    }

    fn tell_values(&mut self, from: Option<Value>, to: Option<Value>) {
        let mut key = String::new();
        for step in &self.path {
            let dot = if key.is_empty() { "" } else { "." };
            // Writing to a text cannot fail.
            let _ = match step {
                PathStep::Place(place) => write!(key, "[{place}]"),
                PathStep::Name(name) if plain(name) => write!(key, "{dot}{name}"),
                PathStep::Name(name) => write!(key, "{dot}{}", Value::from(*name)),
            };
        }
        let path = self.path.iter().map(|step| if let PathStep::Name(name) = step { name } else { "" });
        let trust = touches_trust(&path.collect::<Vec<_>>());
        self.found.push(KeyChange { key, from, to, trust });
    }
}

fn plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'))
}

/// Before and after.
type Maps<'v> = (&'v Map<String, Value>, &'v Map<String, Value>);

/// Both as maps, where one is none as an empty one; not where both are empty.
fn maps<'v>(from: Option<&'v Value>, to: Option<&'v Value>) -> Option<Maps<'v>> {
    static EMPTY: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    match (from, to) {
        (Some(Value::Object(from)), Some(Value::Object(to))) => Some((from, to)),
        (Some(Value::Object(from)), None) if !from.is_empty() => Some((from, &EMPTY)),
        (None, Some(Value::Object(to))) if !to.is_empty() => Some((&EMPTY, to)),
        _ => None,
    }
}

/// Both as lists of lists and maps, where one is none as an empty one; lists of single values are told as a whole.
fn lists<'v>(from: Option<&'v Value>, to: Option<&'v Value>) -> Option<(&'v [Value], &'v [Value])> {
    let (from, to) = match (from, to) {
        (Some(Value::Array(from)), Some(Value::Array(to))) => (from.as_slice(), to.as_slice()),
        (Some(Value::Array(from)), None) => (from.as_slice(), &[][..]),
        (None, Some(Value::Array(to))) => (&[][..], to.as_slice()),
        _ => return None,
    };
    let single = from.iter().chain(to).all(|item| !item.is_object() && !item.is_array());
    (!single).then_some((from, to))
}

/// The entries of a list by their ids, where each has one of its own.
fn by_id(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let all: Vec<(&str, &Value)> =
        list.iter().map(|item| Some((item.get("id")?.as_str()?, item))).collect::<Option<_>>()?;
    let ids: HashSet<&str> = all.iter().map(|(id, _)| *id).collect();
    (ids.len() == all.len()).then_some(all)
}

impl KeyChange {
    /// What stood there and what stands there, for people; "" where nothing does. Of a list of single values
    /// what is taken out of it and what is put into it, where they are not only in another order.
    #[must_use]
    pub fn before_and_after(&self) -> (String, String) {
        if let (Some(Value::Array(from)), Some(Value::Array(to))) = (&self.from, &self.to) {
            let (gone, new) = (without(from, to), without(to, from));
            if gone.len() + new.len() > 0 && gone.len() + new.len() < from.len() + to.len() {
                return (signed('-', &gone), signed('+', &new));
            }
        }
        let shown = |value: &Option<Value>| value.as_ref().map(value_text).unwrap_or_default();
        let (from, to) = match (&self.from, &self.to) {
            (Some(Value::String(from)), Some(Value::String(to))) => apart(from, to),
            _ => (shown(&self.from), shown(&self.to)),
        };
        // A number and the same digits in quotes.
        if from == to && self.from.is_some() && self.to.is_some() {
            let json =
                |value: &Option<Value>| value.as_ref().map(|value| short(&value.to_string())).unwrap_or_default();
            return (json(&self.from), json(&self.to));
        }
        (from, to)
    }
}

/// What one list has more often than another.
fn without<'v>(these: &'v [Value], those: &[Value]) -> Vec<&'v Value> {
    let mut there: HashMap<String, usize> = HashMap::new();
    those.iter().for_each(|value| *there.entry(value.to_string()).or_default() += 1);
    let mut more = |value: &&Value| match there.get_mut(&value.to_string()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    these.iter().filter(|value| more(value)).collect()
}

fn signed(sign: char, values: &[&Value]) -> String {
    joined_values(values, &|value| format!("{sign}{}", value_text(value)))
}

/// Values one after the other; where not all of them have room it is said how many they are.
fn joined_values(values: &[&Value], one: &dyn Fn(&Value) -> String) -> String {
    let all = values.iter().map(|value| one(value)).collect::<Vec<_>>().join(", ");
    if all.chars().count() <= CHARS_SHOWN { all } else { format!("{} entries: {}", values.len(), short(&all)) }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => short(text),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Array(items) => joined_values(&items.iter().collect::<Vec<_>>(), &value_text),
        other => short(&other.to_string()),
    }
}

/// Two texts; what long ones have in common at their beginning is left out, so that the difference is seen.
fn apart(from: &str, to: &str) -> (String, String) {
    let alike = from.chars().zip(to.chars()).take_while(|(from, to)| from == to).count();
    let skipped = alike.saturating_sub(BEFORE);
    if from.chars().count().max(to.chars().count()) <= CHARS_SHOWN || skipped == 0 {
        return (value_text(&Value::from(from)), value_text(&Value::from(to)));
    }
    let rest = |text: &str| short(&['…'].into_iter().chain(text.chars().skip(skipped)).collect::<String>());
    (rest(from), rest(to))
}

fn short(text: &str) -> String {
    cut(text, CHARS_SHOWN).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::language::keys::{FILE, KeyShape, KeySpec};

    fn changes(from: &Value, to: &Value) -> Vec<KeyChange> {
        let none = BTreeMap::new();
        key_changes((from, &none), (to, &none))
    }

    /// Two values that the shape allows and that differ, as far as it says.
    fn samples(shape: &KeyShape) -> [Value; 2] {
        match shape {
            KeyShape::Nothing => [Value::Null, json!("something")],
            KeyShape::Flag => [json!(false), json!(true)],
            KeyShape::Number | KeyShape::Whole(_) | KeyShape::Version => [json!(1), json!(2)],
            KeyShape::List(inner) => samples(inner).map(|value| json!([value])),
            KeyShape::Named(_, inner) => samples(inner).map(|value| json!({ "a name": value })),
            KeyShape::Any(shapes) => samples(shapes.last().unwrap()),
            _ => [json!("one"), json!("two")],
        }
    }

    /// Every key of the tables with a tree around each of two values of it, and whether it touches trust.
    fn every_key(
        members: &[KeySpec],
        above: (&str, bool),
        around: &dyn Fn(Value) -> Value,
        each: &mut dyn FnMut(String, bool, [Value; 2]),
    ) {
        for member in members {
            let path = format!("{}{}", above.0, member.name);
            let trust = above.1 || member.trust;
            let around = |value: Value| around(json!({ member.name: value }));
            inside(&member.holds, (&path, trust), &around, each);
            each(path, trust, samples(&member.holds).map(&around));
        }
    }

    fn inside(
        shape: &KeyShape,
        (path, trust): (&str, bool),
        around: &dyn Fn(Value) -> Value,
        each: &mut dyn FnMut(String, bool, [Value; 2]),
    ) {
        match shape {
            KeyShape::Map(members) | KeyShape::Either(members, _) => {
                every_key(members, (&format!("{path}."), trust), around, each);
            }
            KeyShape::List(inner) => {
                inside(inner, (&format!("{path}[0]"), trust), &|value| around(json!([value])), each);
            }
            KeyShape::Named(_, inner) => {
                inside(inner, (&format!("{path}.x"), trust), &|value| around(json!({ "x": value })), each);
            }
            KeyShape::Any(shapes) => shapes.iter().for_each(|shape| inside(shape, (path, trust), around, each)),
            _ => {}
        }
    }

    #[test]
    fn no_key_of_a_rule_file_is_forgotten() {
        let mut seen = Vec::new();
        every_key(&FILE, ("", false), &|value| value, &mut |path, trust, [one, other]| {
            for (from, to) in [(&one, &other), (&json!({}), &other), (&one, &json!({}))] {
                let found = changes(from, to);
                assert!(!found.is_empty(), "{path}: {from} and {to} are told apart by nothing");
                for change in &found {
                    assert!(change.key.starts_with(path.split(['[', '.']).next().unwrap()), "{path}: {change:?}");
                    assert!(!trust || change.trust, "{path}: {change:?}");
                    assert_ne!(change.before_and_after().0, change.before_and_after().1, "{change:?}");
                }
            }
            assert_eq!(changes(&one, &one), []);
            seen.push((path, trust));
        });
        assert!(seen.len() > 90, "only {} keys were seen: {seen:?}", seen.len());
        let trust: Vec<&str> = seen.iter().filter(|(_, trust)| *trust).map(|(path, _)| path.as_str()).collect();
        for key in ["bots", "skip.command", "agents.x.login", "publish.private", "publish.sinks[0].webhook.url_env"] {
            assert!(trust.contains(&key), "{key}: {trust:?}");
        }
        assert!(trust.contains(&"actions.x.mention") && !trust.contains(&"actions.x.comment"), "{trust:?}");
    }

    #[test]
    fn entries_are_told_by_their_ids_and_other_lists_by_what_differs() {
        let rule = |id: &str, when: &str| json!({ "id": id, "when": when });
        let told = |from: Value, to: Value| -> Vec<String> {
            let one = |change: KeyChange| {
                let (from, to) = change.before_and_after();
                format!("{}: {from} -> {to}", change.key)
            };
            changes(&from, &to).into_iter().map(one).collect()
        };
        let decide = |rules: &[Value]| json!({ "decide": rules });
        let (a, b, c) = (rule("a", "x"), rule("b", "y"), rule("c", "z"));
        assert_eq!(
            told(decide(&[a.clone(), b.clone()]), decide(&[c.clone(), rule("b", "not y"), a.clone()])),
            ["decide.b.when: y -> not y", "decide.c.id:  -> c", "decide.c.when:  -> z", "decide: a, b -> b, a",]
        );
        assert_eq!(
            told(json!({"bots": ["a", "b"], "limits": {"n": 1}}), json!({"bots": ["b", "c"], "limits": {"n": "1"}})),
            ["bots: -a -> +c", "limits.n: 1 -> \"1\""]
        );
        assert_eq!(told(json!({"x": ["a", "b"]}), json!({"x": ["b", "a"]})), ["x: a, b -> b, a"]);
        assert_eq!(told(json!({}), json!({"bots": ["a", "b"]})), ["bots:  -> a, b"]);
        let order = |all: Value| json!({ "order": all });
        assert_eq!(
            told(
                order(json!([{"desc": "urgent"}, {"desc": "score"}, {"asc": "number"}])),
                order(json!([{"desc": "urgent"}, {"asc": "number"}]))
            ),
            ["order[1].desc: score -> "]
        );
        // Of long texts the part is shown that differs, of long lists how long they are.
        let long = |end: &str| json!({ "x": format!("{}{end}", "word ".repeat(200)) });
        let shown = told(long("one"), long("two"));
        assert!(shown[0].contains("one -> …") && shown[0].ends_with("two"), "{shown:?}");
        let many: Vec<String> = (0..400).map(|number| format!("login-{number}")).collect();
        let shown = told(json!({}), json!({ "bots": many }));
        assert!(shown[0].starts_with("bots:  -> 400 entries: login-0, "), "{shown:?}");
        // Dots and spaces in a name do not pass for steps.
        assert_eq!(told(json!({"labels": {"a.b c": {"color": "1"}}}), json!({}))[0], "labels.\"a.b c\".color: 1 -> ");
    }

    #[test]
    fn a_text_of_a_template_is_told_and_what_touches_trust_goes_first() {
        let texts = |text: &str| BTreeMap::from([("a.md.j2".to_owned(), Source::new("a.md.j2", text))]);
        let (from, to) = (json!({"timezone": "UTC"}), json!({"timezone": "CET", "bots": ["x"]}));
        let found = key_changes((&from, &texts("one")), (&to, &texts("two")));
        assert_eq!(
            found.iter().map(|change| change.key.as_str()).collect::<Vec<_>>(),
            ["bots", "timezone", "templates/a.md.j2"]
        );
        assert_eq!(found.iter().map(|change| change.trust).collect::<Vec<_>>(), [true, false, false]);
    }
}
