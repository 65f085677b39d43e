//! What is written in rules and templates and never has an effect.
//!
//! Takes: a [`Policy`], its templates. Gives: a warning for each, at its place: words that no label can give,
//! people who are named in `mention` and in no text, an `@` that pings nobody, a command to ourselves.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{CheckedPolicy, Warnings};
use super::numbers::member;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::Fact;
use crate::engine::policy::Policy;
use crate::engine::source::{Source, Span};
use crate::engine::template::Templates;
use crate::engine::text::tag_key;
use crate::engine::value::Value;
use crate::language::diag::ProblemSink;
use crate::language::pieces::pieces;
use crate::language::texts_beside;
use crate::language::yaml::{self, Node, NodeKind};

/// Characters of the longest name of a label that a forge takes.
const MOST_NAME: usize = 50;

/// Warns of the words of keyword sets, and of texts that conditions look for among labels and tags.
pub fn words(policy: &Policy, found: &mut Warnings<'_>) {
    let mut names = Vec::new();
    policy.expressions().for_each(|expr| expr.names(&mut names));
    let asked: BTreeSet<NameRef> = names.into_iter().collect();
    for (index, set) in policy.keywords.sets.iter().enumerate() {
        let (by_tag, by_label) = (asked.contains(&NameRef::Tagged(index)), asked.contains(&NameRef::Labelled(index)));
        if by_label && !by_tag && !policy.tags.whole && !policy.tags.last_part {
            let message = format!("no label gives a word of `{}`: `tags` makes no tags of labels", set.name);
            found.warn(set.at, message, "say `tags: {labels: [whole, last_part]}`, or ask for `tagged.…`");
            continue;
        }
        for word in set.words.iter().filter(|_| by_tag || by_label) {
            if found.full() {
                return;
            }
            if let Some((why, help)) = no_label_gives(policy, &word.text)
                && !(by_tag && in_brackets(policy, &word.text))
            {
                found.warn(word.at, format!("no label gives the word `{}`: {why}", word.text), help);
            }
        }
    }
    for condition in policy.conditions() {
        let mut texts = Vec::new();
        condition.expr.walk(&mut |part| {
            if let Expr::In(needle, hay) = part
                && let (Expr::Literal(Value::Text(text)), Expr::Name(NameRef::Fact(fact))) = (&**needle, &**hay)
            {
                texts.push((text.as_ref(), *fact));
            }
        });
        for (text, fact) in texts {
            let told = match fact {
                Fact::Labels => no_name(text),
                Fact::Tags if in_brackets(policy, &text.to_lowercase()) => None,
                Fact::Tags => no_label_gives(policy, &text.to_lowercase()),
                _ => None,
            };
            if let Some((why, help)) = told {
                found.warn(condition.at, format!("no label is or gives `{text}`: {why}"), help);
            }
        }
    }
    spellings(policy, found);
}

/// One label in two spellings: on a forge that minds case they are two.
fn spellings(policy: &Policy, found: &mut Warnings<'_>) {
    let mut by_name: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in texts_beside(policy, Fact::Labels) {
        by_name.entry(text.to_lowercase()).or_default().insert(text);
    }
    for spelled in by_name.into_values().filter(|spelled| spelled.len() > 1) {
        let all: Vec<String> = spelled.iter().map(|text| format!("`{text}`")).collect();
        let holds = |expr: &Expr| {
            let mut holds = false;
            expr.walk(&mut |part| {
                holds |= matches!(part, Expr::Literal(Value::Text(text)) if spelled.last() == Some(&text.as_ref()))
            });
            holds
        };
        let at = policy.conditions().find(|condition| holds(&condition.expr)).map(|condition| condition.at);
        let message = format!(
            "{} are one label where the forge minds no case, and only one of them is found there",
            all.join(" and ")
        );
        found.warn(at.unwrap_or_default(), message, "write it one way");
    }
}

/// Why no label has this name.
fn no_name(name: &str) -> Option<(String, String)> {
    if name.trim() != name || name.is_empty() {
        return Some((
            "names of labels neither begin nor end with a space".to_owned(),
            format!("write `{}`", name.trim()),
        ));
    }
    let length = name.chars().count();
    (length > MOST_NAME).then(|| {
        (format!("names of labels have at most {MOST_NAME} characters, this has {length}"), "shorten it".to_owned())
    })
}

/// Why no label gives this word as a tag.
fn no_label_gives(policy: &Policy, word: &str) -> Option<(String, String)> {
    let tags = policy.tags;
    if !tags.whole && !tags.last_part {
        return Some((
            "`tags` makes no tags of labels".to_owned(),
            "say `tags: {labels: [whole, last_part]}`".to_owned(),
        ));
    }
    let last = word.rsplit(['/', ':']).next().unwrap_or(word).trim();
    if !tags.whole && last != word {
        let why = "a label is a tag by what follows its last `/` or `:` here".to_owned();
        return Some((why, format!("write `{last}`, or say `tags: {{labels: [whole, last_part]}}`")));
    }
    no_name(word)
}

/// A title can give this word, in brackets.
fn in_brackets(policy: &Policy, word: &str) -> bool {
    !word.is_empty() && !word.contains(['[', ']']) && (policy.tags.any_bracket || policy.keywords.knows(&tag_key(word)))
}

/// Warns of people who are to be mentioned, in a text that does not print them.
pub fn mentions(policy: &Policy, templates: &Templates, found: &mut Warnings<'_>) {
    for action in policy.actions.iter().filter(|action| !action.mention.is_empty()) {
        let Some(name) = &action.comment else { continue };
        if templates.names(name).is_some_and(|names| !names.contains("mention")) {
            let message = format!("the action `{}` mentions people, and `{name}` does not print them", action.name);
            found.warn(action.at, message, "print `{{ mention }}` in the template, or take `mention` out");
        }
    }
}

/// Warns of what stands in the folder's own templates, and in the sentences of the rules.
pub fn texts(checked: &CheckedPolicy<'_>, policy: &Policy, found: &mut Warnings<'_>) {
    let own = checked.own.iter().filter_map(|name| checked.input.templates.get(name));
    for source in own {
        at_sign(source, Span::new(0, source.text.len()), false, found);
        command(policy, source, found);
    }
    let source = policy.source();
    let Some(root) = yaml::read(&mut ProblemSink { source, found: &mut Vec::new() }) else { return };
    let mut sentences = Vec::new();
    for rule in entries(&root, "decide") {
        sentences.extend(member(rule, "reason"));
    }
    for action in entries(&root, "actions") {
        sentences.extend(member(action, "create_issue").and_then(|issue| member(issue, "title")));
    }
    sentences.into_iter().for_each(|node| at_sign(source, node.span, true, found));
}

/// The values of a list or map of the file.
fn entries<'n>(root: &'n Node, name: &str) -> Vec<&'n Node> {
    match member(root, name).map(|node| &node.kind) {
        Some(NodeKind::List(items)) => items.iter().collect(),
        Some(NodeKind::Map(entries)) => entries.iter().map(|(_, node)| node).collect(),
        _ => Vec::new(),
    }
}

/// An `@` before a value, or in a sentence before a name: what values and sentences print pings nobody.
fn at_sign(source: &Source, within: Span, sentence: bool, found: &mut Warnings<'_>) {
    let text = source.text.get(within.start..within.end).unwrap_or("");
    let help = "name who is meant in `mention` of the action, and print `{{ mention }}` in its comment";
    let mut before: Option<(usize, &str)> = None;
    for (inside, at, piece) in pieces(text) {
        if let (Some("{{"), Some((start, plain))) = (inside, before)
            && plain.ends_with('@')
            && !found.full()
        {
            let span = Span::new(within.start + start + plain.len() - 1, within.start + at + piece.len() + 2);
            let name = piece.trim_matches(['-', '+', ' ']);
            let message = match name {
                "mention" => "`{{ mention }}` brings its own `@`".to_owned(),
                _ => format!("`@` before `{{{{ {name} }}}}` pings nobody: what a value prints is kept from that"),
            };
            found.warn_in(source, span, message, if name == "mention" { "take the `@` before it out" } else { help });
        }
        before = inside.is_none().then_some((at, piece));
        for (place, _) in piece.match_indices('@').filter(|_| sentence && inside.is_none()) {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = piece[place + 1..].find(|c: char| !word(c) && c != '-').unwrap_or(piece.len() - place - 1);
            let alone = !text[..at + place].ends_with(|c: char| word(c) || c == '/' || c == '}');
            if length > 0 && alone && !found.full() {
                let start = within.start + at + place;
                let name = &piece[place..=place + length];
                let message =
                    format!("`{name}` pings nobody here: a reason and a title are printed so that they cannot");
                found.warn_in(source, Span::new(start, start + 1 + length), message, help);
            }
        }
    }
}

/// A line of a template that is a command to us: in a text of ours nobody hears it.
fn command(policy: &Policy, source: &Source, found: &mut Warnings<'_>) {
    let Some(command) = &policy.skip_command else { return };
    let resume = format!("{} resume", command.split_whitespace().next().unwrap_or(command));
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let said = line.trim();
        if (said.eq_ignore_ascii_case(command) || said.eq_ignore_ascii_case(&resume)) && !found.full() {
            let start = at + line.find(said).unwrap_or(0);
            let message = format!("`{said}` stands here as a command, and in a text of ours nobody hears it");
            let help = format!("write it into a sentence, in backticks: reply `{said}`");
            found.warn_in(source, Span::new(start, start + said.len()), message, help);
        }
        at += line.len();
    }
}
