//! Workflows: their texts, and the folder that a forge reads them from.
//!
//! Takes: the host of a forge where it is known, which folders of a checkout are in use. Gives: the
//! folder to write to, and what one should know about it. Of several folders a forge reads one
//! (facts, section 8), so a new folder can switch off what is in another.

use crate::http::Url;

/// In the order in which they are looked for. Forgejo begins with the first, Gitea with the second,
/// GitHub knows only the last.
const FOLDERS: [&str; 3] = [".forgejo/workflows", ".gitea/workflows", ".github/workflows"];

/// Where nothing is in use yet: Gitea and Forgejo both read it.
const FRESH: &str = FOLDERS[1];

/// Workflows by their names: those of jobs, and the review of a change of rules.
const TEXTS: [(&str, &str); 6] = [
    ("backlog-triage", include_str!("../../.gitea/workflows/backlog-triage.yml")),
    ("improvement-proposals", include_str!("../../.gitea/workflows/improvement-proposals.yml")),
    ("kaizen-retro", include_str!("../../.gitea/workflows/kaizen-retro.yml")),
    ("loop-guard", include_str!("../../.gitea/workflows/loop-guard.yml")),
    ("loop-introspect", include_str!("../../.gitea/workflows/loop-introspect.yml")),
    ("rules-review", include_str!("../../.gitea/workflows/rules-review.yml")),
];

/// The workflow of this name.
#[must_use]
pub fn text(wanted: &str) -> Option<&'static str> {
    TEXTS.into_iter().find(|(name, _)| *name == wanted).map(|(_, text)| text)
}

/// The folder for a new workflow, and a note where only a person can know better.
#[must_use]
pub fn folder(host: Option<&str>, in_use: &dyn Fn(&str) -> bool) -> (&'static str, Option<String>) {
    let host = host.map(str::to_lowercase).unwrap_or_default();
    let [forgejo, gitea, github] = FOLDERS;
    let called = |name: &str| is_called(&host, name);
    if is_github(&host) {
        return (github, None);
    }
    let reads: &[&str] = if called("gitea") { &[gitea, github] } else { &FOLDERS };
    let is_known = called("gitea") || called("forgejo") || host == "codeberg.org";
    let used = FOLDERS.into_iter().find(|folder| reads.contains(folder) && in_use(folder));
    let note = match used {
        Some(used) if used == forgejo && !is_known => {
            format!("Gitea does not read {forgejo}: if this is Gitea, give --workflows {gitea}")
        }
        Some(_) => return (used.unwrap_or(FRESH), None),
        None => format!("a GitHub server of one's own reads only {github}: if this is one, give --workflows {github}"),
    };
    (used.unwrap_or(FRESH), (!is_known).then_some(note))
}

/// The account that jobs of the forge write with where they have no token of their own, as far as its host and
/// the folder of its workflows tell.
#[must_use]
pub fn job_account(host: Option<&str>, folder: &str) -> &'static str {
    let host = host.map(str::to_lowercase).unwrap_or_default();
    if is_github(&host) {
        "github-actions[bot]"
    } else if host == "codeberg.org" || folder == FOLDERS[0] {
        "forgejo-actions"
    } else {
        "gitea-actions"
    }
}

fn is_github(host: &str) -> bool {
    is_called(host, "github") || host.ends_with(".ghe.com")
}

/// Whether a server is called by what runs on it, as most of one's own are: github.example.org.
fn is_called(host: &str, name: &str) -> bool {
    host.split('.').any(|part| part == name)
}

/// The host of a forge's address. `None` if it is none, or if it holds a user or a password.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let plain = url.username().is_empty() && url.password().is_none();
    url.host_str().filter(|_| plain).map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_one_that_the_forge_reads_and_switches_no_other_off() {
        let [forgejo, gitea, github] = FOLDERS;
        for (host, used, wanted) in [
            (Some("git.example.org"), &[][..], gitea),
            (Some("git.example.org"), &[github], github),
            (Some("git.example.org"), &[gitea, github], gitea),
            (Some("git.example.org"), &[forgejo, gitea, github], forgejo),
            (None, &[github], github),
            (Some("gitea.com"), &[forgejo, github], github),
            (Some("codeberg.org"), &[], gitea),
            (Some("GitHub.com"), &[gitea], github),
            (Some("acme.ghe.com"), &[], github),
            (Some("github.example.org"), &[gitea], github),
            (Some("gitea.example.org"), &[forgejo], gitea),
            (Some("forgejo.example.org"), &[forgejo, github], forgejo),
            (Some("mygithub.example.org"), &[], gitea),
        ] {
            assert_eq!(folder(host, &|folder| used.contains(&folder)).0, wanted, "{host:?} {used:?}");
        }
        assert!(folder(Some("git.example.org"), &|_| false).1.unwrap().contains("--workflows"));
        assert_eq!(folder(Some("codeberg.org"), &|_| false).1, None);
        assert_eq!(folder(Some("git.example.org"), &|used| used == github).1, None);
        assert!(folder(Some("git.example.org"), &|used| used == forgejo).1.unwrap().contains("--workflows"));
        assert_eq!(folder(Some("forgejo.example.org"), &|used| used == forgejo).1, None);
    }

    #[test]
    fn an_address_is_one_of_the_web_and_holds_no_secret() {
        assert_eq!(host("https://git.example.org:3000/git").as_deref(), Some("git.example.org"));
        for bad in ["git.example.org", "ssh://git@h/o/r", "https://me:pw@h/", "https://token@h", ""] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
