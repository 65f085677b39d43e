//! A case file, read and checked whole.
//!
//! Takes: the text of a case file, the rules that it tests. Gives: its [`Suite`], and every problem
//! with its place. What one file can expand to is limited: a small file says a lot with `each`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::layers::{CaseTarget, Outer};
use super::{Case, CaseSubject, Equivalent, Expectation, Suite, counted, given};
use crate::engine::source::{Source, Span};
use crate::engine::untrusted::cut;
use crate::language::diag::{Diagnostic, ProblemSink};
use crate::language::reader::{Fields, NodeReader};
use crate::language::yaml::{self, Node, NodeKind};
use crate::review::book::RuleBook;

/// The most cases that one file gives.
const MAX_CASES: usize = 10_000;
/// The most bytes that the texts of all its cases have.
const MAX_CASE_TEXT: usize = 16 << 20;
/// Problems after which a file is read no further: what is wrong with a group is found in each case.
const ENOUGH: usize = 1_000;
/// Problems that are told.
const TOLD: usize = 100;
/// Characters of an entry of `each` in the name of its case.
const ENTRY: usize = 40;

const FILE_KEYS: [&str; 5] = ["version", "job", "now", "cases", "equivalent"];
const CASE: [&str; 5] = ["name", "now", "each", "expect", "cases"];
/// What a case says of an item, and a file of all items.
const ITEM: [&str; 2] = ["given", "item"];
const ITEMS: [&str; 2] = ["user", "given"];

/// Reads a case file. The problems come in the order of the file; the suite holds what is right.
#[must_use]
pub fn read(source: &Source, book: RuleBook<'_>) -> (Suite, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut suite = Suite { source: source.clone(), cases: Vec::new(), equivalent: Vec::new() };
    let root = yaml::read(&mut ProblemSink { source, found: &mut found });
    if let Some(root) = root {
        let reader = NodeReader { sink: ProblemSink { source, found: &mut found }, file: 0 };
        let keys = counted::keys(book.spec);
        let suite = &mut suite;
        let mut read = CaseReader { reader, book, keys, user: "kaizen", suite, names: BTreeSet::new(), bytes: 0 };
        read.file(&root);
    }
    // What a group gives is read for each of its cases, and said once.
    found.sort_by_key(|problem| problem.span.start);
    found.dedup();
    found.truncate(TOLD);
    (suite, found)
}

pub(super) struct CaseReader<'r> {
    pub(super) reader: NodeReader<'r>,
    pub(super) book: RuleBook<'r>,
    /// The keys that say what was counted.
    pub(super) keys: Vec<&'static str>,
    /// Our own login in these cases.
    pub(super) user: &'r str,
    suite: &'r mut Suite,
    names: BTreeSet<String>,
    bytes: usize,
}

impl<'r> CaseReader<'r> {
    fn file<'n: 'r>(&mut self, root: &'n Node) {
        if root.kind == NodeKind::Null {
            let help = "begin with `version: 1` and `cases:`".to_owned();
            return self.reader.sink.error(Span::default(), "this case file is empty", Some(help));
        }
        let items = ITEMS.into_iter().filter(|_| self.book.spec.items.is_some());
        let facts = (!self.keys.is_empty()).then_some(counted::GLOBALS);
        let allowed: Vec<&str> = FILE_KEYS.into_iter().chain(items).chain(facts).collect();
        let Some(fields) = self.reader.keyed(root, "a case file", &allowed) else { return };
        match fields.get("version") {
            Some(Node { kind: NodeKind::Int(1), .. }) => {}
            Some(node) => {
                let help = "this program reads version 1".to_owned();
                self.reader.sink.error(node.span, "this version of case files is not known", Some(help));
            }
            None => self.reader.missing(fields, Span::default(), "a case file says its version", "add `version: 1`"),
        }
        if let Some((node, job)) = fields.get("job").and_then(|node| Some((node, self.reader.text(node, "`job`")?)))
            && job != self.book.spec.declares
        {
            let message = format!("these are cases of `{}`, and this says `{job}`", self.book.spec.declares);
            self.reader.sink.error(node.span, message, None);
        }
        if let Some(user) = fields.get("user").and_then(|node| self.reader.text(node, "`user`")) {
            self.user = user;
        }
        let outer = Outer {
            now: fields.get("now").and_then(|node| self.now(node)),
            given: fields.get("given").into_iter().collect(),
            counted: facts.map(|_| root).into_iter().collect(),
            ..Outer::default()
        };
        let cases = fields.get("cases").and_then(|node| self.reader.list(node, "`cases`")).unwrap_or_default();
        for node in cases {
            if !self.entry(node, &outer, true) {
                return;
            }
        }
        for node in fields.get("equivalent").and_then(|node| self.reader.list(node, "`equivalent`")).unwrap_or_default()
        {
            self.equivalent(node);
        }
    }

    fn now(&mut self, node: &Node) -> Option<DateTime<Utc>> {
        // One that is wrong has been told: the cases are not told to lack it.
        given::instant(&mut self.reader, node, "`now`", None).or(Some(DateTime::UNIX_EPOCH))
    }

    fn equivalent(&mut self, node: &Node) {
        let Some(fields) = self.reader.keyed(node, "an entry of `equivalent`", &["mutant", "reason"]) else { return };
        let mut text = |name: &str| match fields.get(name) {
            Some(node) => self.reader.text(node, &format!("`{name}`")).map(|text| (node.span, text.to_owned())),
            None => {
                let message = format!("an entry of `equivalent` has no `{name}`");
                self.reader.missing(
                    fields,
                    node.span,
                    message,
                    "say which change it is, and why nothing can notice it",
                );
                None
            }
        };
        let (mutant, reason) = (text("mutant"), text("reason"));
        if let (Some((at, mutant)), Some((_, reason))) = (mutant, reason) {
            self.suite.equivalent.push(Equivalent { mutant, at, reason });
        }
    }

    /// A case or a group of them; no when too much has been read.
    fn entry<'n>(&mut self, node: &'n Node, outer: &Outer<'n>, groups: bool) -> bool {
        let of_item = ITEM.into_iter().filter(|_| self.book.spec.items.is_some());
        let allowed: Vec<&str> = CASE.into_iter().chain(of_item).chain(self.keys.iter().copied()).collect();
        let Some(fields) = self.reader.keyed(node, "a case", &allowed) else { return true };
        let named = fields.get("name").and_then(|node| Some((node.span, self.reader.text(node, "`name`")?)));
        if fields.get("name").is_none() {
            self.reader.missing(fields, node.span, "a case has a name", "add `name: …`: what it shows, for people");
        }
        let (at, name) = named.unwrap_or((node.span, ""));
        let mut inner = outer.clone();
        inner.name = if outer.name.is_empty() { name.to_owned() } else { format!("{}: {name}", outer.name) };
        inner.now = fields.get("now").map_or(outer.now, |node| self.now(node));
        inner.item = fields.get("item").or(outer.item);
        inner.given.extend(fields.get("given"));
        inner.counted.push(node);
        inner.section = fields.get(counted::SECTION).or(outer.section);
        inner.expected.extend(fields.get("expect"));
        inner.item_at = ITEM.into_iter().find_map(|key| fields.key(key)).or(outer.item_at);
        inner.counted_at = self.keys.iter().find_map(|key| fields.key(key)).or(outer.counted_at);
        match fields.get("cases") {
            Some(cases) if groups => self.group(fields, cases, &inner),
            Some(cases) => {
                let help = "a group holds cases and no groups".to_owned();
                self.reader.sink.error(cases.span, "`cases` stands in a group already", Some(help));
                true
            }
            None => self.cases(fields, at, &inner),
        }
    }

    fn group<'n>(&mut self, fields: Fields<'n>, cases: &'n Node, inner: &Outer<'n>) -> bool {
        if let Some(each) = fields.key("each") {
            let help = "write `each` in the cases of the group".to_owned();
            self.reader.sink.error(each, "a group has no `each`", Some(help));
        }
        let cases = self.reader.list(cases, "`cases`").unwrap_or_default();
        cases.iter().all(|node| self.entry(node, inner, false))
    }

    /// A case, or one for each entry of its `each`.
    fn cases<'n>(&mut self, fields: Fields<'n>, at: Span, inner: &Outer<'n>) -> bool {
        let Some(about) = self.about(inner) else { return self.reader.sink.found.len() < ENOUGH };
        let expected = self.expected(inner, about);
        if inner.expected.is_empty() && !fields.is_strange() {
            let decides = self.book.spec.items.is_some_and(|items| items.decides);
            let example = match about {
                CaseTarget::Item if decides => "{rule: …, action: …}",
                CaseTarget::Item => "{type: …}",
                CaseTarget::Counted(_) => "{rule: …}",
            };
            self.reader.sink.error(at, "a case expects something", Some(format!("add `expect: {example}`")));
        }
        let now = match about {
            CaseTarget::Counted(_) => inner.now.or(Some(DateTime::UNIX_EPOCH)),
            CaseTarget::Item => inner.now,
        };
        let Some(now) = now else {
            let help = "add `now: 2026-11-20T12:00:00Z` to the file or to the case".to_owned();
            self.reader.sink.error(at, "this case has no instant to count ages to", Some(help));
            return self.reader.sink.found.len() < ENOUGH;
        };
        self.placeholder(fields, inner);
        let of = CaseDefaults { about, expected: &expected, now };
        let Some(each) = fields.get("each") else { return self.one(inner, of, (inner.name.clone(), at), None) };
        let entries = self.reader.list(each, "`each`").unwrap_or_default();
        if entries.is_empty() {
            self.reader.sink.error(each.span, "`each` is empty", Some("list what the cases differ in".to_owned()));
        }
        for (index, entry) in entries.iter().enumerate() {
            let (shown, at) = match &entry.kind {
                NodeKind::Text(text) => (cut(text, ENTRY).into_owned(), entry.span),
                NodeKind::Map(members) => (format!("#{}", index + 1), members.first().map_or(at, |(key, _)| key.span)),
                _ => {
                    self.reader.wrong(entry, "an entry of `each`", "a word");
                    continue;
                }
            };
            if !self.one(inner, of, (format!("{} [{shown}]", inner.name), at), Some(entry)) {
                return false;
            }
        }
        true
    }

    /// `each` puts its entries where `$each` stands: where one of the two is missing, nothing is put anywhere.
    fn placeholder<'n>(&mut self, fields: Fields<'n>, inner: &Outer<'n>) {
        let counted = |nodes: &[&'n Node]| -> Vec<&'n Node> {
            let maps = nodes.iter().filter_map(|node| Fields::quietly(node));
            maps.flat_map(|map| self.keys.iter().filter_map(move |key| map.get(key))).collect()
        };
        let texts = |node: &&Node| matches!(&node.kind, NodeKind::List(items) if items.iter().any(|item| matches!(item.kind, NodeKind::Text(_))));
        let each = fields.get("each").filter(texts);
        if each.is_some() {
            let given = inner.given.iter().chain(&inner.item).chain(&inner.expected).copied();
            if !given.chain(counted(&inner.counted)).any(|node| given::placeholder(node).is_some()) {
                let at = fields.key("each").unwrap_or_default();
                let help = "write `$each` where the entries are to be put, or leave `each` out".to_owned();
                self.reader.sink.error(at, "`each` without `$each`: the cases are all the same", Some(help));
            }
            return;
        }
        // A real item that was captured has its number, and what stands in its texts is what people wrote.
        if fields.get("given").and_then(Fields::quietly).is_some_and(|given| given.get("number").is_some()) {
            return;
        }
        // What the file or the group gives may be meant for the cases that have `each`.
        let own = ITEM.iter().chain(&["expect"]).filter_map(|key| fields.get(key));
        let counted = counted(inner.counted.last().map_or(&[], std::slice::from_ref));
        if let Some(at) = own.chain(counted).find_map(given::placeholder) {
            let help = "list what is to be put there: `each: [bug, crash]`".to_owned();
            self.reader.sink.error(at, "`$each` without `each`: it stands there as it is", Some(help));
        }
    }

    fn one(
        &mut self,
        inner: &Outer<'_>,
        of: CaseDefaults<'_>,
        (name, at): (String, Span),
        each: Option<&Node>,
    ) -> bool {
        let mut expected = of.expected.to_vec();
        let text = match each.map(|entry| &entry.kind) {
            Some(NodeKind::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        if let Some(text) = text {
            for one in &mut expected {
                given::replace_in(&mut self.reader, &mut one.value, text, at);
            }
        }
        let layer = each.filter(|_| text.is_none());
        let given = match of.about {
            CaseTarget::Item => self.item(inner, of.now, text, layer),
            CaseTarget::Counted(section) => self.add_counted(inner, section, text, layer),
        };
        self.bytes += match &given {
            CaseSubject::Item(given) => given::bytes(given),
            CaseSubject::Counted(counted) => counted::bytes(counted),
        };
        self.bytes += expected.iter().map(|one| one.value.to_string().len()).sum::<usize>();
        if self.suite.cases.len() >= MAX_CASES || self.bytes > MAX_CASE_TEXT {
            let message = format!("these are too many cases: at most {MAX_CASES}, with {MAX_CASE_TEXT} bytes of text");
            self.reader.sink.error(at, message, Some("say less with `each`, or shorten the texts".to_owned()));
            return false;
        }
        if !self.names.insert(name.clone()) {
            self.reader.sink.error(at, format!("a case before this one is also called `{name}`"), None);
        }
        self.suite.cases.push(Case { name, at, now: of.now, given, expected });
        self.reader.sink.found.len() < ENOUGH
    }
}

/// What the cases of one entry share.
#[derive(Clone, Copy)]
struct CaseDefaults<'o> {
    about: CaseTarget,
    expected: &'o [Expectation],
    now: DateTime<Utc>,
}
