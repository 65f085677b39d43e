//! What the forge remembers of our writes, and what people said since.
//!
//! Takes: the comments of an item, who we are, its state. Gives: our newest comment with its
//! [`Marker`], what a write has left to do, who had the item left alone. Pure.

use super::marker::Marker;
use super::{Op, Write};
use crate::engine::markdown::Markdown;
use crate::forge::{Account, Comment, Item, LabelNames};

/// Who we are: our account, and further logins that our comments have carried.
#[derive(Debug, Clone, Copy)]
pub struct Us<'u> {
    /// The login of our account; empty where it is not known.
    pub user: &'u str,
    /// Further ones.
    pub bots: &'u [String],
}

impl<'u> Us<'u> {
    /// Every login of ours.
    pub fn logins(&self) -> impl Iterator<Item = &'u str> {
        let (user, bots) = (self.user, self.bots);
        std::iter::once(user).filter(|user| !user.is_empty()).chain(bots.iter().map(String::as_str))
    }

    /// Whether a login is ours.
    #[must_use]
    pub fn is(&self, login: &str) -> bool {
        // No forge tells logins apart by case.
        let same = |one: &str| one.eq_ignore_ascii_case(login);
        !login.is_empty() && (same(self.user) || self.bots.iter().any(|bot| same(bot)))
    }

    /// Whether a comment is ours.
    #[must_use]
    pub fn wrote(&self, comment: &Comment) -> bool {
        comment.author.as_ref().is_some_and(|author| self.is(&author.login))
    }

    /// The marker that ends a comment, where the comment is ours. Anyone can copy a marker.
    #[must_use]
    pub fn marker(&self, comment: &Comment) -> Option<Marker> {
        if self.wrote(comment) { Marker::ending(&comment.body) } else { None }
    }

    /// Who wrote a text that ends with a marker and is not ours. Where our own account is not known
    /// nobody is told from us.
    #[must_use]
    pub fn stranger(&self, author: Option<&Account>, text: &str) -> Option<Account> {
        let author = author.cloned().unwrap_or_default();
        let strange = !self.user.is_empty() && !self.is(&author.login) && Marker::ending(text).is_some();
        strange.then_some(author)
    }

    /// The account of the forge's jobs that wrote such a text and is not ours: most likely these rules have run
    /// without a token of their own. Nobody else's marker is believed either, and what it tells would be repeated.
    pub fn job_account<'t>(&self, texts: impl IntoIterator<Item = (Option<&'t Account>, &'t str)>) -> Option<String> {
        let of_jobs = |(author, text)| self.stranger(author, text).filter(Account::is_of_jobs);
        texts.into_iter().find_map(of_jobs).map(|account| account.login)
    }
}

/// Why nothing may be written beside the texts of an account of the forge's jobs, and what to do.
#[must_use]
pub fn job_account_help(login: &str, user: &str) -> String {
    format!(
        "texts by {login}, the account of the forge's jobs, end with a marker of Kaizen's, and this run is {user}: it \
         would do again what they tell. If jobs of yours have run without a token of their own, add `bots: \
         [\"{login}\"]` to the rules"
    )
}

/// Our newest comment of a policy in a place, with its marker.
#[must_use]
pub fn newest<'c>(comments: &'c [Comment], us: Us<'_>, policy: &str, key: &str) -> Option<(&'c Comment, Marker)> {
    let of_place = |marker: &Marker| marker.get("policy") == Some(policy) && marker.get("key") == Some(key);
    let marked = comments.iter().rev().filter_map(|comment| Some((comment, us.marker(comment)?)));
    marked.into_iter().find(|(_, marker)| of_place(marker))
}

/// The comment of ours that our newest one in a place says it replaces, where that still has its marker:
/// whoever posted the newer one died before the earlier was reduced to a line.
#[must_use]
pub fn unreduced(comments: &[Comment], us: Us<'_>, policy: &str, key: &str) -> Option<u64> {
    let (_, marker) = newest(comments, us, policy, key)?;
    let replaced = marker.get("replaces")?.parse().ok()?;
    let marked = |comment: &Comment| comment.id == replaced && us.marker(comment).is_some();
    comments.iter().any(marked).then_some(replaced)
}

/// What of an item its writes are held against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemStanding<'s> {
    /// Exact names.
    pub labels: Vec<&'s str>,
    /// How names of labels are told apart.
    pub names: LabelNames,
    /// Logins.
    pub assignees: Vec<&'s str>,
    /// The title.
    pub milestone: Option<&'s str>,
    /// Not closed.
    pub open: bool,
}

impl<'s> ItemStanding<'s> {
    /// The state of an item as it was read from a forge that tells labels apart so.
    #[must_use]
    pub fn of(item: &'s Item<'_>, names: LabelNames) -> Self {
        ItemStanding {
            labels: item.labels.iter().map(|label| &**label).collect(),
            names,
            assignees: item.assignees.iter().map(|login| &**login).collect(),
            milestone: item.milestone.as_deref(),
            open: item.open,
        }
    }
}

/// Whether two texts are one but for ends of lines and of the text, which a forge may change.
#[must_use]
pub fn same_text(one: &str, other: &str) -> bool {
    let mut lines = one.trim_end().lines().zip(other.trim_end().lines());
    one.trim_end().lines().count() == other.trim_end().lines().count() && lines.all(|(one, other)| one == other)
}

/// Takes out of a write what already holds; false where nothing is left of it.
pub fn take_out_done(write: &mut Write, state: &ItemStanding<'_>) -> bool {
    let args = &mut write.args;
    let has = |label: &str| state.labels.iter().any(|there| state.names.same(there, label));
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b); // no forge tells logins apart by case
    match write.op {
        Op::AddLabels => args.labels.retain(|label| !has(label)),
        Op::RemoveLabels => {
            // As the item has them: that is what comes back where the write is taken back.
            let there =
                state.labels.iter().filter(|there| args.labels.iter().any(|name| state.names.same(name, there)));
            args.labels = there.map(|label| (*label).to_owned()).collect();
        }
        Op::Assign => args.assignees.retain(|login| !state.assignees.iter().any(|there| same(there, login))),
        Op::Unassign => args.assignees.retain(|login| state.assignees.iter().any(|there| same(there, login))),
        Op::SetMilestone => return args.milestone.as_deref() != state.milestone,
        Op::Close => return state.open,
        Op::Reopen => return !state.open,
        // Whether these are there is told by texts: see the guard.
        Op::Comment | Op::EditComment | Op::DeleteComment | Op::CreateIssue | Op::EditBody => return true,
        Op::CreateLabel | Op::DeleteLabel => return true,
    }
    !(args.labels.is_empty() && args.assignees.is_empty())
}

/// Notes in a write what it puts aside on an item of this state, beside what it says.
pub fn puts_aside(write: &mut Write, state: &ItemStanding<'_>) {
    let scope = |label: &str| label.rsplit_once('/').map(|(scope, _)| scope.to_owned());
    let args = &mut write.args;
    args.replaces = match write.op {
        Op::SetMilestone => state.milestone.iter().map(|title| (*title).to_owned()).collect(),
        // Whether they are exclusive the forge knows; where they are not they stay, and are no change.
        Op::AddLabels => {
            let scopes: Vec<String> = args.labels.iter().filter_map(|label| scope(label)).collect();
            let of_scope = |label: &&&str| scope(label).is_some_and(|own| scopes.contains(&own));
            state.labels.iter().filter(of_scope).map(|label| (*label).to_owned()).collect()
        }
        _ => Vec::new(),
    };
}

/// Whose word counts on an item.
#[allow(missing_debug_implementations, reason = "it holds a callback")]
pub struct TrustedPeople<'c> {
    /// Who opened it.
    pub author: Option<&'c str>,
    /// Logins.
    pub assignees: Vec<&'c str>,
    /// Who may write to the repository, asked for where nothing nearer decides; `None`: nobody tells.
    pub writers: &'c dyn Fn() -> anyhow::Result<Option<&'c [String]>>,
}

impl TrustedPeople<'_> {
    /// Whether somebody's word counts; `None` where that cannot be known.
    fn may(&self, comment: &Comment, login: &str) -> anyhow::Result<Option<bool>> {
        let is = |one: &str| one.eq_ignore_ascii_case(login);
        let known = comment.by_writer || self.author.is_some_and(is) || self.assignees.iter().any(|one| is(one));
        if known {
            return Ok(Some(true));
        }
        Ok((self.writers)()?.map(|writers| writers.iter().any(|writer| is(writer))))
    }
}

/// Somebody who seems to have meant the command and did not write it as it is heard: `/Kaizen ignore`, a full stop
/// after it, another word. Only who would be heard, and not who has written it rightly since.
///
/// # Errors
/// Who may write could not be found out.
pub fn near_miss<'c>(
    comments: &'c [Comment],
    us: Us<'_>,
    command: Option<&str>,
    concerned: &TrustedPeople<'_>,
) -> anyhow::Result<Option<&'c str>> {
    let Some(command) = command else { return Ok(None) };
    let word = command.split_whitespace().next().unwrap_or(command);
    let (name, resume) = (word.to_lowercase(), format!("{word} resume"));
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let either = [letters(command), letters(&resume)];
    let near = |line: &str| {
        let first = line.split_whitespace().next().unwrap_or("").to_lowercase();
        (name.starts_with('/') && first == name) || either.contains(&letters(line))
    };
    let heard = |line: &str| line == command || line == resume;
    let mut found = None;
    for comment in comments {
        let Some(login) = comment.author.as_ref().map(|author| author.login.as_str()).filter(|login| !us.is(login))
        else {
            continue;
        };
        let mut lines = comment.body.lines().map(str::trim).filter(|line| near(line)).peekable();
        // Reading Markdown costs more, and few comments hold such a line.
        if lines.peek().is_none() || concerned.may(comment, login)? != Some(true) {
            continue;
        }
        let prose = Markdown::read(&comment.body).prose;
        let last = prose.lines().map(str::trim).rfind(|line| near(line));
        found = last.map_or(found, |line| (!heard(line)).then_some(login));
    }
    Ok(found)
}

/// Who asked last to leave an item alone, if that stands: the command alone on a line outside quotes and
/// code, from somebody whose word counts. `resume` ends it. Where it cannot be known whose word counts, asking
/// to leave it alone does, and asking to go on does not: what is not written can be written later.
///
/// # Errors
/// Who may write could not be found out.
pub fn opted_out(
    comments: &[Comment],
    command: Option<&str>,
    concerned: &TrustedPeople<'_>,
) -> anyhow::Result<Option<String>> {
    let Some(command) = command else { return Ok(None) };
    let name = command.split_whitespace().next().unwrap_or(command);
    let resume = format!("{name} resume");
    let mut stands = None;
    for comment in comments.iter().filter(|comment| comment.body.contains(name)) {
        let Some(login) = comment.author.as_ref().map(|author| author.login.as_str()) else { continue };
        let prose = Markdown::read(&comment.body).prose;
        let said = prose.lines().map(str::trim).rfind(|line| *line == command || *line == resume);
        let Some(stop) = said.map(|said| said == command) else { continue };
        if concerned.may(comment, login)?.unwrap_or(stop) {
            stands = stop.then(|| login.to_owned());
        }
    }
    Ok(stands)
}
