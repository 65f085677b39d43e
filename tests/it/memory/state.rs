//! The branch `loop-state`: `kaizen loop-state` on forges of every dialect, each with a repository of git.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{kaizen, lines};
use crate::forge::{Access, Bare, Fault, Server, Trouble, World};
use crate::remote::{peopled, worlds};

/// A forge of which `acme/app` has a repository of git.
fn served(world: World) -> (Server, Bare) {
    let bare = Bare::new();
    let mut world = peopled(world);
    bare.commit("main", &[("100644", "README.md", "x")]);
    world.repo("acme/app").git = Some(bare.clone());
    (Server::start(world), bare)
}

/// A folder per run, as a runner has one.
fn folders<const N: usize>() -> [tempfile::TempDir; N] {
    std::array::from_fn(|_| tempfile::tempdir().unwrap())
}

/// The command as a job of CI starts it.
fn state(server: &Server, folder: &Path, step: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.env_clear().current_dir(folder).args(["loop-state", step, "--retry-wait", "1"]);
    command.args(["--now", "2026-11-20T13:00:00Z"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_API_URL", server.api_url());
    command.env("GITHUB_REPOSITORY", "acme/app").env("GITHUB_TOKEN", "t0ken");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a run said, which ended with 0.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(!text.contains("t0ken") && !text.contains("panicked"), "{text}");
    text
}

fn record(folder: &Path, cycle: u64, second: u64) {
    let at = format!("2026-11-20T12:00:{second:02}Z");
    let ran = kaizen(folder, &["cycle-retro", "--cycle", &cycle.to_string(), "--now", &at]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn two_that_run_at_once_keep_what_both_have_recorded() {
    for world in worlds() {
        let (server, bare) = served(world);
        let [one, other, third] = folders();
        for (nth, folder) in (0..).zip([&one, &other]) {
            assert_eq!(said(&mut state(&server, folder.path(), "load")), "");
            record(folder.path(), 10 + nth, 20 + nth);
            record(folder.path(), 20 + nth, 30 - nth);
            let queue = json!({"generated_at": format!("2026-11-20T12:00:{:02}Z", 8 - nth), "items": [8 - nth]});
            std::fs::write(folder.path().join(".loop/queue.json"), queue.to_string()).unwrap();
        }
        let both = [&one, &other].map(|folder| state(&server, folder.path(), "save").spawn().unwrap());
        for child in both {
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), [output.stdout, output.stderr].concat()), (Some(0), Vec::new()));
        }
        assert_eq!(said(&mut state(&server, third.path(), "load")), "");
        let cycles: Vec<u64> =
            lines(third.path(), "retro/cycles.jsonl").iter().map(|line| line["cycle"].as_u64().unwrap()).collect();
        assert_eq!(cycles, [10, 11, 21, 20], "all, in the order of their times");
        assert_eq!(super::json(third.path(), "queue.json")["items"][0], 8, "the newer one");

        // One commit without a past, and no file but the memory's: git finds nothing wrong with it.
        assert_eq!(bare.git(&["rev-list", "--count", "loop-state"]), "1");
        let files = bare.git(&["ls-tree", "-r", "--name-only", "loop-state"]);
        assert_eq!(
            files.lines().collect::<Vec<_>>(),
            ["queue.json", "retro/cycles.jsonl", "retro/summary.json", "runs.jsonl"]
        );
        bare.git(&["fsck", "--strict", "--no-dangling"]);
        let before = bare.git(&["rev-parse", "loop-state"]);
        assert_eq!(said(&mut state(&server, third.path(), "save")), "");
        assert_eq!(bare.git(&["rev-parse", "loop-state"]), before, "nothing new, no new commit");
        // The token goes to the forge alone, in a header.
        assert!(server.requests().iter().all(|asked| !format!("{}{}", asked.path, asked.query).contains("t0ken")));
    }
}

#[test]
fn who_is_overtaken_between_reading_and_pushing_loses_nothing() {
    let (server, bare) = served(World::gitea("1.26.4"));
    let [folder] = folders();
    record(folder.path(), 1, 1);
    // Somebody else pushes whenever this run is about to, twice.
    let line = "{\"timestamp\":\"2026-11-20T12:00:09Z\",\"cycle\":9}\n";
    bare.commit("theirs", &[("100644", "retro/cycles.jsonl", line)]);
    let theirs = bare.git(&["rev-parse", "theirs"]);
    let hook = format!(
        "#!/bin/sh\nn=$(cat times 2> /dev/null || echo 0)\n[ $n -lt 2 ] || exit 0\necho $((n + 1)) > times\n\
         unset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/loop-state {theirs}\nexit 0\n"
    );
    bare.hook("pre-receive", &hook);
    assert_eq!(said(&mut state(&server, folder.path(), "save")), "");
    let kept = bare.git(&["show", "loop-state:retro/cycles.jsonl"]);
    assert_eq!(kept.lines().count(), 2, "{kept}");
    assert!(server.count("POST", "/acme/app.git/git-receive-pack") >= 2);
}

#[test]
fn a_push_that_is_refused_warns_and_the_run_stays_right() {
    let (server, bare) = served(World::forgejo());
    let [folder] = folders();
    let here = folder.path();
    assert!(said(&mut state(&server, here, "save")).contains("there is nothing to save"));
    record(here, 1, 1);
    bare.hook("pre-receive", "#!/bin/sh\nexit 1\n");
    let refused = said(&mut state(&server, here, "save"));
    assert!(refused.contains("::warning::the memory of this run is not kept: the push to loop-state"), "{refused}");
    assert!(refused.contains("hook declined"), "{refused}");
    bare.hook("pre-receive", "#!/bin/sh\nexit 0\n");
    // A push whose answer is lost is looked for, not repeated.
    server.fault(Fault::on("POST", "/acme/app.git/git-receive-pack", Trouble::ResetAfter).times(1));
    assert_eq!(said(&mut state(&server, here, "save")), "");
    assert_eq!(bare.git(&["rev-list", "--count", "loop-state"]), "1");
    // What may only read may load, and not save.
    server.world().add_member("acme/app", "reader", Access::Read);
    server.world().add_token("r3ad", "reader");
    record(here, 2, 2);
    let refused = said(state(&server, here, "save").env("GITHUB_TOKEN", "r3ad"));
    assert!(refused.contains("::warning::the memory of this run is not kept") && refused.contains("403"), "{refused}");
    let [other] = folders();
    assert_eq!(said(state(&server, other.path(), "load").env("GITHUB_TOKEN", "r3ad")), "");
    assert_eq!(lines(other.path(), "retro/cycles.jsonl").len(), 1);
    // A page of a proxy is no memory, and neither is half a file.
    let raw = "/repos/acme/app/raw/retro/cycles.jsonl";
    let page = crate::forge::http::Response::text(200, "text/html", "<p>");
    server.fault(Fault::on("GET", raw, Trouble::Answer(page)).times(1));
    let [third] = folders();
    let broken = said(&mut state(&server, third.path(), "load"));
    assert!(broken.contains("::warning::the branch loop-state cannot be read"), "{broken}");
    assert!(!third.path().join(".loop").exists());
    for wrong in [&["--branch", "../x"][..], &["--forge", "file:x.json"], &["--repo", "acme"]] {
        let output = state(&server, here, "load").args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    let gone = said(state(&server, here, "load").env("GITHUB_API_URL", "http://127.0.0.1:1/api/v1"));
    assert!(gone.contains("::warning::the branch loop-state cannot be read"), "{gone}");
}

#[cfg(unix)]
#[test]
fn a_link_is_neither_followed_nor_published() {
    use std::os::unix::fs::symlink;
    for world in [World::gitea("1.26.4"), World::github_enterprise()] {
        let (server, bare) = served(world);
        let [folder] = folders();
        let here = folder.path();
        std::fs::write(here.join("precious.txt"), "secret of the runner\n").unwrap();
        // On the branch: links, a program, names that are no memory, a way out.
        let line = "{\"timestamp\":\"2026-11-20T12:00:09Z\",\"cycle\":9}\n";
        bare.commit(
            "loop-state",
            &[
                ("120000", "queue.json", "../precious.txt"),
                ("120000", "retro/insights.json", "../../precious.txt"),
                ("120000", "reports", ".."),
                ("100755", "guard.json", "{}"),
                ("100644", "retro/cycles.jsonl", line),
                ("100644", "config", "[core]"),
                ("100644", ".gitea/workflows/x.yml", "on: push"),
            ],
        );
        assert_eq!(said(&mut state(&server, here, "load")), "");
        let cycles = std::fs::read_to_string(here.join(".loop/retro/cycles.jsonl")).unwrap();
        assert_eq!(cycles, line);
        let there: Vec<_> =
            std::fs::read_dir(here.join(".loop")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(there, ["retro"]);
        // In the checkout: links where files of the memory are.
        symlink("../precious.txt", here.join(".loop/queue.json")).unwrap();
        symlink("../precious.txt", here.join(".loop/runs.jsonl")).unwrap();
        symlink("../../precious.txt", here.join(".loop/retro/insights.json")).unwrap();
        let told = said(&mut state(&server, here, "save"));
        assert!(told.contains("queue.json is a link, and is not followed"), "{told}");
        let files = bare.git(&["ls-tree", "-r", "loop-state"]);
        assert!(
            files.lines().count() == 1 && files.contains("100644") && files.ends_with("retro/cycles.jsonl"),
            "{files}"
        );
        assert!(bare.holds("\"cycle\":9") && !bare.holds("secret of the runner"));
        // A run replaces them.
        let ran = kaizen(here, &["loop-introspect", "--now", "2026-11-20T14:00:00Z"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for name in ["runs.jsonl", "retro/insights.json"] {
            assert!(std::fs::symlink_metadata(here.join(".loop").join(name)).unwrap().is_file(), "{name}");
        }
        assert_eq!(std::fs::read_to_string(here.join("precious.txt")).unwrap(), "secret of the runner\n");
        // A folder that is a link is refused.
        std::fs::remove_dir_all(here.join(".loop")).unwrap();
        symlink(".", here.join(".loop")).unwrap();
        for args in [&["loop-guard"][..], &["runs"], &["cycle-retro", "--cycle", "1"]] {
            let ran = kaizen(here, args);
            assert!(ran.code == 2 && ran.stderr.contains(".loop is a link"), "{args:?}: {} {}", ran.code, ran.stderr);
        }
    }
}

#[test]
fn a_memory_that_cannot_be_kept_here_is_warned_of_with_its_path_and_what_to_do() {
    let (server, bare) = served(World::gitea("1.26.4"));
    let [one, other] = folders();
    record(one.path(), 1, 1);
    assert_eq!(said(&mut state(&server, one.path(), "save")), "");
    let before = bare.git(&["rev-parse", "loop-state"]);
    let here = other.path();
    std::fs::write(here.join("file"), "").unwrap();
    for step in ["load", "save"] {
        let output = state(&server, here, step).args(["--loop-dir", "file/loop"]).output().unwrap();
        let refused = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{step}: {refused}");
        assert!(refused.contains("reading file/loop failed") && refused.contains("--loop-dir"), "{step}: {refused}");
    }
    // A disk that is full while what both hold is put together: what is on the branch and here stays.
    record(here, 2, 2);
    let log = std::fs::read_to_string(here.join(".loop/retro/cycles.jsonl")).unwrap();
    let plain = state(&server, here, "save");
    let mut full = Command::new("sh");
    full.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
    full.env_clear().current_dir(here).env("PATH", std::env::var_os("PATH").unwrap());
    full.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let warned = said(&mut full);
    assert!(warned.contains("::warning::the memory of this run is not kept"), "{warned}");
    assert!(warned.contains("cycles.jsonl") && warned.contains("check that"), "{warned}");
    assert_eq!(std::fs::read_to_string(here.join(".loop/retro/cycles.jsonl")).unwrap(), log);
    assert_eq!(bare.git(&["rev-parse", "loop-state"]), before);
}
