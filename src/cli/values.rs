//! What is written behind an option.
//!
//! Takes: one argument. Gives: its value, or what to write instead.

use std::fmt;

/// An issue or pull request, as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName {
    /// Its repository, where it was named.
    pub repo: Option<String>,
    /// Its number.
    pub number: u64,
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repo.as_deref().unwrap_or(""), self.number)
    }
}

/// `owner/name#12`, `#12`, `12`.
pub(super) fn item(text: &str) -> Result<ItemName, String> {
    let help = "write OWNER/NAME#12, or 12";
    let (repo, number) = text.rsplit_once('#').unwrap_or(("", text));
    let number: u64 = number.parse().map_err(|_| help)?;
    let repo = if repo.is_empty() { None } else { Some(repo_name(repo).map_err(|_| help)?) };
    if number == 0 { Err(help.to_owned()) } else { Ok(ItemName { repo, number }) }
}

pub(super) fn repo_name(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    match text.split_once('/') {
        Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') && !text.contains(odd) => {
            Ok(text.to_owned())
        }
        _ => Err("write owner/name".to_owned()),
    }
}

/// The name of a branch, by letters that need no thought in an address, in a shell or for git.
pub(super) fn branch(text: &str) -> Result<String, String> {
    let part = |part: &str| {
        let letters = part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        letters && part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.contains("..") && !part.ends_with('.')
    };
    match text.split('/').all(part) && !text.ends_with(".lock") {
        true => Ok(text.to_owned()),
        false => Err("write a name of letters, digits, `-`, `_`, `.` and `/`".to_owned()),
    }
}

pub(super) fn agent(text: &str) -> Result<(String, String), String> {
    let (name, login) = text.split_once('=').ok_or("write NAME=LOGIN, for example owner=mara")?;
    Ok((name.to_owned(), login_name(login)?))
}

/// A login as forges allow them; an `@` before it is taken off.
pub(crate) fn login_name(text: &str) -> Result<String, String> {
    let login = text.trim().trim_start_matches('@');
    let name = login.strip_suffix("[bot]").unwrap_or(login);
    let plain = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && login.len() <= 255;
    if plain { Ok(login.to_owned()) } else { Err("a login has letters, digits, `-`, `_` and `.`".to_owned()) }
}

pub(super) fn label(text: &str) -> Result<String, String> {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && !["true", "false", "null"].contains(&text.to_lowercase().as_str());
    if plain { Ok(text.to_owned()) } else { Err("write one label of a runner, such as ubuntu-latest".to_owned()) }
}

/// A digest, alone or with the file that it is of, as a line of `sha256sum`.
pub(super) fn sha256(text: &str) -> Result<String, String> {
    let (file, sum) = text.split_once('=').map_or((None, text), |(file, sum)| (Some(file), sum));
    let plain = |file: &str| {
        file.starts_with("kaizen-") && file.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    if sum.len() != 64 || !sum.chars().all(|c| c.is_ascii_hexdigit()) || !file.is_none_or(plain) {
        return Err("write the 64 digits of a sha256, or kaizen-x86_64-linux= and these".to_owned());
    }
    let sum = sum.to_lowercase();
    Ok(file.map_or(sum.clone(), |file| format!("{sum}  {file}")))
}

pub(super) fn instant(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    crate::forge::time::parse(text).ok_or_else(|| "write an instant such as 2026-11-21T06:00:00Z".to_owned())
}

/// `12h`, `7d`, `2w`: whole numbers, at most ten years.
pub(super) fn window(text: &str) -> Result<std::time::Duration, String> {
    let help = "write a time with its unit: 12h, 7d, 2w";
    let unit = text.chars().next_back().ok_or(help)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return Err(help.to_owned()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| help)?;
    let whole = number.checked_mul(hours).filter(|whole| (1..=87_660).contains(whole));
    whole.map(|hours| std::time::Duration::from_secs(hours * 3600)).ok_or_else(|| help.to_owned())
}

/// `name=value`; the value is JSON where it reads as such, else a text.
pub(super) fn field(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !plain {
        return Err("a name has letters, digits, `_`, `-` and `.`".to_owned());
    }
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::from(value))))
}

/// `90s`, `15m`, `2h`: whole numbers, at least a second.
pub(super) fn span(text: &str) -> Result<std::time::Duration, String> {
    let unit = text.chars().next_back().ok_or("write a time such as 15m")?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err("write a time with its unit: 90s, 15m, 2h".to_owned()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| "write a time such as 15m")?;
    let whole = number.checked_mul(seconds).filter(|whole| (1..=31_536_000).contains(whole));
    whole.map(std::time::Duration::from_secs).ok_or_else(|| "write between one second and a year".to_owned())
}
