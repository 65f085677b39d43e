//! A chart in Mermaid, told in lines.
//!
//! Takes: the source of a `pie` or an `xychart`. Gives: its title and one line a value; `None` for
//! any other diagram and for what cannot be read: its source is then shown as it is.

use unicode_width::UnicodeWidthStr;

/// A chart as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) title: String,
    /// Name and values, aligned.
    pub(super) lines: Vec<String>,
}

/// Reads a chart.
pub(super) fn read(source: &str) -> Option<Chart> {
    let mut lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("%%"));
    let first = lines.next()?;
    let (kind, rest) = first.split_once(' ').unwrap_or((first, ""));
    match kind {
        "pie" => pie(rest.trim(), lines),
        "xychart" | "xychart-beta" => xychart(lines),
        _ => None,
    }
}

fn pie<'a>(first: &'a str, lines: impl Iterator<Item = &'a str>) -> Option<Chart> {
    let mut title = String::new();
    let mut rows = Vec::new();
    for line in std::iter::once(first).chain(lines).filter(|line| !line.is_empty()) {
        let line = line.strip_prefix("showData").unwrap_or(line).trim();
        if let Some(text) = line.strip_prefix("title ") {
            title = unquoted(text).to_owned();
        } else if !line.is_empty() {
            let (name, value) = line.rsplit_once(':')?;
            value.trim().parse::<f64>().ok()?;
            rows.push((unquoted(name).to_owned(), vec![value.trim().to_owned()]));
        }
    }
    chart_of(title, rows)
}

fn xychart<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Chart> {
    let (mut title, mut names, mut series) = (String::new(), Vec::new(), Vec::new());
    for line in lines {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "title" => title = unquoted(rest).to_owned(),
            "x-axis" if rest.contains('[') => names = listed(rest)?,
            "x-axis" | "y-axis" => {}
            "bar" | "line" => {
                let values = listed(rest)?;
                // One series may be drawn both ways.
                if !series.contains(&values) {
                    series.push(values);
                }
            }
            _ => return None,
        }
    }
    if series.iter().any(|values| values.len() != names.len()) {
        return None;
    }
    let values = |at: usize| series.iter().filter_map(|values| values.get(at).cloned()).collect();
    chart_of(title, names.iter().enumerate().map(|(at, name)| (name.clone(), values(at))).collect())
}

fn chart_of(title: String, rows: Vec<(String, Vec<String>)>) -> Option<Chart> {
    let widest = rows.iter().map(|(name, _)| name.width()).max()?;
    let line = |(name, values): &(String, Vec<String>)| {
        let gap = " ".repeat(widest - name.width() + 2);
        format!("{name}{gap}{}", values.join(" / "))
    };
    Some(Chart { title, lines: rows.iter().map(line).collect() })
}

/// The elements between the brackets; a comma in quotes is part of one.
fn listed(text: &str) -> Option<Vec<String>> {
    let inside = text.split_once('[')?.1.rsplit_once(']')?.0;
    let mut quoted = false;
    let parts = inside.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    Some(parts.map(|part| unquoted(part).to_owned()).collect())
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_by_name() {
        let bars = "xychart-beta\n  title \"Closed / opened\"\n  x-axis [\"19 Nov\", \"a, b\"]\n  y-axis \"issues\" 0 --> 9\n  \
                    bar [3, 4]\n  line [1, 2]\n";
        let chart = read(bars).unwrap();
        assert_eq!(chart.title, "Closed / opened");
        assert_eq!(chart.lines, ["19 Nov  3 / 1", "a, b    4 / 2"]);
        let pie = read("pie showData title Failures\n  \"a/b\" : 3\n  \"c: d\" : 1.5\n").unwrap();
        assert_eq!(pie.title, "Failures");
        assert_eq!(pie.lines, ["a/b   3", "c: d  1.5"]);
    }

    #[test]
    fn what_is_no_such_chart_is_left_alone() {
        for source in
            ["", "graph TD\n a --> b", "pie\n x", "xychart\n bar [1]", "xychart-beta\n x-axis [a]\n bar 3", "pie"]
        {
            assert_eq!(read(source), None, "{source}");
        }
    }
}
