//! What the README and the pages in `docs/` say is so.
//!
//! Takes: the pages, the built binary, the sources. Gives: every command of them run in a
//! copy of what it needs, with the exit code and the output that stand beside it, and their tables
//! compared with what they describe. A block marked `sh` is run line by line; in one marked
//! `console` a line `$ …` is a command and the lines after it are its output. A comment
//! `# ends with N` gives the exit code where it is not 0. What a page of rules makes is there for the
//! page of their review, as readers have it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::forge::{Access, Server, World, issue};
use crate::support::{Kaizen, root};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every page: those that build on each other first, then the rest by name.
fn pages() -> Vec<String> {
    let mut all: Vec<String> = ["README.md", "docs/rules.md", "docs/review.md"].map(str::to_owned).into();
    let mut rest = Vec::new();
    for folder in ["docs", "docs/jobs"] {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let names = entries.filter(|path| path.is_file()).map(|path| path.strip_prefix(root()).unwrap().to_owned());
        rest.extend(names.map(|path| path.to_str().unwrap().to_owned()));
    }
    rest.sort();
    assert!(rest.len() > 10 && rest.iter().all(|page| page.ends_with(".md")), "{rest:?}");
    rest.retain(|page| !all.contains(page));
    all.extend(rest);
    all
}

/// A fenced block: what stands behind its fence, and its lines.
struct Block {
    info: String,
    lines: Vec<String>,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                blocks.push(Block { info: info.to_owned(), lines: Vec::new() });
                open = true;
            }
            None if open => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!open, "a block of a page is not closed");
    blocks
}

/// A command of the page, the code it ends with, and its output where the page shows one.
struct Shown {
    command: String,
    code: i32,
    output: Option<String>,
}

fn commands(page: &str) -> Vec<Shown> {
    let mut all = Vec::new();
    let mut add = |line: &str, output: Option<String>| {
        let (command, note) = line.split_once("  # ").unwrap_or((line, ""));
        let code = note.trim().strip_prefix("ends with ").map_or(0, |code| code.parse().unwrap());
        all.push(Shown { command: command.trim().to_owned(), code, output });
    };
    for block in blocks(page) {
        match block.info.as_str() {
            "sh" => block.lines.iter().filter(|line| !line.is_empty()).for_each(|line| add(line, None)),
            "console" => {
                let shown = block.lines.join("\n");
                for part in format!("\n{shown}").split("\n$ ").skip(1) {
                    let (line, output) = part.split_once('\n').unwrap_or((part, ""));
                    add(line, Some(output.to_owned()));
                }
            }
            _ => {}
        }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

/// What the commands of the page need of a checkout, so that they cannot write into the real one.
fn checkout() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["rules", "templates", "tests/worlds", "tests/reference"] {
        copy(&root().join(part), &folder.path().join(part));
    }
    folder
}

/// A server with the repository that the page works on.
fn forge() -> Server {
    let mut world = World::gitea("1.26.4");
    world.add_repo("ferry/api");
    for login in ["kaizen", "claude", "kimi", "owner", "mara"] {
        world.add_member("ferry/api", login, Access::Write);
    }
    world.add_token("t0ken", "kaizen");
    for title in ["[bug] Tickets are printed twice", "[research] Which queue?", "Unclear"] {
        let body = "`src/print.rs`: fn print() must print once. Expected: verify it with a test.";
        world.add_issue("ferry/api", issue(title).by("mara").body(body).created("2026-01-02T00:00:00Z"));
    }
    Server::start(world)
}

#[test]
fn every_command_of_the_pages_ends_and_prints_as_they_say() {
    let folder = checkout();
    let server = forge();
    let runs = regex::Regex::new(r"\d{8}T\d{6}Z-[0-9a-f]{6}").unwrap();
    let mut ours = 0;
    for shown in pages().iter().flat_map(|page| commands(&text(page))) {
        let command = shown.command.replace("cargo run --release -- ", "kaizen ");
        if let Some(other) = command.strip_prefix("cargo ") {
            let known = ["build --release", "test", "bench --bench triage", "bench --bench sessions"];
            assert!(known.contains(&other), "nothing checks `cargo {other}`");
            continue;
        }
        ours += usize::from(command.starts_with("kaizen "));
        // The forge of the page is the tests' own, over HTTP.
        let command = command.replace("https://git.example.org", &server.url());
        let script = format!("kaizen() {{ \"$KAIZEN\" \"$@\"; }}\n{command}");
        let ran = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KAIZEN", env!("CARGO_BIN_EXE_kaizen"))
            .env("KAIZEN_TOKEN", "t0ken")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(shown.code), "{command}\n{stderr}");
        if let Some(output) = shown.output {
            // A run is named by chance.
            let (said, output) = (
                runs.replace_all(&String::from_utf8_lossy(&ran.stdout), "RUN").into_owned(),
                runs.replace_all(&output, "RUN").into_owned(),
            );
            assert_eq!(said.trim_end(), output, "{command}\n{stderr}");
        }
    }
    assert!(ours >= 9, "only {ours} commands were found");
}

#[test]
fn the_first_screen_of_the_readme_is_a_real_run() {
    let page = text("README.md");
    let first = commands(&page).into_iter().next().unwrap();
    assert!(first.output.is_some_and(|output| output.contains("Would act (")), "{}", first.command);
    let line = page.lines().position(|line| line.starts_with("$ ")).unwrap();
    assert!(line < 12, "the run begins in line {line}");
    assert!(page.contains("\ncargo test "), "the command that runs the tests is there");
}

/// Rows of the first table after a heading, as cells without their backticks.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let page = format!("\n{page}");
    let (_, after) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

fn plain(cell: &str) -> &str {
    cell.trim_matches('`')
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// What the constants of this name are set to, wherever in the sources they stand.
fn constants(name: &str) -> Vec<String> {
    let begin = format!("const {name}: ");
    let set = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let (_, value) = text.split_once(&begin)?.1.split_once(" = ")?;
        Some(value.split_once(';')?.0.to_owned())
    };
    sources(&root().join("src")).into_iter().filter_map(set).collect()
}

fn constant(name: &str) -> String {
    let found = constants(name);
    assert_eq!(found.len(), 1, "the constant {name} stands in the sources once: {found:?}");
    found[0].clone()
}

/// The strings in a piece of source.
fn strings(source: &str) -> Vec<String> {
    source.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_facts_of_the_readme_are_those_of_the_engine() {
    let told: Vec<(String, String)> = table(&text("docs/rules.md"), "## Names in expressions")
        .iter()
        .map(|row| (plain(&row[0]).to_owned(), row[2].clone()))
        .collect();
    let known = strings(&constant("FACTS"));
    let known: Vec<(String, String)> = known.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(told, known);
}

#[test]
fn the_keys_and_filters_of_the_readme_are_those_that_are_read() {
    let page = text("docs/rules.md");
    let told: Vec<String> = table(&page, "## The file").iter().map(|row| plain(&row[0]).to_owned()).collect();
    assert_eq!(told, kaizen::language::keys::FILE.map(|member| member.name.to_owned()));
    // Of expressions, and of templates.
    let filters: Vec<String> = constants("FILTERS").iter().map(|list| strings(list).join(" ")).collect();
    assert_eq!(filters.len(), 2);
    for filters in filters {
        assert!(page.contains(&format!("filters `{filters}`")), "{filters}");
    }
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_help() {
    let page = text("docs/output.md");
    let told: Vec<String> =
        table(&page, "## Exit codes").iter().map(|row| format!("  {:<3} {}", row[0], row[1])).collect();
    let help = Kaizen::bare().args(["--help"]).run();
    assert_eq!(help.code, 0);
    let (_, codes) = help.stdout.split_once("Exit codes:\n").unwrap();
    let known: Vec<&str> = codes.lines().take_while(|line| line.starts_with(' ')).collect();
    assert!(known.len() > 4, "{codes}");
    assert_eq!(told, known);
    let order = codes.lines().find(|line| line.starts_with("When several hold")).unwrap();
    assert!(page.contains(order), "{order}");
}

#[test]
fn the_limits_of_the_readme_are_those_of_the_sources() {
    let rows = table(&text("docs/limits.md"), "# Limits");
    let number = |value: &str| value.chars().filter(char::is_ascii_digit).collect::<String>();
    let expected = [
        ("size of a rule file", "MAX_BYTES", "1 MiB", "1 << 20"),
        ("nesting", "MAX_DEPTH", "32 levels", ""),
        ("title and body of one item", "ITEM_TEXT", "4 MiB", "4 << 20"),
        ("all pages of one list", "LIST_BYTES", "4 GiB", "4 << 30"),
        ("size of a forge file that is written to", "WHOLE", "256 MiB", "256 << 20"),
        ("values in a rule file", "MAX_NODES", "100,000", ""),
        ("steps of one template", "FUEL", "100,000", ""),
        ("`range(n)`", "RANGE", "1,000", ""),
        ("length of a comment", "MAX_CHARS", "60,000", ""),
        ("length of a value", "VALUE_CHARS", "256", ""),
        ("length of one expression", "MAX_EXPRESSION", "2,000", ""),
        ("brackets and signs within each other", "MAX_NESTING", "30", ""),
        ("blocks within each other", "MAX_BLOCKS", "30", ""),
        ("size of a template", "MAX_TEMPLATE", "32,768", ""),
        ("matches that one pattern counts", "MAX_MATCHES", "1,000", ""),
        ("regular expressions and lists of words", "MAX_SEARCHES", "256", ""),
        ("problems that `rules check` shows", "SHOWN", "500", ""),
        ("changes that `rules test --mutate` tries", "MAX_MUTANTS", "5,000", ""),
        ("files that are read of one folder", "MAX_FILES", "500", ""),
        ("cases of one case file", "MAX_CASES", "10,000", ""),
        ("texts of all cases", "MAX_CASE_TEXT", "16 MiB", "16 << 20"),
        ("rows of a section in Markdown", "ROWS", "50", ""),
        ("rows of a section in text", "SHORT", "20, 5", ""),
    ];
    for (limit, name, told, set) in expected {
        let row = rows.iter().find(|row| row[0].starts_with(limit)).unwrap_or_else(|| panic!("no limit `{limit}`"));
        assert_eq!(row[1], told, "{limit}");
        let value = constant(name);
        assert!(if set.is_empty() { number(&value) == number(told) } else { value == set }, "{name} is {value}");
    }
}

#[test]
fn the_json_fields_of_the_readme_are_those_of_a_report() {
    let world = root().join("tests/worlds/demo.json");
    let triage = Kaizen::bare().args(["backlog-triage", "--dry-run", "--forge", &format!("file:{}", world.display())]);
    let report = triage.format("json").run().json(0);
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let page = text("docs/output.md");
    let rows = table(&page, "# Output");
    let told: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row[0].split(", "))
        .map(|name| plain(name).split(['[', '.']).next().unwrap())
        .collect();
    let known = keys(&report);
    assert_eq!(told, known.iter().map(String::as_str).collect());
    let planned = report["issues"].as_array().unwrap().iter().find(|issue| issue["decision"]["state"] == "planned");
    let issue = planned.unwrap();
    for (name, value) in [
        ("totals", &report["totals"]),
        ("issues[]", issue),
        ("issues[].decision", &issue["decision"]),
        ("issues[].effects[]", &issue["effects"][0]),
        ("writes[]", &report["writes"][0]),
    ] {
        let row = rows.iter().find(|row| plain(&row[0]) == name).unwrap_or_else(|| panic!("no row {name}"));
        assert!(row[1].starts_with(&format!("`{}`", keys(value).join(" "))), "{name}: {}", keys(value).join(" "));
    }
}

#[test]
fn ci_runs_what_the_readme_shows_on_the_rust_that_cargo_asks_for() {
    let (page, script, workflow) = (text("README.md"), text(".ci/run"), text(".gitea/workflows/ci.yml"));
    let main = commands(&page).remove(0).command;
    let arguments = main.strip_prefix("cargo run --release -- ").unwrap();
    assert!(script.contains(arguments), "{arguments}");
    assert!(script.lines().all(|line| !line.contains(" /") || line.contains("/dev/null")), "no path of a machine");
    assert!(workflow.contains("run: .ci/run") && workflow.contains("permissions:\n  contents: read\n"));
    let manifest = text("Cargo.toml");
    let rust = manifest.split_once("rust-version = \"").and_then(|(_, after)| after.split_once('"')).unwrap().0;
    assert!(workflow.contains(&format!("RUSTUP_TOOLCHAIN: \"{rust}\"")), "{rust}");
    assert!(page.contains(&format!("Rust {rust} or newer")), "{rust}");
}

/// What a link to a heading ends with.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || "-_ ".contains(*c);
    heading.trim_start_matches('#').trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

#[test]
fn what_the_pages_link_to_is_there() {
    let mut links = 0;
    for name in pages() {
        let page = text(&name);
        // What stands in code is no link.
        let prose: String = page.split("```").step_by(2).collect();
        let targets = prose.split("](").skip(1).filter_map(|after| after.split_once(')')).map(|at| at.0.to_owned());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            links += 1;
            let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
            let to = if path.is_empty() { root().join(&name) } else { root().join(&name).parent().unwrap().join(path) };
            assert!(to.exists(), "{name}: {target}");
            if !heading.is_empty() {
                let found = fs::read_to_string(&to).unwrap();
                let is = |line: &str| line.starts_with('#') && anchor(line) == heading;
                assert!(found.lines().any(is), "{name}: {target}");
            }
        }
    }
    assert!(links > 30, "only {links} links were found");
}

#[test]
fn the_readme_is_a_first_page() {
    let lines = text("README.md").lines().count();
    assert!(lines <= 200, "{lines} lines");
}
