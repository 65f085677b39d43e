//! The two versions of rules that `rules diff` compares.
//!
//! Takes: [`DiffOptions`]. Gives: [`Versions`], and of each job the rules of both sides, checked at the same time.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow};

use super::super::super::confined;
use super::super::super::rules::{RulesInForce, accepted, event};
use super::super::super::{EarlyEnd, usage};
use super::super::revision::RuleVersion;
use crate::cli::DiffOptions;
use crate::engine::source::Source;
use crate::jobs;
use crate::language::diag::nearest_argument;
use crate::language::{self, JobSpec};
use crate::pack;
use crate::review::diff::broken::BrokenVersion;

/// The two versions that are compared.
pub(super) struct Versions {
    pub(super) base: RuleVersion,
    pub(super) head: RuleVersion,
}

/// The rules of one side for one job.
pub(super) struct SideRules {
    pub(super) rules: RulesInForce,
    /// Its templates by name.
    pub(super) templates: BTreeMap<String, Source>,
    /// Its templates, one after the other.
    pub(super) texts: String,
    /// A template prints the line that something stands in.
    pub(super) lines: bool,
}

/// The rules of the base and of the head; `None` where that has none for the job.
pub(super) type JobSides = (Option<SideRules>, Option<SideRules>);

/// What is wrong with them, printed, and the base where that is right.
pub(super) type Wrong = (Vec<BrokenVersion>, Option<SideRules>);

impl Versions {
    pub(super) fn find(args: &DiffOptions) -> Result<Versions, EarlyEnd> {
        let common = &args.common;
        let rules = common.rules.as_deref();
        let is_folder = |name: &str| std::path::Path::new(name).is_dir();
        let own = rules.is_some() || common.templates.is_some();
        let sides = if args.base.is_some() && (args.head.is_some() || own) { None } else { event()? };
        let head_of_event = sides.as_ref().and_then(|sides| sides.head.as_deref()).filter(|_| !own);
        let head = match (args.head.as_deref(), head_of_event) {
            (Some(head), _) => RuleVersion::named(head, common)?,
            (None, Some(commit)) => RuleVersion::away(commit, common)?,
            (None, None) => RuleVersion::here(rules, common.templates.as_deref()),
        };
        let base = match (args.base.as_deref(), &sides) {
            (Some(folder), _) if is_folder(folder) => RuleVersion::folder(folder.as_ref()),
            (Some(revision), _) => {
                let from = args.head.as_deref().filter(|head| !is_folder(head)).unwrap_or("HEAD");
                RuleVersion::revision(revision, Some(from), rules, common)?
            }
            (None, Some(sides)) => RuleVersion::away(&sides.base, common)?,
            (None, None) => {
                let help = "a folder of rules, or a revision such as main";
                return Err(usage(anyhow!("what is it to be compared with? Give --base: {help}")));
            }
        };
        Ok(Versions { base, head })
    }

    /// The rules of both sides, checked.
    pub(super) fn load(&self, args: &DiffOptions, spec: &JobSpec) -> Result<Result<JobSides, Wrong>, EarlyEnd> {
        let base = self.base.pack(spec.job)?;
        // Where the base is a commit, rules that are not here any more are gone, not the built-in ones.
        let gone = self.head.is_here() && self.base.commit.is_some() && pack::folder(spec.job, None).is_none();
        let head = if gone { None } else { self.head.pack(spec.job)? };
        if base.is_none() && head.is_none() {
            let (base, head) = (&self.base.name, &self.head.name);
            let help = nearest_argument(spec.job, jobs::NAMES).unwrap_or_default();
            return Err(usage(anyhow!("neither {base} nor {head} has rules for {}; {help}", spec.job)));
        }
        let checked = |pack: Option<(pack::Pack, language::LoadResult)>, side: &'static str, version: &RuleVersion| {
            pack.map(|(pack, loaded)| {
                let texts: String =
                    pack.input.templates.iter().map(|(name, source)| format!("{name}\n{}\n", source.text)).collect();
                let lines = texts.contains("line");
                let templates = pack.input.templates.clone();
                let rules = accepted(loaded, pack, &args.common.screen);
                let rules = rules.map(|rules| SideRules { rules, templates, texts, lines });
                rules.map_err(|found| BrokenVersion { side, name: version.name.clone(), found })
            })
            .transpose()
        };
        let both = [(&base, "base", &self.base), (&head, "head", &self.head)].into_iter();
        let both =
            both.filter(|(pack, ..)| pack.is_some()).map(|(_, side, version)| format!("the {side}, {}", version.name));
        confined::begin(&format!("checking the rules of {},", both.collect::<Vec<_>>().join(", and of ")));
        let (base, head) = at_once(|| load(spec, base), || load(spec, head))?;
        Ok(match (checked(base, "base", &self.base), checked(head, "head", &self.head)) {
            (Ok(base), Ok(head)) => Ok((base, head)),
            (Ok(base), Err(head)) => Err((vec![head], base)),
            (Err(base), Ok(_)) => Err((vec![base], None)),
            (Err(base), Err(head)) => Err((vec![base, head], None)),
        })
    }
}

/// Checks the rules of one side; nothing is told yet.
fn load(spec: &JobSpec, pack: Option<pack::Pack>) -> Option<(pack::Pack, language::LoadResult)> {
    pack.map(|pack| {
        let loaded = language::load(spec, &pack.input);
        (pack, loaded)
    })
}

/// The most that a thread keeps of what it is within: as much as the main one, for rules nest as deep in both.
const STACK: usize = 8 << 20;

/// Does two things at the same time.
fn at_once<T: Send>(one: impl FnOnce() -> T + Send, other: impl FnOnce() -> T) -> Result<(T, T)> {
    std::thread::scope(|scope| {
        let one =
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, one).context("starting a thread")?;
        let other = other();
        Ok((one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other))
    })
}
