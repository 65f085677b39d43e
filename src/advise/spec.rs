//! What a job declares: the facts that its rules may name, the fields of the records they make.
//!
//! Takes: nothing, these are the types of constant tables. Gives: [`SectionSpec`], [`Param`], and where the
//! value of each name stands ([`Slots`]).

use crate::engine::value::{Base, Ty};

/// The kind of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FactTy {
    Bool,
    Number,
    MaybeNumber,
    Text,
    MaybeText,
    Texts,
    Numbers,
}

impl FactTy {
    /// The type that expressions see.
    #[must_use]
    pub fn ty(self) -> Ty {
        let list = |base| Ty::of(Base::List(Box::new(base), false));
        match self {
            FactTy::Bool => Ty::of(Base::Bool),
            FactTy::Number => Ty::of(Base::Number),
            FactTy::MaybeNumber => Ty::maybe(Base::Number),
            FactTy::Text => Ty::of(Base::Text),
            FactTy::MaybeText => Ty::maybe(Base::Text),
            FactTy::Texts => list(Base::Text),
            FactTy::Numbers => list(Base::Number),
        }
    }
}

/// A fact that expressions can name.
#[derive(Debug, Clone, Copy)]
pub struct FactSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub ty: FactTy,
    /// What it says, for people.
    pub about: &'static str,
}

/// A list of things that rules look at one by one.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// What `each` calls it: `repos`.
    pub name: &'static str,
    /// What one of it is called in expressions, unless `as` says otherwise: `repo`.
    pub element: &'static str,
    /// The facts of one.
    pub facts: &'static [FactSpec],
    /// What it holds, for people.
    pub about: &'static str,
}

/// What a rule writes into a field of its record.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// A text with expressions in `{{ }}`.
    Sentence,
    /// A list of those.
    Sentences,
    /// An expression that is a number; may be infinite.
    Number,
    /// An expression that is a text.
    Text,
    /// An expression that is a list of texts.
    Texts,
    /// One of these words, as it stands.
    Word(&'static [&'static str]),
    /// A text as it stands.
    Literal,
}

/// A field of a record.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What a rule writes there.
    pub kind: FieldKind,
    /// Every rule has it.
    pub needed: bool,
    /// What it says, for people.
    pub about: &'static str,
}

/// A name that is answered by rule and subject, such as whether the rule fired lately.
#[derive(Debug, Clone, Copy)]
pub struct AskSpec {
    /// Its name; it is yes or no.
    pub name: &'static str,
    /// What it says, for people.
    pub about: &'static str,
}

/// A section of a rule file whose rules look at counted facts.
#[derive(Debug, Clone, Copy)]
pub struct SectionSpec {
    /// `suggest`, `recommend`, `propose`, `detect`.
    pub name: &'static str,
    /// Facts of the whole.
    pub facts: &'static [FactSpec],
    /// Lists that rules look at.
    pub collections: &'static [Collection],
    /// Fields of its records.
    pub fields: &'static [Field],
    /// Names that are answered by rule and subject.
    pub asks: &'static [AskSpec],
}

/// Where the values of names stand while a rule is looked at: first what holds for all rules, then the
/// fields of the element, then what `let` names.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    /// The number of records so far.
    pub fired: usize,
    /// The first parameter of the counting.
    pub measure: usize,
    /// The first name that is answered by rule and subject.
    pub asks: usize,
    /// The first fact of the element.
    pub element: usize,
}

impl SectionSpec {
    /// Where values stand, with this many parameters.
    #[must_use]
    pub fn slots(&self, params: usize) -> Slots {
        let fired = self.facts.len();
        let measure = fired + 1;
        let asks = measure + params;
        Slots { fired, measure, asks, element: asks + self.asks.len() }
    }
}

/// What a parameter of the counting is where the file does not say.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Preset {
    Int(i64),
    Float(f64),
    Word(&'static str),
    Flag(bool),
    /// No entries.
    Empty,
}

/// What a parameter of the counting is.
#[derive(Debug, Clone, Copy)]
pub enum ParamKind {
    /// A whole number, at least this.
    Whole(i64),
    /// A number, at least this.
    Number(f64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of `{regex, with}`, applied in order.
    Replacements,
}

/// A parameter of the counting, under `measure`.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ParamKind,
    /// What it is where the file does not say.
    pub default: Preset,
    /// What it says, for people.
    pub about: &'static str,
}
