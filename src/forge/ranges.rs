//! Byte ranges of a recorded forge's lists.
//!
//! Takes: a scan at a list of entries, or at an object of lists by number. Gives: where the
//! entries are, in runs worth reading at once, or where each number's list is.

use std::io::BufRead;

use super::scan::{Fault, Scanner};

/// Bytes of entries that are read at once, at least, where there are so many.
const RUN: u64 = 256 * 1024;

/// Bytes of one entry, or of one number's list, that are read at once: what is longer is named, before it fills the
/// memory.
const LONGEST: u64 = 64 << 20;

/// Neighbours in a list, from the first byte of one to the last of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteRun {
    /// The file's bytes before it.
    pub(super) offset: u64,
    /// Its own bytes.
    pub(super) length: u64,
    /// Entries of the list before it.
    pub(super) before: u64,
    /// The list is the one of pull requests.
    pub(super) pulls: bool,
}

/// Where something of one number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberPlace {
    number: u64,
    /// The file's bytes before it.
    pub(super) offset: u64,
    /// Its own bytes.
    pub(super) length: u64,
}

/// Places in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<NumberPlace>);

impl Places {
    /// The place of `number`; the last, where it was given twice.
    pub(super) fn of(&self, number: u64) -> Option<NumberPlace> {
        let after = self.0.partition_point(|place| place.number <= number);
        let place = self.0.get(after.checked_sub(1)?)?;
        (place.number == number).then_some(*place)
    }

    /// Every number, in order, each once.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        let next = |at: usize| self.0.get(at + 1).map(|place| place.number);
        self.0
            .iter()
            .enumerate()
            .filter(move |(at, place)| next(*at) != Some(place.number))
            .map(|(_, place)| place.number)
    }
}

/// The runs of a list; null is an empty one (fact 8).
pub(super) fn list<R: BufRead>(scan: &mut Scanner<R>, name: &str, pulls: bool) -> Result<Vec<ByteRun>, Fault> {
    let mut runs: Vec<ByteRun> = Vec::new();
    if scan.peek()? == Some(b'n') {
        scan.skip()?;
        return Ok(runs);
    }
    scan.enter(b'[', &format!("the list `{name}`"))?;
    let (mut first, mut before) = (true, 0);
    while scan.entry(&mut first)? {
        let offset = scan.skip()?;
        bounded(offset, scan.offset())?;
        match runs.last_mut() {
            Some(run) if run.length < RUN => run.length = scan.offset() - run.offset,
            _ => runs.push(ByteRun { offset, length: scan.offset() - offset, before, pulls }),
        }
        before += 1;
    }
    Ok(runs)
}

/// The places of an object's members by number; null is an empty object.
pub(super) fn places<R: BufRead>(scan: &mut Scanner<R>, name: &str) -> Result<Places, Fault> {
    let mut places = Vec::new();
    if scan.peek()? == Some(b'n') {
        scan.skip()?;
        return Ok(Places::default());
    }
    scan.enter(b'{', &format!("the object `{name}`, a list by number"))?;
    let mut first = true;
    while let Some(number) = scan.member(&mut first)? {
        if !matches!(scan.peek()?, Some(b'[' | b'n')) {
            return Err(scan.unexpected("a list"));
        }
        let offset = scan.skip()?;
        bounded(offset, scan.offset())?;
        if let Ok(number) = number.parse() {
            let length = scan.offset() - offset;
            places.push(NumberPlace { number, offset, length });
        }
    }
    places.sort_by_key(|place| place.number);
    Ok(Places(places))
}

fn bounded(from: u64, to: u64) -> Result<(), Fault> {
    match to - from {
        0..=LONGEST => Ok(()),
        bytes => {
            Err(Fault::At(from, format!("this value has {bytes} bytes, and {LONGEST} are the most that it may have")))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_into_runs() {
        let entry = format!(r#"{{"body": "{}"}}"#, "x".repeat(100_000));
        let json = format!("[{}, null]", vec![entry; 7].join(" , "));
        let mut scan = Scanner::new(json.as_bytes()).unwrap();
        let runs = list(&mut scan, "issues", true).unwrap();
        let before: Vec<_> = runs.iter().map(|run| run.before).collect();
        assert_eq!(before, [0, 3, 6]);
        for run in runs {
            let from = usize::try_from(run.offset).unwrap();
            let to = from + usize::try_from(run.length).unwrap();
            let value: serde_json::Value = serde_json::from_str(&format!("[{}]", &json[from..to])).unwrap();
            assert_eq!(value.as_array().unwrap().len(), if run.before == 6 { 2 } else { 3 });
        }
    }

    #[test]
    fn of_a_number_given_twice_the_last_place_holds() {
        let json = r#"{"2": [], "1": null, "x": [], "2": [1]}"#;
        let mut scan = Scanner::new(json.as_bytes()).unwrap();
        let places = places(&mut scan, "comments").unwrap();
        let lengths = [0, 1, 2, 3].map(|n| places.of(n).map(|place| place.length));
        assert_eq!(lengths, [None, Some(4), Some(3), None]);
    }
}
