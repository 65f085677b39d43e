//! The rules changed a little, one change at a time: what no case notices is not tested.
//!
//! Takes: the checked rules of a job. Gives: [`Mutant`]s, each with a name that stays when lines move, and the
//! rules with that one change. A change that the checker would refuse is not made: the part
//! of a condition that asks whether something is known stays.
//!
//! - `list` which changes there are (`advised` those of rules over counted facts), `parts` the parts of
//!   conditions, [`run`] whether a case notices

mod advice;
mod list;
mod parts;
pub mod run;

use crate::advise::Advice;
use crate::engine::enough;
use crate::engine::keywords::Keywords;
use crate::engine::policy::Policy;
use crate::engine::source::{Location, Source};
use crate::engine::untrusted::cut;
use crate::engine::value::Value;
use crate::engine::words::{Pattern, PatternEntry};
use crate::language::diag::{Diagnostic, ProblemSink};
use crate::review::book::RuleBook;
use crate::review::cases::Equivalent;
pub use list::list;
use parts::Site;

/// The most changes that are tried: a stranger's file may hold a hundred thousand words.
pub const MAX_MUTANTS: usize = 5_000;

/// The changes of a policy.
#[derive(Debug, Clone, Default)]
pub struct Mutants {
    /// Those that are tried.
    pub all: Vec<Mutant>,
    /// How many more there are.
    pub untried: usize,
}

/// One small change of the rules.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What a case file calls it: `thresholds.ready up`, `keywords.bug drop crash`.
    pub name: String,
    /// Where the rules say what is changed.
    pub at: Location,
    /// What is changed, for people: `5 becomes 6`.
    pub what: String,
    change: RuleMutation,
}

/// Numbers are indices into the policy's own lists.
#[derive(Debug, Clone)]
enum RuleMutation {
    Threshold(usize, Value<'static>),
    Add(usize, usize, Value<'static>),
    Max(usize, Value<'static>),
    Word(usize, usize),
    Entry(usize, usize),
    Form(usize, usize, usize),
    DropRule(usize),
    DropType(usize),
    /// With the one after it.
    SwapRules(usize),
    SwapTypes(usize),
    /// Which condition, the way to the junction in it, the part.
    Part(Site, Vec<usize>, usize),
    /// Of rules over what was counted.
    Advised(advice::AdviceMutation),
}

/// Rules with a change.
#[derive(Debug, Clone)]
pub struct MutantRules {
    /// Those over items, and the vocabulary.
    pub policy: Policy,
    /// Those over what was counted.
    pub advice: Advice,
}

impl Mutant {
    /// The rules with this change.
    ///
    /// # Errors
    /// The words that are left of a pattern cannot be searched for; they were, with one more.
    pub fn apply(&self, book: RuleBook<'_>) -> Result<MutantRules, regex::Error> {
        let mut changed = MutantRules { policy: book.policy.clone(), advice: book.advice.clone() };
        let policy = &mut changed.policy;
        match &self.change {
            RuleMutation::Threshold(index, value) => policy.thresholds[*index].value = value.clone(),
            RuleMutation::Add(component, point, value) => {
                policy.components[*component].points[*point].add = value.clone()
            }
            RuleMutation::Max(component, value) => policy.components[*component].max = value.clone(),
            RuleMutation::Word(set, word) => {
                let mut sets = std::mem::take(&mut policy.keywords).sets;
                sets[*set].words.remove(*word);
                policy.keywords = Keywords::new(sets);
            }
            RuleMutation::Entry(index, entry) => policy.patterns[*index] = policy.patterns[*index].without(*entry)?,
            RuleMutation::Form(index, entry, form) => {
                policy.patterns[*index] = without_form(&policy.patterns[*index], *entry, *form)?;
            }
            RuleMutation::DropRule(index) => drop(policy.decide.remove(*index)),
            RuleMutation::DropType(index) => drop(policy.classify.rules.remove(*index)),
            RuleMutation::SwapRules(index) => policy.decide.swap(*index, index + 1),
            RuleMutation::SwapTypes(index) => policy.classify.rules.swap(*index, index + 1),
            RuleMutation::Part(site, way, part) => parts::drop_part(&mut changed, *site, way, *part),
            RuleMutation::Advised(change) => change.apply(&mut changed.advice),
        }
        // How far patterns count follows from the conditions.
        enough::mark(&mut changed.policy);
        Ok(changed)
    }
}

/// A pattern of words with a form of one of them less.
fn without_form(pattern: &Pattern, entry: usize, form: usize) -> Result<Pattern, regex::Error> {
    let mut entries: Vec<PatternEntry> = pattern.entries.clone();
    entries[entry].forms.remove(form);
    let mut left = Pattern::words(&pattern.name, pattern.area, entries)?;
    left.at = pattern.at;
    Ok(left)
}

/// Says of entries of `equivalent` that they name no change of these rules, or name one twice. Where not
/// all changes are tried, a name that is not among them may be one of the others.
pub fn unknown(source: &Source, equivalent: &[Equivalent], mutants: &Mutants, found: &mut Vec<Diagnostic>) {
    let mut sink = ProblemSink { source, found };
    for (index, entry) in equivalent.iter().enumerate() {
        let name = cut(&entry.mutant, 80);
        if equivalent[..index].iter().any(|before| before.mutant == entry.mutant) {
            sink.error(entry.at, format!("`{name}` is listed a second time"), None);
        } else if mutants.untried == 0 && !mutants.all.iter().any(|mutant| mutant.name == entry.mutant) {
            let help = sink
                .nearest(&entry.mutant, mutants.all.iter().map(|mutant| mutant.name.as_str()))
                .unwrap_or_else(|| "`--mutate` names those that no case notices; take this entry out".to_owned());
            sink.error(entry.at, format!("no change of the rules is called `{name}`"), Some(help));
        }
    }
}
