//! The texts that an action writes about one item, without hidden lines.
//!
//! Takes: nothing, these are the words. Gives: [`Words`]. Pure.

/// Every text of one decision; `None` where nothing of that kind is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// The comment.
    pub comment: Option<String>,
    /// The section in the item's text.
    pub section: Option<String>,
    /// Title and text of the issue that is created.
    pub issue: Option<(String, String)>,
}

impl Words {
    /// A comment alone.
    #[must_use]
    pub fn comment(comment: Option<String>) -> Self {
        Words { comment, ..Words::default() }
    }

    /// Each with what it is called beside others; the comment has no name.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Option<&str>); 4] {
        let issue = self.issue.as_ref();
        [
            ("", self.comment.as_deref()),
            ("section", self.section.as_deref()),
            ("title", issue.map(|(title, _)| title.as_str())),
            ("body", issue.map(|(_, body)| body.as_str())),
        ]
    }

    /// The same words, each text changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Words {
            comment: self.comment.as_deref().map(&change),
            section: self.section.as_deref().map(&change),
            issue: self.issue.as_ref().map(|(title, body)| (change(title), change(body))),
        }
    }
}
