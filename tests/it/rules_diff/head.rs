//! `rules check` and `rules test` of one version: the head of a pull request by API, a revision of a clone.

use serde_json::json;

use super::away::{BASE, HEAD, REPO, forge, job_of, put};
use super::clone::git;
use crate::forge::{Server, World};
use crate::support::{Kaizen, NOW, Ran};

const SLIP: [(&str, &str); 1] = [("not ready\n", "not raedy\n")];
/// A case that holds where five points are ready, and not where one is.
const CASES: &str = "version: 1\nnow: 2026-11-20T12:00:00Z\ncases:\n  - name: thin\n    given: {title: Unclear}\n    expect: {rule: not-ready}\n";

const DIALECTS: [fn() -> World; 4] =
    [|| World::gitea("1.21.11"), || World::gitea("1.26.4"), World::forgejo, World::github_enterprise];

fn check(server: &Server, args: &[&str]) -> Ran {
    job_of(server, "check").args(args).run()
}

fn test(server: &Server, args: &[&str]) -> Ran {
    job_of(server, "test").args(args).run()
}

#[test]
fn what_a_pull_request_brings_is_checked_and_its_slips_are_told_at_their_place() {
    for world in DIALECTS {
        for folder in [".kaizen/rules", "rules"] {
            let mut world = forge(world(), folder);
            put(&mut world, folder, HEAD, &SLIP);
            let server = Server::start(world);
            for ran in [check(&server, &[]), check(&server, &["--head", HEAD])] {
                let report = ran.json(78);
                let name = format!("{REPO}@1111111111:{folder}/backlog-triage.yaml");
                assert_eq!(report["diagnostics"][0]["file"], name.as_str(), "{report}");
                assert_eq!(report["files"].as_array().unwrap().len(), 2, "{report}");
                let note = format!("::error file={folder}/backlog-triage.yaml,line=");
                assert!(ran.stderr.contains(&note), "{}", ran.stderr);
            }
            assert_eq!(check(&server, &["--head", BASE]).json(0)["totals"]["errors"], 0);
            assert_eq!(server.writes(), [""; 0]);
        }
    }
}

#[test]
fn a_slip_in_a_template_of_it_is_told_at_the_template() {
    let mut world = forge(World::gitea("1.26.4"), "rules");
    let path = "templates/backlog-triage/decision.md.j2";
    world.add_file(
        REPO,
        HEAD,
        path,
        "{{ decision.reason }}\n{{ decision.raeson }}\n{% include \"shared/footer.md.j2\" %}\n",
    );
    world.add_file(REPO, HEAD, "templates/shared/footer.md.j2", "{{ nothing }}");
    let server = Server::start(world);
    for ran in [check(&server, &[]), job_of(&server, "diff").run()] {
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("::error file={path},line=2,")), "{}", ran.stderr);
        assert!(ran.stderr.contains("::error file=templates/shared/footer.md.j2,line=1,"), "{}", ran.stderr);
    }
}

#[test]
fn the_cases_that_it_brings_are_judged_by_the_rules_that_it_brings() {
    for world in DIALECTS {
        let mut world = forge(world(), ".kaizen/rules");
        for commit in [BASE, HEAD] {
            world.add_file(REPO, commit, ".kaizen/rules/tests/backlog-triage.yaml", CASES);
        }
        // At the head one point is ready.
        let server = Server::start(world);
        let report = test(&server, &[]).json(3);
        assert_eq!(report["file"], format!("{REPO}@1111111111:.kaizen/rules/tests/backlog-triage.yaml"), "{report}");
        assert_eq!(report["cases"][0]["failures"][0]["got"], "ready", "{report}");
        assert_eq!(test(&server, &["--head", BASE]).json(0)["totals"]["passed"], 1);
        assert_eq!(server.writes(), [""; 0]);
    }
    let mut world = forge(World::gitea("1.26.4"), "rules");
    put(&mut world, "rules", HEAD, &SLIP);
    let ran = test(&Server::start(world), &[]);
    assert!(ran.code == 78 && ran.stderr.contains("did you mean `ready`?"), "{}", ran.stderr);
}

#[test]
fn rules_without_cases_are_said_to_have_none() {
    for (args, code) in [(&[][..], 3), (&["--allow-untested"], 0)] {
        let ran = test(&Server::start(forge(World::gitea("1.26.4"), "rules")), args);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains("there are no cases, so nothing was tested"), "{}", ran.stderr);
    }
}

#[test]
fn what_lies_here_goes_before_and_a_push_has_no_head() {
    let mut world = forge(World::gitea("1.26.4"), "rules");
    put(&mut world, "rules", HEAD, &SLIP);
    let server = Server::start(world);
    // What lies here has no cases.
    for (command, code) in [("check", 0), ("test", 3)] {
        let kaizen = job_of(&server, command);
        kaizen.pack("rules", &[]);
        assert_eq!(kaizen.run().code, code, "{command}: a checkout goes before");
        let kaizen = job_of(&server, command);
        let folder = kaizen.pack("elsewhere", &[]);
        let ran = kaizen.args(["--rules".as_ref(), folder.as_os_str()]).run();
        assert_eq!(ran.code, code, "{command}: so does a folder");
        let ran = job_of(&server, command).env("GITHUB_EVENT_NAME", "push").run();
        assert_eq!(ran.code, 0, "{command}: {}", ran.stderr);
    }
}

#[test]
fn a_head_without_rules_has_nothing_to_look_at_and_one_that_is_not_there_is_a_mistake() {
    let mut world = World::gitea("1.26.4");
    world.add_repo(REPO);
    world.add_job_token("j0b", REPO);
    put(&mut world, "rules", BASE, &[]);
    world.add_file(REPO, HEAD, "README.md", "nothing");
    let server = Server::start(world);
    for command in ["check", "test"] {
        let ran = job_of(&server, command).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stderr.contains("1111111111 has no rules in .kaizen/rules or rules"), "{}", ran.stderr);
        let ran = job_of(&server, command).args(["--head", "topci"]).run();
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("topci: there is nothing by this name"), "{}", ran.stderr);
    }
}

#[test]
fn a_desk_without_a_clone_asks_the_forge() {
    let mut world = forge(World::gitea("1.26.4"), "rules");
    put(&mut world, "rules", "topic", &SLIP);
    let server = Server::start(world);
    let api = server.api_url();
    for command in ["check", "test"] {
        let desk = || Kaizen::bare().args(["rules", command, "--head", "topic", "--now", NOW]);
        let ran = desk().args(["--repo", REPO, "--forge", &api]).env("KAIZEN_TOKEN", "j0b").run();
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        let ran = desk().run();
        assert!(ran.code == 2 && ran.stderr.contains("--forge and --repo"), "{}", ran.stderr);
        let ran = desk().args(["--rules", "rules"]).run();
        assert!(ran.code == 2 && ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    }
}

#[test]
fn a_revision_of_a_clone_is_read_as_it_was_committed() {
    let kaizen = Kaizen::bare();
    let clone = kaizen.folder().to_owned();
    git(&clone, &["init", "-q"]);
    for (branch, edits) in [("main", &[][..]), ("topic", &SLIP[..])] {
        git(&clone, &["checkout", "-q", "-B", branch]);
        kaizen.pack("rules", edits);
        kaizen.file("rules/tests/backlog-triage.yaml", CASES);
        git(&clone, &["add", "."]);
        git(&clone, &["commit", "-q", "-m", branch]);
    }
    // Neither what is checked out nor what lies about counts.
    std::fs::remove_dir_all(clone.join("rules")).unwrap();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kaizen"));
        command.args(args).args(["--format", "json"]).current_dir(&clone).env_clear();
        let output = command.env("PATH", std::env::var_os("PATH").unwrap()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    assert_eq!(run(&["rules", "check", "--head", "main"]).json(0)["totals"]["errors"], json!(0));
    let report = run(&["rules", "check", "--head", "topic"]).json(78);
    let file = report["diagnostics"][0]["file"].as_str().unwrap();
    assert!(file.starts_with("topic@") && file.ends_with(":rules/backlog-triage.yaml"), "{file}");
    assert_eq!(run(&["rules", "test", "--head", "main"]).json(0)["totals"]["passed"], 1);
    assert_eq!(run(&["rules", "test", "--head", "topic"]).code, 78);
    let ran = run(&["rules", "check", "--head", "nowhere"]);
    assert!(ran.code == 2 && ran.stderr.contains("git fetch origin"), "{}", ran.stderr);
}
