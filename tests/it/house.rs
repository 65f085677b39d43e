//! The house rules: which room of `src` may use which, and what stands where.
//!
//! Takes: the texts of `src` and the names in the other folders. Gives: a failure that names the
//! file, the line and what is against the rules. The checkers are fed made-up texts first, so that
//! a checker that sees nothing cannot pass.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::root;

/// Who may use whom; what is not here is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli", "run"]),
    ("cli", &["jobs", "forge"]),
    (
        "run",
        &[
            "advise", "apply", "cli", "engine", "explain", "files", "forge", "http", "init", "jobs", "language",
            "loop_dir", "loops", "pack", "plan", "publish", "report", "review", "secrets", "sessions", "snapshot",
            "undo",
        ],
    ),
    ("init", &["engine", "files", "forge", "language", "pack"]),
    ("jobs", &["advise", "apply", "engine", "explain", "forge", "language", "loops", "plan", "report", "sessions"]),
    ("sessions", &["engine", "forge"]),
    ("explain", &["engine", "language"]),
    ("snapshot", &["apply", "engine", "forge", "jobs", "plan", "report"]),
    ("undo", &["apply", "engine", "forge", "plan", "report"]),
    ("pack", &["engine", "files", "language"]),
    ("language", &["advise", "engine"]),
    ("advise", &["engine"]),
    ("report", &["advise", "engine", "forge", "plan"]),
    ("review", &["advise", "engine", "forge", "jobs", "language", "pack", "plan", "report"]),
    ("apply", &["plan", "forge", "loop_dir"]),
    ("plan", &["engine", "forge"]),
    ("publish", &["engine", "files", "http", "secrets"]),
    ("engine", &[]),
    ("forge", &["files", "http"]),
    ("http", &["secrets"]),
    ("loop_dir", &["files", "secrets"]),
    ("loops", &["forge"]),
    ("files", &["secrets"]),
    ("secrets", &[]),
    ("lib", &[]),
];

/// Files beside the jobs that are none.
const HELPERS: [(&str, &str); 12] = [
    ("mod", "the list of the jobs"),
    ("backlog", "what is judged, and what comes of it"),
    ("joint", "one plan of several policies over one reading"),
    ("items", "what every policy over issues and pull requests shares"),
    ("states", "what becomes of each item in a run"),
    ("unfinished", "what a killed run left behind"),
    ("summary", "the daily summary of a run"),
    ("facts", "what a forge holds of an item, as the facts that rules name"),
    ("judged-item", "what is kept of a judged item"),
    ("texts", "what a template is given about one item"),
    ("timeline", "what somebody last did on an item"),
    ("window", "what happened in repositories in a window of time"),
];

/// Files that start a process, and which.
const STARTS: [(&str, &str); 2] = [
    ("src/run/confined.rs", "this program again, with less memory and time"),
    ("src/run/review/git.rs", "git, to read a revision of a clone"),
];

/// Words with a forge's name in them that are no forge.
const NO_FORGE: [(&str, &str); 1] =
    [("github_output", "the writer for a file that a runner's variable of that name points to")];

/// Every Rust file of `src` with its text, by path.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "src was not found: {found:?}");
    found
}

/// A Rust text with its comments blanked, and with `literals` its strings and characters too.
/// Lines stay where they are.
fn blank(text: &str, literals: bool) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(index, c)| chars.get(at + index) == Some(&c));
    while at < chars.len() {
        let (end, gone) = if starts(at, "//") {
            (chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length), true)
        } else if starts(at, "/*") {
            let mut end = at + 2;
            while end < chars.len() && !starts(end, "*/") {
                end += 1;
            }
            (end + 2, true)
        } else if chars[at] == 'r' && (starts(at, "r\"") || starts(at, "r#")) && !word_before(&out) {
            let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
            let close = format!("\"{}", "#".repeat(hashes));
            let mut end = at + 2 + hashes;
            while end < chars.len() && !starts(end, &close) {
                end += 1;
            }
            (end + close.len(), literals)
        } else if chars[at] == '"' {
            let mut end = at + 1;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            (end + 1, literals)
        } else if starts(at, "'\\") {
            let end = chars[at + 3..].iter().position(|c| *c == '\'').map_or(at + 1, |length| at + length + 4);
            (end, literals)
        } else if chars[at] == '\'' && chars.get(at + 2) == Some(&'\'') {
            (at + 3, literals) // a character; a lifetime has no second quote there
        } else {
            (at + 1, false)
        };
        let end = end.min(chars.len());
        out.extend(chars[at..end].iter().map(|c| if gone && *c != '\n' { ' ' } else { *c }));
        at = end;
    }
    out
}

fn word_before(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// A text without its `#[cfg(test)]` modules; lines stay where they are.
fn without_tests(text: &str) -> String {
    let mut kept = Vec::new();
    let mut inside = false;
    let mut opening = false;
    for line in text.lines() {
        opening |= line == "#[cfg(test)]";
        if opening && line.starts_with("mod ") {
            (opening, inside) = (false, line.ends_with('{'));
        }
        kept.push(if inside || opening { "" } else { line });
        inside &= line != "}";
    }
    kept.join("\n")
}

/// The room that a file of `src` stands in.
fn room(path: &str) -> &str {
    path.trim_start_matches("src/").trim_end_matches(".rs").split('/').next().unwrap()
}

/// The rooms that a file's code names, with the line: `crate::x`, `crate::{x, y::z}`,
/// `super::…::x` as far as it leaves the file's own room, and `kaizen::x` in the program.
fn used(path: &str, text: &str) -> Vec<(usize, String)> {
    let code = blank(text, true);
    let inner = path.trim_start_matches("src/").trim_end_matches("/mod.rs").trim_end_matches(".rs");
    let up = "super::".repeat(inner.split('/').count());
    let mut found = Vec::new();
    for start in ["crate::", "kaizen::", up.as_str()] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(':') || word_before(&code[..at]) || code[at + start.len()..].starts_with("super::")
            {
                continue;
            }
            let line = code[..at].matches('\n').count() + 1;
            let rest = code[at + start.len()..].trim_start();
            let names = rest.strip_prefix('{').map_or_else(|| vec![name(rest)], group);
            // `super::` from a module inside the file stays in it, and names what is there.
            let outside = |name: &String| start != up || ARROWS.iter().any(|(room, _)| room == name);
            found.extend(names.into_iter().filter(outside).map(|name| (line, name)));
        }
    }
    found
}

fn name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || "_*".contains(*c)).collect()
}

/// The first names of a `{…}` of a `use`.
fn group(text: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(&text[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// What a file uses against the arrows.
fn against_the_arrows(path: &str, text: &str) -> Vec<String> {
    let own = room(path);
    let (_, allowed) =
        ARROWS.iter().find(|(room, _)| *room == own).unwrap_or_else(|| panic!("{path}: no room `{own}`"));
    let wrong = used(path, text).into_iter().filter(|(_, to)| to != own && !allowed.contains(&to.as_str()));
    wrong.map(|(line, to)| format!("{path}:{line}: {own} may not use {to}")).collect()
}

#[test]
fn the_checker_of_imports_sees_every_form_and_no_comment() {
    let text = r##"//! crate::run is only talk.
use crate::forge::Item;
use crate::{
    engine::rules::{Policy, Rule},
    jobs,
};
// use crate::run::Exit;
/* crate::cli */
const TEXT: &str = "crate::pack \" crate::pack";
const RAW: &str = r#"crate::pack"#;
const QUOTE: char = '"';
fn f<'a>(x: &'a str) -> crate::report::Run { super::super::plan::summary(x) }
mod tests { use super::*; }
"##;
    let path = "src/engine/made_up.rs";
    let seen: BTreeSet<(usize, String)> = used(path, text).into_iter().collect();
    let expected = [(2, "forge"), (3, "engine"), (3, "jobs"), (12, "plan"), (12, "report")];
    assert_eq!(seen, expected.map(|(line, room)| (line, room.to_owned())).into());
    let wrong = against_the_arrows(path, text);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(wrong.contains(&"src/engine/made_up.rs:2: engine may not use forge".to_owned()), "{wrong:?}");
    assert_eq!(against_the_arrows("src/run/made_up.rs", "use crate::jobs;"), [""; 0]);
    assert_eq!(against_the_arrows("src/plan/mod.rs", "use crate::report::Run;").len(), 1);
    assert_eq!(against_the_arrows("src/main.rs", "use kaizen::forge;"), ["src/main.rs:1: main may not use forge"]);
}

#[test]
fn imports_run_one_way() {
    let sources = sources();
    let wrong: Vec<String> = sources.iter().flat_map(|(path, text)| against_the_arrows(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let arrows: usize = sources.iter().map(|(path, text)| used(path, text).len()).sum();
    assert!(arrows > 40, "only {arrows} imports were seen");
}

/// Lines of a file's code, tests left out, in which one of the words stands.
fn naming<'w>(path: &str, text: &str, words: &'w [&'w str]) -> Vec<String> {
    let code = without_tests(&blank(text, false));
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut line = line.to_lowercase();
        for (word, _) in NO_FORGE {
            line = line.replace(word, "");
        }
        if path.starts_with("src/run") {
            // Names of variables that runners set.
            for word in words {
                line = line.replace(&format!("\"{word}_"), "");
            }
        }
        found.extend(
            words.iter().filter(|word| line.contains(**word)).map(|word| format!("{path}:{}: {word}", index + 1)),
        );
    }
    found
}

#[test]
fn forges_are_named_only_in_their_own_room() {
    let forges = ["gitea", "forgejo", "github"];
    let made_up = ["// gitea", "let name = \"Gitea\";", "variable(\"GITHUB_TOKEN\");", "#[cfg(test)]", "mod tests {"];
    let made_up = [&made_up[..], &["    let x = \"github\";", "}", "let github = 1;"]].concat().join("\n");
    let made_up = made_up.as_str();
    assert_eq!(
        naming("src/plan/mod.rs", made_up, &forges),
        ["src/plan/mod.rs:2: gitea", "src/plan/mod.rs:3: github", "src/plan/mod.rs:8: github"]
    );
    assert_eq!(naming("src/run/x.rs", made_up, &forges), ["src/run/x.rs:2: gitea", "src/run/x.rs:8: github"]);
    let sources = sources();
    let outside = sources.iter().filter(|(path, _)| !path.starts_with("src/forge/"));
    let wrong: Vec<String> = outside.flat_map(|(path, text)| naming(path, text, &forges)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_knows_no_job() {
    let jobs = kaizen::jobs::NAMES;
    let snake = jobs.map(|job| job.replace('-', "_"));
    let words: Vec<&str> = jobs.into_iter().chain(snake.iter().map(String::as_str)).collect();
    let sources = sources();
    let engine = sources.iter().filter(|(path, _)| path.starts_with("src/engine/") && !path.ends_with("/tests.rs"));
    let wrong: Vec<String> = engine.flat_map(|(path, text)| naming(path, text, &words)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        naming("src/engine/x.rs", "if job == \"backlog-triage\" {", &words),
        ["src/engine/x.rs:1: backlog-triage"]
    );
}

/// Names in a folder, without the ending.
fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return BTreeSet::new() };
    let all = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    all.map(|name| name.strip_suffix(ending).map_or(name.clone(), str::to_owned)).collect()
}

#[test]
fn every_job_has_its_files_or_says_what_it_lacks() {
    let mut missing = Vec::new();
    for job in kaizen::jobs::NAMES.into_iter().chain(kaizen::jobs::PLAIN) {
        let rust = format!("src/jobs/{}.rs", job.replace('-', "_"));
        let text = std::fs::read_to_string(root().join(&rust)).unwrap_or_else(|error| panic!("{rust}: {error}"));
        let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let says = |what: &str| head.to_lowercase().split_once("lacks").is_some_and(|(_, lacks)| lacks.contains(what));
        for (path, what) in [
            (format!("rules/{job}.yaml"), "rules"),
            (format!("templates/{job}"), "templates"),
            (format!(".gitea/workflows/{job}.yml"), "workflow"),
        ] {
            if root().join(&path).exists() == says(what) {
                missing
                    .push(format!("{rust}: {path} is there, or the first lines say `Lacks: {what}`, one of the two"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn nothing_stands_in_the_folders_without_a_job() {
    let jobs = kaizen::jobs::NAMES.into_iter().chain(kaizen::jobs::PLAIN);
    let jobs: BTreeSet<String> = jobs.map(str::to_owned).collect();
    let with =
        |more: &[&str]| jobs.iter().cloned().chain(more.iter().map(|name| (*name).to_owned())).collect::<BTreeSet<_>>();
    let helpers: Vec<&str> = HELPERS.iter().map(|(name, _)| *name).collect();
    let rust = names("src/jobs", ".rs").into_iter().map(|name| name.replace('_', "-")).collect();
    for (folder, there, known) in [
        ("src/jobs", rust, with(&helpers)),
        ("rules", names("rules", ".yaml"), with(&["common", "automations", "kaizen.schema.json", "tests"])),
        ("templates", names("templates", "/"), with(&["shared", "run"])),
        (".gitea/workflows", names(".gitea/workflows", ".yml"), with(&["ci", "nightly", "rules-review"])),
    ] {
        let strays: Vec<&String> = there.difference(&known).collect();
        assert!(strays.is_empty(), "{folder} holds {strays:?}, which belongs to no job");
    }
}

#[test]
fn files_open_with_their_purpose_and_start_no_process() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//!") {
            wrong.push(format!("{path}: does not open with what it takes and gives"));
        }
        let code = blank(&text, true);
        let may = STARTS.iter().any(|(starts, _)| *starts == path);
        for (index, line) in code.lines().enumerate().filter(|_| !may) {
            if ["process::Command", "process::{", "process::*", "CommandExt"].iter().any(|word| line.contains(word)) {
                wrong.push(format!("{path}:{}: starts a process", index + 1));
            }
        }
    }
    for (path, _) in &STARTS {
        assert!(Path::new(root()).join(path).exists(), "{path} is in the list of exceptions and does not exist");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[allow(clippy::print_stdout, reason = "the figure is wanted where output is shown")]
fn the_engine_stays_compact() {
    let sources = sources();
    let engine = sources.iter().filter(|(path, _)| path.starts_with("src/engine/"));
    let plain = |text: &str| without_tests(&blank(text, false)).lines().filter(|line| !line.trim().is_empty()).count();
    let lines: usize = engine.map(|(_, text)| plain(text)).sum();
    println!("the engine has {lines} plain lines");
    // About 2,500.
    assert!((1..=2_800).contains(&lines), "the engine has {lines} plain lines, 2,800 at most");
}

/// Uses of stdout beside those in the one file that may write to it, by file and line.
fn prints(name: &str, text: &str) -> Vec<String> {
    if name == "src/run/output.rs" {
        return Vec::new();
    }
    let bare = blank(text, true);
    let found = bare.lines().enumerate().filter(|(_, line)| line.contains("stdout()") || line.contains("print!("));
    found.map(|(at, _)| format!("{name}:{}", at + 1)).collect()
}

#[test]
fn one_file_alone_prints_to_stdout() {
    let made_up = "//! stdout()\nfn a() {\n    let x = \"stdout()\";\n    std::io::stdout().lock();\n}\n";
    assert_eq!(prints("src/run/why.rs", made_up), ["src/run/why.rs:4"]);
    assert_eq!(prints("src/run/output.rs", made_up), Vec::<String>::new());
    let found: Vec<String> = sources().iter().flat_map(|(name, text)| prints(name, text)).collect();
    assert!(found.is_empty(), "print through src/run/output.rs: {found:?}");
}

/// The types that a file defines, with their lines; associated types are no names of their own.
fn types(text: &str) -> Vec<(usize, String)> {
    let defined = regex::Regex::new(
        r"(?m)^(?:\s*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union)|(?:pub(?:\([^)]*\))? )?type) (\w+)",
    );
    let bare = without_tests(&blank(text, true));
    let line = |at: usize| bare[..at].matches('\n').count() + 1;
    defined
        .unwrap()
        .captures_iter(&bare)
        .map(|found| (line(found.get(1).unwrap().start()), found[1].to_owned()))
        .collect()
}

#[test]
fn no_two_types_have_one_name() {
    let made_up = "pub struct A;\n// struct B;\npub(super) enum C {\n}\nimpl X for A {\n    type D = u8;\n}\nfn f() {\n    struct E;\n}\ntype F = u8;\n";
    let seen = [(1, "A"), (3, "C"), (9, "E"), (11, "F")].map(|(line, name)| (line, name.to_owned()));
    assert_eq!(types(made_up), seen);
    let mut places = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (path, text) in sources() {
        for (line, name) in types(&text) {
            places.entry(name).or_default().push(format!("{path}:{line}"));
        }
    }
    assert!(places.len() > 500, "only {} types were seen", places.len());
    let shared: Vec<_> = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(shared.is_empty(), "two types of one name: {shared:?}");
}
