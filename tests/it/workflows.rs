//! What every workflow must hold, and what the shell in them does.
//!
//! Takes: `.gitea/workflows/*.yml`. Gives: a failure that names the file and what is against the
//! rules; the checker is fed made-up texts first, so that it cannot pass blindly. The script of the
//! triage is run in a folder where nothing but stubs is on the PATH.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kaizen::engine::source::Source;
use kaizen::language::diag::ProblemSink;
use kaizen::language::yaml::{self, Node, NodeKind};
use tempfile::TempDir;

use crate::support::root;

/// Workflows that belong to no job.
const NO_JOB: [&str; 3] = ["ci", "nightly", "rules-review"];

fn parse(text: &str) -> Option<Node> {
    yaml::read(&mut ProblemSink { source: &Source::new("workflow", text), found: &mut Vec::new() })
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        NodeKind::Map(entries) => entries.iter().find(|(name, _)| name.name == key).map(|(_, value)| value),
        _ => None,
    }
}

fn values(node: &Node) -> Vec<&Node> {
    match &node.kind {
        NodeKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        NodeKind::List(items) => items.iter().collect(),
        _ => Vec::new(),
    }
}

fn text(node: &Node) -> &str {
    match &node.kind {
        NodeKind::Text(text) => text,
        _ => "",
    }
}

/// Every value of a key, however deep.
fn all<'n>(node: &'n Node, key: &str) -> Vec<&'n Node> {
    let inner = values(node).into_iter().flat_map(|value| all(value, key));
    get(node, key).into_iter().chain(inner).collect()
}

/// A field of a cron entry: numbers in its range, `*`, ranges, lists and steps.
fn is_field(field: &str, least: u32, most: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number));
    field.split(',').all(|part| {
        let (range, step) = part.split_once('/').map_or((part, "1"), |(range, step)| (range, step));
        let whole =
            range == "*" || range.split_once('-').map_or(number(range), |(one, other)| number(one) && number(other));
        whole && step.parse::<u32>().is_ok_and(|step| step > 0)
    })
}

fn is_cron(cron: &str) -> bool {
    let fields: Vec<&str> = cron.split(' ').collect();
    let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    fields.len() == 5 && fields.iter().zip(ranges).all(|(field, (least, most))| is_field(field, least, most))
}

/// `owner/name@` and a whole commit.
fn is_pinned(uses: &str) -> bool {
    let commit = uses.split_once('@').map_or("", |(_, commit)| commit);
    commit.len() == 40 && commit.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// What is wrong with a workflow, by the name of its file without the ending.
fn wrong(name: &str, source: &str) -> Vec<String> {
    let Some(root) = parse(source) else { return vec!["it is not YAML".to_owned()] };
    let Some(jobs) = get(&root, "jobs") else { return vec!["it has no jobs".to_owned()] };
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
    let ours = kaizen::jobs::NAMES.contains(&name);
    must(ours || NO_JOB.contains(&name), format!("`{name}` is no job"));
    let runs = all(jobs, "run");
    must(!runs.is_empty(), "it runs nothing".to_owned());
    for run in &runs {
        must(!text(run).contains("${{"), format!("an expression stands in a script: {}", text(run)));
    }
    must(
        !ours || runs.iter().any(|run| text(run).contains(&format!("kaizen {name}"))),
        "it does not run its job".to_owned(),
    );
    for key in ["permissions", "concurrency"] {
        let set = get(&root, key).is_some() || values(jobs).into_iter().all(|job| get(job, key).is_some());
        must(set, format!("{key} is not set"));
    }
    for grant in all(&root, "permissions") {
        must(
            matches!(grant.kind, NodeKind::Map(_)),
            format!("permissions `{}` say more than they need to", text(grant)),
        );
    }
    for job in values(jobs) {
        must(
            matches!(get(job, "runs-on").map(|node| &node.kind), Some(NodeKind::Text(_))),
            "runs-on is not one text".to_owned(),
        );
        must(get(job, "timeout-minutes").is_some(), "timeout-minutes is not set".to_owned());
    }
    for uses in all(jobs, "uses") {
        must(["ci", "nightly"].contains(&name), format!("`{}` is other people's", text(uses)));
        must(is_pinned(text(uses)), format!("`{}` is not pinned to a commit", text(uses)));
    }
    for cron in all(&root, "cron") {
        must(is_cron(text(cron)), format!("`{}` is no cron entry", text(cron)));
    }
    wrong
}

const GOOD: &str = r#"
on: {schedule: [{cron: "17 5 * * 1-5"}]}
permissions: {contents: read}
concurrency: {group: x}
jobs:
  x:
    runs-on: linux
    timeout-minutes: 5
    steps:
      - env: {A: "${{ vars.A }}"}
        run: kaizen backlog-triage "$A"
"#;

#[test]
fn the_checker_sees_each_mistake() {
    assert_eq!(wrong("backlog-triage", GOOD), [""; 0]);
    let pinned = format!("{GOOD}      - uses: a/b@{}\n", "0123456789abcdef0123456789abcdef01234567");
    assert_eq!(wrong("ci", &pinned), [""; 0]);
    let per_job =
        GOOD.replace("concurrency: {group: x}\n", "").replace("    runs-on", "    concurrency: x\n    runs-on");
    assert_eq!(wrong("backlog-triage", &per_job), [""; 0]);
    for (name, text, says) in [
        ("backlog-triage", pinned.clone(), "is other people's"),
        ("ci", format!("{GOOD}      - uses: a/b@v4\n"), "is not pinned"),
        ("ci", format!("{GOOD}      - uses: a/b\n"), "is not pinned"),
        ("backlog-traige", GOOD.to_owned(), "is no job"),
        ("backlog-triage", GOOD.replace("\"$A\"", "${{ vars.A }}"), "an expression stands in a script"),
        (
            "backlog-triage",
            format!("{GOOD}      - run: |\n          echo\n          echo ${{{{ github.ref }}}}\n"),
            "an expression",
        ),
        ("backlog-triage", GOOD.replace("permissions: {contents: read}\n", ""), "permissions is not set"),
        (
            "backlog-triage",
            GOOD.replace("permissions: {contents: read}", "permissions: write-all"),
            "more than they need",
        ),
        ("backlog-triage", GOOD.replace("concurrency: {group: x}\n", ""), "concurrency is not set"),
        ("backlog-triage", GOOD.replace("runs-on: linux", "runs-on: [a, b]"), "runs-on is not one text"),
        ("backlog-triage", GOOD.replace("    timeout-minutes: 5\n", ""), "timeout-minutes is not set"),
        ("backlog-triage", GOOD.replace("kaizen backlog-triage", "true"), "does not run its job"),
        ("backlog-triage", GOOD.replace("17 5 * * 1-5", "17 5 * *"), "no cron entry"),
        ("backlog-triage", GOOD.replace("17 5 * * 1-5", "60 5 * * *"), "no cron entry"),
        ("backlog-triage", GOOD.replace("17 5 * * 1-5", "*/0 5 * * *"), "no cron entry"),
        ("backlog-triage", "a: [".to_owned(), "not YAML"),
        ("backlog-triage", "on: push\n".to_owned(), "no jobs"),
    ] {
        let found = wrong(name, &text);
        assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}\n{text}");
    }
}

fn workflows() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join(".gitea/workflows")).unwrap().map(|entry| entry.unwrap().path());
    let named =
        |path: PathBuf| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
    entries.map(named).collect()
}

#[test]
fn every_workflow_holds_what_it_must() {
    let all = workflows();
    assert!(all.len() >= 2, "{all:?}");
    for (name, text) in all {
        assert_eq!(wrong(&name, &text), [""; 0], "{name}");
    }
}

/// What is against the rules of a workflow that looks at a stranger's pull request.
fn unsafe_review(source: &str) -> Vec<&'static str> {
    let root = parse(source).unwrap();
    let on = get(&root, "on").unwrap();
    let jobs = get(&root, "jobs").unwrap();
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what| wrong.extend((!holds).then_some(what));
    must(get(on, "pull_request").is_some(), "it is not run on a pull request");
    must(values(on).len() == 1, "it is run on something else");
    must(!source.contains("pull_request_target"), "it is run with the rights of the base");
    must(all(jobs, "uses").is_empty(), "it runs an action, which may check the head out");
    let runs: Vec<&str> = all(jobs, "run").into_iter().map(text).collect();
    must(!runs.iter().any(|run| run.contains("git clone") || run.contains("git fetch")), "it fetches the head");
    let secrets = source.matches("secrets.").count();
    must(secrets == source.matches("secrets.GITHUB_TOKEN").count(), "it holds another secret");
    let group = get(&root, "concurrency").and_then(|it| get(it, "group")).map_or("", text);
    must(group.contains("${{ github.ref }}"), "two pull requests share a group");
    let writes = all(&root, "permissions").into_iter().flat_map(values).filter(|grant| text(grant) == "write").count();
    must(writes == 1, "it may write more than a comment");
    wrong
}

#[test]
fn the_review_of_rules_reads_a_pull_request_as_data() {
    let source = fs::read_to_string(root().join(".gitea/workflows/rules-review.yml")).unwrap();
    assert_eq!(unsafe_review(&source), [""; 0]);
    for (from, to) in [
        ("  pull_request:\n", "  pull_request_target:\n"),
        ("${{ github.ref }}", "x"),
        ("contents: read", "contents: write"),
        ("secrets.GITHUB_TOKEN", "secrets.KAIZEN_TOKEN"),
        ("      - name: Review\n", "      - uses: actions/checkout@v4\n      - name: Review\n"),
        ("          ended=0\n", "          git fetch origin\n"),
    ] {
        assert!(source.contains(from), "{from}");
        assert!(!unsafe_review(&source.replacen(from, to, 1)).is_empty(), "{to}");
    }
    for folder in ["rules/**", "templates/**", ".kaizen/**"] {
        assert!(source.contains(&format!("- \"{folder}\"")), "{folder}");
    }
}

#[cfg(unix)]
#[test]
fn the_review_checks_tests_and_compares_and_is_red_where_one_of_them_is() {
    let event = [("HEAD_SHA", "abc"), ("NUMBER", "7")];
    let machine = Machine::new(&[]).stub("kaizen", STUB_KAIZEN);
    let ended = machine.step_of("rules-review", 1, &event);
    let ran = ["rules check --head abc", "rules test --head abc --allow-untested", "rules diff --comment 7"]
        .map(|command| format!("kaizen ran: {command}\n"))
        .concat();
    assert_eq!((ended.code, ended.said), (0, ran));
    for failing in ["check", "test", "diff"] {
        let stub = format!("#!/bin/sh\necho \"$2\"\n[ \"$2\" != {failing} ] || exit 3\n");
        let ended = Machine::new(&[]).stub("kaizen", &stub).step_of("rules-review", 1, &event);
        assert_eq!((ended.code, ended.said.as_str()), (3, "check\ntest\ndiff\n"), "{failing}");
    }
    // Built is the base, never the head.
    let machine = Machine::new(&[]).stub("cargo", STUB_CARGO).stub("git", "#!/bin/sh\n");
    let built = machine.step_of("rules-review", 0, &[("GITHUB_REPOSITORY", "acme/kaizen"), ("BASE_SHA", "0ba5e")]);
    assert!(built.said.contains("--rev 0ba5e kaizen token=none"), "{}", built.said);
}

#[test]
fn the_version_that_is_downloaded_is_this_one() {
    let version = format!("KAIZEN_VERSION: \"{}\"", env!("CARGO_PKG_VERSION"));
    for (name, text) in workflows().into_iter().filter(|(_, text)| text.contains("KAIZEN_VERSION:")) {
        assert!(text.contains(&version), "{name}: {version}");
    }
}

/// A machine of which only these programs are known.
struct Machine(TempDir);

/// What the step ended with, and all that it said.
struct Ended {
    code: i32,
    said: String,
}

const STUB_KAIZEN: &str = "#!/bin/sh\necho \"kaizen ran: $*\"\nexit \"${STUB_CODE:-0}\"\n";
/// Serves `$STUB_FILES` as the address `https://r.example`.
const STUB_CURL: &str = "#!/bin/sh\nfor a in \"$@\"; do url=$a; done\nwhile [ \"$1\" != -o ]; do shift; done\n\
                         file=\"$STUB_FILES/${url#https://r.example/}\"\n[ -f \"$file\" ] || exit 22\ncat \"$file\" > \"$2\"\n";
const STUB_WGET: &str = "#!/bin/sh\nwhile [ \"$1\" != -O ]; do shift; done\nfile=\"$STUB_FILES/${3#https://r.example/}\"\n\
                         [ -f \"$file\" ] || exit 8\ncat \"$file\" > \"$2\"\n";
const STUB_CARGO: &str = "#!/bin/sh\necho \"cargo ran: $* token=${GITHUB_TOKEN:-none}\"\nwhile [ \"$1\" != --root ]; do shift; done\n\
                          mkdir -p \"$2/bin\"\nprintf '#!/bin/sh\\necho built \"$@\"\\n' > \"$2/bin/kaizen\"\nchmod +x \"$2/bin/kaizen\"\n";

impl Machine {
    fn new(tools: &[&str]) -> Machine {
        let machine = Machine(tempfile::tempdir().unwrap());
        for folder in ["bin", "temp", "work", "files"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        let path = std::env::var_os("PATH").unwrap();
        for tool in ["sh", "cat", "mkdir", "rm", "uname", "tr", "chmod"].iter().chain(tools) {
            let real = std::env::split_paths(&path).map(|folder| folder.join(tool));
            let real = real.into_iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("no {tool}"));
            #[cfg(unix)]
            std::os::unix::fs::symlink(real, machine.path("bin").join(tool)).unwrap();
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn stub(self, name: &str, text: &str) -> Machine {
        executable(&self.path("bin").join(name), text);
        self
    }

    /// Releases with a kaizen for this machine; gives the line of its sha256.
    fn release(&self) -> String {
        let name = program();
        let folder = self.path("files").join(concat!("v", env!("CARGO_PKG_VERSION")));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&name), STUB_KAIZEN).unwrap();
        // Whoever can put a program there can put a checksum beside it: it is not asked for.
        fs::write(folder.join(format!("{name}.sha256")), "0000").unwrap();
        let sum = Command::new("sha256sum").current_dir(folder).arg(name).output().unwrap().stdout;
        String::from_utf8(sum).unwrap().trim().to_owned()
    }

    /// Runs a step of the triage as a runner does.
    fn step(&self, index: usize, environment: &[(&str, &str)]) -> Ended {
        self.step_of("backlog-triage", index, environment)
    }

    /// Runs a step of a workflow as a runner does.
    fn step_of(&self, workflow: &str, index: usize, environment: &[(&str, &str)]) -> Ended {
        let source = fs::read_to_string(root().join(format!(".gitea/workflows/{workflow}.yml"))).unwrap();
        let workflow = parse(&source).unwrap();
        let (script, shell) = (all(&workflow, "run")[index], all(&workflow, "shell")[index]);
        assert_eq!(text(shell), "sh");
        fs::write(self.path("script"), text(script)).unwrap();
        let shell = ["/bin/dash", "/bin/sh"].into_iter().find(|shell| Path::new(shell).exists()).unwrap();
        let added = fs::read_to_string(self.path("path")).unwrap_or_default();
        let path = format!("{}:{}", added.trim(), self.path("bin").display());
        let mut command = Command::new(shell);
        command.arg("-e").arg(self.path("script")).current_dir(self.path("work")).env_clear();
        command.env("PATH", path.trim_start_matches(':')).env("RUNNER_TEMP", self.path("temp"));
        command.env("GITHUB_PATH", self.path("path")).env("STUB_FILES", self.path("files"));
        // As mapped: what is not set is an empty text.
        command.envs([("KAIZEN_VERSION", env!("CARGO_PKG_VERSION")), ("KAIZEN_RELEASES", ""), ("KAIZEN_SOURCE", "")]);
        command.envs([("GITHUB_SERVER_URL", "https://f.example"), ("GITHUB_SHA", "abc"), ("GITHUB_TOKEN", "s3cret")]);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        Ended { code: output.status.code().unwrap(), said: String::from_utf8(said).unwrap() }
    }
}

/// The name of the program for this machine.
fn program() -> String {
    let uname = |flag| String::from_utf8(Command::new("uname").arg(flag).output().unwrap().stdout).unwrap();
    format!("kaizen-{}-{}", uname("-m").trim(), uname("-s").trim().to_lowercase())
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

const RELEASES: (&str, &str) = ("KAIZEN_RELEASES", "https://r.example/");

#[cfg(unix)]
#[test]
fn a_kaizen_on_the_path_is_taken() {
    let machine = Machine::new(&["sha256sum"]).stub("kaizen", STUB_KAIZEN).stub("curl", "#!/bin/sh\nexit 99\n");
    let ended = machine.step(0, &[RELEASES]);
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert!(ended.said.contains("on the PATH"), "{}", ended.said);
    assert!(!machine.path("path").exists() && fs::read_dir(machine.path("temp")).unwrap().next().is_none());
}

#[cfg(unix)]
#[test]
fn else_it_is_downloaded_if_it_is_what_the_workflow_names() {
    for (tool, stub) in [("curl", STUB_CURL), ("wget", STUB_WGET)] {
        let machine = || Machine::new(&["sha256sum"]).stub(tool, stub);
        let sum = machine().release();
        let (digest, _) = sum.split_once(' ').unwrap();
        let other = "0".repeat(64);
        let listed = format!("{other}  kaizen-riscv64-linux\n{sum}\n");
        let binary = sum.replace("  ", " *");
        for told in [digest, &sum, &binary, &listed] {
            let machine = machine();
            machine.release();
            let ended = machine.step(0, &[RELEASES, ("KAIZEN_SHA256", told)]);
            assert_eq!(ended.code, 0, "{told}: {}", ended.said);
            let ended = machine.step(1, &[]);
            assert!(ended.code == 0 && ended.said.contains("kaizen ran: backlog-triage\n"), "{}", ended.said);
        }
        // Another program than was named is not kept, and without a name nothing is asked for.
        let of_other = format!("{digest}  kaizen-riscv64-linux");
        for (told, says) in [
            (other.as_str(), "is not the one that this workflow names"),
            ("", "nothing is downloaded"),
            ("\n", "nothing is downloaded"),
            (of_other.as_str(), "nothing is downloaded"),
        ] {
            let bad = machine().stub("cargo", STUB_CARGO).stub("git", "#!/bin/sh\n");
            bad.release();
            let ended = bad.step(0, &[RELEASES, ("KAIZEN_SHA256", told), ("KAIZEN_SOURCE", "https://s.example/k")]);
            assert!(ended.code == 1 && ended.said.contains(says), "{told}: {}", ended.said);
            assert!(ended.said.contains("::error::") && !ended.said.contains("cargo ran"), "{}", ended.said);
            assert!(!bad.path("path").exists() && !bad.path("temp/kaizen-bin").exists(), "it is not kept");
        }
        // A release that is not there is told, and nothing is built in its place.
        let none = machine().stub("cargo", STUB_CARGO).stub("git", "#!/bin/sh\n");
        let ended = none.step(0, &[RELEASES, ("KAIZEN_SHA256", digest), ("KAIZEN_SOURCE", "https://s.example/k")]);
        assert!(ended.code == 1 && ended.said.contains("could not be downloaded"), "{}", ended.said);
    }
}

#[cfg(unix)]
#[test]
fn else_it_is_built_without_a_token() {
    let machine = || Machine::new(&[]).stub("cargo", STUB_CARGO).stub("git", "#!/bin/sh\n");
    let source = ("KAIZEN_SOURCE", "https://s.example/k.git");
    let built = machine();
    let ended = built.step(0, &[source]);
    assert_eq!(ended.code, 0, "{}", ended.said);
    let tag = concat!("--git https://s.example/k.git --tag v", env!("CARGO_PKG_VERSION"), " kaizen token=none");
    assert!(ended.said.contains(tag), "{}", ended.said);
    assert!(built.step(1, &[]).said.contains("built backlog-triage"));
    // Without sha256sum nothing is downloaded.
    let without = machine().stub("curl", STUB_CURL);
    let sum = without.release();
    assert!(without.step(0, &[RELEASES, source, ("KAIZEN_SHA256", &sum)]).said.contains("cargo ran"));
    let own = machine().step(0, &[("GITHUB_REPOSITORY", "acme/kaizen")]);
    assert!(own.said.contains("--git https://f.example/acme/kaizen --rev abc kaizen"), "{}", own.said);
    let other = machine().step(0, &[("GITHUB_REPOSITORY", "acme/app")]);
    assert!(other.code == 1 && other.said.contains("no variable says where"), "{}", other.said);
    let fails = Machine::new(&[]).stub("git", "#!/bin/sh\n").stub("cargo", "#!/bin/sh\nexit 101\n").step(0, &[source]);
    assert!(fails.code == 1 && fails.said.contains("could not be built"), "{}", fails.said);
}

#[cfg(unix)]
#[test]
fn else_it_ends_red_and_names_the_three_ways() {
    for machine in [Machine::new(&[]), Machine::new(&["sha256sum"]), Machine::new(&[]).stub("cargo", STUB_CARGO)] {
        let ended = machine.step(0, &[RELEASES]);
        assert_eq!(ended.code, 1, "{}", ended.said);
        for way in ["::error::", "1. Install kaizen", "2. Set the variable KAIZEN_RELEASES", "3. Install cargo and git"]
        {
            assert!(ended.said.contains(way), "{way}: {}", ended.said);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_run_by_hand_writes_only_if_the_switch_says_so() {
    let machine = Machine::new(&[]).stub("kaizen", STUB_KAIZEN);
    let live = "kaizen ran: backlog-triage\n";
    let dry = "kaizen ran: backlog-triage --dry-run\n";
    for (event, input, ran) in [
        ("schedule", "", live),
        ("push", "", live),
        ("workflow_dispatch", "false", live),
        ("workflow_dispatch", "true", dry),
        ("workflow_dispatch", "", dry),
    ] {
        let ended = machine.step(1, &[("GITHUB_EVENT_NAME", event), ("DRY_RUN", input)]);
        assert_eq!((ended.code, ended.said.as_str()), (0, ran), "{event} {input}");
    }
    // What kaizen ends with is what the step ends with: incomplete work is not green.
    assert_eq!(machine.step(1, &[("STUB_CODE", "4")]).code, 4);
}
