//! What a job has counted, as its rules see it.
//!
//! Takes: values in the order of the job's tables. Gives: [`FactValues`], held to those tables: a value more
//! or less, or one of another kind, is an error that names it, never a wrong judgement.

use crate::engine::value::Value;

use super::{FactSpec, FactTy, SectionSpec};

/// The values of a section's facts.
#[derive(Debug, Clone, Default)]
pub struct FactValues {
    /// Those of the whole, in the order of [`SectionSpec::facts`].
    pub globals: Vec<Value<'static>>,
    /// The elements of each list, in the order of [`SectionSpec::collections`], each in the order of its facts.
    pub collections: Vec<Vec<Vec<Value<'static>>>>,
}

impl FactValues {
    /// Whether they are what the tables say.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self, section: &SectionSpec) -> Result<(), String> {
        fits(section.name, section.facts, &self.globals)?;
        if self.collections.len() != section.collections.len() {
            return Err(format!(
                "{} has {} lists, not {}",
                section.name,
                section.collections.len(),
                self.collections.len()
            ));
        }
        for (collection, elements) in section.collections.iter().zip(&self.collections) {
            elements.iter().try_for_each(|element| fits(collection.name, collection.facts, element))?;
        }
        Ok(())
    }
}

fn fits(of: &str, facts: &[FactSpec], values: &[Value<'static>]) -> Result<(), String> {
    if facts.len() != values.len() {
        return Err(format!("{of} has {} facts, not {}", facts.len(), values.len()));
    }
    match facts.iter().zip(values).find(|(fact, value)| !fact.ty.takes(value)) {
        Some((fact, value)) => Err(format!("`{}` of {of} is not {value:?}", fact.name)),
        None => Ok(()),
    }
}

impl FactTy {
    /// Whether a value is of this kind.
    #[must_use]
    pub fn takes(self, value: &Value<'_>) -> bool {
        let number = |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Float(_));
        let text = |value: &Value<'_>| matches!(value, Value::Text(_));
        match (self, value) {
            (FactTy::Bool, Value::Bool(_)) | (FactTy::MaybeNumber | FactTy::MaybeText, Value::None) => true,
            (FactTy::Number | FactTy::MaybeNumber, value) => number(value),
            (FactTy::Text | FactTy::MaybeText, value) => text(value),
            (FactTy::Texts, Value::List(items)) => items.iter().all(text),
            (FactTy::Numbers, Value::List(items)) => items.iter().all(number),
            _ => false,
        }
    }
}
