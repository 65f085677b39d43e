//! The parameters of a job's counting, as its rule file gives them.
//!
//! Takes: nothing, `language` fills it from `measure`. Gives: [`JobParams`], asked by name. A name that
//! the job's table does not have gives what is nothing of its kind; a test of each job asks for all.

use regex::Regex;

use crate::engine::value::Value;

/// A text that is replaced wherever it matches.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// What is looked for; linear-time.
    pub regex: Regex,
    /// What stands there instead.
    pub with: String,
}

/// What a parameter is.
#[derive(Debug, Clone)]
pub enum ParamValue {
    /// A number, a word or a flag: rules can name it as `measure.<name>`.
    One(Value<'static>),
    /// Texts.
    Texts(Vec<String>),
    /// Replacements, in order.
    Replacements(Vec<Replacement>),
}

/// All parameters of a job, in the order of its table.
#[derive(Debug, Clone, Default)]
pub struct JobParams {
    params: Vec<(&'static str, ParamValue)>,
}

impl JobParams {
    /// The parameters by name.
    #[must_use]
    pub fn new(params: Vec<(&'static str, ParamValue)>) -> Self {
        JobParams { params }
    }

    /// Each with its name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &ParamValue)> {
        self.params.iter().map(|(name, given)| (*name, given))
    }

    /// Each as an expression sees it.
    pub fn values(&self) -> impl Iterator<Item = Value<'static>> {
        self.params.iter().map(|(_, given)| match given {
            ParamValue::One(value) => value.clone(),
            ParamValue::Texts(texts) => {
                Value::List(texts.iter().map(|text| Value::Text(text.clone().into())).collect())
            }
            ParamValue::Replacements(_) => Value::None,
        })
    }

    fn one(&self, name: &str) -> Option<&Value<'static>> {
        self.params.iter().find_map(|(known, given)| match given {
            ParamValue::One(value) if *known == name => Some(value),
            _ => None,
        })
    }

    /// A whole number.
    #[must_use]
    pub fn whole(&self, name: &str) -> i64 {
        match self.one(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> f64 {
        self.one(name).and_then(Value::number).unwrap_or(0.0)
    }

    /// A word.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.one(name) {
            Some(Value::Text(word)) => word,
            _ => "",
        }
    }

    /// Yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.one(name), Some(Value::Bool(true)))
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[String] {
        let found = self.params.iter().find_map(|(known, given)| match given {
            ParamValue::Texts(texts) if *known == name => Some(texts.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// A list of replacements.
    #[must_use]
    pub fn replacements(&self, name: &str) -> &[Replacement] {
        let found = self.params.iter().find_map(|(known, given)| match given {
            ParamValue::Replacements(list) if *known == name => Some(list.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }
}
