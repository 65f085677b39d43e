//! Values of expressions and their types.
//!
//! Takes: nothing. Gives: [`Value`], what an expression comes to; [`Estimate`], a value or the facts
//! that are missing for it; [`Ty`], what the checker knows of a value before any item is seen.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A value. Texts and lists are borrowed from the item or the rules where they can be.
#[derive(Debug, Clone)]
pub enum Value<'v> {
    /// Unknown or absent.
    None,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number; may be infinite.
    Float(f64),
    /// A text.
    Text(Cow<'v, str>),
    /// A list of texts, as items hold them.
    Texts(&'v [&'v str]),
    /// Any other list.
    List(Vec<Value<'v>>),
}

impl<'v> Value<'v> {
    /// The number, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// Its elements, if it is a list.
    #[must_use]
    pub fn elements(&self) -> Option<Vec<Value<'v>>> {
        match self {
            Value::List(items) => Some(items.clone()),
            Value::Texts(items) => Some(items.iter().map(|text| Value::Text(Cow::Borrowed(*text))).collect()),
            _ => None,
        }
    }

    /// Equality; numbers are equal as numbers, whatever they are written as.
    #[must_use]
    pub fn same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::None, Value::None) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => self.number() == other.number(),
            _ => match (self.elements(), other.elements()) {
                (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.same(b)),
                _ => false,
            },
        }
    }

    /// Order of two values of one type: no before yes, numbers by size, texts by code point;
    /// unknown comes last in ascending order.
    #[must_use]
    pub fn order(&self, other: &Value<'_>) -> Ordering {
        match (self, other) {
            (Value::None, Value::None) => Ordering::Equal,
            (Value::None, _) => Ordering::Greater,
            (_, Value::None) => Ordering::Less,
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            _ => self.number().partial_cmp(&other.number()).unwrap_or(Ordering::Equal),
        }
    }

    /// The same value with nothing borrowed.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::None => Value::None,
            Value::Bool(value) => Value::Bool(value),
            Value::Int(value) => Value::Int(value),
            Value::Float(value) => Value::Float(value),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Texts(texts) => {
                Value::List(texts.iter().map(|text| Value::Text(Cow::Owned((*text).to_owned()))).collect())
            }
            Value::List(items) => Value::List(items.into_iter().map(Value::into_owned).collect()),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

/// As sentences print it: lists with commas, the unknown as a word.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("unknown"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(text) => f.write_str(text),
            Value::Texts(texts) => f.write_str(&texts.join(", ")),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

impl serde::Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_none(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            // JSON has no infinity: the unknown, infinite or undefined is null.
            Value::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Value::Float(_) => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Texts(texts) => serializer.collect_seq(texts.iter()),
            Value::List(items) => serializer.collect_seq(items),
        }
    }
}

/// Kinds of facts that cost a request an item, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tiers(u8);

impl Tiers {
    /// Who did what on the item, and when.
    pub const TIMELINE: Tiers = Tiers(1);

    /// Those of either.
    #[must_use]
    pub fn and(self, other: Tiers) -> Tiers {
        Tiers(self.0 | other.0)
    }

    /// None at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names, as `rules facts` and messages print them.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        if self.0 & Tiers::TIMELINE.0 == 0 { Vec::new() } else { vec!["timeline"] }
    }
}

/// What an expression comes to for one item, as far as it has been read.
#[derive(Debug, Clone)]
pub enum Estimate<'v> {
    /// A value.
    Is(Value<'v>),
    /// A number that was not read, but lies between these bounds (inclusive), so that many
    /// comparisons need not read it.
    Within(f64, f64, Tiers),
    /// Not read.
    Lacks(Tiers),
}

impl Estimate<'_> {
    /// The same with nothing borrowed.
    #[must_use]
    pub fn into_owned(self) -> Estimate<'static> {
        match self {
            Estimate::Is(value) => Estimate::Is(value.into_owned()),
            Estimate::Within(low, high, tiers) => Estimate::Within(low, high, tiers),
            Estimate::Lacks(tiers) => Estimate::Lacks(tiers),
        }
    }

    /// `Some(true)` or `Some(false)` where the condition is decided.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self {
            Estimate::Is(Value::Bool(value)) => Some(*value),
            _ => None,
        }
    }

    /// The tiers that must be read to know the value.
    #[must_use]
    pub fn lacks(&self) -> Tiers {
        match self {
            Estimate::Is(_) => Tiers::default(),
            Estimate::Within(_, _, tiers) | Estimate::Lacks(tiers) => *tiers,
        }
    }
}

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Base {
    /// Yes or no.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// One of these texts.
    OneOf(Vec<String>),
    /// A list of texts or numbers; true where it cannot be empty.
    List(Box<Base>, bool),
    /// Only `none`.
    Nothing,
    /// Several values by name, as templates have them: only its parts are values.
    Group,
}

/// A type: a base, and whether the value may be unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Ty {
    /// What it is where it is known.
    pub base: Base,
    /// It may be `none`.
    pub maybe: bool,
}

impl Ty {
    /// A type that is always known.
    #[must_use]
    pub fn of(base: Base) -> Self {
        Ty { base, maybe: false }
    }

    /// A type that may be unknown.
    #[must_use]
    pub fn maybe(base: Base) -> Self {
        Ty { base, maybe: true }
    }

    /// Yes or no, never unknown: what a condition must be.
    #[must_use]
    pub fn is_condition(&self) -> bool {
        self.base == Base::Bool && !self.maybe
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.base {
            Base::Bool => "yes or no",
            Base::Number => "a number",
            Base::Text | Base::OneOf(_) => "a text",
            Base::List(..) => "a list",
            Base::Nothing => "none",
            Base::Group => "a group of values",
        })?;
        f.write_str(if self.maybe && self.base != Base::Nothing { " that may be unknown" } else { "" })
    }
}

/// Whether two bases can be compared for equality.
#[must_use]
pub fn comparable(a: &Base, b: &Base) -> bool {
    match (a, b) {
        (Base::Text | Base::OneOf(_), Base::Text | Base::OneOf(_)) => true,
        (Base::List(a, _), Base::List(b, _)) => comparable(a, b),
        (Base::Group, Base::Group) => false,
        _ => a == b,
    }
}
