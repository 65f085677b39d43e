//! Slips of the pen in conditions, reasons and templates: each is told at its place, and ends a run with 78.
//!
//! Takes: a table of texts, in each of which what is wrong stands between « and ». Gives: where the program
//! says that it is wrong, and that it says what to do. Templates made up at random are read or told, never both.

use std::collections::BTreeMap;

use kaizen::engine::source::Source;
use kaizen::jobs::backlog_triage::SPEC;
use kaizen::language::{RuleInput, load};
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::json;

use crate::support::{Kaizen, Ran, issue, labels, world};

/// A text, and a part of what is said of it.
type Slip = (&'static str, &'static str);

const CONDITIONS: [Slip; 62] = [
    ("type == 'bug' «&&» score > 100", "write `and`"),
    ("type == 'bug' «&» urgent", "write `and`"),
    ("type == 'bug' «∧» urgent", "write `and`"),
    ("urgent «||» ready", "write `or`"),
    ("«!»urgent", "write `not`"),
    ("comments «=» 3", "equality is `==`"),
    ("comments > «=» 3", "write `>=`"),
    ("comments «===» 3", "write `==`"),
    ("comments «!==» 3", "write `!=`"),
    ("comments «<>» 3", "write `!=`"),
    ("comments «≠» 3", "write `!=`"),
    ("comments «=>» 3", "write `>=`"),
    ("comments «≥» 3", "write `>=`"),
    ("comments «≤» 3", "write `<=`"),
    ("comments > 3 «−» 1", "write `-`"),
    ("title == «“»bug”", "straight quotes"),
    ("title == «‘»bug’", "straight quotes"),
    ("title == «`»bug`", "straight quotes"),
    ("urgent«\u{a0}»and ready", "an ordinary space"),
    ("urgent «\u{200b}»and ready", "delete it"),
    ("urgent and ready«\u{feff}»", "delete it"),
    ("comments > «$»limit", "a name stands by itself"),
    ("urgent «?» ready", "`a if condition else b`"),
    ("urgent«;» ready", "`and` or `or`"),
    ("author == «@»ada", "a text in quotes"),
    ("comments > «#»1", "no comments"),
    ("comments «^» 2 > 3", "no such operator"),
    ("type == 'bug' «\\» urgent", "within quotes only"),
    ("title == '«\\d»'", "write two of them"),
    ("«größe» > 3", "a to z"),
    ("type == 'bug' and «ü»", "a to z"),
    ("comments > «3x»", "neither a number nor a name"),
    ("comments > «99999999999999999999»", "too large"),
    ("title == «'»bug", "is not closed"),
    ("urgent «ready»", "an operator is missing"),
    ("type == 'bug' «'feature'»", "an operator is missing"),
    ("urgent «AND» ready", "write `and`"),
    ("title «contains» 'x'", "`'text' in name`"),
    ("comments «gt» 3", "write `>`"),
    ("urgent «and»", "a value is missing after"),
    ("«or» urgent", "a value is missing before"),
    ("«(»urgent or ready", "is not closed"),
    ("urgent or ready«)»", "closes nothing"),
    ("'a' in «[»'a', 'b'", "is not closed"),
    ("urgent«,» ready", "`and`"),
    ("«{{» urgent }}", "without `{{ }}`"),
    ("«len(title)» > 3", "call nothing"),
    ("«title.contains('x')»", "`'…' in title`"),
    ("«labels[0]» == 'a'", "`| first`"),
    ("title «~» author == 'x'", "no `~`"),
    ("comments «**» 2 > 3", "no `**`"),
    ("title is «defined»", "`is none`"),
    ("title | «len» > 3", "write `length`"),
    ("title «|» > 3", "the name of a filter"),
    ("thresholds«.» > 3", "a name is missing"),
    ("«asignees» | length > 0", "did you mean `assignees`? `kaizen rules facts backlog-triage` lists all names"),
    ("type == «bug»", "`'bug'`"),
    ("«bug» in labels", "`'bug'`"),
    ("type == «'buck'»", "this is never"),
    ("«title» + 1 > 3", "a number is needed"),
    ("«age_days» > 3", "may be unknown"),
    ("«true if urgent»", "`a if c else b`"),
];

const REASONS: [Slip; 9] = [
    ("Has «{{» comments.", "is not closed"),
    ("Has {{ «coments» }}.", "did you mean `comments`?"),
    ("Has {{ comments «&&» 1 }}.", "write `and`"),
    ("Has {{ title | «upper» }}.", "no filter `upper`"),
    ("«{%» if urgent %}urgent", "no statements"),
    ("Grüße {{ «größe» }}.", "a to z"),
    ("Has {{ «“»x” }}.", "straight quotes"),
    ("Has {{ comments«\u{a0}»}}.", "an ordinary space"),
    ("Has {{ «title» + 1 }}.", "a number is needed"),
];

const TEMPLATES: [Slip; 38] = [
    ("Read {{ «title» + 1 }}.", "a number is needed"),
    ("Read {{ «asignees» }}.", "did you mean `assignees`? `kaizen rules facts backlog-triage` lists all names"),
    ("Read {{ title | «lowercase» }}.", "there are"),
    ("{% if title «&&» urgent %}x{% endif %}", "write `and`"),
    ("{% if title «=» 'x' %}x{% endif %}", "equality is `==`"),
    ("{% if «title == 3» %}x{% endif %}", "compared with"),
    ("{% if type == «'buck'» %}x{% endif %}", "this is never"),
    ("{% if «age_days» > 3 %}x{% endif %}", "is not none"),
    ("Über\n{{ «größe» }}", "a to z"),
    ("{{ «“»title” }}", "straight quotes"),
    ("{{ title«\u{a0}»}}", "an ordinary space"),
    ("{{ comments «≥» 3 }}", "write `>=`"),
    ("Ü «{{» title", "is not closed"),
    ("«{#» never", "is not closed"),
    ("«{% if urgent %}»Now.", "{% endif %}"),
    ("«{% for one in labels %}»{{ one }}", "{% endfor %}"),
    ("Now.«{% endif %}»", "ends nothing"),
    ("«{% else %}»", "between"),
    ("{% if urgent %}a{% «elsif» ready %}b{% endif %}", "write `elif`"),
    ("{% «unless» urgent %}x{% endunless %}", "if not"),
    ("{% «macro» a() %}x{% endmacro %}", "include"),
    ("{% «filter» upper %}x{% endfilter %}", "`{{ … | upper }}`"),
    ("«{% set x %}»y", "{% set name = … %}"),
    ("«{% include title %}»", "in quotes"),
    ("{% for one in «title» %}{{ one }}{% endfor %}", "goes through a list"),
    ("{% for one in «comments» %}{{ one }}{% endfor %}", "range(n)"),
    ("{% for a«,» b in labels %}{{ a }}{% endfor %}", "one name"),
    ("{% for p in points %}{{ «p.weight» }}{% endfor %}", "`p.add`"),
    ("{% for one in labels %}{{ one }}{% endfor %}{{ «one» }}", "lists all names"),
    ("{% if urgent %}{% set x = 1 %}{% endif %}{{ «x» }}", "lists all names"),
    ("{{ «points» }}", "go through it"),
    ("{{ «decision» }}", "one of its parts"),
    ("{{ «title.upper()» }}", "`range(n)`"),
    ("{{ «labels | first» | upper }}", "default("),
    ("{{ title | «cut» }}", "a number of characters"),
    ("{{ title | «cut»('x') }}", "a number of characters"),
    ("{{ title «~» author }}", "`{{ a }}{{ b }}`"),
    ("{{ «title[0]» }}", "`| first`"),
];

/// Templates that are well written and cannot be rendered.
const ENDLESS: [Slip; 5] = [
    ("{% for a in range(1000) %}{% for b in range(1000) %}{{ b }}{% endfor %}{% endfor %}", "100000 steps"),
    (
        "{% for a in labels %}{% for b in labels %}{% for c in labels %}x{{ c }}{% endfor %}{% endfor %}{% endfor %}",
        "100 entries",
    ),
    (
        "{% for a in points %}{% for b in points %}{% for c in points %}{{ c.add }}{% endfor %}{% endfor %}{% endfor %}",
        "list[:20]",
    ),
    ("{{ 7 % comments }}", "numbers are 0"),
    ("{% include 'other.md.j2' %}", "100000 steps"),
];

/// A rule file with this condition and this reason; both stand alone on their line.
fn rules(when: &str, reason: &str) -> String {
    let quoted = |text: &str| if text.contains(['"', '\\']) { text.to_owned() } else { format!("\"{text}\"") };
    format!(
        "version: 1\njob: backlog-triage\nagents: {{owner: {{login: owner}}}}\n\
         classify: {{default: other, rules: [{{type: bug, when: \"'bug' in tags\"}}]}}\n\
         flags: {{urgent: false, ready: \"'go' in labels\", blocked: false}}\nthresholds: {{limit: 3}}\n\
         actions: {{flag: {{agent: owner, comment: note.md.j2}}}}\ndecide:\n  - id: first\n    action: flag\n    when:\n      {}\n    reason:\n      {}\n  - {{id: rest, action: skip}}\n",
        quoted(when),
        quoted(reason)
    )
}

fn run(when: &str, reason: &str, template: &str) -> Ran {
    let kaizen = Kaizen::triage(&world(json!([issue(1, "Broken", json!({"labels": labels(&["go", "io"])}))])));
    kaizen.file("rules/backlog-triage.yaml", &rules(when, reason));
    kaizen.file("templates/backlog-triage/note.md.j2", template);
    let other = "{% for a in range(1000) %}{% for b in range(1000) %}{{ b }}{% endfor %}{% endfor %}";
    kaizen.file("templates/backlog-triage/other.md.j2", other);
    kaizen.format("text").args(["--rules", "rules"]).run()
}

/// The text without its marks; line and column of what stands between them, and how many characters that is.
fn marked(slip: &str) -> (String, (usize, usize), usize) {
    let (before, rest) = slip.split_once('«').unwrap();
    let (wrong, after) = rest.split_once('»').unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (format!("{before}{wrong}{after}"), (line, column), wrong.chars().count())
}

/// What is wrong with how a run told a slip.
fn untold(ran: &Ran, place: &str, length: Option<usize>, says: &str) -> Option<String> {
    let underlined =
        |length: usize| ran.stderr.lines().any(|line| line.trim_start_matches([' ', '|']) == "^".repeat(length));
    let told = ran.code == 78
        && ran.stdout.is_empty()
        && ran.stderr.contains(place)
        && ran.stderr.contains(says)
        && length.is_none_or(underlined);
    (!told).then(|| format!("{place} should say {says}, and ended with {}:\n{}", ran.code, ran.stderr))
}

#[test]
fn every_slip_is_told_where_it_stands() {
    let (good, text) = (("ready", "It is ready."), "Read this.");
    let ran = run(good.0, good.1, text);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut wrong = Vec::new();
    let mut look = |slip: Slip, file: &str, from: (usize, usize), run: &dyn Fn(&str) -> Ran| {
        let (text, (line, column), length) = marked(slip.0);
        // A plain value has no quote before its text.
        let quote = usize::from(from.1 > 0 && !text.contains(['"', '\\']));
        let column = if line == 1 { from.1 + quote + column } else { column };
        let place = format!("{file}:{}:{column}\n", from.0 + line);
        // What has no width of its own is underlined as the terminal shows it.
        let plain = slip.0.is_ascii() || !slip.0.contains(['\u{a0}', '\u{200b}', '\u{feff}']);
        let length = plain.then_some(length.max(1));
        wrong.extend(untold(&run(&text), &place, length, slip.1).map(|told| format!("{:?}: {told}", slip.0)));
    };
    for slip in CONDITIONS {
        look(slip, "rules/backlog-triage.yaml", (11, 6), &|when| run(when, good.1, text));
    }
    for slip in REASONS {
        look(slip, "rules/backlog-triage.yaml", (13, 6), &|reason| run(good.0, reason, text));
    }
    for slip in TEMPLATES {
        look(slip, "templates/backlog-triage/note.md.j2", (0, 0), &|template| run(good.0, good.1, template));
    }
    assert!(wrong.is_empty(), "{} slips are told wrongly:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_template_that_cannot_be_rendered_is_told_before_the_first_run() {
    let wrong: Vec<String> = ENDLESS
        .into_iter()
        .filter_map(|(text, says)| untold(&run("ready", "It is ready.", text), "templates/backlog-triage/", None, says))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_comment_goes_through_the_lists_of_an_item_and_tells_its_figures() {
    let template = "Idle for {{ idle_days }} days.\n{% for one in labels %}\n- {{ one }}\n{% endfor %}\n\
                    {{ labels }}; {{ milestone | default('no milestone') }}; {{ assignees | first }}; {{ labels[:1] | join }}";
    let told = |timeline: Option<serde_json::Value>| {
        let mut world = world(json!([issue(1, "Broken", json!({"labels": labels(&["go", "io"])}))]));
        if let Some(timeline) = timeline {
            world["repos"][0]["events"] = json!({ "1": timeline });
        }
        let kaizen = Kaizen::triage(&world);
        kaizen.file("rules/backlog-triage.yaml", &rules("ready", "It is ready."));
        kaizen.file("templates/backlog-triage/note.md.j2", template);
        let ran = kaizen.format("json").at("2026-11-20T12:00:00Z").args(["--rules", "rules"]).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let rest = "days.\\n- go\\n- io\\ngo, io; no milestone; unknown; go";
    // Opened nineteen days ago; our own writes may have moved the last change, so a day is only the least.
    let (unrecorded, read) = (told(None), told(Some(json!([]))));
    assert!(unrecorded.contains(&format!("Idle for at least 1 {rest}")), "{unrecorded}");
    assert!(read.contains(&format!("Idle for 19 {rest}")), "{read}");
}

/// Pieces of templates, good and bad.
const PIECES: [&str; 40] = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{-",
    "-}}",
    "{% if urgent %}",
    "{% elif ready %}",
    "{% else %}",
    "{% endif %}",
    "{% for one in labels %}",
    "{% for p in points %}",
    "{% endfor %}",
    "{% set x = title %}",
    "{% with y = 1 %}",
    "{% endwith %}",
    "{% raw %}",
    "{% endraw %}",
    "{{ title }}",
    "{{ one }}",
    "{{ p.add + 1 }}",
    "{{ x | upper }}",
    "{{ loop.index }}",
    "{{ labels | join(', ') }}",
    "{{ points[:2] | length }}",
    "{% include 'shared/footer.md.j2' %}",
    "{{ title | code }}",
    "{% for n in range(3) if n > 1 %}",
    "'",
    "\"",
    "\\",
    " ",
    "\n",
    "text",
    "ü≥“",
    "\u{200b}",
    "{{ 1 if urgent else 2 }}",
    "{",
];

fn told(template: &str) -> Vec<String> {
    let source = |name: &str, text: &str| (name.to_owned(), Source::new(name, text));
    let footer = ("shared/footer.md.j2", "Yours, {{ version }}.");
    let templates = [
        source("note.md.j2", template),
        source(footer.0, footer.1),
        source("shared/replaced.md.j2", "See below."),
        source("summary.md.j2", "{{ totals.open }}"),
    ];
    let file = Source::new("backlog-triage.yaml", rules("ready", "It is ready."));
    let loaded = load(&SPEC, &RuleInput { file, folder: BTreeMap::new(), templates: templates.into_iter().collect() });
    let told: Vec<String> = loaded.diagnostics.iter().map(|problem| problem.render(false)).collect();
    assert_eq!(loaded.policy.is_none(), !told.is_empty(), "{template:?} is taken and told, or neither: {told:?}");
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_template_is_too_strange(
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..8),
    ) {
        told(&String::from_utf8_lossy(&bytes));
        let text = pieces.concat();
        // What we read, the library that renders reads too.
        for problem in told(&text) {
            let renders = !problem.contains("cannot be rendered") || problem.contains("steps");
            proptest::prop_assert!(renders && !problem.contains("cannot be read"), "{:?}: {}", text, problem);
        }
    }
}
