//! References that leave no trace.
//!
//! Takes: which kind of forge, a repository, a number. Gives: a text that leads people there and
//! moves nothing: a plain `#12` in a comment moves the `updated_at` of what it names (fact 105).

/// How a forge is kept from taking a text for a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuietForm {
    /// The sign as an entity: shown as a link, no trace.
    Entity,
    /// A link through a host that leaves none; an entity is read as a reference there.
    Redirect,
    /// A code span, where neither of the others is known to be quiet.
    Code,
}

impl QuietForm {
    /// The text for `number` of the repository `name`; `full` names the repository too.
    pub(super) fn link(self, name: &str, number: u64, full: bool) -> String {
        let shown = if full { name } else { "" };
        match self {
            QuietForm::Entity => format!("{shown}&#35;{number}"),
            QuietForm::Redirect => {
                format!("[{shown}#\u{2060}{number}](https://redirect.github.com/{name}/issues/{number})")
            }
            QuietForm::Code => format!("`{shown}#{number}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_has_its_quiet_form_fact_105() {
        assert_eq!(QuietForm::Entity.link("a/b", 12, true), "a/b&#35;12");
        assert_eq!(QuietForm::Entity.link("a/b", 12, false), "&#35;12");
        let redirect = "[a/b#\u{2060}12](https://redirect.github.com/a/b/issues/12)";
        assert_eq!(QuietForm::Redirect.link("a/b", 12, true), redirect);
        assert_eq!(QuietForm::Code.link("a/b", 12, false), "`#12`");
    }
}
