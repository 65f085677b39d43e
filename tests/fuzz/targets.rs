//! What the fuzzer gives its inputs to: the library, as the commands use it.
//!
//! Takes: bytes. Gives: nothing; each reader gets along with all of them.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use kaizen::apply::journal::Journal;
use kaizen::engine::rules::Policy;
use kaizen::engine::source::Source;
use kaizen::engine::template::Templates;
use kaizen::forge::file::FileForge;
use kaizen::forge::{Forge, object, talk};
use kaizen::jobs::backlog::BacklogQuery;
use kaizen::jobs::{self, backlog_triage};
use kaizen::language::{self, JobSpec, LoadResult, RuleInput};
use kaizen::pack;

use crate::Target;
use crate::seeds;

/// What reads an input.
pub(crate) type Reads = Box<dyn Fn(&[u8]) + Send>;

/// Stacks of the main thread and of the others.
const MAIN: usize = 8 << 20;
const THREAD: usize = 2 << 20;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_176_000, 0).unwrap()
}

/// The shipped files of a job.
fn shipped(job: &str) -> RuleInput {
    let mut input = RuleInput { file: Source::new("", ""), folder: BTreeMap::new(), templates: BTreeMap::new() };
    for (path, text) in pack::shipped(job) {
        let source = Source::new(path.as_str(), text);
        match path.split_once('/') {
            Some(("rules", name)) if name == format!("{job}.yaml") => input.file = source,
            Some(("rules", name)) => drop(input.folder.insert(name.to_owned(), source)),
            Some((_, name)) => {
                let name = name.strip_prefix(&format!("{job}/")).unwrap_or(name);
                drop(input.templates.insert(name.to_owned(), source));
            }
            None => panic!("{path}"),
        }
    }
    assert!(!input.file.text.is_empty(), "{job} has shipped rules");
    input
}

fn loaded(spec: &JobSpec, input: &RuleInput) -> (Policy, Templates, LoadResult) {
    let mut loaded = language::load(spec, input);
    let (policy, templates) = loaded.policy.take().unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    (policy, templates, loaded)
}

/// A forge with an issue of each kind, in a file.
fn small_forge(folder: &Path) -> FileForge {
    let world = serde_json::json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": [{"full_name": "acme/app", "issues": [
        {"number": 1, "title": "[bug] Login fails: ü “x” ≥ 5", "body": "It must return 200.\n\n## Steps\nsrc/a.rs `fn x()`",
         "labels": [{"name": "Kind/Bug"}], "state": "open", "created_at": "2026-11-01T12:00:00Z",
         "updated_at": "2026-11-02T12:00:00Z", "user": {"login": "ada"}, "assignees": null},
        {"number": 2, "title": "", "body": null, "labels": [{"name": "blocked"}], "state": "open", "assignees": [{"login": "claude"}]},
    ]}]});
    let path = folder.join("small.json");
    std::fs::write(&path, world.to_string()).unwrap();
    FileForge::open(&path).unwrap()
}

/// Judges a backlog and makes a plan of it.
fn judge(forge: &dyn Forge, policy: &Policy, templates: &Templates) {
    let (journal, repos) = (Journal::default(), (0..forge.repos().len()).collect());
    let progress = |_| {};
    let asked = BacklogQuery {
        forge,
        repos,
        policy,
        now: now(),
        threads: 1,
        only: None,
        plans: true,
        journal: &journal,
        progress: &progress,
    };
    if let Ok(runs) = backlog_triage::triage(&[asked], &[templates], "0") {
        let plan = serde_json::to_vec(&runs[0].plan("0")).unwrap();
        serde_json::from_slice::<kaizen::plan::Plan<'_>>(&plan).unwrap_or_else(|error| panic!("our own plan: {error}"));
    }
}

pub mod rules {
    //! Rule files: checked, shown, compared, judged by.

    use super::*;
    use kaizen::language::effective;
    use kaizen::review::check::{CheckedPolicy, folder};
    use kaizen::review::diff::key_changes::key_changes;

    pub const TARGET: Target = Target { name: "rules", few: 1_500, one_of: 1, seeds, make, stack: MAIN };

    fn seeds() -> Vec<Vec<u8>> {
        let all = ["tests/broken", "tests/doubtful", "rules"].map(|folder| seeds::texts(folder, ".yaml"));
        all.concat()
    }

    fn make() -> Reads {
        let inputs: BTreeMap<&str, RuleInput> = jobs::NAMES.into_iter().map(|job| (job, shipped(job))).collect();
        let files = tempfile::tempdir().unwrap();
        let forge = small_forge(files.path());
        Box::new(move |bytes| {
            let text = text(bytes);
            let named = jobs::NAMES.into_iter().find(|job| text.contains(&format!("job: {job}")));
            let job = named.unwrap_or(backlog_triage::SPEC.job);
            let spec = jobs::spec(job).unwrap();
            let input = RuleInput { file: Source::new("rules/x.yaml", text.as_str()), ..inputs[job].clone() };
            let loaded = language::load(spec, &input);
            // What is told is read by people: each place is one of the text.
            loaded.diagnostics.iter().for_each(|found| drop(found.render(false)));
            let own = input.templates.keys().cloned().collect();
            let checked = folder(&[CheckedPolicy { input: &input, loaded: &loaded, own: &own }], Vec::new());
            checked.iter().for_each(|found| drop(found.render(false)));
            if let Some((policy, templates)) = &loaded.policy {
                let (tree, none) = (effective::tree(policy), serde_json::json!({}));
                let _ = effective::text(policy);
                let texts = BTreeMap::new();
                for change in key_changes((&none, &texts), (&tree, &texts)) {
                    let _ = change.before_and_after();
                }
                if spec.job == backlog_triage::SPEC.job {
                    judge(&forge, policy, templates);
                }
            }
        })
    }
}

pub mod templates {
    //! Templates: checked and rendered.

    use super::*;

    pub const TARGET: Target = Target { name: "templates", few: 1_500, one_of: 1, seeds, make, stack: MAIN };

    const RULES: &str = "version: 1\njob: backlog-triage\nthresholds: {ready: 5}\n\
        flags: {urgent: \"'bug' in tags\", ready: true, blocked: false}\n\
        agents: {owner: {login: owner}}\n\
        actions: {say: {comment: x.md.j2, agent: owner}}\n\
        decide:\n  - {id: all, action: say, reason: \"It is {{ title }}\"}\n";

    fn seeds() -> Vec<Vec<u8>> {
        let mut seeds = seeds::texts("templates/backlog-triage", ".j2");
        seeds.extend(seeds::texts("templates/shared", ".j2"));
        seeds.extend(
            [&b"{{ title }} {{ score | round(1) }} {% for tag in tags %}{{ loop.index }} {{ tag }}{% endfor %}"[..]]
                .map(<[u8]>::to_vec),
        );
        seeds
    }

    fn make() -> Reads {
        let shipped = shipped(backlog_triage::SPEC.job);
        let files = tempfile::tempdir().unwrap();
        let forge = small_forge(files.path());
        Box::new(move |bytes| {
            let mut input = RuleInput { file: Source::new("rules/x.yaml", RULES), ..shipped.clone() };
            input.templates.insert("x.md.j2".to_owned(), Source::new("templates/x.md.j2", text(bytes)));
            let loaded = language::load(&backlog_triage::SPEC, &input);
            loaded.diagnostics.iter().for_each(|found| drop(found.render(false)));
            if let Some((policy, templates)) = &loaded.policy {
                judge(&forge, policy, templates);
            }
        })
    }
}

pub mod cases {
    //! Cases of rules: read and judged.

    use super::*;
    use kaizen::review::book::RuleBook;
    use kaizen::review::cases::judge::Judge;
    use kaizen::review::cases::read;

    pub const TARGET: Target = Target { name: "cases", few: 3_000, one_of: 1, seeds, make, stack: MAIN };

    fn seeds() -> Vec<Vec<u8>> {
        seeds::texts("rules/tests", ".yaml")
    }

    fn make() -> Reads {
        let of = ["backlog-triage", "kaizen-retro", "loop-introspect", "improvement-proposals"];
        let books: BTreeMap<&str, _> =
            of.into_iter().map(|job| (job, loaded(jobs::spec(job).unwrap(), &shipped(job)))).collect();
        Box::new(move |bytes| {
            let text = text(bytes);
            let job = of.into_iter().find(|job| text.contains(&format!("job: {job}"))).unwrap_or(of[0]);
            let (policy, templates, loaded) = &books[job];
            let book = RuleBook { spec: jobs::spec(job).unwrap(), policy, advice: &loaded.advice };
            let (suite, found) = read(&Source::new("rules/tests/x.yaml", text.as_str()), book);
            found.iter().for_each(|found| drop(found.render(false)));
            let judge = Judge::new(book, templates, "0");
            suite.cases.iter().take(20).for_each(|case| drop(judge.judge(case)));
        })
    }
}

pub mod plans {
    //! Plans, and our own lines in texts of strangers.

    use super::*;
    use kaizen::plan::marker::{Marker, listed, without};
    use kaizen::plan::{Plan, days, section};

    pub const TARGET: Target = Target { name: "plans", few: 20_000, one_of: 1, seeds, make, stack: MAIN };

    fn seeds() -> Vec<Vec<u8>> {
        let files = tempfile::tempdir().unwrap();
        let forge = small_forge(files.path());
        let (policy, templates, _) = loaded(&backlog_triage::SPEC, &shipped(backlog_triage::SPEC.job));
        let (journal, progress) = (Journal::default(), |_| {});
        let asked = BacklogQuery {
            forge: &forge,
            repos: vec![0],
            policy: &policy,
            now: now(),
            threads: 1,
            only: None,
            plans: true,
            journal: &journal,
            progress: &progress,
        };
        let runs = backlog_triage::triage(&[asked], &[&templates], "0").unwrap();
        let plan = runs[0].plan("0");
        let bodies = plan.items.iter().flat_map(|item| &item.effects).flat_map(|effect| &effect.writes);
        let mut seeds: Vec<Vec<u8>> =
            bodies.filter_map(|write| write.args.body.clone()).map(String::into_bytes).collect();
        assert!(!seeds.is_empty(), "the plan writes");
        seeds.push(serde_json::to_vec(&plan).unwrap());
        seeds
    }

    fn make() -> Reads {
        Box::new(|bytes| {
            if let Ok(plan) = serde_json::from_slice::<Plan<'_>>(bytes) {
                let again = serde_json::to_vec(&plan).unwrap();
                assert!(serde_json::from_slice::<Plan<'_>>(&again).is_ok(), "a plan that is written is read again");
            }
            let text = text(bytes);
            if let Some(marker) = Marker::ending(&text) {
                marker.fields().for_each(|(name, _)| assert!(marker.get(name).is_some(), "{name}"));
                let line = marker.line();
                assert!(
                    Marker::ending(&format!("x\n\n{line}")).is_some(),
                    "a marker that is written is read again: {line}"
                );
                marker.get("did").map(listed);
            }
            let _ = without(&text);
            let _ = section::there(&text, "backlog-triage");
            let _ = section::without(&text);
            let _ = section::breaks(&text);
            let _ = section::put(&text, "section");
            let _ = days::day_of(&text);
            let _ = days::fold(&text, Some(&text), 14);
        })
    }
}

pub mod forge_files {
    //! Forges in files: opened, judged, looked through.

    use super::*;
    use kaizen::forge::States;

    pub const TARGET: Target = Target { name: "forge_files", few: 2_000, one_of: 1, seeds, make, stack: THREAD };

    fn seeds() -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        for path in seeds::files("tests/worlds", ".json") {
            let world = seeds::document(&path);
            let Some(repos) = world["repos"].as_array() else { continue };
            for repo in repos {
                for list in ["issues", "pulls"] {
                    for one in repo[list].as_array().into_iter().flatten().take(4) {
                        let mut small = seeds::shortened(&world);
                        small["repos"] = serde_json::json!([seeds::shortened(repo)]);
                        small["repos"][0][list] = serde_json::json!([one]);
                        seeds.push(small.to_string().into_bytes());
                    }
                }
            }
        }
        assert!(seeds.len() > 5);
        seeds
    }

    fn make() -> Reads {
        let files = if Path::new("/dev/shm").is_dir() { tempfile::tempdir_in("/dev/shm") } else { tempfile::tempdir() };
        let files = files.unwrap();
        let (policy, templates, _) = loaded(&backlog_triage::SPEC, &shipped(backlog_triage::SPEC.job));
        Box::new(move |bytes| {
            let path = files.path().join("forge.json");
            std::fs::write(&path, bytes).unwrap();
            let Ok(forge) = FileForge::open(&path) else { return };
            judge(&forge, &policy, &templates);
            for repo in 0..forge.repos().len().min(3) {
                let all = States { open: true, closed: true, issues: true, pulls: true };
                let numbers = std::sync::Mutex::new(Vec::new());
                let _ = forge.items(repo, all, 1, &|_, items| {
                    numbers.lock().unwrap().extend(items.iter().map(|item| item.number))
                });
                for number in numbers.into_inner().unwrap().into_iter().take(3) {
                    let _ = forge.comments(repo, number);
                    let _ = forge.timeline(repo, number);
                }
            }
        })
    }
}

pub mod logs {
    //! The log of the loop: read, counted, judged, merged.

    use super::*;
    use kaizen::jobs::loop_introspect::facts::OfLog;
    use kaizen::jobs::loop_introspect::{self, SPEC, params};
    use kaizen::loops::block::{self, IssueLines};
    use kaizen::loops::count::LoopCounts;
    use kaizen::loops::cycle;
    use kaizen::loops::deep::Deep;
    use kaizen::loops::figures::LoopFigures;
    use kaizen::loops::merge;
    use kaizen::loops::record::CycleRecord;

    pub const TARGET: Target = Target { name: "logs", few: 5_000, one_of: 1, seeds, make, stack: THREAD };

    fn seeds() -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        for path in seeds::files("tests/golden", ".json")
            .into_iter()
            .filter(|path| path.to_string_lossy().contains("introspect-"))
        {
            let document = seeds::document(&path);
            for cycles in document["cycles"].as_array().into_iter().flat_map(|all| all.chunks(6)).take(2) {
                seeds.push(cycles.iter().map(|cycle| format!("{cycle}\n")).collect::<String>().into_bytes());
            }
        }
        assert!(seeds.len() > 10);
        seeds
    }

    fn make() -> Reads {
        let (policy, _, loaded) = loaded(&SPEC, &shipped(SPEC.job));
        Box::new(move |bytes| {
            let at = now().timestamp_micros();
            let measure = params::measure(&loaded.advice.measure, at, None, None);
            let mut counts = LoopCounts::new(&measure);
            let rows = block::read(bytes.to_vec());
            counts.take(&measure, &rows);
            counts.take(&measure, &block::read_of(bytes.to_vec(), &IssueLines::new(&[1, 15])));
            let figures = LoopFigures::new(&mut counts, &measure);
            let mut deep = Deep::default();
            for line in text(bytes).lines().take(8) {
                let _ = cycle::read(line);
                if let Ok(given) = serde_json::from_str::<serde_json::Map<_, _>>(line) {
                    deep.take(&measure, &given);
                    let (record, _) = CycleRecord::new(given, "2026-11-20T12:00:00Z");
                    let _ = record.value();
                }
            }
            let log = OfLog { now: at, window: measure.window, bad: rows.bad, future: counts.future };
            let _ = loop_introspect::recommend(&policy, &loaded.advice, &figures, &deep, log);
            let half = bytes.len() / 2;
            let once = merge::lines(&bytes[..half], bytes);
            assert_eq!(merge::lines(&once, bytes), once, "what is merged once more stays as it is");
            let _ = merge::theirs_is_newer(&bytes[..half], bytes);
        })
    }
}

pub mod sessions {
    //! Recorded sessions of each format: read, counted, judged.

    use super::*;
    use kaizen::jobs::improvement_proposals::{SPEC, measure};
    use kaizen::sessions::adapters::{self, InputHead};
    use kaizen::sessions::blocks::Shard;
    use kaizen::sessions::count::Counter;

    pub const TARGET: Target = Target { name: "sessions", few: 3_000, one_of: 1, seeds, make, stack: THREAD };

    fn seeds() -> Vec<Vec<u8>> {
        let mut seeds = Vec::new();
        let lines = std::fs::read_to_string(seeds::root().join("tests/worlds/sessions.jsonl")).unwrap();
        let lines: Vec<&str> = lines.lines().filter(|line| line.len() < 1_500).collect();
        seeds.extend(lines.chunks(2).map(|two| two.join("\n").into_bytes()));
        seeds.extend(lines.iter().map(|line| format!("{{\"sessions\": [{line}]}}").into_bytes()));
        seeds.extend(lines.iter().map(|line| format!("[\n{line}\n]").into_bytes()));
        for (kind, content) in [
            ("user", "\"do it\""),
            (
                "assistant",
                r#"[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"cargo test"}},{"type":"text","text":"x"}]"#,
            ),
            ("user", r#"[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"Timeout after 30 s"}]"#),
        ] {
            let line = format!(
                r#"{{"type":"{kind}","sessionId":"s1","uuid":"u","parentUuid":null,"cwd":"/work/app","timestamp":"2026-10-01T08:00:00.000Z","version":"2.0.0","message":{{"role":"{kind}","content":{content}}}}}"#
            );
            seeds.push(format!("{line}\n{line}\n").into_bytes());
        }
        seeds
    }

    fn make() -> Reads {
        let (_, _, loaded) = loaded(&SPEC, &shipped(SPEC.job));
        let measure = measure(&loaded.advice);
        Box::new(move |bytes| {
            let found = adapters::of(&InputHead::new(&bytes[..bytes.len().min(adapters::HEAD)]));
            let all = adapters::ALL.into_iter().filter(|one| one.name() == found.name() || bytes.len() % 4 == 0);
            for adapter in all {
                let mut counter = Counter::new(&measure);
                let (mut cut, mut reader) = (adapter.cut(0), adapter.reader());
                let mut from = bytes;
                while let Some(mut block) = cut.next(&mut from) {
                    reader.block(&mut block, Shard::ALL, &mut counter);
                    cut.reuse(block.bytes);
                }
                reader.end(&mut counter);
                counter.counts.settle();
            }
        })
    }
}

pub mod answers {
    //! What servers answer: lists of items, comments, timelines, instants.

    use super::*;
    use kaizen::forge::time;
    use kaizen::http::Url;

    pub const TARGET: Target = Target { name: "answers", few: 20_000, one_of: 1, seeds, make, stack: THREAD };

    fn seeds() -> Vec<Vec<u8>> {
        seeds::answers()
    }

    fn make() -> Reads {
        Box::new(|bytes| {
            drop(object::items(bytes));
            drop(object::text(bytes));
            drop(talk::comments(bytes));
            drop(talk::events(bytes));
            let text = text(bytes);
            let _ = time::parse(&text[..text.floor_char_boundary(64)]);
            drop(Url::parse(&text[..text.floor_char_boundary(256)]));
        })
    }
}

pub mod servers {
    //! The same over HTTP, with headers, in each dialect: pages, limits, redirects, failures.

    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use kaizen::forge::States;
    use kaizen::forge::remote::{ConnectOptions, Remote, connect};
    use kaizen::http::Config;

    pub const TARGET: Target = Target { name: "servers", few: 500, one_of: 10, seeds, make, stack: THREAD };

    /// What all requests are answered with, apart from those by which a client finds out where it is.
    #[derive(Default)]
    struct Answer {
        bytes: Vec<u8>,
        /// Those too.
        whole: bool,
    }

    fn seeds() -> Vec<Vec<u8>> {
        let heads = [
            "",
            "link: </api/v1/repos/a/b/issues?page=2>; rel=\"next\", </x?page=9>; rel=\"last\"\nx-total-count: 3",
            "status: 404",
            "status: 302\nlocation: /api/v1/repos/a/c",
            "status: 429\nretry-after: Fri, 20 Nov 2026 12:00:00 GMT\nx-ratelimit-reset: 1795176000",
            "status: 403\nx-ratelimit-remaining: 0\ncontent-type: text/html",
        ];
        let with = |(at, body): (usize, Vec<u8>)| [heads[at % heads.len()].as_bytes(), b"\n\n", &body].concat();
        seeds::answers().into_iter().enumerate().map(with).collect()
    }

    /// Answers each request of a connection.
    fn serve(stream: TcpStream, answer: &Mutex<Answer>) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
        loop {
            let (mut first, mut line) = (String::new(), String::new());
            if reader.read_line(&mut first)? == 0 {
                return Ok(());
            }
            while line != "\r\n" {
                line.clear();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
            }
            let path = first.split(' ').nth(1).unwrap_or_default();
            let usual = match path.trim_start_matches("/api/v1").trim_start_matches("/api/v3") {
                "/version" => Some("{\"version\": \"1.26.4\"}"),
                "/user" => Some("{\"id\": 3, \"login\": \"kaizen\"}"),
                "/repos/a/b" => Some("{\"full_name\": \"a/b\", \"has_issues\": true}"),
                _ => None,
            };
            let (mut status, mut head, mut body) = ("200".to_owned(), Vec::new(), Vec::new());
            {
                let answer = answer.lock().unwrap();
                match usual.filter(|_| !answer.whole) {
                    Some(usual) => body.extend_from_slice(usual.as_bytes()),
                    None => {
                        let end = answer.bytes.windows(2).position(|two| two == b"\n\n");
                        let (above, below) = answer.bytes.split_at(end.unwrap_or(0));
                        body.extend_from_slice(below.strip_prefix(b"\n\n").unwrap_or(below));
                        for line in above.split(|byte| *byte == b'\n') {
                            match line.strip_prefix(b"status: ") {
                                Some(code) => status = text(code),
                                None if line.starts_with(b"content-length") || line.is_empty() => {}
                                None => head.extend([line, b"\r\n"].concat()),
                            }
                        }
                    }
                }
            }
            let length = body.len();
            let first = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n");
            writer.write_all(&[first.as_bytes(), &head, b"\r\n", &body].concat())?;
        }
    }

    fn ask(url: &str) -> ConnectOptions {
        let wait = Duration::from_millis(1);
        let http = Config {
            read: Duration::from_secs(2),
            whole: Duration::from_secs(4),
            tries: 2,
            base_wait: wait,
            secondary_wait: wait,
            longest_wait: wait,
            proxies: false,
            ..Config::default()
        };
        ConnectOptions { url: url.to_owned(), repos: vec!["a/b".to_owned()], http, ..ConnectOptions::default() }
    }

    fn read(remote: &Remote) {
        let all = States { open: true, closed: true, issues: true, pulls: true };
        let _ = remote.items(0, all, 1, &|_, _| {});
        let _ = remote.comments(0, 1);
        let _ = remote.timeline(0, 1);
        let _ = remote.pull(0, 1);
        let _ = remote.labelled(0, "bug");
        let _ = remote.opened_by(0, "ada");
        let _ = remote.writers(0);
        let _ = remote.comments_since(0, now());
        let _ = remote.file("a/b", "rules/x.yaml", "main");
        let _ = remote.folder("a/b", "rules", "main");
    }

    fn make() -> Reads {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(Answer::default()));
        let served = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&served);
                std::thread::spawn(move || drop(serve(stream, &served)));
            }
        });
        let urls = [format!("{at}/api/v1"), format!("{at}/api/v3"), at];
        let remotes = urls.each_ref().map(|url| connect(ask(url)).unwrap());
        Box::new(move |bytes| {
            let chance = bytes.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
            let whole = chance % 64 == 0;
            *answer.lock().unwrap() = Answer { bytes: bytes.to_vec(), whole };
            if whole {
                let _ = connect(ask(&urls[chance / 64 % 3]));
            } else {
                read(&remotes[chance % 3]);
            }
        })
    }
}
