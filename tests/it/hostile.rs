//! Other people's text: whatever stands in titles, bodies, names and comments stays text.
//!
//! Takes: worlds full of mentions, references, HTML, fences, markers, commands to runners and to
//! terminals. Gives: the proof that comments, terminal, CI log, JSON and output files hold them
//! without obeying them. Where structure is at stake, the same world with plain words is rendered
//! too, and both must have the same shape.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use crate::support::{Kaizen, Ran, issue, labels, record, repo_world, world};

/// One rule for every item, whose reason and comment print all that others wrote.
const RULES: &str = r#"
version: 1
job: backlog-triage
extends: [common.yaml]
skip: {command: /kaizen ignore}
patterns:
  anything: {regex: '(?s).{1,300}', in: text}
score:
  any: {max: 3, points: [{add: 1, when: count.anything >= 1}, {add: 1, when: title | length > 0}]}
flags: {urgent: score > 9, ready: score > 0, blocked: score > 9}
agents: {owner: {login: owner}}
actions: {show: {agent: owner, mention: [owner], comment: show.md.j2}}
decide:
  - id: all
    action: show
    reason: "{{ title }} by {{ author }} for {{ assignees | join(', ') }} in {{ labels | join(' ') }} until {{ milestone }}"
"#;

/// Every place of a comment that a value can stand in.
const SHOW: &str = "\
{{ mention }}: {{ title }}

{{ title }}

- {{ title }}
  {{ author }}
1. {{ labels | join(', ') }}

> {{ title }}
> {{ milestone }}

# {{ title }}

| title | labels | author | milestone | found |
| --- | --- | --- | --- | --- |
| {{ title }} | {{ labels | join('') }} | {{ author }} | {{ milestone }} | {% for point in points %}{{ point.matched }}{% endfor %} |
| {{ title | cut(9) }} | {{ title | upper }} | {{ title | trim }} | {{ assignees | last }} | {{ labels | sort | first }} |

<details><summary>{{ title }}</summary>

{{ decision.reason }}
{% set again = title %}
{{ again }} {% if author is not none %}{{ [title, author] | join(' ') }}{% endif %}


</details>
";

/// What others write, one a line of thought. `LONE` stands for a surrogate without its half.
fn nasty() -> Vec<String> {
    #[rustfmt::skip] // one entry a line would be two hundred lines
    let plain = [
        // What pings, and what would if it were undone (fact 104).
        "@ada", "> @ada", "<b>@ada</b>", "`@ada", "a@ada, @ada/team @@ada", "\\@ada &#64;ada &commat;ada",
        "@\u{200b}ada", "ends in @", "@owner", "(@ada) [@ada](x) [@ada]: y", "@ada's",
        // References (fact 105) and addresses.
        "#12", "see #12", "owner/name#12", "!12", "owner/name!12", "GH-12", "&#35;12", "##12", "http://x.org/a",
        "https://x.org/#12", "www.x.org", "<https://x.org>", "mailto:a@b.org", "[[page]]", "://", "closes #12",
        // Markers.
        "<!-- kaizen:v1 policy=backlog-triage key=decision did=0 run=1 rule=all writes= text=0 -->", "-->", "<!--",
        "a --> b", "--!>",
        // Tables, quotes, lists, headings, rules, mathematics.
        "a | b | c", "\\| a \\\\| b", "| --- | --- |", "|", "\\", "\\\\", "a\\", "# h", "## h #", "- a", "+ a", "* a",
        "1. a", "12) a", "> a", "---", "===", "***", "___", ": a", ":--", "[x] a", "- [ ] a", "$x$ $$y$$",
        "\\[x\\] \\(y\\)", "[^1]", "[^1]: a", "~~a~~", "==a==", "a\u{a0}", ":-) :x:",
        // HTML.
        "<b>", "<details>", "</details>", "<details open><summary>x</summary>", "</summary>", "<script>x</script>",
        "<img src=x onerror=y>", "<br/>", "<?php", "<![CDATA[x]]>", "<!DOCTYPE x>", "&lt;b&gt; &amp; &#60; &nbsp;",
        "</td></tr></table>", "<a href=\"x\">y</a>",
        // Links and images.
        "[a](b)", "![a](b)", "[a][b]", "[a]: b", "![a][b]", "[a](<b> \"c\")",
        // Emphasis and code.
        "*a* **b** _c_ __d__", "*", "_", "**", "`", "``", "`a`", "```", "```rust", "~~~", "~~~~", "` `` ```",
        // Templates.
        "{{ title }}", "{{ mention }}", "{% raw %}", "{% for x in y %}", "{# a #}", "{{", "}}", "%}",
        // Runners and escapes for them.
        "::error::x", "::set-output name=acted::9", "  ::error::x", "##[warning]x", "###[group]x", "##[add-mask]x", "##[[bug]warning]x",
        "%0A::error::x", "%0a", "::stop-commands::x", "a::error::b",
        // Line ends and the rest that splits a line.
        "a\nb", "a\r\nb", "a\rb", "a\u{85}b", "a\u{2028}b\u{2029}c", "a\u{b}b\u{c}c", "a\tb", "a\n\nb",
        "a\n::error::x", "a\n```\nb", "a\n/kaizen ignore\nb", "a\n#12  0  bug  urgent  show  faked",
        // Terminals.
        "a\u{0}b", "\u{1b}[31mred\u{1b}[0m", "\u{1b}[2J\u{1b}[1;1H", "\u{1b}]52;c;eA==\u{7}",
        "\u{1b}]8;;http://x.org\u{1b}\\a\u{1b}]8;;\u{1b}\\", "a\u{8}\u{8}b", "\u{9b}31m", "\u{9d}52;c;x\u{9c}",
        "\u{90}q\u{9c}", "\u{7f}", "\u{7}",
        // Hidden and turned.
        "\u{202e}gnp\u{202c}", "\u{2066}a\u{2069}", "\u{200e}\u{200f}\u{61c}a", "a\u{e0041}\u{e007f}b",
        "a\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}b", "\u{feff}a", "a\u{ad}b", "aLONEb", "LONE", "\u{fff9}a\u{fffb}",
        "e\u{301}\u{301}\u{301}", "漢字 🦀 👩\u{200d}👩", "\u{3164}a",
        // Names with what separates names, and commands.
        "a, b", "a b", "a,b", "\"a\" 'b'", "a=b c=d", "a;b&c", "/kaizen ignore", "/kaizen resume", "../../x",
        "%00 %20",
    ];
    let mut all: Vec<String> = plain.map(str::to_owned).into();
    for length in [3, 4, 5, 99, 100, 101, 254, 255, 256, 300] {
        all.push("`".repeat(length));
        all.push("~".repeat(length));
        all.push(format!("{} a {0}", "`".repeat(length)));
    }
    all
}

/// An issue that holds a text wherever somebody else may put one.
fn everywhere(number: u64, text: &str) -> Value {
    let labels = labels(&[text, "x"]);
    issue(
        number,
        text,
        json!({ "body": text, "labels": labels, "user": { "id": 7, "login": text }, "milestone": { "title": text },
            "assignees": [{ "id": 8, "login": text }, { "id": 9, "login": format!("{text}2") }] }),
    )
}

/// A run over these issues, with the rules and the template above.
fn shown(issues: Vec<Value>) -> Kaizen {
    shown_by(issues, SHOW)
}

fn shown_by(issues: Vec<Value>, template: &str) -> Kaizen {
    let world = world(issues.into());
    let kaizen = Kaizen::triage(&world).rule_file(RULES);
    kaizen.file("world.json", &world.to_string().replace("LONE", "\\ud800"));
    kaizen.file("templates/backlog-triage/show.md.j2", template);
    kaizen
}

fn nasty_issues() -> Vec<Value> {
    nasty().iter().zip(1..).map(|(text, number)| everywhere(number, text)).collect()
}

/// The same number of issues with plain words. Where a text ends with a marker it does so here too: that
/// somebody else wrote it is told.
fn plain_issues() -> Vec<Value> {
    let plain = |(text, number): (&String, u64)| {
        let mut issue = everywhere(number, "plain words");
        if text.starts_with("<!-- kaizen:v1 ") {
            issue["body"] = everywhere(number, text)["body"].clone();
        }
        // As a label it is the word of the set `opt_out`, and met.
        if text == "/kaizen ignore" {
            issue["labels"] = everywhere(number, text)["labels"].clone();
        }
        issue
    };
    nasty().iter().zip(1..).map(plain).collect()
}

/// The texts of the plan, by number.
fn bodies(report: &Value) -> Vec<(u64, String)> {
    let writes = report["writes"].as_array().unwrap();
    let of = |write: &Value| Some((write["number"].as_u64().unwrap_or(0), write["args"]["body"].as_str()?.to_owned()));
    writes.iter().filter_map(of).collect()
}

/// A comment as Markdown reads it, without its words.
fn shape(text: &str) -> Vec<String> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let names = Parser::new_ext(text, options).filter_map(|event| match event {
        Event::Text(_) => None,
        Event::Html(html) | Event::InlineHtml(html) if html.starts_with("<!-- kaizen:v1 ") => Some("marker".to_owned()),
        Event::Html(html) if html.starts_with("<details><summary>") => Some("details".to_owned()),
        other => Some(format!("{other:?}")),
    });
    names.collect()
}

/// What in a text would reach or touch somebody: the raw characters count, because forges do not
/// read Markdown alike.
fn reaches(text: &str) -> Option<String> {
    let text = ["&#91;", "&#92;", "&#35;"].iter().fold(text.to_lowercase(), |text, entity| text.replace(entity, ""));
    let chars: Vec<char> = text.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let rest: String = chars[at + 1..].iter().take(12).collect();
        let before: String = chars[at.saturating_sub(2)..at].iter().collect();
        let digit = rest.starts_with(|c: char| c.is_ascii_digit());
        let bad = match c {
            '@' => !rest.starts_with('\u{2060}'),
            '#' | '!' => digit,
            '-' => digit && before == "gh",
            ':' => rest.starts_with("//"),
            'w' => before == "ww" && rest.starts_with('.'),
            '[' => rest.starts_with('['),
            _ => false,
        };
        if bad {
            return Some(format!("{c}{rest}"));
        }
    }
    None
}

/// Holds of every comment, whatever stands in it; `mention` is who is meant to be told.
fn comment_is_sound(number: u64, body: &str, mention: &str) {
    let (text, marker) = body.rsplit_once('\n').unwrap();
    assert!(marker.starts_with("<!-- kaizen:v1 ") && marker.ends_with(" -->"), "#{number}: {marker}");
    for (sign, count) in [("<!--", 1), ("-->", 1), ("kaizen:v1", 1 + text.matches("kaizen:v1").count())] {
        assert_eq!(body.matches(sign).count(), count, "#{number}: {sign} in {body}");
    }
    assert!(!marker[4..marker.len() - 3].contains("--"), "#{number}: {marker}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count(), "#{number}: {text}");
    let others = if mention.is_empty() { text.to_owned() } else { text.replacen(mention, "", 1) };
    assert_eq!(reaches(&others), None, "#{number}: {text}");
    let odd = text.chars().find(|c| c.is_control() && *c != '\n' || is_turning(*c));
    assert_eq!(odd, None, "#{number}: {text:?}");
    assert!(body.chars().count() <= 65_536, "#{number}: {} characters", body.chars().count());
}

/// Turns the direction of text.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn a_comment_pings_and_links_nobody_and_keeps_its_shape() {
    let nasty_ran = shown(nasty_issues()).run().json(0);
    let plain_ran = shown(plain_issues()).run().json(0);
    let (nasty, plain) = (bodies(&nasty_ran), bodies(&plain_ran));
    assert_eq!((nasty.len(), plain.len()), (nasty_issues().len(), nasty_issues().len()));
    let expected = shape(&plain[0].1);
    assert_eq!(expected.iter().filter(|part| part.as_str() == "Start(TableCell)").count(), 15, "{expected:?}");
    for (number, body) in &nasty {
        comment_is_sound(*number, body, "@owner");
        assert!(body.starts_with("@owner: "), "{body}");
        assert_eq!(shape(body), expected, "#{number}: {body}");
        // Forges differ on how they split a row: the bars that count are ours alone.
        for row in body.lines().filter(|line| line.starts_with("| ")) {
            let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            assert_eq!(bars, 6, "#{number}: {row}");
        }
    }
}

#[test]
fn the_shipped_texts_keep_their_shape_too() {
    let with = |text: &str, at: u64| {
        let title = format!("{text} in src/main.rs");
        let author = json!({ "id": 7, "login": text });
        let (body, labels) = (format!("It should work.\n\n{text}"), labels(&["bug", "p0", text]));
        let more = json!({ "body": body, "labels": labels, "user": author, "milestone": { "title": text } });
        issue(at, &title, more)
    };
    let run = |texts: &[String]| {
        let issues: Vec<Value> = texts.iter().zip(1..).map(|(text, at)| with(text, at)).collect();
        let world = world(issues.into());
        let kaizen = Kaizen::triage(&world).rules("rules");
        kaizen.file("world.json", &world.to_string().replace("LONE", "\\ud800"));
        bodies(&kaizen.run().json(0))
    };
    let allowed: BTreeSet<&str> = ["<details><summary>Why</summary>\n", "</details>\n", "<sub>", "</sub>"].into();
    // Only so many are handed over at once: a few texts a run.
    for texts in nasty().chunks(3) {
        let found = run(texts);
        // As a label it is the word of the set `opt_out`.
        let ignored = texts.iter().filter(|text| *text == "/kaizen ignore").count();
        assert_eq!(found.len(), texts.len() + 1 - ignored, "{texts:?}: {found:?}");
        for (number, body) in found {
            comment_is_sound(number, &body, "");
            let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
            let mut cells = Vec::new();
            for event in Parser::new_ext(&body, options) {
                match event {
                    Event::Html(html) | Event::InlineHtml(html) => {
                        let ours = allowed.contains(&*html) || html.starts_with("<!-- kaizen:v1 ");
                        assert!(ours, "{html:?} in {body}");
                    }
                    Event::Code(code) => assert!(
                        ["/kaizen ignore", &format!("kaizen why {number}")].contains(&&*code),
                        "{code:?} in {body}"
                    ),
                    Event::Start(Tag::TableRow | Tag::TableHead) => cells.push(0),
                    Event::Start(Tag::TableCell) => *cells.last_mut().unwrap() += 1,
                    Event::Start(
                        Tag::Link { .. }
                        | Tag::Image { .. }
                        | Tag::CodeBlock(_)
                        | Tag::BlockQuote(_)
                        | Tag::FootnoteDefinition(_),
                    ) => {
                        panic!("{event:?} in {body}")
                    }
                    _ => {}
                }
            }
            if body.contains("<summary>Why</summary>") {
                // A comment has a line a component, and nothing opens a table in it.
                let lines = body.lines().filter(|line| line.starts_with("- ")).count();
                assert_eq!((cells.len(), lines), (0, 3), "{body}");
                continue;
            }
            assert!(!cells.is_empty() && cells.iter().all(|count| *count == cells[0]), "{cells:?} in {body}");
            let rows = body.lines().filter(|line| line.starts_with("| "));
            let bars: BTreeSet<usize> =
                rows.map(|row| row.replace("\\\\", "").replace("\\|", "").matches('|').count()).collect();
            assert_eq!(bars.len(), 1, "{bars:?} in {body}");
        }
    }
}

#[test]
fn a_text_of_a_megabyte_is_cut_and_opens_nothing() {
    let long = ["x ", "@ada ", "| \\", "`", "<details>", "\u{202e}"].map(|part| part.repeat(1_000_000 / part.len()));
    let issues: Vec<Value> = long.iter().zip(1..).map(|(text, at)| everywhere(at, text)).collect();
    let mut wrong = Vec::new();
    let folded = "<details><summary>x</summary>\n\n{{ title }}\n\n</details>\n";
    for (template, what) in [(SHOW, "every place"), (folded, "folded"), ("{{ title | code }}", "code")] {
        let report = shown_by(issues.clone(), template).run().json(0);
        let found = bodies(&report);
        assert_eq!(found.len(), long.len());
        for (number, body) in found {
            let (text, marker) = body.rsplit_once('\n').unwrap();
            assert!(marker.starts_with("<!-- kaizen:v1 "), "#{number}: {marker}");
            assert!(body.chars().count() <= 65_536, "#{number}: {} characters", body.chars().count());
            let (open, close) = (text.matches("<details>").count(), text.matches("</details>").count());
            if open != close && what != "code" {
                wrong.push(format!("{what} #{number}: {open} <details>, {close} </details>"));
            }
            // The marker is hidden only if no fence of ours was cut open.
            if Parser::new(&body).last() != Some(Event::End(TagEnd::HtmlBlock)) {
                wrong.push(format!("{what} #{number}: the marker is shown"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn code_that_others_wrote_stays_in_its_fence() {
    for template in ["{{ title | code }}\n\nend", "{{ decision.reason | code }}", "{{ labels | join('') | code }}"] {
        let report = shown_by(nasty_issues(), template).run().json(0);
        for (number, body) in bodies(&report) {
            let shape: Vec<String> = shape(&body).into_iter().map(|part| part.chars().take(16).collect()).collect();
            let start = ["Start(CodeBlock(", "End(CodeBlock)"];
            assert_eq!(shape[..2], start, "#{number}: {body}");
            assert_eq!(body.matches("<!-- kaizen:v1 ").count(), 1, "#{number}: {body}");
        }
    }
}

#[test]
fn code_inside_a_line_or_a_list_lets_nothing_out() {
    let issues = vec![everywhere(1, "a\n\n@ada <b> #12"), everywhere(2, "@ada")];
    for template in [
        "- {{ title | code }}",
        "Title: {{ decision.reason | code }}",
        "| {{ title | code }} |",
        "> {{ title | code }}",
    ] {
        let ran = shown_by(issues.clone(), template).run();
        if ran.code == 78 {
            continue; // refused when the rules are loaded: nothing gets out either
        }
        for (number, body) in bodies(&ran.json(0)) {
            let (mut code, mut out) = (false, String::new());
            for event in Parser::new_ext(&body, Options::ENABLE_TABLES) {
                match event {
                    Event::Start(Tag::CodeBlock(_)) => code = true,
                    Event::End(TagEnd::CodeBlock) => code = false,
                    Event::Text(text) if !code => out.push_str(&text),
                    Event::Html(html) | Event::InlineHtml(html) => {
                        assert!(html.starts_with("<!-- kaizen:v1 "), "#{number} by `{template}`: {body}");
                    }
                    _ => {}
                }
            }
            assert_eq!(reaches(&out), None, "#{number} by `{template}`: {body}");
        }
    }
}

#[test]
fn values_side_by_side_make_no_reference() {
    let one = |at, author: &str, milestone: &str| {
        issue(at, "x", json!({ "user": { "id": 7, "login": author }, "milestone": { "title": milestone } }))
    };
    let issues = vec![
        one(1, "@", "ada"),
        one(2, "see #", "12"),
        one(3, "o/r!", "12"),
        one(4, "http:", "//x.org"),
        one(5, "a[", "[b]]"),
        one(6, "GH-", "12"),
        one(7, "a www", ".x.org"),
        one(8, "\\", "| x"),
    ];
    let report = shown_by(issues, "a {{ author }}{{ milestone }}").run().json(0);
    let found: Vec<String> =
        bodies(&report).into_iter().filter_map(|(_, body)| reaches(body.split("\n\n").next().unwrap())).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn only_a_whole_login_is_ever_mentioned() {
    // Cutting characters out of a name would ping somebody else of that shorter name.
    let names = ["renovate[bot]", "a b", "x,y", "ada\u{200b}lovelace", "a@b", "a\nb", "ada`", "<ada>", "a/b", "#12"];
    let rules = RULES.replace("mention: [owner]", "mention: [author]");
    let issues: Vec<Value> =
        names.iter().zip(1..).map(|(name, at)| issue(at, "x", json!({ "user": { "id": 7, "login": name } }))).collect();
    let kaizen = Kaizen::triage(&world(issues.into())).rule_file(&rules);
    kaizen.file("templates/backlog-triage/show.md.j2", "hello {{ mention }}");
    let report = kaizen.run().json(0);
    let mut wrong = Vec::new();
    for (number, body) in bodies(&report) {
        let name = names[usize::try_from(number).unwrap() - 1];
        let line = body.lines().next().unwrap();
        for (at, _) in line.match_indices('@') {
            let end = |c: char| !(c.is_alphanumeric() || "-_.".contains(c));
            let login = line[at + 1..].split(end).next().unwrap();
            if !login.is_empty() && login != name {
                wrong.push(format!("{name:?} is mentioned as {line:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_fields_of_a_marker_stay_apart() {
    let rules =
        RULES.replace("mention: [owner]", "assign: [author], add_labels: ['needs, review', 'a,assign:eve', 'x --> y']");
    let rules = rules.replace("agents:", "labels: {'needs, review': {}, 'a,assign:eve': {}, 'x --> y': {}}\nagents:");
    let kaizen = Kaizen::triage(&world(json!([issue(
        1,
        "x",
        json!({ "user": { "id": 7, "login": "ada,close:completed did=0" } })
    )])))
    .rule_file(&rules);
    kaizen.file("templates/backlog-triage/show.md.j2", "x");
    let report = kaizen.run().json(0);
    let body = bodies(&report).remove(0).1;
    let marker = body.lines().last().unwrap();
    let fields: Vec<&str> = marker.trim_start_matches("<!-- kaizen:v1 ").trim_end_matches(" -->").split(' ').collect();
    let names: Vec<&str> = fields.iter().map(|field| field.split('=').next().unwrap()).collect();
    assert_eq!(names, ["policy", "key", "did", "run", "rule", "writes", "text"], "{marker}");
    let writes = fields[5].trim_start_matches("writes=");
    assert_eq!(writes.split(',').count(), 4, "three labels and one person: {writes}");
}

/// The lines of a report for people are those of a plain world: none is added, none begins otherwise.
fn no_line_is_forged(nasty: &Ran, plain: &Ran) {
    assert_eq!((nasty.code, plain.code), (0, 0), "{}{}", nasty.stderr, plain.stderr);
    let odd = nasty.stdout.chars().find(|c| (c.is_control() && *c != '\n') || is_turning(*c));
    assert_eq!(odd, None, "{:?}", nasty.stdout);
    let heads = |text: &str| {
        text.lines().map(|line| line.split_whitespace().next().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    let (nasty_lines, plain_lines) = (nasty.stdout.lines().count(), plain.stdout.lines().count());
    assert_eq!(nasty_lines, plain_lines, "{}", nasty.stdout);
    let expected = heads(&plain.stdout);
    for (at, head) in heads(&nasty.stdout).into_iter().enumerate() {
        if expected[at].starts_with('#') || expected[at] == "|" {
            assert_eq!(head, expected[at], "line {at} of {}", nasty.stdout);
        }
    }
}

#[test]
fn a_terminal_is_sent_nothing_but_text() {
    for options in [&[][..], &["-v"][..]] {
        let run = |issues| shown(issues).format("text").args(options).run();
        let (nasty, plain) = (run(nasty_issues()), run(plain_issues()));
        no_line_is_forged(&nasty, &plain);
        let colored = shown(nasty_issues()).format("text").args(options).args(["--color", "always"]).run();
        let bare = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m"]
            .iter()
            .fold(colored.stdout.clone(), |text, code| text.replace(code, ""));
        assert_eq!(bare, nasty.stdout, "colours add colours and nothing else");
        assert_ne!(colored.stdout, nasty.stdout);
    }
}

#[test]
fn the_name_of_a_repository_is_other_peoples_text_too() {
    let name = "acme/\u{202e}app##[error]x<b>@ada#12|z";
    let one = issue(1, "x", json!({}));
    let repos = json!([{ "full_name": name, "issues": [one] }, { "full_name": "acme/b", "issues": [one] }]);
    let world = json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": repos });
    let skipping = RULES.replace("action: show", "action: skip");
    let mut wrong = Vec::new();
    for rules in [RULES, &skipping] {
        for (format, options) in [
            ("text", &[][..]),
            ("text", &["-v"]),
            ("text", &["--repo", name]),
            ("markdown", &[]),
            ("json", &[]),
            ("text", &["--repo", "acme/none"]),
        ] {
            for ci in ["", "true"] {
                let kaizen = Kaizen::triage(&world).rule_file(rules).format(format).args(options);
                kaizen.file("templates/backlog-triage/show.md.j2", "x {{ repo }}");
                let ran = kaizen.env("GITHUB_ACTIONS", ci).run();
                let markdown = if format == "markdown" { ran.stdout.as_str() } else { "" };
                for text in [&ran.stdout, &ran.stderr] {
                    let odd = text.chars().any(|c| (c.is_control() && c != '\n') || is_turning(c));
                    let command = !ci.is_empty() && text.contains("##[");
                    if odd || command || markdown.contains("<b>") || reaches(markdown).is_some() {
                        wrong.push(format!("{format} {options:?} ci {ci:?}: {text:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_that_quote_the_forge_are_plain_too() {
    let name = "acme/\u{1b}[31mapp\u{202e}\n##[error]x\n::error::y";
    let entries = json!([name, { "number": name }, { name: 1 }]);
    let of = |repo: Value| Kaizen::triage(&repo_world(repo)).rules("rules");
    let empty = || of(json!({ "full_name": "a/b" }));
    let mut wrong = Vec::new();
    for (what, kaizen) in [
        ("a repository's name", of(json!({ "full_name": name }))),
        ("entries that are no items", of(json!({ "full_name": "a/b", "issues": entries }))),
        ("the kind of a forge", Kaizen::triage(&json!({ "version": 1, "kind": name, "repos": [] }))),
        ("--repo", empty().args(["--repo", "acme/\u{202e}none"])),
        ("--org", empty().args(["--org", name])),
    ] {
        let ran = kaizen.format("text").run();
        for text in [&ran.stdout, &ran.stderr] {
            let odd = text.chars().any(|c| (c.is_control() && c != '\n') || is_turning(c));
            if odd || text.lines().any(|line| line.starts_with("##[") || line.starts_with("::")) {
                wrong.push(format!("{what}: {text:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No line speaks to the runner.
fn is_quiet(text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line:?}");
    }
}

#[test]
fn a_runner_finds_no_command() {
    let absent = shown(nasty_issues()).format("text").args(["-v"]).run();
    assert!(absent.stdout.contains("##["), "the world holds what the runner would read");
    for name in ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS"] {
        for format in ["text", "markdown", "json"] {
            for options in [&[][..], &["-v"]] {
                let ran = shown(nasty_issues()).format(format).args(options).env(name, "true").run();
                assert_eq!(ran.code, 0, "{}", ran.stderr);
                is_quiet(&ran.stdout);
                is_quiet(&ran.stderr);
            }
        }
        let empty = shown(nasty_issues()).format("text").args(["-v"]).env(name, "").run();
        assert_eq!(empty.stdout, absent.stdout, "{name} set and empty is absent");
    }
}

#[test]
fn only_our_annotations_speak_to_the_runner() {
    let rules = RULES
        .replace("when: title | length > 0", "when: '##[error]x'")
        .replace("- id: all", "- id: \"::error::x\\n::error::y ##[error]z\"");
    let run = |ci: &str| {
        let kaizen = Kaizen::triage(&world(json!([]))).rule_file(&rules).env("GITHUB_ACTIONS", ci);
        kaizen.file("templates/backlog-triage/show.md.j2", "{{ nme }}\n::error::x ##[error]y");
        kaizen.run()
    };
    let ran = run("true");
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{}", ran.stderr);
    let (ours, rest): (Vec<&str>, Vec<&str>) = ran.stderr.lines().partition(|line| line.starts_with("::"));
    assert!(!ours.is_empty(), "{}", ran.stderr);
    for line in ours {
        let good = line.starts_with("::error file=") || line.starts_with("::warning file=");
        assert!(good && line.contains(",line=") && !line.contains("##["), "{line}");
    }
    is_quiet(&rest.join("\n"));
    let empty = run("");
    assert!(!empty.stderr.lines().any(|line| line.starts_with("::")), "{}", empty.stderr);
}

/// Reads a file of outputs as a runner does.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line.split_once("<<") {
            Some((name, delimiter)) => {
                let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                found.push((name.to_owned(), value.join("\n")));
            }
            None => found.push(line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap()),
        }
    }
    found
}

#[test]
fn the_files_of_a_runner_hold_what_is_ours() {
    let kaizen = shown(nasty_issues());
    let (output, summary) = (kaizen.file("output", "before=1\n"), kaizen.file("summary", ""));
    let plain = shown(plain_issues());
    let plain_summary = plain.file("summary", "");
    let (ran, _folder) = kaizen
        .env("GITHUB_OUTPUT", &output)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_ACTIONS", "true")
        .run_in();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let count = nasty().len().to_string();
    let expected = [("before", "1"), ("acted", count.as_str()), ("complete", "true")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(outputs(&std::fs::read_to_string(&output).unwrap()), expected);
    let (_, _plain_folder) = plain.env("GITHUB_STEP_SUMMARY", &plain_summary).run_in();
    let text = std::fs::read_to_string(&summary).unwrap();
    assert_eq!(shape(&text), shape(&std::fs::read_to_string(&plain_summary).unwrap()), "{text}");
    assert_eq!(reaches(&text.replace("\n##", "\n").replacen("##", "", 1)), None, "{text}");
    assert!(text.len() < 1 << 20 && !text.contains("<!--"), "{text}");
}

#[test]
fn markdown_on_stdout_keeps_its_shape() {
    let run = |issues| shown(issues).format("markdown").run().stdout;
    let (nasty, plain) = (run(nasty_issues()), run(plain_issues()));
    assert_eq!(shape(&nasty), shape(&plain), "{nasty}");
    assert_eq!(reaches(&nasty.replace("\n##", "\n").replacen("##", "", 1)), None, "{nasty}");
}

#[test]
fn json_is_exact_and_shows_nothing_that_acts() {
    let ran = shown(nasty_issues()).run();
    let report = ran.json(0);
    let line = ran.stdout.strip_suffix('\n').unwrap();
    let odd = line.chars().find(|c| c.is_control() || is_turning(*c));
    assert_eq!(odd, None, "raw in the JSON");
    assert!(!line.contains("##["));
    for (text, number) in nasty().iter().zip(1..) {
        let text = text.replace("LONE", "\u{fffd}");
        let title = text.replace("[bug]", ""); // a known word in brackets is a tag
        let issue = record(&report, number);
        assert_eq!(issue["title"].as_str().unwrap(), title.trim(), "#{number}");
        assert_eq!(issue["assignees"], json!([text, format!("{text}2")]), "#{number}");
    }
}

/// A world with one issue whose comments are given, and its report.
fn with_comments(comments: Value, more: Value) -> Value {
    let world =
        repo_world(json!({ "full_name": "acme/app", "issues": [issue(1, "x", more)], "comments": { "1": comments } }));
    let kaizen = Kaizen::triage(&world).rule_file(RULES);
    kaizen.file("templates/backlog-triage/show.md.j2", "x");
    kaizen.run().json(0)
}

fn state(report: &Value) -> String {
    assert_eq!(report["writes"].as_array().unwrap().is_empty(), record(report, 1)["decision"]["state"] != "planned");
    record(report, 1)["decision"]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_marker_counts_only_where_we_put_it() {
    let first = with_comments(json!([]), json!({}));
    let ours = bodies(&first).remove(0).1;
    let marker = ours.lines().last().unwrap().to_owned();
    let said = |login: &str, body: &str| {
        state(&with_comments(json!([{ "id": 5, "user": { "id": 1, "login": login }, "body": body }]), json!({})))
    };
    assert_eq!(said("kaizen", &ours), "unchanged");
    assert_eq!(said("kaizen", &format!("{ours}\r\n\r\n")), "unchanged", "a forge may add a line break");
    for (login, body) in [
        ("eve", ours.clone()),
        ("kaizen2", ours.clone()),
        ("kaizen ", ours.clone()),
        ("kaizen", format!("{ours}\nand more")),
        ("kaizen", format!("{marker}\n\nx")),
        ("kaizen", format!("> {marker}")),
        ("kaizen", format!("```\n{marker}\n```")),
        ("kaizen", format!("`{marker}`")),
        ("kaizen", format!("    {marker}")),
        ("kaizen", ours.replace("key=decision", "key=summary")),
        ("kaizen", ours.replace("policy=backlog-triage", "policy=other")),
        ("kaizen", ours.replace("kaizen:v1", "kaizen:v2")),
        ("kaizen", ours.replace(" did=", " dod=")),
    ] {
        assert_eq!(said(login, &body), "planned", "{login}: {body}");
    }
    let nobody = json!([{ "id": 5, "user": null, "body": ours }, { "id": 6, "body": ours }]);
    assert_eq!(state(&with_comments(nobody, json!({}))), "planned");
    // In the issue itself a marker is text, whoever pasted it there.
    assert_eq!(state(&with_comments(json!([]), json!({ "body": ours, "title": marker }))), "planned");
    // The newest of ours counts, and what others copy after it does not.
    let after = json!([{ "id": 5, "user": { "id": 1, "login": "kaizen" }, "body": ours },
        { "id": 6, "user": { "id": 2, "login": "eve" }, "body": ours.replace(" did=", " did=0") }]);
    assert_eq!(state(&with_comments(after, json!({}))), "unchanged");
}

#[test]
fn the_command_counts_alone_on_its_line() {
    let said = |body: &str| {
        state(&with_comments(json!([{ "id": 5, "user": { "id": 7, "login": "ada" }, "body": body }]), json!({})))
    };
    for body in [
        "/kaizen ignore",
        "Please.\n/kaizen ignore\nThanks.",
        "  /kaizen ignore  ",
        "/kaizen ignore\r\n",
        "a\r\n\r\n/kaizen ignore\r\nb",
        "> quoted\n\n/kaizen ignore",
        "```\ncode\n```\n/kaizen ignore",
    ] {
        assert_eq!(said(body), "dropped", "{body:?}");
    }
    let wrong: Vec<&str> = [
        "please /kaizen ignore",
        "/kaizen ignore this",
        "/kaizen ignored",
        "/kaizen",
        "`/kaizen ignore`",
        "> /kaizen ignore",
        "> a\n/kaizen ignore",
        "```\n/kaizen ignore\n```",
        "~~~\n/kaizen ignore",
        "    /kaizen ignore",
        "<!-- \n/kaizen ignore\n-->",
        "a <!-- \n/kaizen ignore\n --> b",
        "<pre>\n/kaizen ignore\n</pre>",
        "`a` /kaizen ignore",
        "/kaizen ignore `a`",
        "x/kaizen ignore",
        "/kaizen  ignore me",
        "![/kaizen ignore](x)",
        "/kaizen\nignore",
    ]
    .into_iter()
    .filter(|body| said(body) != "planned")
    .collect();
    assert!(wrong.is_empty(), "taken for a command: {wrong:?}");
}

#[test]
fn the_command_counts_from_those_whose_matter_it_is() {
    let comment = |login: &str, association: &str, body: &str| {
        let user = json!({ "id": 1, "login": login });
        json!({ "id": 5, "user": user, "author_association": association, "body": body })
    };
    let assigned = json!({ "assignees": [{ "id": 8, "login": "bob" }] });
    let of = |comments: Value| state(&with_comments(comments, assigned.clone()));
    let ignore = "/kaizen ignore";
    for (login, association) in
        [("ada", ""), ("bob", "NONE"), ("eve", "OWNER"), ("eve", "MEMBER"), ("eve", "COLLABORATOR")]
    {
        assert_eq!(of(json!([comment(login, association, ignore)])), "dropped", "{login} {association}");
    }
    for (login, association) in [
        ("eve", ""),
        ("eve", "NONE"),
        ("eve", "CONTRIBUTOR"),
        ("eve", "FIRST_TIMER"),
        ("eve", "owner of nothing"),
        ("ada2", "NONE"),
        ("", "NONE"),
    ] {
        assert_eq!(of(json!([comment(login, association, ignore)])), "planned", "{login} {association}");
    }
    let resume = "/kaizen resume";
    assert_eq!(of(json!([comment("ada", "", ignore), comment("bob", "", resume)])), "planned");
    assert_eq!(
        of(json!([comment("ada", "", ignore), comment("eve", "NONE", resume)])),
        "dropped",
        "a stranger ends nothing"
    );
    assert_eq!(of(json!([comment("ada", "", resume), comment("ada", "", ignore)])), "dropped");
    assert_eq!(of(json!([comment("ada", "", "/kaizen ignore\n\nNo:\n\n/kaizen resume")])), "planned");
    let report = with_comments(json!([comment("ada", "", ignore)]), json!({}));
    assert_eq!(
        (&report["totals"]["dropped"], &report["totals"]["acted"], &report["complete"]),
        (&json!(1), &json!(0), &json!(true))
    );
    // In a title, or quoted and fenced in the body, nobody asked for anything.
    for more in [
        json!({ "title": ignore }),
        json!({ "body": "> /kaizen ignore" }),
        json!({ "body": "```\n/kaizen ignore\n```" }),
    ] {
        assert_eq!(state(&with_comments(json!([]), more)), "planned");
    }
}
