//! Where a version of the rules is read from.
//!
//! Takes: `--rules`, `--base`, `--head`, the event of a pull request. Gives: [`RuleVersion`]: a folder, a
//! revision of the clone that this runs in, or a commit on the forge. A revision is data: nothing of it
//! is checked out.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use chrono::Utc;

use super::super::forge::{ForgeRequest, forge_file, named, of_actions, remote};
use super::super::output::variable;
use super::super::rules::{Commit, event};
use super::super::{EarlyEnd, say, usage};
use super::git::{Clone, CommitPlace};
use crate::cli::{Common, Target};
use crate::engine::source::Source;
use crate::forge::remote::Remote;
use crate::forge::remote::address::Runner;
use crate::jobs;
use crate::language::diag::Diagnostic;
use crate::pack::folders::{self, Folder};
use crate::pack::tree::{self, Tree};
use crate::pack::{self, Pack};

/// A version of the rules.
pub(in crate::run) struct RuleVersion {
    place: RevisionPlace,
    /// What people call it: `main (the merge base with HEAD, 4f2a9c1d2e)`.
    pub(in crate::run) name: String,
    /// The commit it is read at.
    pub(in crate::run) commit: Option<String>,
}

enum RevisionPlace {
    /// Folders of rules and templates on this machine; `None` is what a run takes here.
    Folder(Option<PathBuf>, Option<PathBuf>),
    Clone(CommitPlace, Vec<String>),
    Forge(Box<Remote>, String, String),
}

/// A repository of the forge's CI, or of the command line, that rules are read from by API.
pub(in crate::run) struct Away {
    pub(in crate::run) target: Target,
    pub(in crate::run) repo: String,
}

impl Away {
    /// In a job of the forge's CI its own repository, elsewhere the one that is asked for.
    pub(in crate::run) fn find(common: &Common) -> Option<Away> {
        let own = variable("GITHUB_REPOSITORY").filter(|_| Runner::of(&variable).is_some());
        if let Some(repo) = own {
            return Some(Away { target: of_actions(&common.target), repo });
        }
        let server = named(&common.target).is_some() && forge_file(&common.target).is_none();
        match common.repos.as_slice() {
            [repo] if server => Some(Away { target: common.target.clone(), repo: repo.clone() }),
            _ => None,
        }
    }

    /// Its forge, to be read.
    pub(in crate::run) fn open(&self) -> Result<Remote, EarlyEnd> {
        let repos = std::slice::from_ref(&self.repo);
        remote(&ForgeRequest { target: &self.target, repos, org: None, live: false, now: Utc::now() })
    }
}

/// Says of the path of a folder that is not there that it is not: no revision is called so.
fn no_folder(name: &str) -> Result<(), EarlyEnd> {
    let found = match Path::new(name) {
        file if file.is_file() => "is a file, and not a folder of rules",
        _ if name.starts_with(['.', '/', '~']) || name.ends_with('/') || name.contains('\\') => "is not there",
        _ => return Ok(()),
    };
    Err(usage(anyhow!("the folder {name} {found}: name a folder of rules, or a revision such as main")))
}

impl RuleVersion {
    /// The working tree, or the folders that are named.
    pub(in crate::run) fn here(rules: Option<&Path>, templates: Option<&Path>) -> RuleVersion {
        let name = rules.map_or_else(|| "the working tree".to_owned(), |folder| folder.display().to_string());
        RuleVersion {
            place: RevisionPlace::Folder(rules.map(Path::to_owned), templates.map(Path::to_owned)),
            name,
            commit: None,
        }
    }

    /// A folder of rules, or the top of a checkout that holds one.
    pub(in crate::run) fn folder(folder: &Path) -> RuleVersion {
        let has = |rules: &&PathBuf| pack::has_rules(&jobs::NAMES, rules);
        let inner = pack::FOLDERS.map(|inner| folder.join(inner));
        let rules = [folder.to_owned()].into_iter().chain(inner).find(|rules| has(&rules));
        RuleVersion::here(Some(&rules.unwrap_or_else(|| folder.to_owned())), None)
    }

    /// What `--head` names: a folder, or a revision.
    pub(in crate::run) fn named(head: &str, common: &Common) -> Result<RuleVersion, EarlyEnd> {
        match Path::new(head) {
            folder if folder.is_dir() => Ok(RuleVersion::folder(folder)),
            _ => RuleVersion::revision(head, None, None, common),
        }
    }

    /// What is asked about where one version is: `head`, else in a job of a pull request without a
    /// checkout what the pull request brings; `None` is what lies here. `named` says that the arguments
    /// name files.
    pub(in crate::run) fn of_options(
        head: Option<&str>,
        named: bool,
        common: &Common,
    ) -> Result<Option<RuleVersion>, EarlyEnd> {
        if let Some(head) = head {
            return RuleVersion::named(head, common).map(Some);
        }
        let here = named || pack::FOLDERS.iter().any(|folder| pack::has_rules(&jobs::NAMES, Path::new(folder)));
        if here || Runner::of(&variable).is_none() {
            return Ok(None);
        }
        let head = event()?.and_then(|sides| sides.head);
        head.map(|head| RuleVersion::away(&head, common)).transpose()
    }

    /// A revision: of the clone that this runs in, else of the repository on the forge. With `from`,
    /// another revision or HEAD, the newest commit that both come from is taken where the clone holds
    /// it. `rules` is a folder of the clone that goes before the usual ones.
    pub(in crate::run) fn revision(
        revision: &str,
        from: Option<&str>,
        rules: Option<&Path>,
        common: &Common,
    ) -> Result<RuleVersion, EarlyEnd> {
        no_folder(revision)?;
        let here = std::env::current_dir().context("asking which folder this runs in")?;
        let Some(clone) = Clone::find(&here)? else { return RuleVersion::away(revision, common) };
        let itself = clone.commit(revision).map_err(usage)?;
        let base = match from {
            Some(from) => clone.merge_base(&itself, &clone.commit(from).map_err(usage)?)?,
            None => None,
        };
        let (commit, name) = match (from, base) {
            (Some(from), Some(base)) => {
                let name = format!("{revision} (its merge base with {from}, {base:.10})");
                (base, name)
            }
            (Some(from), None) => {
                let name = format!("{revision} ({itself:.10} itself: this clone holds no merge base with {from})");
                (itself, name)
            }
            (None, _) => {
                let name =
                    if itself == revision { format!("{itself:.10}") } else { format!("{revision} ({itself:.10})") };
                (itself, name)
            }
        };
        let own = rules.and_then(|rules| clone.inside(rules));
        // Paths in git are those from the top, folders of rules those from here.
        let from_here = |folder: &str| clone.inside(Path::new(folder));
        let folders: Vec<String> =
            own.into_iter().chain(pack::FOLDERS.iter().filter_map(|one| from_here(one))).collect();
        let short = if revision.chars().all(|c| c.is_ascii_hexdigit()) { "commit" } else { revision };
        let at = clone.at(short, commit.clone());
        Ok(RuleVersion { place: RevisionPlace::Clone(at, folders), name, commit: Some(commit) })
    }

    /// A commit or branch of the repository on the forge.
    pub(in crate::run) fn away(revision: &str, common: &Common) -> Result<RuleVersion, EarlyEnd> {
        let Some(away) = Away::find(common) else {
            return Err(usage(anyhow!(
                "there is no folder {revision}, and here is no git clone that could hold such a revision; run this in a \
                 clone, or name a server and one repository with --forge and --repo"
            )));
        };
        let hash = revision.len() >= 40 && revision.chars().all(|c| c.is_ascii_hexdigit());
        let name = if hash { format!("{revision:.10}") } else { revision.to_owned() };
        let forge = Box::new(away.open()?);
        Ok(RuleVersion {
            place: RevisionPlace::Forge(forge, away.repo, revision.to_owned()),
            name,
            commit: hash.then(|| revision.to_owned()),
        })
    }

    /// It is what a run takes here, and no folder is named.
    pub(in crate::run) fn is_here(&self) -> bool {
        matches!(self.place, RevisionPlace::Folder(None, _))
    }

    /// The rules and templates of a job; `None` where this version has none for it.
    pub(in crate::run) fn pack(&self, job: &str) -> Result<Option<Pack>, EarlyEnd> {
        if let RevisionPlace::Folder(rules, templates) = &self.place {
            if rules.as_ref().is_some_and(|folder| folder.is_dir() && !folder.join(format!("{job}.yaml")).exists()) {
                return Ok(None);
            }
            let read = pack::read(job, &jobs::NAMES, rules.as_deref(), templates.as_deref());
            return read.map(Some).map_err(usage);
        }
        let texts = self.of_tree(|tree, folders| tree::texts(tree, folders, job))?;
        texts.map(|texts| pack::read_texts(job, &jobs::NAMES, texts)).transpose().map_err(usage)
    }

    /// The cases of a job's rules, as [`pack::cases`] gives those of a folder.
    pub(in crate::run) fn cases(&self, job: &str) -> Result<(Option<Source>, Vec<Diagnostic>), EarlyEnd> {
        if let RevisionPlace::Folder(rules, _) = &self.place {
            return Ok(pack::cases(job, &jobs::NAMES, pack::folder(job, rules.as_deref()).as_deref())?);
        }
        let files = self.of_tree(|tree, folders| {
            let folder = tree::folder(tree, folders, job)?;
            folder.map(|folder| tree::cases(tree, folder)).transpose()
        })?;
        let own = self.of_tree(|tree, folders| tree::policies(tree, folders, &jobs::NAMES))?;
        let known: Vec<&str> = jobs::NAMES.into_iter().chain(own.iter().map(String::as_str)).collect();
        Ok(pack::cases_of(job, &known, files.unwrap_or_default()))
    }

    /// Its policies, by name.
    pub(in crate::run) fn policies(&self) -> Result<Vec<String>, EarlyEnd> {
        if let RevisionPlace::Folder(rules, _) = &self.place {
            return pack::own_policies(&jobs::NAMES, rules.as_deref()).map_err(usage);
        }
        self.of_tree(|tree, folders| tree::policies(tree, folders, &jobs::NAMES))
    }

    /// Its folders of rules, whole.
    pub(in crate::run) fn folders(&self) -> Result<Vec<Folder>, EarlyEnd> {
        if let RevisionPlace::Folder(rules, templates) = &self.place {
            let rules = rules.as_deref().unwrap_or(Path::new("."));
            return Ok(vec![folders::read(&jobs::NAMES, rules, templates.as_deref()).map_err(usage)?]);
        }
        self.of_tree(|tree, folders| folders::of_tree(&jobs::NAMES, tree, folders))
    }

    /// Says that there are no rules to look at; wrong usage where there is nothing at all.
    pub(in crate::run) fn without_rules(&self) -> Result<(), EarlyEnd> {
        let there = match &self.place {
            RevisionPlace::Folder(..) => false,
            _ => self.of_tree(|tree, _| Ok(!tree.folder("")?.is_empty()))?,
        };
        if !there {
            return Err(usage(anyhow!("reading the rules of {}: there is nothing by this name", self.name)));
        }
        say(&format!("{} has no rules in {}: there is nothing to look at", self.name, pack::FOLDERS.join(" or ")));
        Ok(())
    }

    /// Reads from a commit; nothing of a folder.
    fn of_tree<T: Default>(&self, read: impl Fn(&dyn Tree, &[String]) -> Result<T>) -> Result<T, EarlyEnd> {
        let found = match &self.place {
            RevisionPlace::Folder(..) => Ok(T::default()),
            RevisionPlace::Clone(at, folders) => read(at, folders),
            RevisionPlace::Forge(forge, repo, commit) => {
                read(&Commit { forge, repo, commit }, &pack::FOLDERS.map(str::to_owned))
            }
        };
        Ok(found.with_context(|| format!("reading the rules of {}", self.name))?)
    }
}
