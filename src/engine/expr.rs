//! Expressions: the checked tree.
//!
//! Takes: nothing, these are the types that checking gives and evaluation reads. Gives: [`Expr`],
//! in which every name is resolved to what it stands for.

use super::facts::Fact;
use super::value::Value;

/// What a name stands for. Numbers are indices into the policy's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameRef {
    /// A fact of the item.
    Fact(Fact),
    /// A tag is in this keyword set.
    Tagged(usize),
    /// A label is in this keyword set.
    Labelled(usize),
    /// Matches of this pattern.
    Count(usize),
    /// Entries of this pattern that match.
    Distinct(usize),
    /// Labels that match this pattern.
    LabelsWith(usize),
    /// A threshold.
    Threshold(usize),
    /// A score component.
    Component(usize),
    /// The sum of the components.
    Score,
    /// What the item was classified as.
    Type,
    /// A flag.
    Flag(usize),
    /// The login of an agent.
    Login(usize),
    /// A value of a rule over collections, by where it stands.
    Slot(usize),
}

/// An operator between two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Compare {
    /// The same comparison with its sides exchanged: `a < b` is `b > a`.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Compare::Lt => Compare::Gt,
            Compare::Le => Compare::Ge,
            Compare::Gt => Compare::Lt,
            Compare::Ge => Compare::Le,
            same => same,
        }
    }
}

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Filter {
    Length,
    Lower,
    Join,
    First,
    Last,
    Min,
    Max,
    Sum,
    Abs,
    Round,
}

/// A checked expression.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Expr {
    Literal(Value<'static>),
    Name(NameRef),
    List(Vec<Expr>),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    IsNone(Box<Expr>),
    Compare(Compare, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Arith(Arith, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Filter(Filter, Box<Expr>, Option<Box<Expr>>),
}

impl Expr {
    /// Hands it and all its parts to `see`, in the order of the text.
    pub fn walk<'e>(&'e self, see: &mut dyn FnMut(&'e Expr)) {
        see(self);
        self.parts(&mut |part| part.walk(see));
    }

    /// Hands what it is made of to `see`, in the order of the text.
    pub fn parts<'e>(&'e self, see: &mut dyn FnMut(&'e Expr)) {
        match self {
            Expr::Literal(_) | Expr::Name(_) => {}
            Expr::List(parts) | Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(see),
            Expr::Not(a) | Expr::IsNone(a) | Expr::Negate(a) => see(a),
            Expr::Compare(_, a, b) | Expr::In(a, b) | Expr::Arith(_, a, b) => {
                [a, b].into_iter().for_each(|part| see(part))
            }
            Expr::If(a, b, c) => [a, b, c].into_iter().for_each(|part| see(part)),
            Expr::Filter(_, a, argument) => {
                [Some(a), argument.as_ref()].into_iter().flatten().for_each(|part| see(part))
            }
        }
    }

    /// Every name in it, in the order of the text.
    pub fn names(&self, into: &mut Vec<NameRef>) {
        self.walk(&mut |part| {
            if let Expr::Name(name) = part {
                into.push(*name);
            }
        });
    }

    /// Names that cannot be `none` where this condition is `truth`.
    pub fn known_if(&self, truth: bool, into: &mut Vec<NameRef>) {
        match self {
            Expr::Not(inner) => inner.known_if(!truth, into),
            Expr::IsNone(inner) if !truth => {
                if let Expr::Name(name) = **inner {
                    into.push(name);
                }
            }
            Expr::And(parts) if truth => parts.iter().for_each(|part| part.known_if(true, into)),
            Expr::Or(parts) if !truth => parts.iter().for_each(|part| part.known_if(false, into)),
            _ => {}
        }
    }
}
