//! What the counting needs from the rules.
//!
//! Takes: the parameters of a rule file. Gives: [`SessionMeasure`], and errors under one name after the
//! rules' own replacements.

use regex::Regex;

/// Parameters of the counting.
#[derive(Debug, Clone)]
pub struct SessionMeasure {
    /// Errors are compared in lower case.
    pub lower: bool,
    /// What of an error is replaced by what, in this order.
    pub replace: Vec<(Regex, String)>,
    /// Characters of an error after which nothing counts; zero: all of it counts.
    pub cut: usize,
    /// Tools are compared in lower case.
    pub lower_tools: bool,
    /// A call without a tool, one whose tool is null and one whose tool is `unknown` are told apart.
    pub unnamed_apart: bool,
    /// A call that takes longer, in milliseconds, is slow by what it takes longer.
    pub slow_ms: f64,
    /// Tools that wait for a person: they are never slow.
    pub waits: Vec<String>,
    /// Calls of one tool in a row that are a streak.
    pub streak: usize,
    /// Calls that a session has at least to be manual.
    pub manual_calls: usize,
    /// Different tools that a manual session has at most.
    pub manual_tools: usize,
    /// What an error costs in a session, in minutes.
    pub error_minutes: f64,
    /// What a call that failed and was tried again costs where its latency is not known, in minutes.
    pub retry_minutes: f64,
    /// Minutes between two lines of a transcript after which nobody worked.
    pub idle_minutes: f64,
    /// Different errors, tools and sequences that are kept of each.
    pub most_entries: usize,
}

impl SessionMeasure {
    /// The name that an error is counted under; empty where nothing is left of it.
    #[must_use]
    pub fn normal(&self, message: &str) -> String {
        let mut text = if self.lower { message.to_lowercase() } else { message.to_owned() };
        text = text.trim().to_owned();
        for (regex, with) in &self.replace {
            if let std::borrow::Cow::Owned(changed) = regex.replace_all(&text, with.as_str()) {
                text = changed;
            }
        }
        if self.cut > 0
            && let Some((at, _)) = text.char_indices().nth(self.cut)
        {
            text.truncate(at);
        }
        text
    }

    /// What two parts of one counting must have in common.
    #[must_use]
    pub fn text(&self) -> String {
        let replace: Vec<_> = self.replace.iter().map(|(regex, with)| (regex.as_str(), with)).collect();
        format!("{:?}", (SessionMeasure { replace: Vec::new(), ..self.clone() }, replace))
    }
}
