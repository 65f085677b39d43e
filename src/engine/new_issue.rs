//! An issue that an action creates.
//!
//! Takes: nothing, it is a part of a policy. Gives: [`NewIssue`].

use super::rules::Person;
use super::sentence::Sentence;

/// An issue that an action creates.
#[derive(Debug, Clone)]
pub struct NewIssue {
    /// Its title.
    pub title: Sentence,
    /// File name of the template of its text.
    pub body: String,
    /// Labels that it gets.
    pub labels: Vec<String>,
    /// Who is assigned to it.
    pub assign: Vec<Person>,
}
