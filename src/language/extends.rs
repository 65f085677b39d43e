//! Files that a rule file extends.
//!
//! Takes: an entry of `extends`, the other files of the folder. Gives: their trees, or diagnostics.

use super::diag::{Diagnostic, ProblemSink};
use super::keys::{VOCABULARY, is_of_a_file};
use super::reader::NodeReader;
use super::yaml::{self, Node, NodeKind};
use super::{RuleInput, root_value};
use crate::engine::source::{Source, Span};

/// The file that an entry of `extends` names.
pub(super) fn base<'i>(
    reader: &mut NodeReader<'_>,
    input: &'i RuleInput,
    at: Span,
    name: &str,
    seen: &[&str],
) -> Option<&'i Source> {
    if seen.first() == Some(&name) {
        reader.sink.error(at, "a file does not extend itself", None);
        return None;
    }
    if seen.contains(&name) {
        reader.sink.error(at, format!("`{name}` is named twice"), Some("once is enough".to_owned()));
        return None;
    }
    let source = input.folder.get(name);
    if source.is_none() {
        let help = if name.contains('/') {
            Some("only a file of the same folder, no path".to_owned())
        } else {
            reader.sink.nearest(name, input.folder.keys().map(String::as_str))
        };
        reader.sink.error(at, format!("`extends` names `{name}`, which is not in this folder"), help);
    }
    source
}

pub(super) fn own_name(source: &Source) -> &str {
    source.name.rsplit(['/', '\\']).next().unwrap_or(&source.name)
}

/// A file that is extended holds vocabulary only, and extends nothing itself.
pub(super) fn read(source: &Source, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut sink = ProblemSink { source, found };
    let root = yaml::read(&mut sink)?;
    let mut reader = NodeReader { sink, file: 0 };
    let NodeKind::Map(entries) = &root.kind else {
        reader.wrong(&root, "a rule file", "a map");
        return None;
    };
    for (key, _) in entries {
        let name = key.name.as_str();
        if name == "version" || VOCABULARY.contains(&name) {
            continue;
        }
        let (message, help) = if is_of_a_file(name) {
            (
                format!("`{name}` does not stand in a file that is extended"),
                Some("it brings vocabulary only: move this to the file of the job".to_owned()),
            )
        } else {
            (format!("a rule file does not know the key `{name}`"), reader.sink.nearest(name, VOCABULARY))
        };
        reader.sink.error(key.span, message, help);
    }
    check_version(&mut reader, root_value(&root, "version"));
    Some(root)
}

pub(super) fn check_version(reader: &mut NodeReader<'_>, node: Option<&Node>) {
    match node.map(|node| (node, &node.kind)) {
        Some((_, NodeKind::Int(1))) => {}
        Some((node, NodeKind::Int(other))) => reader.sink.error(
            node.span,
            format!("version {other} of the rule language is not known here"),
            Some("this program reads version 1".to_owned()),
        ),
        Some((node, _)) => reader.wrong(node, "`version`", "the number 1"),
        None => reader.sink.error(
            Span::default(),
            "a rule file says the version of its language",
            Some("add `version: 1`".to_owned()),
        ),
    }
}
