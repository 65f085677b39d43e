//! `publish.sinks`: where a report goes.
//!
//! Takes: the section. Gives: a [`SinkSetting`] each. What is a secret is never here: a setting names the
//! variable that holds it, and a value that looks like a secret itself is refused.

use std::path::{Component, Path, PathBuf};

use super::RuleChecker;
use super::reader::{Fields, NodeReader};
use super::sink_keys as keys;
use super::yaml::Node;
use crate::engine::source::Location;

/// A place that a report goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkSetting {
    /// What messages and the memory of a run call it.
    pub id: String,
    /// What it is.
    pub kind: SinkKind,
    /// Where it stands.
    pub at: Location,
    /// The variables that it names, each where it stands.
    pub variables: Vec<(String, Location)>,
}

/// The folder that files of reports lie in, below the loop's.
pub const REPORTS: &str = "reports";

/// What a path of a `file` sink is below [`REPORTS`]; `None` for any other place: an absolute path, one with `..`,
/// one that begins elsewhere or names no file.
#[must_use]
pub fn below_reports(path: &str) -> Option<PathBuf> {
    let mut parts = Path::new(path).components().filter(|part| *part != Component::CurDir);
    let first = parts.next()?;
    let rest: Option<PathBuf> =
        parts.map(|part| if let Component::Normal(name) = part { Some(name) } else { None }).collect();
    let rest = rest.filter(|rest| first.as_os_str() == REPORTS && rest.file_name().is_some())?;
    (!path.ends_with(['/', '\\']) && !path.contains('\0')).then_some(rest)
}

/// The issue that takes a report: the one with the number, else one that we have opened ourselves. Anybody may
/// give an issue a title, and a form may give it a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueSink {
    /// `owner/name`; `None`: the one repository that is looked at, else that of the CI job.
    pub repo: Option<String>,
    /// Its number, whoever opened it.
    pub number: Option<u64>,
    /// The label that it carries.
    pub label: Option<String>,
    /// How its title begins, where none carries the label.
    pub title: Option<String>,
    /// It is created where there is none.
    pub create: bool,
}

/// What a place is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkKind {
    /// A comment on an issue of the forge.
    Issue(IssueSink),
    /// A chat of Telegram.
    Telegram {
        /// The variable that holds the bot's token.
        token_env: String,
        /// The chat: a number or an `@name`.
        chat: Option<String>,
        /// The variable that holds the chat, where `chat` does not say it.
        chat_env: Option<String>,
        /// The variable that holds the address of the API, where it is not Telegram's own.
        api_env: Option<String>,
    },
    /// An address that takes JSON.
    Webhook {
        /// The variable that holds the address.
        url_env: String,
        /// `generic`, `slack`, `discord`, `ntfy`.
        shape: String,
    },
    /// A file, below the loop's folder.
    File {
        /// Its path, which [`below_reports`] holds to be good or not.
        path: String,
        /// Where that stands.
        path_at: Location,
    },
    /// The summary of the CI job.
    StepSummary,
}

pub(super) fn read(check: &mut RuleChecker<'_>, root: Fields<'_>) -> Vec<SinkSetting> {
    let main = check.files.main();
    let mut reader = check.reader(main);
    // What is wrong with `publish` itself has been told where its other members are read.
    let Some(fields) = root.get("publish").and_then(Fields::quietly) else { return Vec::new() };
    let items = fields.get("sinks").and_then(|node| reader.list(node, "`sinks`")).unwrap_or_default();
    let mut sinks: Vec<SinkSetting> = Vec::new();
    for item in items {
        let Some(sink) = sink(&mut reader, item) else { continue };
        if sinks.iter().any(|known| known.id == sink.id) {
            let help = Some("what was sent where is remembered by it".to_owned());
            reader.sink.error(item.span, format!("there are two sinks `{}`", sink.id), help);
        }
        sinks.push(sink);
    }
    sinks
}

fn sink(reader: &mut NodeReader<'_>, node: &Node) -> Option<SinkSetting> {
    let fields = reader.map(node, "a sink", &keys::SINK)?;
    let Some(id) = fields.get("id") else {
        reader.missing(fields, node.span, "a sink has no `id`", "name it: `id: team`");
        return None;
    };
    let id = reader.text(id, "`id`")?.to_owned();
    let kinds: Vec<&str> = keys::SINKS.iter().copied().filter(|kind| fields.get(kind).is_some()).collect();
    let [kind] = kinds.as_slice() else {
        let message = format!("the sink `{id}` is one of {}", keys::SINKS.join(", "));
        reader.missing(
            fields,
            node.span,
            message,
            "for example `telegram: {token_env: TELEGRAM_BOT_TOKEN, chat_env: TELEGRAM_CHAT}`",
        );
        return None;
    };
    let inner = fields.get(kind)?;
    let mut variables = Vec::new();
    let kind = match *kind {
        "issue" => issue(reader, inner)?,
        "telegram" => telegram(reader, inner, &mut variables)?,
        "webhook" => {
            let fields = reader.map(inner, "`webhook`", &keys::WEBHOOK)?;
            let url_env = variable(reader, fields, inner, ("url_env", &mut variables))?;
            let shape = match fields.get("shape") {
                Some(node) => reader.one_of(node, "`shape`", &keys::SHAPES)?,
                None => keys::SHAPES[0].0,
            };
            SinkKind::Webhook { url_env, shape: shape.to_owned() }
        }
        "file" => {
            let fields = reader.map(inner, "`file`", &keys::SINK_FILE)?;
            let Some(path) = fields.get("path") else {
                reader.missing(fields, inner.span, "a file has a `path`", "");
                return None;
            };
            SinkKind::File { path: reader.text(path, "`path`")?.to_owned(), path_at: reader.at(path.span) }
        }
        _ => {
            reader.flag(inner, "`step_summary`")?;
            SinkKind::StepSummary
        }
    };
    Some(SinkSetting { id, kind, at: reader.at(node.span), variables })
}

fn issue(reader: &mut NodeReader<'_>, node: &Node) -> Option<SinkKind> {
    let fields = reader.map(node, "`issue`", &keys::SINK_ISSUE)?;
    let mut text =
        |name: &str| fields.get(name).and_then(|node| reader.text(node, &format!("`{name}`"))).map(str::to_owned);
    let (repo, label, title) = (text("repo"), text("label"), text("title"));
    if let (Some(name), Some(node)) = (&repo, fields.get("repo"))
        && !(name.split('/').count() == 2 && !name.starts_with('/') && !name.ends_with('/'))
    {
        reader.sink.error(node.span, format!("`{name}` is no repository"), Some("write `owner/name`".to_owned()));
    }
    let create = fields.get("create").and_then(|node| reader.flag(node, "`create`")).unwrap_or(false);
    let number = fields
        .get("number")
        .and_then(|node| reader.whole(node, "`number`", 1))
        .and_then(|number| u64::try_from(number).ok());
    if label.is_none() && title.is_none() && number.is_none() {
        let help = "name the `label` that it carries, or how its `title` begins, or its `number`";
        reader.missing(fields, node.span, "nothing says which issue it is", help);
        return None;
    }
    if create && (label.is_none() || title.is_none()) {
        let help = "an issue that is created has both a `label` and a `title`";
        reader.missing(fields, node.span, "the issue cannot be created", help);
    }
    Some(SinkKind::Issue(IssueSink { repo, number, label, title, create }))
}

fn telegram(reader: &mut NodeReader<'_>, node: &Node, variables: &mut Variables) -> Option<SinkKind> {
    let fields = reader.map(node, "`telegram`", &keys::TELEGRAM)?;
    let token_env = variable(reader, fields, node, ("token_env", variables))?;
    let chat = fields.get("chat").and_then(|node| match &node.kind {
        super::yaml::NodeKind::Int(number) => Some(number.to_string()),
        _ => reader.text(node, "`chat`").map(str::to_owned),
    });
    let mut optional = |name: &str| {
        let found = fields.get(name);
        found.and_then(|_| variable(reader, fields, node, (name, variables)))
    };
    let (chat_env, api_env) = (optional("chat_env"), optional("api_env"));
    if chat.is_none() && chat_env.is_none() {
        let help = "name the variable that holds it, `chat_env: TELEGRAM_CHAT`, or the chat itself";
        reader.missing(fields, node.span, "nothing says which chat it is", help);
        return None;
    }
    Some(SinkKind::Telegram { token_env, chat, chat_env, api_env })
}

/// Names of variables, each where it stands.
type Variables = Vec<(String, Location)>;

/// The name of a variable. What is none is not repeated: it may be the secret itself.
fn variable(
    reader: &mut NodeReader<'_>,
    fields: Fields<'_>,
    node: &Node,
    (key, variables): (&str, &mut Variables),
) -> Option<String> {
    let Some(found) = fields.get(key) else {
        reader.missing(fields, node.span, format!("`{key}` is missing"), "name the variable that holds it");
        return None;
    };
    let name = reader.text(found, &format!("`{key}`"))?;
    let good = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_uppercase());
    if !good {
        let help = "capitals, digits and `_`; the secret itself stands in no rule file: take it back where it is one";
        reader.sink.error(found.span, format!("`{key}` names a variable"), Some(help.to_owned()));
        return None;
    }
    variables.push((name.to_owned(), reader.at(found.span)));
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_below_the_reports_or_refused() {
        for (path, rest) in [
            ("reports/latest.md", "latest.md"),
            ("./reports/./a/b.json", "a/b.json"),
            ("reports//x", "x"),
            ("reports/..x", "..x"),
        ] {
            assert_eq!(below_reports(path).as_deref(), Some(Path::new(rest)), "{path}");
        }
        for path in [
            "",
            ".",
            "/",
            "reports",
            "reports/",
            "reports/x/",
            "reports/.",
            "reports/..",
            "../reports/x",
            "reports/../x",
            "reports/../reports/x",
            "reports/a/../../x",
            "/reports/x",
            "/etc/passwd",
            "journal.jsonl",
            "queue.json",
            "retro/published.json",
            "x/reports/y",
            "Reports/x",
            "reports\\x",
            "~/reports/x",
            "reports/x\0y",
        ] {
            assert_eq!(below_reports(path), None, "{path}");
        }
    }
}
