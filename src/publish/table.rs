//! A table for places that cannot show one.
//!
//! Takes: its head and rows. Gives: aligned lines of one width each where they are narrow enough
//! for a telephone and hold no links, else one line a row that names its columns.

use unicode_width::UnicodeWidthStr;

use super::builder::Builder;
use super::rich::{Rich, RichStyle};

/// Columns that a narrow screen shows without breaking the line.
const WIDEST: usize = 44;

/// Adds a table.
pub(super) fn write(to: &mut Builder, head: &[Rich], rows: &[Vec<Rich>]) {
    let widest = if to.widest == 0 { WIDEST } else { to.widest };
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or_default();
    let all = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let cell = |row: &[Rich], column: usize| row.get(column).map_or_else(String::new, |cell| cell.text.clone());
    let wide = |column| all().map(|row| cell(row, column).width()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let linked = all().flatten().any(|cell| cell.spans.iter().any(|span| matches!(span.style, RichStyle::Link(_))));
    let broken = all().flatten().any(|cell| cell.text.contains('\n'));
    if linked || broken || widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1) > widest {
        return named(to, head, rows);
    }
    let line = |row: &[Rich]| {
        let mut line = String::new();
        for (column, width) in widths.iter().enumerate() {
            let text = cell(row, column);
            line.push_str(&text);
            line.extend(std::iter::repeat_n(' ', width + 2 - text.width()));
        }
        line.trim_end().to_owned()
    };
    let lines: Vec<String> = all().map(line).filter(|line| !line.is_empty()).collect();
    to.code(&lines.join("\n"), "");
}

/// One line a row: the first cell, then each further one behind the name of its column.
fn named(to: &mut Builder, head: &[Rich], rows: &[Vec<Rich>]) {
    to.gap(2);
    if rows.is_empty() {
        for (column, cell) in head.iter().enumerate() {
            if column > 0 {
                to.push(" · ");
            }
            to.add(cell);
        }
    }
    for row in rows {
        to.gap(1);
        to.push("• ");
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.text.is_empty()) {
            if column > 0 {
                to.push(" · ");
                if let Some(name) = head.get(column).filter(|name| !name.text.is_empty()) {
                    to.add(&Rich { text: format!("{}: ", name.text), spans: Vec::new() });
                }
            }
            to.add(cell);
        }
    }
    to.gap(2);
}

#[cfg(test)]
mod tests {
    use crate::publish::convert::rich;

    #[test]
    fn a_narrow_table_is_aligned_and_a_wide_one_is_told_row_by_row() {
        let narrow = rich("| Repo | Closed |\n|---|--:|\n| a/b | 3 |\n| 日本 | 12 |\n");
        assert_eq!(narrow.text, "Repo  Closed\na/b   3\n日本  12");
        let wide = rich(&format!("| Title | By |\n|---|---|\n| [x]({}) | ann |\n| `y` | |\n", "https://h.example/1"));
        assert_eq!(wide.text, "• x · By: ann\n• y");
        assert_eq!(wide.spans.len(), 2);
        assert_eq!(rich(&format!("| {} |\n|---|\n", "w".repeat(60))).text, "w".repeat(60));
    }
}
