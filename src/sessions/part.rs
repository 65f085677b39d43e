//! A part of a reading, as `--shard` prints it and `merge` puts it together.
//!
//! Takes: what one part counted. Gives: [`CountPart`]; all parts of one reading joined, or why they are not
//! that.

use serde::{Deserialize, Serialize};

use super::count::SessionCounts;
use super::measure::SessionMeasure;
use crate::engine::digest;

/// The version of the format.
pub const VERSION: u32 = 2;

/// What one part counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountPart {
    /// Version of this format: [`VERSION`].
    pub kaizen_part: u32,
    /// Its number, from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
    /// What the inputs are called.
    pub inputs: Vec<String>,
    /// A digest of what the rules measure.
    pub measure: String,
    /// What was counted.
    pub counts: SessionCounts,
}

impl CountPart {
    /// A part.
    #[must_use]
    pub fn new((index, of): (u32, u32), inputs: Vec<String>, measure: &SessionMeasure, counts: SessionCounts) -> Self {
        CountPart { kaizen_part: VERSION, index, of, inputs, measure: digest(&measure.text()), counts }
    }
}

/// All parts as one reading: what the inputs are called, and what was counted. `names` are what messages
/// call the parts.
///
/// # Errors
/// A part is missing, is there twice, or belongs to another reading.
pub fn join(
    parts: Vec<CountPart>,
    names: &[String],
    measure: &SessionMeasure,
) -> Result<(Vec<String>, SessionCounts), String> {
    let measured = digest(&measure.text());
    let mut seen: Vec<(u32, &String)> = Vec::new();
    let mut whole: Option<(Vec<String>, u32, SessionCounts)> = None;
    for (part, name) in parts.into_iter().zip(names) {
        if part.kaizen_part != VERSION {
            return Err(format!("{name} is of version {}, and this program knows {VERSION}", part.kaizen_part));
        }
        if part.measure != measured {
            return Err(format!(
                "{name} was counted under other rules: its `measure` is another than these rules have"
            ));
        }
        if let Some((_, twice)) = seen.iter().find(|(index, _)| *index == part.index) {
            return Err(format!("{name} and {twice} are both part {} of {}", part.index, part.of));
        }
        seen.push((part.index, name));
        match &mut whole {
            None => whole = Some((part.inputs, part.of, part.counts)),
            Some((inputs, of, counts)) => {
                if *of != part.of || *inputs != part.inputs {
                    let first = &names[0];
                    return Err(format!(
                        "{name} and {first} are parts of different readings: their inputs or numbers differ"
                    ));
                }
                counts.join(part.counts);
            }
        }
    }
    let Some((inputs, of, mut counts)) = whole else { return Err("there is no part".to_owned()) };
    let missing: Vec<String> = (1..=of)
        .filter(|index| !seen.iter().any(|(there, _)| there == index))
        .map(|index| format!("{index}/{of}"))
        .collect();
    if !missing.is_empty() {
        return Err(format!("of {of} parts {} missing: without them the figures would be too low", missing.join(", ")));
    }
    counts.settle();
    Ok((inputs, counts))
}
