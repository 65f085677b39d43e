//! `kaizen rules show`, `facts` and `schema`.
//!
//! Takes: a job. Gives: its rules as they are in force, what they can ask for, the schema of rule files.

use std::io::IsTerminal;

use super::super::rules::{spec, tell};
use super::super::{EarlyEnd, Exit, output, say, usage};
use crate::cli::{FactsOptions, Format, Show};
use crate::jobs;
use crate::language::{RUN, effective, load, schema};
use crate::pack;
use crate::review::facts;

/// The rules of a job as they are in force.
pub(super) fn effective(args: &Show) -> Result<Exit, EarlyEnd> {
    let spec = spec(&args.job, args.rules.as_deref(), false)?;
    let pack = pack::read(spec.job, &jobs::NAMES, args.rules.as_deref(), args.templates.as_deref()).map_err(usage)?;
    let loaded = load(spec, &pack.input);
    tell(&loaded.diagnostics, output::colored(std::io::stderr().is_terminal()));
    let Some((policy, _)) = &loaded.policy else {
        say("error: rules with errors are not in force");
        return Ok(Exit::BadRules);
    };
    output::print_text(&effective::text(policy))?;
    Ok(Exit::Done)
}

/// What the rules of a job can ask for.
pub(super) fn facts(args: &FactsOptions) -> Result<Exit, EarlyEnd> {
    let spec = if args.job == RUN { &jobs::POLICY } else { spec(&args.job, None, false)? };
    match args.screen.format {
        Format::Text => output::print_text(&facts::text(spec)),
        Format::Markdown => output::print_text(&facts::markdown(spec)),
        Format::Json => output::print_raw(&format!("{}\n", facts::json(spec))),
    }?;
    Ok(Exit::Done)
}

/// The schema of rule files.
pub(super) fn schema() -> Result<Exit, EarlyEnd> {
    output::print_raw(&schema::text(&jobs::schemas()))?;
    Ok(Exit::Done)
}
