//! What stands in the place of a diff where a version's rules cannot be read.
//!
//! Takes: the errors of the versions, as the checker found them, or why judging was ended. Gives: short
//! Markdown that names the first of them. A stranger may have written the rules: names and messages can
//! neither ping nor link.

use crate::engine::untrusted::{cut, markdown};
use crate::language::diag::{Diagnostic, Severity};

/// Errors of a version that are named.
const NAMED: usize = 10;
/// Characters of a place and of a sentence.
const PLACE: usize = 120;
const SENTENCE: usize = 300;

/// A version whose rules have errors.
#[derive(Debug)]
pub struct BrokenVersion {
    /// `base` or `head`.
    pub side: &'static str,
    /// What people call it.
    pub name: String,
    /// What was found; warnings may be among it.
    pub found: Vec<Diagnostic>,
}

/// The text about a job. It names no instant: the same errors give the same text.
#[must_use]
pub fn render(job: &str, all: &[BrokenVersion]) -> String {
    let mut out = vec![format!("### What the change does to {job} cannot be told"), String::new()];
    for BrokenVersion { side, name, found } in all {
        let errors: Vec<&Diagnostic> = found.iter().filter(|one| one.severity == Severity::Error).collect();
        let many = if errors.len() == 1 { "1 error".to_owned() } else { format!("{} errors", errors.len()) };
        out.push(format!("The rules of the {side}, {}, have {many}:", markdown(&cut(name, PLACE))));
        out.push(String::new());
        out.extend(errors.iter().take(NAMED).map(|one| line(one)));
        if errors.len() > NAMED {
            out.push(format!("- … and {} more, which `kaizen rules check` tells", errors.len() - NAMED));
        }
        out.push(String::new());
    }
    out.push("<sub>Nothing was judged. The next push that mends this is compared again.</sub>".to_owned());
    out.push(String::new());
    out.join("\n")
}

/// The text where judging was ended; `why` may quote the rules.
#[must_use]
pub fn ended(job: &str, why: &str) -> String {
    format!("### What the change does to {job} cannot be told\n\n{}\n", markdown(&cut(why, 2 * SENTENCE)))
}

fn line(one: &Diagnostic) -> String {
    let (line, column) = one.line_column();
    let said = |text: &str| markdown(&cut(text, SENTENCE));
    let place = markdown(&cut(&one.source.name, PLACE));
    let help = one.help.as_ref().map(|help| format!(". Help: {}", said(help))).unwrap_or_default();
    format!("- {place}:{line}:{column}: {}{help}", said(&one.message))
}
