//! The shipped rules with one's own logins in them.
//!
//! Takes: the text of the shipped rule file, a login or nobody for each of its agents. Gives: the
//! text to write. Lines are changed and no tree is printed, so that comments stay; the caller loads
//! the result, and a test holds every change to the shipped file.

use std::collections::BTreeMap;

/// For each agent its login, or `None` where there is nobody.
pub type Logins = BTreeMap<String, Option<String>>;

/// A login that no account can have: names do not begin with a dash.
const NOBODY: &str = "-";

/// The names of the agents of a rule file.
pub(super) fn agents(text: &str) -> Vec<String> {
    section(text, "agents").filter_map(|line| Some(entry(line, "login")?.0.to_owned())).collect()
}

/// The names of the labels of a rule file.
pub(super) fn labels(text: &str) -> Vec<String> {
    section(text, "labels").filter_map(|line| Some(entry(line, "color")?.0.to_owned())).collect()
}

/// The rule file with these logins. A rule whose action is an agent's that is nobody keeps its place
/// and does nothing: without it the next rule would take its issues, and hand out what is blocked.
/// `bot` is the account of the forge's jobs, where they may have written before they had a token of their own.
pub(super) fn fill(text: &str, logins: &Logins, bot: Option<&str>) -> String {
    let nobody = |agent: &str| logins.get(agent).is_some_and(Option::is_none);
    let idle: BTreeMap<&str, &str> =
        section(text, "actions").filter_map(|line| entry(line, "agent")).filter(|(_, agent)| nobody(agent)).collect();
    let mut filled = String::with_capacity(text.len() + 200);
    let mut inside = "";
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && !line.is_empty() {
            inside = line.split(':').next().unwrap_or_default();
        }
        let changed = match inside {
            "agents" => entry(line, "login").and_then(|(name, shipped)| {
                let login = logins.get(name)?;
                let written = format!("{{login: \"{}\"", login.as_deref().unwrap_or(NOBODY));
                let line = line.replacen(&format!("{{login: {shipped}"), &written, 1);
                let why = if login.is_none() { " # nobody yet; no account has such a name" } else { "" };
                Some(format!("{line}{why}"))
            }),
            "decide" => line.split_once("action: ").and_then(|(before, action)| {
                let agent = idle.get(action.trim_end())?;
                Some(format!("{before}action: skip # {action}, once agents.{agent} has a login"))
            }),
            // In one's own folder the rules are found without being named.
            "" => Some(line.replace(" --rules rules", "")),
            _ => None,
        };
        filled.push_str(changed.as_deref().unwrap_or(line));
        filled.push('\n');
        if let Some(bot) = bot.filter(|_| line.starts_with("job: ")) {
            filled.push_str(&format!(
                "# What the forge's jobs wrote before KAIZEN_TOKEN was set is ours too.\nbots: [\"{bot}\"]\n"
            ));
        }
    }
    filled
}

/// The lines of a section of the file.
fn section<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let head = format!("{name}:");
    let lines = text.lines().skip_while(move |line| *line != head).skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' '))
}

/// `  NAME: {KEY: VALUE, …`: the name and the value.
fn entry<'t>(line: &'t str, key: &str) -> Option<(&'t str, &'t str)> {
    let (name, fields) = line.strip_prefix("  ")?.split_once(": {")?;
    let value = fields.strip_prefix(key)?.strip_prefix(": ")?;
    let plain = !name.starts_with([' ', '#']);
    plain.then(|| (name, value.split([',', '}']).next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../rules/backlog-triage.yaml");

    fn logins(all: [(&str, Option<&str>); 3]) -> Logins {
        all.into_iter().map(|(name, login)| (name.to_owned(), login.map(str::to_owned))).collect()
    }

    fn changed(logins: &Logins) -> Vec<(String, String)> {
        let filled = fill(SHIPPED, logins, None);
        assert_eq!(filled.lines().count(), SHIPPED.lines().count());
        let pairs = SHIPPED.lines().zip(filled.lines()).filter(|(before, after)| before != after);
        pairs.map(|(before, after)| (before.trim().to_owned(), after.trim().to_owned())).collect()
    }

    #[test]
    fn each_login_stands_in_its_line_and_nothing_else_changes() {
        assert_eq!(agents(SHIPPED), ["claude", "kimi", "owner"]);
        let changed = changed(&logins([("claude", Some("bot-1")), ("kimi", Some("123")), ("owner", Some("mara"))]));
        let after: Vec<&str> = changed.iter().map(|(_, after)| after.as_str()).collect();
        assert_eq!(
            after,
            [
                "# The backlog: which open issue is worth handing to whom. After an edit: kaizen rules check",
                "claude: {login: \"bot-1\", holds: agents.claude.login in assignees and not stuck, at_once: 3}",
                "kimi: {login: \"123\", holds: labelled.kimi_ready and not stuck, at_once: 5}",
                "owner: {login: \"mara\"}",
            ]
        );
    }

    #[test]
    fn the_account_of_the_jobs_stands_below_the_job() {
        let filled = fill(SHIPPED, &logins([("claude", None), ("kimi", None), ("owner", None)]), Some("x[bot]"));
        assert!(
            filled.contains("\njob: backlog-triage\n# What") && filled.contains("\nbots: [\"x[bot]\"]\n"),
            "{filled}"
        );
    }

    #[test]
    fn the_rules_of_nobody_keep_their_place_and_do_nothing() {
        let changed = changed(&logins([("claude", Some("bot")), ("kimi", None), ("owner", None)]));
        let after: Vec<&str> = changed.iter().skip(2).map(|(_, after)| after.as_str()).collect();
        let (kimi, owner) = (after[0], after[1]);
        assert!(kimi.starts_with("kimi: {login: \"-\", holds: ") && kimi.contains(" # nobody yet"), "{kimi}");
        assert_eq!(owner, "owner: {login: \"-\"} # nobody yet; no account has such a name");
        assert_eq!(
            after[2..],
            [
                "action: skip # flag-owner, once agents.owner has a login",
                "action: skip # flag-owner, once agents.owner has a login",
                "action: skip # label-kimi, once agents.kimi has a login",
            ]
        );
    }
}
