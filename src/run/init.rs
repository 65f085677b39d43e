//! `kaizen init` on the command line.
//!
//! Takes: its arguments, the folder it runs in, a terminal if there is one. Gives: what became of
//! each file on stdout, and the dry run of what has been set up.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Parser;

use super::forge::no_bare_path;
use super::rules::tell;
use super::{EarlyEnd, Exit, output, say, usage};
use crate::cli::{Cli, Init, Job, login_name};
use crate::engine::untrusted;
use crate::forge::remote::address::{Destination, Giver, TOKENS, git_remote, origin};
use crate::forge::workflows;
use crate::init::{FileFate, InitAnswers, InitRefusal, InitResult, Logins, git, set_up};
use crate::jobs::{SPECS, backlog_triage, kaizen_retro};

/// How often a person is asked for one login.
const TRIES: usize = 3;

/// Where this is set up, and for which repository.
struct InitPlace {
    top: PathBuf,
    /// The forge's address; `None` for a recorded one.
    url: Option<String>,
    /// The host of the forge that will read the files: with a recorded forge that of the git remote.
    host: Option<String>,
    repo: Option<String>,
}

/// Sets a repository up.
pub(super) fn init(args: &Init) -> Result<Exit, EarlyEnd> {
    let logins = logins(args)?;
    let place = place(args)?;
    let wish = InitAnswers {
        host: place.host.clone(),
        logins,
        templates: args.templates,
        workflows: args.workflows.as_ref().map(|folder| folder.trim_end_matches('/').to_owned()),
        runs_on: args.runs_on.clone(),
        sha256: args.sha256.clone(),
        jobs: args.jobs.as_ref().map(|jobs| jobs.iter().map(|job| job.trim().to_owned()).collect()),
        review: args.review,
    };
    let asks = output::can_ask();
    let ask = |agent: &str| if asks { ask(agent) } else { None };
    let done = match set_up(&place.top, &SPECS, &wish, &ask) {
        Ok(done) => done,
        Err(InitRefusal::Usage(error)) => return Err(usage(error)),
        Err(InitRefusal::Failed(error)) => return Err(EarlyEnd::from(error)),
        Err(InitRefusal::BadRules(found)) => {
            tell(&found, output::colored(std::io::stderr().is_terminal()));
            let error =
                anyhow!("with what is in {} the rules have errors; nothing was written", shown_path(&place.top));
            return Err(EarlyEnd { exit: Exit::BadRules, ends_loop: true, error });
        }
    };
    let mut text = String::new();
    for (path, fate) in &done.files {
        let (what, why) = match fate {
            FileFate::Written => ("written", String::new()),
            FileFate::Updated => ("updated", String::new()),
            FileFate::Unchanged => ("unchanged", String::new()),
            FileFate::LeftAlone(why) => ("left alone", format!(" ({why})")),
        };
        text.push_str(&format!("{what:<10}  {path}{why}\n"));
    }
    text.extend(needs(&done));
    output::print_prose(&text)?;
    for note in &done.notes {
        say(&format!("note: {note}"));
    }
    dry_run(args, &place, &done.rules)
}

/// What the first run will need, where a workflow runs something.
fn needs(done: &InitResult) -> Option<String> {
    let InitResult { runs_on, labels, .. } = done;
    let made = match labels.as_slice() {
        [] => "none is made".to_owned(),
        labels => {
            format!("{} {} made at the first write", labels.join(", "), if labels.len() == 1 { "is" } else { "are" })
        }
    };
    done.rules.first_key_value()?;
    Some(format!(
        "\nWhat the first run needs\n  token   the secret KAIZEN_TOKEN, of an account that may write issues here; without it the \
         job's own token writes, and what that does starts no workflow\n  runner  one with the label {runs_on} and a POSIX \
         shell (--runs-on LABEL for another)\n  kaizen  on the PATH of that runner; else the variable KAIZEN_RELEASES \
         (where to download it) or KAIZEN_SOURCE (what to build it from)\n  labels  {made}\n"
    ))
}

/// Shows what the jobs would do by what has just been set up. A server is asked only where a token is at
/// hand: most have something to hide.
fn dry_run(args: &Init, place: &InitPlace, rules: &BTreeMap<String, String>) -> Result<Exit, EarlyEnd> {
    // The jobs of the loop write nothing to the forge, and what is proposed is read from elsewhere.
    let shown = [backlog_triage::SPEC.job, kaizen_retro::SPEC.job].map(|job| rules.get_key_value(job));
    let shown: Vec<(&String, &String)> = shown.into_iter().flatten().collect();
    let named = forge(args);
    let recorded = named.as_ref().filter(|_| place.url.is_none());
    let server = place.url.as_ref().filter(|_| TOKENS.into_iter().any(|name| output::variable(name).is_some()));
    let repo = args.repo.as_ref().or(place.repo.as_ref().filter(|_| recorded.is_none()));
    if let Some(forge) = recorded.or(server) {
        let mut ended = Exit::Done;
        for (job, folder) in shown {
            let mut line: Vec<OsString> = ["kaizen", job, "--dry-run", "--rules"].map(OsString::from).into();
            line.push(place.top.join(folder).into_os_string());
            line.extend(named.iter().flat_map(|named| ["--forge", named]).map(OsString::from));
            line.extend(args.insecure.then(|| OsString::from("--insecure")));
            line.extend(repo.iter().flat_map(|repo| ["--repo", repo]).map(OsString::from));
            let mut cli = Cli::try_parse_from(line).context("putting the dry run together")?;
            // No token goes unseen to what only the git remote names.
            let destination = Destination { url: forge.clone(), giver: Giver::GitRemote };
            let destination = Some(destination).filter(|_| named.is_none());
            output::print_prose("\n")?;
            let exit = match &mut cli.job {
                Job::BacklogTriage(triage) => {
                    triage.common.target.destination = destination;
                    super::triage::backlog(triage)?
                }
                Job::KaizenRetro(retro) => {
                    retro.common.target.destination = destination;
                    super::retro::run(retro)?
                }
                _ => Exit::Done,
            };
            ended = if ended == Exit::Done { exit } else { ended };
        }
        return Ok(ended);
    }
    let (url, repo) = (place.url.as_deref().unwrap_or_default(), repo.map_or("", String::as_str));
    let folder = if std::env::current_dir().is_ok_and(|here| here == place.top) {
        String::new()
    } else {
        format!(", in {}", shown_path(&place.top))
    };
    let commit = "ommit these files to the default branch: from there the forge runs what they hold.\n";
    if shown.is_empty() {
        output::print_prose(&format!("\nNext, c{commit}"))?;
        return Ok(Exit::Done);
    }
    let lines = shown.iter().map(|(job, _)| format!("  kaizen {job} --forge {url} --repo {repo} --dry-run\n"));
    let lines: String = lines.collect();
    let what = if shown.len() > 1 { "they" } else { "it" };
    output::print_prose(&format!(
        "\nNext, with a token for it in KAIZEN_TOKEN, look at what {what} would do{folder}:\n{lines}Then c{commit}"
    ))?;
    Ok(Exit::Done)
}

/// The logins that the arguments give.
fn logins(args: &Init) -> Result<Logins, EarlyEnd> {
    let mut logins = Logins::new();
    let given = args.agents.iter().map(|(name, login)| (name, Some(login.clone())));
    for (name, login) in given.chain(args.without.iter().map(|name| (name, None))) {
        if logins.insert(name.clone(), login).is_some() {
            return Err(usage(anyhow!("the agent `{name}` is given twice")));
        }
    }
    Ok(logins)
}

/// The checkout and its forge: as the arguments say, else as the git remote does. An address of a
/// remote may hold a password, so that it is never shown as it stands.
fn place(args: &Init) -> Result<InitPlace, EarlyEnd> {
    let here = std::env::current_dir().context("finding the folder that this runs in")?;
    let checkout = git::find(&here)?;
    let remote = checkout.as_ref().and_then(|checkout| origin(&checkout.config));
    let known = remote.as_deref().and_then(git_remote).filter(|at| plain(&at.url) && plain(&at.repo));
    let in_git = checkout.is_some();
    let top = checkout.map_or(here, |checkout| checkout.top);
    let named = forge(args);
    let (url, repo) = match &named {
        Some(forge) if forge.starts_with("file:") => {
            let host = known.as_ref().and_then(|at| workflows::host(&at.url));
            return Ok(InitPlace { top, url: None, host, repo: args.repo.clone() });
        }
        Some(forge) => {
            no_bare_path(forge)?;
            let host = workflows::host(forge).filter(|_| plain(forge)).ok_or_else(|| {
                usage(anyhow!(
                    "--forge: write the address of a forge, such as https://git.example.org, without user and password"
                ))
            })?;
            let on_it = |url: &str| workflows::host(url).as_ref() == Some(&host);
            let repo = known.filter(|at| on_it(&at.url)).map(|at| at.repo);
            (Some(forge.trim_end_matches('/').to_owned()), repo)
        }
        None => known.map_or((None, None), |at| (Some(at.url), Some(at.repo))),
    };
    let repo = args.repo.clone().or(repo);
    if url.is_none() || repo.is_none() {
        let why = match (&remote, &named, in_git) {
            (_, Some(_), _) => "no repository of this forge is named by the git remote",
            (Some(_), ..) => "the git remote is not the address of a repository on a forge",
            (None, _, true) => "this checkout has no git remote",
            (None, _, false) => "this is no git checkout",
        };
        return Err(usage(anyhow!("{why}: give --forge URL and --repo OWNER/NAME")));
    }
    let host = url.as_deref().and_then(workflows::host);
    Ok(InitPlace { top, url, host, repo })
}

/// The forge that the arguments name, else the variable for it.
fn forge(args: &Init) -> Option<String> {
    let given = args.forge.clone().filter(|forge| !forge.trim().is_empty());
    given.or_else(|| output::variable("KAIZEN_FORGE"))
}

/// Nothing that a shell or a terminal would read as something else.
fn plain(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || "._-/:~[]".contains(c))
}

/// One login, from a person. `None` where nobody answers.
fn ask(agent: &str) -> Option<Option<String>> {
    for _ in 0..TRIES {
        let mut to = std::io::stderr().lock();
        let agent = untrusted::terminal(agent);
        let asked = write!(to, "Login of `{agent}` (Enter: nobody, its rules do nothing): ").and_then(|()| to.flush());
        let mut line = String::new();
        if asked.is_err() || std::io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim() {
            "" => return Some(None),
            login => match login_name(login) {
                Ok(login) => return Some(Some(login)),
                Err(help) => output::write_stderr(&help),
            },
        }
    }
    None
}

fn shown_path(folder: &Path) -> String {
    folder.display().to_string()
}
