//! How fast `backlog-triage` is: seconds, issues a second, peak memory, start time.
//!
//! Takes: `cargo bench --bench triage -- [--quick] [--issues N] [--runs N] [--keep DIR]`, and in
//! `KAIZEN_COMPARE` the command of another program, to which the path of the same backlog as a
//! flat `{"now", "repo", "issues"}` document is added. Gives: a report on stdout; no time is ever
//! asserted. The backlog is made up, the same on every machine. `benches/README.md` says more.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod measure;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use measure::Measured;
use serde_json::json;

const NOW: &str = "2026-11-20T12:00:00+00:00";
const PACKS: [(&str, &str); 2] = [("shipped", "rules"), ("reference", "tests/reference/rules")];
/// About the length of a body, in bytes.
const BODY: usize = 1_500;

fn main() {
    let options = Options::read();
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = options.keep.as_deref().unwrap_or(temporary.path());
    let sizes = [options.issues / 4, options.issues / 2, options.issues];
    let flat = folder.join("flat.json");
    let worlds: Vec<PathBuf> = sizes.iter().map(|size| folder.join(format!("world-{size}.json"))).collect();
    for (size, world) in sizes.iter().zip(&worlds) {
        write_backlog(*size, world, &flat); // the flat document of the largest stays
    }
    let bytes = std::fs::metadata(&flat).expect("the flat document").len();
    println!("{} issues, {:.0} MB, {} runs each, medians\n", options.issues, bytes as f64 / 1e6, options.runs);
    let compare = measure::other("KAIZEN_COMPARE");
    let out = folder.join("out.json");
    let mut of_packs: Vec<Vec<Measured>> = vec![Vec::new(); PACKS.len()];
    let mut of_other = Vec::new();
    // In turn, so that a busy machine is busy for all of them.
    for _ in 0..options.runs {
        for (pack, measured) in of_packs.iter_mut().enumerate() {
            measured.push(kaizen(&worlds[2], PACKS[pack].1, &out));
        }
        if let Some(other) = &compare {
            let mut other = other();
            other.arg(&flat);
            of_other.push(measure::run(other, &out));
        }
    }
    for ((name, _), measured) in PACKS.iter().zip(&of_packs) {
        median(measured).show(name, options.issues, "issues");
    }
    if let Some(theirs) = Measured::median(&of_other) {
        theirs.show("compared", options.issues, "issues");
        for ((name, _), measured) in PACKS.iter().zip(&of_packs) {
            let ours = median(measured);
            let memory = match (theirs.peak, ours.peak) {
                (Some(theirs), Some(ours)) => format!("{:.2}", theirs as f64 / ours as f64),
                _ => "unknown".to_owned(),
            };
            println!("compared / {name}: {:.2} times the time, {memory} times the memory", theirs.wall / ours.wall);
        }
    }
    println!("\nlinear? seconds for 1,000 issues");
    for (name, rules) in PACKS {
        let mut line = format!("{name:>10}");
        let mut of_sizes: Vec<Vec<Measured>> = vec![Vec::new(); sizes.len()];
        for _ in 0..options.runs {
            for (measured, world) in of_sizes.iter_mut().zip(&worlds) {
                measured.push(kaizen(world, rules, &out));
            }
        }
        for (size, measured) in sizes.iter().zip(&of_sizes) {
            let _ = write!(line, "  {size}: {:.5}", median(measured).wall * 1000.0 / *size as f64);
        }
        println!("{line}");
    }
    println!("\nstart (kaizen --version): {:.2} ms", start() * 1000.0);
}

struct Options {
    issues: usize,
    runs: usize,
    /// Where the backlog stays, to be looked at with other tools.
    keep: Option<PathBuf>,
}

impl Options {
    /// Unknown arguments are cargo's own, such as `--bench`.
    fn read() -> Self {
        let mut options = Options { issues: 100_000, runs: 5, keep: None };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            if arg == "--keep" {
                options.keep = Some(PathBuf::from(args.next().expect("a folder after --keep")));
                continue;
            }
            let mut number = || args.next().and_then(|value| value.parse().ok()).expect("a number after the option");
            match arg.as_str() {
                "--quick" => (options.issues, options.runs) = (2_000, 1),
                "--issues" => options.issues = number(),
                "--runs" => options.runs = number(),
                _ => {}
            }
        }
        assert!(options.issues >= 4 && options.runs >= 1, "at least 4 issues and 1 run");
        options
    }
}

fn median(measured: &[Measured]) -> Measured {
    Measured::median(measured).expect("at least one run")
}

fn kaizen(world: &Path, rules: &str, out: &Path) -> Measured {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["backlog-triage", "--dry-run", "--quiet", "--allow-deferred", "--format", "json", "--now", NOW]);
    command.args(["--rules", rules, "--forge"]).arg(format!("file:{}", world.display()));
    measure::run(command, out)
}

fn start() -> f64 {
    let mut all: Vec<f64> = (0..20)
        .map(|_| {
            let started = Instant::now();
            let output = Command::new(env!("CARGO_BIN_EXE_kaizen")).arg("--version").output().expect("a start");
            assert!(output.status.success());
            started.elapsed().as_secs_f64()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// The same backlog twice: as a forge document and as a flat list of its issues.
fn write_backlog(issues: usize, world: &Path, flat: &Path) {
    let create = |path: &Path| BufWriter::with_capacity(1 << 20, File::create(path).expect("a file for the backlog"));
    let (mut world, mut flat) = (create(world), create(flat));
    let repo = "bench/backlog";
    write!(
        world,
        r#"{{"version": 1, "kind": "gitea", "user": "kaizen", "repos": [{{"full_name": "{repo}", "issues": ["#
    )
    .unwrap();
    write!(flat, r#"{{"now": "{NOW}", "repo": "{repo}", "issues": ["#).unwrap();
    let (vocabulary, mut chance) = (Vocabulary::new(), Chance(0x9e37_79b9_7f4a_7c15));
    for number in 1..=issues {
        let issue = format!("{}{}", if number == 1 { "\n" } else { ",\n" }, vocabulary.issue(number, &mut chance));
        world.write_all(issue.as_bytes()).unwrap();
        flat.write_all(issue.as_bytes()).unwrap();
    }
    // Timelines that were recorded and are empty: what is in an agent's hands is no unknown.
    world.write_all(b"\n], \"events\": {}}]}\n").unwrap();
    flat.write_all(b"\n]}\n").unwrap();
    world.flush().unwrap();
    flat.flush().unwrap();
}

/// Numbers that look random and are the same everywhere (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % limit
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const TAGS: &str = "[bug] |[feature] |[refactor] |[perf] |[p0] |[rfc] |[research] |[wip] |[fix] |||";
const LABELS: &str = "Kind/Bug|type: feature|Priority/Critical|area: parser|blocked|discussion|good first issue|kimi-ready\
                      |tech-debt|Größe/L";
const WORDS: &str = "the|a|when|where|which|after|before|with|without|page|list|order|ticket|queue|worker|timeout|token\
                     |label|report|index|cache|user|harbour|ferry|answer|request|fails|returns|should|must|expected\
                     |verify|reads|writes|opens|closes|slow|empty|twice|never|often|again|old|new|large|small|first\
                     |last|über|naïve|non-blocking|blocked|unblocked|pass|import|export";
const LINES: &str = "## Steps|## Expected|## Problem|## Acceptance criteria|- It must return the same list.\
                     |- `cargo test` should pass.|See src/parser/words.rs and docs/index.md.|Depends on #7.\
                     |> somebody wrote: this is blocked by #12|It is no longer blocked.\
                     |Not [x] done: see https://example.org/a/b.py.|The table says `must`, the code `should`.";
const CODE: [&str; 4] = [
    "```rust\nfn parse(text: &str) -> Vec<Token> {\n    lex(text).collect()\n}\n```",
    "```python\ndef load(path):\n    assert path, \"must be given\"\n    return open(path)\n```",
    "```\nerror: expected `;`, found `}`\n  --> src/main.rs:10:5\n```",
    "```js\nclass Store { get(id) { return this.map.get(id) } }\n```",
];

/// What the made-up texts are made of.
struct Vocabulary {
    tags: Vec<&'static str>,
    labels: Vec<&'static str>,
    words: Vec<&'static str>,
    lines: Vec<&'static str>,
}

impl Vocabulary {
    fn new() -> Self {
        let [tags, labels, words, lines] = [TAGS, LABELS, WORDS, LINES].map(|all| all.split('|').collect());
        Vocabulary { tags, labels, words, lines }
    }

    fn words(&self, chance: &mut Chance, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| chance.of(&self.words)).collect();
        words.join(" ")
    }

    fn body(&self, chance: &mut Chance) -> String {
        let mut body = String::with_capacity(2 * BODY);
        // Some say little, most say much.
        let length = if chance.one_in(10) { 60 } else { BODY * 3 / 4 + chance.below(BODY / 2) };
        while body.len() < length {
            match chance.below(8) {
                0 => body.push_str(chance.of(&CODE)),
                1 | 2 => body.push_str(chance.of(&self.lines)),
                _ => {
                    let count = 12 + chance.below(40);
                    body.push_str(&self.words(chance, count));
                    body.push('.');
                }
            }
            body.push_str("\n\n");
        }
        body
    }

    fn issue(&self, number: usize, chance: &mut Chance) -> String {
        let count = 4 + chance.below(8);
        let title = format!("{}{}", chance.of(&self.tags), self.words(chance, count));
        let labels: Vec<_> = (0..chance.below(4))
            .map(|_| json!({ "id": 1, "name": chance.of(&self.labels), "color": "d73a4a" }))
            .collect();
        let mut assignees = Vec::new();
        if chance.one_in(8) {
            assignees.push(json!({ "id": 5, "login": chance.of(&["claude", "ada", "kimi"]) }));
        }
        let (month, day, hour) = (1 + chance.below(10), 1 + chance.below(28), chance.below(24));
        let author = json!({
            "id": 7, "login": chance.of(&["mira", "tomas", "wen"]), "full_name": "",
            "avatar_url": "https://example.org/avatars/7",
        });
        json!({
            "id": 100_000 + number, "number": number, "title": title, "body": self.body(chance), "labels": labels,
            "assignees": assignees, "assignee": null, "state": "open", "user": author, "closed_at": null,
            "created_at": format!("2026-{month:02}-{day:02}T{hour:02}:30:00Z"),
            "updated_at": "2026-11-19T08:00:00Z", "comments": chance.below(9), "milestone": null,
            "html_url": format!("https://example.org/bench/backlog/issues/{number}"), "pull_request": null,
            "repository": { "id": 3, "name": "backlog", "owner": "bench", "full_name": "bench/backlog" },
        })
        .to_string()
    }
}
