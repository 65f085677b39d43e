//! A table of plain texts with columns as wide as what is in them.
//!
//! Takes: rows of cells, each already fit for a terminal. Gives: lines, broken between words where they are wider
//! than asked for. Width is what a terminal shows: two columns for a CJK character or an emoji, none for a mark.

use unicode_width::UnicodeWidthStr;

/// On which side of a column its texts stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Columns that a last column needs beside the others; with less, its texts stand below them.
const ROOM: usize = 32;
/// Columns before what stands below a row, or goes on below a line.
const BELOW: usize = 4;

/// Lays rows out, each as one line or several. The last column is not padded; where a line would be wider than
/// `width` it goes on below, broken between words.
#[must_use]
pub fn lay_out(rows: &[Vec<String>], sides: &[Alignment], width: usize) -> Vec<String> {
    let last = sides.len().saturating_sub(1);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..last).map(|column| widest(column).unwrap_or(0)).collect();
    let before: usize = widths.iter().map(|width| width + 2).sum();
    let room = width.saturating_sub(before);
    let word = |row: &Vec<String>| row.get(last).and_then(|cell| cell.split(' ').map(UnicodeWidthStr::width).max());
    let least = rows.iter().filter_map(word).max().unwrap_or(0).max(ROOM);
    let below = room < least && widest(last).is_some_and(|widest| widest > room);
    let one = |row: &Vec<String>| {
        let (first, rest) = row.split_at(row.len().min(last));
        let first = columns(first, sides, &widths);
        let rest = rest.concat();
        match below {
            false => fold(&format!("{first}{rest}"), width, before),
            true if rest.is_empty() => fold(first.trim_end(), width, BELOW),
            true => {
                [fold(first.trim_end(), width, BELOW), fold(&format!("{:BELOW$}{rest}", ""), width, BELOW)].join("\n")
            }
        }
    };
    rows.iter().map(one).map(|row| row.trim_end().to_owned()).collect()
}

fn columns(cells: &[String], sides: &[Alignment], widths: &[usize]) -> String {
    let mut line = String::new();
    for ((cell, side), width) in cells.iter().zip(sides).zip(widths) {
        let blank = " ".repeat(width.saturating_sub(cell.width()));
        let (before, after) = if *side == Alignment::Right { (blank.as_str(), "") } else { ("", blank.as_str()) };
        line.extend([before, cell, after, "  "]);
    }
    line
}

/// Breaks every line that is wider than `width` between two words; what goes on below is indented.
#[must_use]
pub fn wrap(text: &str, width: usize) -> String {
    let indent = |line: &str| (line.len() - line.trim_start_matches(' ').len() + 2).min(width / 2);
    text.split('\n').map(|line| fold(line, width, indent(line))).collect::<Vec<_>>().join("\n")
}

/// One line, broken between words. Colours take no room.
fn fold(line: &str, width: usize, indent: usize) -> String {
    if console::measure_text_width(line) <= width {
        return line.to_owned();
    }
    let start = line.len() - line.trim_start_matches(' ').len();
    let mut lines: Vec<String> = Vec::new();
    let (mut now, mut used) = (" ".repeat(start), start);
    for piece in line[start..].split_inclusive(' ') {
        let word = console::measure_text_width(piece.trim_end_matches(' '));
        if used + word > width && used > indent && !now.trim().is_empty() {
            lines.push(now.trim_end().to_owned());
            (now, used) = (" ".repeat(indent), indent);
            if word == 0 {
                continue;
            }
        }
        now.push_str(piece);
        used += console::measure_text_width(piece);
    }
    lines.push(now.trim_end().to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(rows: &[[&str; 3]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect()
    }

    const SIDES: [Alignment; 3] = [Alignment::Left, Alignment::Right, Alignment::Left];

    #[test]
    fn a_title_goes_on_below_where_it_began() {
        let table =
            rows(&[["acme/app#1", "9", "The export loses rows when nobody has looked at it"], ["#22", "10", "x"]]);
        assert_eq!(
            lay_out(&table, &SIDES, 52),
            [
                "acme/app#1   9  The export loses rows when nobody\n                has looked at it",
                "#22         10  x"
            ]
        );
    }

    #[test]
    fn a_title_without_room_beside_the_columns_stands_below_them() {
        let table = rows(&[["acme/app#1", "9", "The export loses rows"], ["#22", "10", ""]]);
        assert_eq!(lay_out(&table, &SIDES, 30), ["acme/app#1   9\n    The export loses rows", "#22         10"]);
    }

    proptest! {
        #[test]
        fn every_word_is_whole_and_no_line_wider_than_asked_for(
            cells in proptest::collection::vec(("[a-z/#]{1,12}", "[0-9]{1,3}", "([a-z漢]{1,9} ?){0,12}"), 1..5),
            width in 24_usize..90,
        ) {
            let table: Vec<Vec<String>> = cells.iter().map(|(a, b, c)| vec![a.clone(), b.clone(), c.clone()]).collect();
            for (row, shown) in table.iter().zip(lay_out(&table, &SIDES, width)) {
                let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                prop_assert_eq!(words(&shown), words(&row.join(" ")));
                for line in shown.lines() {
                    prop_assert!(line.width() <= width || line.trim_start().split(' ').count() == 1, "{}", line);
                }
            }
        }

        #[test]
        fn wrapped_text_says_the_same(text in "([a-z漢]{1,9}  ?|\n){0,40}", width in 20_usize..90) {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let shown = wrap(&text, width);
            prop_assert_eq!(words(&shown), words(&text));
            prop_assert!(shown.lines().all(|line| line.width() <= width));
        }
    }
}
