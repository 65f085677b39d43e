//! `kaizen init`, run from outside in folders with a made-up `.git/config`.
//!
//! Takes: the built binary. Gives: what it writes, leaves alone, refuses and never prints.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Ran, issue, root, world};

const LOGINS: [&str; 6] = ["--agent", "claude=dev-bot", "--agent", "kimi=@lab-bot", "--agent", "owner=mara"];
const RULES: &str = ".kaizen/rules/backlog-triage.yaml";
const COMMON: &str = ".kaizen/rules/common.yaml";
const SCHEMA: &str = ".kaizen/rules/kaizen.schema.json";
const RECORD: &str = ".kaizen/init.json";
const WORKFLOW: &str = ".gitea/workflows/backlog-triage.yml";
const REVIEW: &str = ".gitea/workflows/rules-review.yml";

/// A checkout with this address as its remote.
fn checkout(remote: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {remote}\n\tfetch = +refs/*:refs/*\n");
    write(folder.path(), ".git/config", &config);
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn kaizen(folder: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    let output =
        command.args(args).current_dir(folder).env_clear().stdin(std::process::Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn init(folder: &TempDir, args: &[&str]) -> Ran {
    let ran = kaizen(folder.path(), &[&["init"], args].concat());
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// Every file but git's, with its text.
fn files(folder: &TempDir) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    found.retain(|name, _| !name.starts_with(".git/"));
    found
}

#[test]
fn what_a_download_has_to_be_is_written_into_each_workflow_and_remembered() {
    let folder = checkout("https://git.example.org/ferry/api.git");
    let (one, two) = ("0".repeat(64), "A".repeat(64));
    let named = format!("kaizen-aarch64-linux={two}");
    let ran = init(
        &folder,
        &[&LOGINS[..], &["--sha256", &one, "--sha256", &named, "--jobs", "backlog-triage,loop-guard"]].concat(),
    );
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let line = format!("          KAIZEN_SHA256: \"{one}\\n{}  kaizen-aarch64-linux\"\n", two.to_lowercase());
    for workflow in [WORKFLOW, REVIEW, ".gitea/workflows/loop-guard.yml"] {
        assert!(read(&folder, workflow).contains(&line), "{workflow}");
    }
    let before = files(&folder);
    assert_eq!(init(&folder, &[]).code, 0);
    assert_eq!(files(&folder), before, "it is remembered");
    // Of another version it is of no use.
    let record = read(&folder, RECORD).replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\": ["), "\"0.0.9\": [");
    write(folder.path(), RECORD, &record);
    let ran = init(&folder, &[]);
    assert!(ran.stdout.contains("is of another version") || ran.stderr.contains("is of another version"), "{ran:?}");
    assert!(read(&folder, WORKFLOW).contains("KAIZEN_SHA256: \"\"\n"));
}

#[test]
fn a_fresh_checkout_gets_rules_with_its_logins_and_a_workflow() {
    let folder = checkout("https://git.example.org/acme/app.git");
    fs::create_dir_all(folder.path().join("src/deep")).unwrap();
    let ran = kaizen(&folder.path().join("src/deep"), &[&["init"], &LOGINS[..]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let written = files(&folder);
    assert_eq!(written.keys().collect::<Vec<_>>(), [WORKFLOW, REVIEW, RECORD, RULES, COMMON, SCHEMA]);
    let shipped = fs::read_to_string(root().join(WORKFLOW)).unwrap();
    assert_eq!(written[WORKFLOW], shipped);
    for line in ["claude: {login: \"dev-bot\",", "kimi: {login: \"lab-bot\",", "owner: {login: \"mara\"}"] {
        assert!(written[RULES].contains(line), "{line}");
    }
    assert!(written[RULES].contains("# Put your own logins here."), "comments stay");
    // What the job wrote before the secret was set is ours too.
    assert!(written[RULES].contains("\nbots: [\"gitea-actions\"]\n"), "{}", written[RULES]);
    for (remote, account) in [
        ("https://github.com/acme/app.git", "github-actions[bot]"),
        ("https://codeberg.org/acme/app.git", "forgejo-actions"),
    ] {
        let folder = checkout(remote);
        assert_eq!(init(&folder, &[&LOGINS[..], &["--jobs", "backlog-triage,kaizen-retro"]].concat()).code, 0);
        for rules in [RULES, ".kaizen/rules/kaizen-retro.yaml"] {
            assert!(read(&folder, rules).contains(&format!("\nbots: [\"{account}\"]\n")), "{remote}");
        }
    }
    assert!(ran.stdout.contains(&format!("written     {WORKFLOW}\n")), "{}", ran.stdout);
    let next = "kaizen backlog-triage --forge https://git.example.org --repo acme/app --dry-run";
    assert!(ran.stdout.contains(next), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!(", in {}", folder.path().display())), "{}", ran.stdout);
}

#[test]
fn the_second_run_changes_nothing_and_needs_no_answers() {
    let folder = checkout("git@git.example.org:acme/app.git");
    assert_eq!(init(&folder, &LOGINS).code, 0);
    let before = files(&folder);
    for again in [init(&folder, &[]), init(&folder, &LOGINS)] {
        assert_eq!(again.code, 0, "{}", again.stderr);
        assert_eq!(again.stdout.matches("unchanged").count(), 5, "{}", again.stdout);
        assert_eq!(files(&folder), before);
    }
    // Line ends as git changes them are no edit.
    write(folder.path(), COMMON, &before[COMMON].replace('\n', "\r\n"));
    assert!(init(&folder, &[]).stdout.contains(&format!("unchanged   {COMMON}\n")));
    // What is as it was written follows another answer, and the rest of the answers is remembered.
    let ran = init(&folder, &["--agent", "owner=tomas", "--runs-on", "linux"]);
    assert!(ran.stdout.contains(&format!("updated     {RULES}\n")), "{}", ran.stdout);
    assert!(read(&folder, RULES).contains("owner: {login: \"tomas\"}") && read(&folder, RULES).contains("\"dev-bot\""));
    for workflow in [WORKFLOW, REVIEW] {
        assert!(read(&folder, workflow).contains("    runs-on: linux\n"), "{workflow}");
    }
    assert_eq!(init(&folder, &[]).stdout.matches("unchanged").count(), 5);
    // A file that is gone is written again.
    fs::remove_file(folder.path().join(COMMON)).unwrap();
    assert!(init(&folder, &[]).stdout.contains(&format!("written     {COMMON}\n")));
    assert_eq!(read(&folder, COMMON), before[COMMON]);
}

#[test]
fn what_a_person_wrote_or_edited_is_left_alone_and_said_so() {
    let folder = checkout("https://git.example.org/acme/app");
    write(folder.path(), WORKFLOW, "on: push\n");
    assert_eq!(init(&folder, &LOGINS).code, 0);
    assert_eq!(read(&folder, WORKFLOW), "on: push\n");
    let edited = read(&folder, RULES).replace("ready: 5", "ready: 6");
    write(folder.path(), RULES, &edited);
    let before = files(&folder);
    let ran = init(&folder, &["--agent", "owner=tomas"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("left alone  {RULES} (edited since init wrote it)\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("left alone  {WORKFLOW} (not written by init)\n")), "{}", ran.stdout);
    assert!(ran.stderr.contains("the logins were not put into rules"), "{}", ran.stderr);
    assert_eq!(files(&folder), before);
}

#[test]
fn rules_that_are_in_use_are_not_switched_off() {
    let folder = checkout("https://git.example.org/acme/app");
    write(folder.path(), "rules/backlog-triage.yaml", "of their own");
    let ran = init(&folder, &[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("left alone  rules/backlog-triage.yaml (these rules are in use)"), "{}", ran.stdout);
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), [WORKFLOW, REVIEW, RECORD, "rules/backlog-triage.yaml"]);
    // Nor are those in `.kaizen` that init did not write, and no login is asked for.
    let folder = checkout("https://git.example.org/acme/app");
    write(folder.path(), RULES, "of their own");
    let ran = init(&folder, &[]);
    assert!(ran.code == 0 && ran.stdout.contains(&format!("left alone  {RULES} (not written by init)")), "{ran:?}");
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), [WORKFLOW, REVIEW, RECORD, RULES]);
    assert_eq!(read(&folder, RULES), "of their own");
}

#[test]
fn the_workflow_goes_where_the_forge_reads_it() {
    let path = |folder: &str| format!("{folder}/workflows/backlog-triage.yml");
    for (remote, used, wanted) in [
        ("https://git.example.org/acme/app", Some(".github/workflows/test.yml"), ".github"),
        ("https://git.example.org/acme/app", Some(".forgejo/workflows/test.yml"), ".forgejo"),
        ("https://git.example.org/acme/app", None, ".gitea"),
        ("https://github.com/acme/app", Some(".gitea/workflows/test.yml"), ".github"),
        ("git@github.com:acme/app.git", None, ".github"),
    ] {
        let folder = checkout(remote);
        if let Some(used) = used {
            write(folder.path(), used, "on: push\n");
        }
        let ran = init(&folder, &LOGINS);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let written: Vec<String> = files(&folder).into_keys().filter(|name| name.ends_with("triage.yml")).collect();
        assert_eq!(written, [path(wanted)], "{remote} {used:?}");
    }
    let folder = checkout("https://git.example.org/acme/app");
    assert_eq!(init(&folder, &[&LOGINS[..], &["--workflows", ".github/workflows/"]].concat()).code, 0);
    // It stays where it was put, though there a new one would go elsewhere.
    assert!(init(&folder, &[]).stdout.contains(&format!("unchanged   {}\n", path(".github"))));
    assert_eq!(init(&folder, &["--workflows", "../out"]).code, 2);
}

#[test]
fn without_a_terminal_nothing_is_asked_and_no_login_invented() {
    let folder = checkout("https://git.example.org/acme/app");
    let ran = init(&folder, &["--agent", "claude=dev-bot"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("who is kimi, owner?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--agent kimi=LOGIN --agent owner=LOGIN, or --without NAME"), "{}", ran.stderr);
    for (args, says) in [
        (&["--agent", "cluade=x"][..], "did you mean `claude`?"),
        (&["--agent", "claude=x", "--without", "claude"], "given twice"),
        (&["--without", "claude", "--without", "kimi", "--without", "owner"], "would do nothing"),
        (&["--agent", "claude"], "write NAME=LOGIN"),
        (&["--agent", "claude=a b"], "a login has"),
        (&["--runs-on", "a: b"], "one label"),
        (&["--sha256", "abc"], "64 digits"),
        (&["--sha256", "../x=0000000000000000000000000000000000000000000000000000000000000000"], "64 digits"),
    ] {
        let ran = init(&folder, args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(says), "{args:?}: {}", ran.stderr);
    }
    assert!(files(&folder).is_empty());
}

#[test]
fn it_ends_with_a_dry_run_of_what_it_set_up() {
    let folder = checkout("https://git.example.org/acme/app");
    let body = "Expected: src/a.rs must not crash, and `f()` should return. Blocked by #9.";
    let bug = json!({ "labels": [{ "name": "bug" }], "body": body });
    let issues =
        json!([issue(1, "Crash", bug.clone()), issue(2, "[security] Leak", json!({})), issue(3, "X", json!({}))]);
    write(folder.path(), "world.json", &world(issues).to_string());
    let args = ["--forge", "file:world.json", "--agent", "claude=dev-bot", "--without", "kimi", "--without", "owner"];
    let ran = init(&folder, &args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("→ dev-bot (urgent)"), "{}", ran.stdout);
    // Nobody is there to be told of what is blocked: it is left alone, and not handed to the agent.
    let left = ran.stdout.lines().find(|line| line.starts_with("blocked")).unwrap_or_else(|| panic!("{}", ran.stdout));
    assert!(left.contains("#1"), "{left}");
    assert!(read(&folder, RULES).contains("    action: skip # flag-owner, once agents.owner has a login\n"));
    let checked = kaizen(folder.path(), &["rules", "check", "--deny-warnings"]);
    assert_eq!(checked.code, 0, "{}", checked.stdout);
}

#[test]
fn a_remote_that_is_none_is_said_and_a_password_never() {
    for (remote, says) in [
        ("/srv/git/app.git", "not the address of a repository"),
        ("https://me:hunter2@/app", "not the address of a repository"),
        ("https://me:hunter2@git.example.org/app", "not the address of a repository"),
        ("https://me:hunter2@git.example.org/acme/$(x)", "not the address of a repository"),
        ("ftp://me:hunter2@git.example.org/acme/app", "not the address of a repository"),
    ] {
        let folder = checkout(remote);
        let ran = init(&folder, &LOGINS);
        assert_eq!(ran.code, 2, "{remote}: {}", ran.stdout);
        assert!(ran.stderr.contains(says) && ran.stderr.contains("--forge URL and --repo"), "{}", ran.stderr);
        assert!(!format!("{ran:?}").contains("hunter2") && files(&folder).is_empty(), "{ran:?}");
    }
    let bare = tempfile::tempdir().unwrap();
    assert!(init(&bare, &LOGINS).stderr.contains("this is no git checkout"));
    let given = ["--forge", "https://git.example.org", "--repo", "acme/app"];
    assert_eq!(init(&bare, &[&LOGINS[..], &given].concat()).code, 0);
    for remote in
        ["https://me:hunter2@git.example.org:3000/acme/app.git", "https://hunter2@git.example.org:3000/acme/app"]
    {
        let folder = checkout(remote);
        let ran = init(&folder, &LOGINS);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("--forge https://git.example.org:3000 --repo acme/app"), "{}", ran.stdout);
        assert!(!format!("{ran:?}{:?}", files(&folder)).contains("hunter2"), "{ran:?}");
    }
    let ran = init(&bare, &["--forge", "https://me:hunter2@git.example.org", "--repo", "acme/app"]);
    assert!(ran.code == 2 && !ran.stderr.contains("hunter2"), "{}", ran.stderr);
}

#[test]
fn the_command_of_the_readme_sets_a_checkout_up() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix("kaizen init ")).unwrap();
    let folder = checkout("https://git.example.org/acme/app");
    let ran = init(&folder, &line.split(' ').collect::<Vec<_>>());
    assert_eq!((ran.code, ran.stdout.matches("written").count()), (0, 5), "{}", ran.stderr);
}

const EVERY: &str = "backlog-triage,kaizen-retro,loop-guard, loop-introspect,improvement-proposals";
const JOBS: [&str; 5] = ["backlog-triage", "improvement-proposals", "kaizen-retro", "loop-guard", "loop-introspect"];

#[test]
fn other_jobs_get_their_workflows_and_what_these_need() {
    let folder = checkout("https://git.example.org/acme/app");
    let ran = init(&folder, &[&LOGINS[..], &["--jobs", EVERY]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let written = files(&folder);
    let mut expected: Vec<String> =
        JOBS.iter().chain(&["rules-review"]).map(|job| format!(".gitea/workflows/{job}.yml")).collect();
    expected.extend(JOBS.iter().chain(&["common", "triage-score"]).map(|name| format!(".kaizen/rules/{name}.yaml")));
    expected.extend([RECORD, SCHEMA].map(str::to_owned));
    expected.sort();
    assert_eq!(written.keys().cloned().collect::<Vec<_>>(), expected);
    // As they are shipped: these are looked for here.
    for path in JOBS.map(|job| format!(".gitea/workflows/{job}.yml")).iter().map(String::as_str) {
        assert_eq!(written[path], fs::read_to_string(root().join(path)).unwrap(), "{path}");
    }
    for says in ["KAIZEN_SESSIONS", "branch loop-state", "contents: write"] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    for job in ["backlog-triage", "kaizen-retro"] {
        let next = format!("  kaizen {job} --forge https://git.example.org --repo acme/app --dry-run\n");
        assert!(ran.stdout.contains(&next), "{}", ran.stdout);
    }
    let checked = kaizen(folder.path(), &["rules", "check", "--deny-warnings"]);
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    // Once more, without being told: nothing changes, and nothing is said anew.
    let again = init(&folder, &[]);
    assert!(again.code == 0 && !again.stderr.contains("KAIZEN_SESSIONS"), "{}", again.stderr);
    assert_eq!((again.stdout.matches("unchanged").count(), files(&folder)), (expected.len() - 1, written));
    // What a person edits is left alone, and the label of the runner comes into all others.
    let retro = ".gitea/workflows/kaizen-retro.yml";
    write(folder.path(), retro, "on: push\n");
    let ran = init(&folder, &["--runs-on", "linux"]);
    assert!(ran.stdout.contains(&format!("left alone  {retro} (edited since init wrote it)\n")), "{}", ran.stdout);
    assert_eq!(read(&folder, retro), "on: push\n");
    assert!(read(&folder, ".gitea/workflows/loop-guard.yml").contains("    runs-on: linux\n"));
    // A job that is named no more stays until somebody removes it.
    let before = files(&folder);
    let ran = init(&folder, &["--jobs", "backlog-triage"]);
    assert!(ran.stderr.contains(".gitea/workflows/loop-guard.yml still stands: remove it"), "{}", ran.stderr);
    let same =
        |files: BTreeMap<String, String>| files.into_iter().filter(|(name, _)| name != RECORD).collect::<Vec<_>>();
    assert_eq!(same(files(&folder)), same(before));
}

#[test]
fn a_job_alone_gets_no_more_than_it_needs() {
    let folder = checkout("https://git.example.org/acme/app");
    // Nobody is handed anything: no login is asked for.
    let ran = init(&folder, &["--jobs", "kaizen-retro"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let retro = ".kaizen/rules/kaizen-retro.yaml";
    assert_eq!(files(&folder).keys().collect::<Vec<_>>(), [".gitea/workflows/kaizen-retro.yml", RECORD, retro, SCHEMA]);
    assert!(!ran.stdout.contains("kaizen backlog-triage"), "{}", ran.stdout);
    let ran = init(&folder, &["--agent", "claude=dev-bot"]);
    assert!(ran.code == 2 && ran.stderr.contains("these jobs hand nothing to anybody"), "{}", ran.stderr);
    // Rules of a person's own stay, whichever job they are of.
    let folder = checkout("https://git.example.org/acme/app");
    write(folder.path(), "rules/kaizen-retro.yaml", "of their own");
    let ran = init(&folder, &[&LOGINS[..], &["--jobs", "backlog-triage,kaizen-retro"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("left alone  rules/kaizen-retro.yaml (these rules are in use)\n"), "{}", ran.stdout);
    assert!(read(&folder, RULES).contains("\"dev-bot\"") && !folder.path().join(retro).exists());
    // With templates: those of the job and the shared ones.
    let folder = checkout("https://git.example.org/acme/app");
    assert_eq!(init(&folder, &["--jobs", "loop-introspect", "--templates"]).code, 0);
    let templates: Vec<String> = files(&folder).into_keys().filter(|name| name.contains("templates")).collect();
    let expected =
        ["loop-introspect/summary.md.j2", "shared/footer.md.j2", "shared/replaced.md.j2", "shared/unheard.md.j2"];
    assert_eq!(templates, expected.map(|name| format!(".kaizen/templates/{name}")));
    for (jobs, says) in [
        ("kaizen-rtro", "did you mean `kaizen-retro`?"),
        ("triage-score", "no workflow runs `triage-score`"),
        ("", "no workflow runs ``"),
    ] {
        let folder = checkout("https://git.example.org/acme/app");
        let ran = init(&folder, &["--jobs", jobs]);
        assert!(ran.code == 2 && ran.stderr.contains(says) && files(&folder).is_empty(), "{jobs}: {}", ran.stderr);
    }
}

#[test]
fn the_jobs_of_the_loop_need_no_file_but_their_workflows_and_rules() {
    for (used, remote) in [(".github", "https://github.com/acme/app"), (".forgejo", "https://git.example.org/acme/app")]
    {
        let folder = checkout(remote);
        write(folder.path(), &format!("{used}/workflows/test.yml"), "on: push\n");
        let ran = init(&folder, &["--jobs", "loop-guard,loop-introspect"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for job in ["loop-guard", "loop-introspect"] {
            let text = read(&folder, &format!("{used}/workflows/{job}.yml"));
            for step in ["load", "save"] {
                assert!(text.contains(&format!("          kaizen loop-state {step}\n")), "{text}");
            }
            assert!(!text.contains(".gitea"), "{text}");
        }
        // Its rules are found where they were put.
        let rules = files(&folder).into_keys().filter(|name| name.ends_with(".yaml"));
        let expected = ["loop-guard", "loop-introspect", "triage-score"];
        assert_eq!(rules.collect::<Vec<_>>(), expected.map(|name| format!(".kaizen/rules/{name}.yaml")));
        assert!(ran.stdout.contains("Next, commit these files") && !ran.stdout.contains("--dry-run"), "{}", ran.stdout);
    }
}

#[test]
fn the_dry_run_at_the_end_is_of_every_job_that_writes() {
    let folder = checkout("https://git.example.org/acme/app");
    let issues = json!([issue(1, "Crash", json!({})), issue(2, "X", json!({}))]);
    write(folder.path(), "world.json", &world(issues).to_string());
    let ran = init(&folder, &[&LOGINS[..], &["--forge", "file:world.json", "--jobs", EVERY]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for says in ["backlog-triage · acme/app · dry run", "Retrospective of"] {
        assert!(ran.stdout.contains(says), "{says}: {}", ran.stdout);
    }
    assert!(!folder.path().join(".loop").exists(), "a dry run leaves nothing");
}

#[test]
fn a_change_of_the_rules_is_reviewed_unless_somebody_says_no() {
    let shipped = fs::read_to_string(root().join(REVIEW)).unwrap();
    let folder = checkout("https://git.example.org/acme/app");
    assert_eq!(init(&folder, &LOGINS).code, 0);
    // Rules lie in `.kaizen`: folders of other people's with the names of ours start nothing.
    let ours = shipped.replace("      - \"rules/**\"\n      - \"templates/**\"\n", "");
    assert!(ours != shipped && ours.contains("      - \".kaizen/**\"\n"), "{ours}");
    assert_eq!(read(&folder, REVIEW), ours);
    // What was written stays until somebody takes it away, and then it stays away.
    let ran = init(&folder, &["--review", "no"]);
    assert!(ran.code == 0 && ran.stderr.contains(&format!("{REVIEW} still stands: remove it")), "{ran:?}");
    assert_eq!(read(&folder, REVIEW), ours);
    fs::remove_file(folder.path().join(REVIEW)).unwrap();
    let before = files(&folder);
    let ran = init(&folder, &[]);
    assert!(ran.code == 0 && !ran.stderr.contains("still stands"), "{ran:?}");
    assert_eq!(files(&folder), before);
    assert!(init(&folder, &["--review", "yes"]).stdout.contains(&format!("written     {REVIEW}\n")));
    // A person's own is left alone.
    write(folder.path(), REVIEW, "on: push\n");
    assert!(init(&folder, &[]).stdout.contains(&format!("left alone  {REVIEW} (edited since init wrote it)\n")));
    assert_eq!(init(&folder, &["--review", "maybe"]).code, 2);
    // Rules in `rules`: the folders that they can lie in are all looked at.
    let folder = checkout("https://git.example.org/acme/app");
    write(folder.path(), "rules/backlog-triage.yaml", "of their own");
    assert_eq!(init(&folder, &[]).code, 0);
    assert_eq!(read(&folder, REVIEW), shipped);
}

#[test]
fn templates_are_written_only_if_asked_for() {
    let folder = checkout("https://git.example.org/acme/app");
    assert_eq!(init(&folder, &[&LOGINS[..], &["--templates"]].concat()).code, 0);
    let template = ".kaizen/templates/backlog-triage/decision.md.j2";
    assert_eq!(read(&folder, template), fs::read_to_string(root().join(&template[".kaizen/".len()..])).unwrap());
    assert!(init(&folder, &[]).stdout.contains(&format!("unchanged   {template}\n")));
}

#[test]
fn nothing_is_written_where_the_rules_would_not_load() {
    let folder = checkout("https://git.example.org/acme/app");
    // A name in two files is an error: with this file the shipped one does not load.
    write(folder.path(), COMMON, "version: 1\nkeywords: {kimi_ready: [x]}\n");
    let ran = init(&folder, &LOGINS);
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing was written") && ran.stderr.contains("kimi_ready"), "{}", ran.stderr);
    assert_eq!(files(&folder).len(), 1);
    write(folder.path(), COMMON, "");
    write(folder.path(), RECORD, "{");
    let ran = init(&folder, &LOGINS);
    assert!(ran.code == 2 && ran.stderr.contains("reading .kaizen/init.json; mend it"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_checkout() {
    let folder = checkout("https://git.example.org/acme/app");
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join(".kaizen")).unwrap();
    let ran = init(&folder, &LOGINS);
    assert!(ran.code == 2 && ran.stderr.contains("is a link"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_recorded_forge_leaves_it_to_the_remote_which_folder_is_read() {
    for (remote, workflow) in [
        ("git@github.com:acme/app.git", ".github/workflows/backlog-triage.yml"),
        ("https://github.example.org/acme/app", ".github/workflows/backlog-triage.yml"),
        ("ssh://git@gitea.example.org:2222/acme/app.git", WORKFLOW),
        ("https://codeberg.org/acme/app", WORKFLOW),
    ] {
        let folder = checkout(remote);
        // In use, and not read by all of them.
        write(folder.path(), ".forgejo/workflows/ci.yml", "on: push\n");
        let wanted = if remote.contains("codeberg") { ".forgejo/workflows/backlog-triage.yml" } else { workflow };
        write(folder.path(), "world.json", &world(json!([issue(1, "[critical] Save", json!({}))])).to_string());
        let ran = init(&folder, &[&LOGINS[..], &["--forge", "file:world.json"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(folder.path().join(wanted).is_file(), "{remote}: {}", ran.stdout);
        assert!(!ran.stderr.contains("--workflows"), "{}", ran.stderr);
    }
}

#[test]
fn what_the_first_run_needs_is_said() {
    let folder = checkout("https://git.example.org/acme/app");
    let ran = init(&folder, &[&LOGINS[..], &["--runs-on", "linux"]].concat());
    let needs = ran.stdout.split("What the first run needs\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for said in
        ["KAIZEN_TOKEN", "linux", "KAIZEN_RELEASES", "KAIZEN_SOURCE", "PATH", "kimi-ready, kaizen-summary are made"]
    {
        assert!(needs.contains(said), "{said} is not in {needs}");
    }
    // The label of the runner is the one that the workflow asks for, also where nothing is said of it.
    let folder = checkout("https://git.example.org/acme/app");
    let ran = init(&folder, &LOGINS);
    let label = read(&folder, WORKFLOW).split("runs-on: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert!(ran.stdout.contains(&format!("one with the label {label} ")), "{}", ran.stdout);
}
