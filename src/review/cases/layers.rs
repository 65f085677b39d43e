//! What a case has of the file and of its group, and what it comes to.
//!
//! Takes: the nodes of the file, the group and the case. Gives: what the case is about, the item or the counted
//! facts that the layers make one after the other, what it expects.

use chrono::{DateTime, Utc};

use super::given::{self, Context};
use super::read::CaseReader;
use super::{CaseSubject, Expectation, counted, expect};
use crate::engine::source::Span;
use crate::language::yaml::Node;

/// What a case has of the file and of its group.
#[derive(Clone, Default)]
pub(super) struct Outer<'n> {
    pub(super) name: String,
    pub(super) now: Option<DateTime<Utc>>,
    pub(super) item: Option<&'n Node>,
    pub(super) given: Vec<&'n Node>,
    /// Nodes that say what was counted: the file, the group, the case.
    pub(super) counted: Vec<&'n Node>,
    pub(super) section: Option<&'n Node>,
    pub(super) expected: Vec<&'n Node>,
    /// The case or its group says what is judged, and of which kind that is.
    pub(super) item_at: Option<Span>,
    pub(super) counted_at: Option<Span>,
}

/// What a case is about.
#[derive(Clone, Copy)]
pub(super) enum CaseTarget {
    Item,
    /// Of this section.
    Counted(usize),
}

impl CaseReader<'_> {
    /// What a case is about: what it or its group says, else what most cases of the job are.
    pub(super) fn about(&mut self, inner: &Outer<'_>) -> Option<CaseTarget> {
        let spec = self.book.spec;
        if let (Some(at), Some(_)) = (inner.item_at, inner.counted_at) {
            let help = "make two cases of it: one of an item, one of what was counted".to_owned();
            self.reader.sink.error(at, "a case says an item or what was counted, not both", Some(help));
            return None;
        }
        let decides = spec.items.is_some_and(|items| items.decides);
        if inner.item_at.is_some() || spec.sections.is_empty() || decides && inner.counted_at.is_none() {
            return Some(CaseTarget::Item);
        }
        match (inner.section, spec.sections) {
            (None, [_]) => Some(CaseTarget::Counted(0)),
            (None, sections) => {
                let names: Vec<&str> = sections.iter().map(|section| section.name).collect();
                let help = format!("add `section:` with one of {}", names.join(", "));
                let at = inner.counted_at.or(inner.counted.last().map(|node| node.span)).unwrap_or_default();
                self.reader.sink.error(at, "this case does not say which rules it is about", Some(help));
                None
            }
            (Some(node), sections) => {
                let choices: Vec<(&str, usize)> = sections.iter().map(|section| section.name).zip(0..).collect();
                self.reader.one_of(node, "`section`", &choices).map(CaseTarget::Counted)
            }
        }
    }

    /// What it expects; what is nearer goes before what its group says.
    pub(super) fn expected(&mut self, inner: &Outer<'_>, about: CaseTarget) -> Vec<Expectation> {
        let mut expected: Vec<Expectation> = Vec::new();
        for node in &inner.expected {
            let nearer = match about {
                CaseTarget::Item => expect::of_item(&mut self.reader, self.book, node),
                CaseTarget::Counted(section) => {
                    expect::of_records(&mut self.reader, &self.book.advice.sections[section], node)
                }
            };
            expected.retain(|known| nearer.iter().all(|new| new.member != known.member));
            expected.extend(nearer);
        }
        expected
    }

    pub(super) fn item(
        &mut self,
        inner: &Outer<'_>,
        now: DateTime<Utc>,
        each: Option<&str>,
        layer: Option<&Node>,
    ) -> CaseSubject {
        let window = self.book.spec.items.is_some_and(|items| items.window);
        let mut context = Context { policy: self.book.policy, window, now, user: self.user, each: None };
        let mut given = given::empty();
        if let Some(item) = inner.item {
            given::item(&mut self.reader, item, &context, &mut given);
        }
        context.each = each;
        for layer in inner.given.iter().copied().chain(layer) {
            given::read(&mut self.reader, layer, &context, &mut given);
        }
        CaseSubject::Item(Box::new(given))
    }

    pub(super) fn add_counted(
        &mut self,
        inner: &Outer<'_>,
        section: usize,
        each: Option<&str>,
        layer: Option<&Node>,
    ) -> CaseSubject {
        let rules = &self.book.advice.sections[section];
        let mut counted = counted::empty(rules, section);
        if let Some(layer) = layer {
            // The keys of cases have been looked at.
            let _ = self.reader.keyed(layer, "an entry of `each`", &self.keys);
        }
        for layer in inner.counted.iter().copied().chain(layer) {
            counted::read(&mut self.reader, layer, rules, each, &mut counted);
        }
        CaseSubject::Counted(counted)
    }
}
