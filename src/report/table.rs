//! A table of plain texts with columns as wide as what is in them.
//!
//! Takes: rows of cells, each already fit for a terminal. Gives: lines. Width is what a terminal
//! shows: two columns for a CJK character or an emoji, none for a mark.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// On which side of a column its texts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Lays rows out. The last column is not padded, and is cut where a line would be wider than `width`.
#[must_use]
pub fn lay_out(rows: &[Vec<String>], sides: &[Side], width: usize) -> Vec<String> {
    let last = sides.len().saturating_sub(1);
    let widths: Vec<usize> = (0..last)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    rows.iter().map(|row| line(row, sides, &widths, width)).collect()
}

fn line(row: &[String], sides: &[Side], widths: &[usize], width: usize) -> String {
    let mut line = String::new();
    let mut used = 0;
    for (column, cell) in row.iter().enumerate() {
        let Some(column_width) = widths.get(column) else {
            line.push_str(&fit(cell, width.saturating_sub(used).max(20)));
            break;
        };
        let blank = " ".repeat(column_width.saturating_sub(cell.width()));
        let (before, after) = if sides[column] == Side::Right { (blank.as_str(), "") } else { ("", blank.as_str()) };
        line.extend([before, cell, after, "  "]);
        used += column_width + 2;
    }
    line.trim_end().to_owned()
}

/// Cuts a text to a width in columns.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 1; // the ellipsis
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}
