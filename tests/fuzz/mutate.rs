//! Inputs made of other inputs.
//!
//! Takes: seeds, a number. Gives: [`Mutator::input`], the same bytes for the same seeds and number. Bytes are
//! changed as chance has it, and words are exchanged for words of other seeds and for those that break readers.

use std::collections::BTreeSet;

use fastrand::Rng;

/// The longest input, in bytes.
const LONGEST: usize = 8 << 10;

/// What readers stumble over.
const ODD: [&str; 64] = [
    "0",
    "-1",
    "1e308",
    "-1e999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "0.1e-400",
    "NaN",
    ".inf",
    "null",
    "~",
    "true",
    "no",
    "\"",
    "'",
    "''",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\udfff\\ud800",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "\u{2028}",
    "“",
    "”",
    "≥",
    "ü",
    "İ",
    "ſ",
    "😀",
    "e\u{301}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "|",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "? ",
    "- ",
    ": ",
    "---\n",
    "...\n",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":",
    "<!-- kaizen:v1 ",
    "-->",
    "```",
    "#12",
    "@ada",
    "2026-02-30T25:61:61Z",
    "0000-00-00",
    "+275760-09-13T00:00:00Z",
    "../",
];

/// Makes inputs.
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    /// Words of all seeds.
    words: Vec<Vec<u8>>,
    seed: u64,
}

impl Mutator {
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        let words: BTreeSet<&[u8]> =
            seeds.iter().flat_map(|seed| pieces(seed).map(|(from, to)| &seed[from..to])).collect();
        let words = words.into_iter().filter(|word| word.len() <= 64).map(<[u8]>::to_vec).collect();
        Mutator { seeds, words, seed }
    }

    /// The input with this number.
    pub fn input(&self, number: u64) -> Vec<u8> {
        let mut rng = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut bytes = self.seeds[rng.usize(..self.seeds.len())].clone();
        for _ in 0..rng.usize(1..=4) {
            self.change(&mut bytes, &mut rng);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn change(&self, bytes: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.usize(..=bytes.len());
        let stretch = |rng: &mut Rng, bytes: &[u8]| {
            let from = rng.usize(..=bytes.len());
            from..(from + rng.usize(..=32)).min(bytes.len())
        };
        match rng.u8(..14) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(..8),
            1 if at < bytes.len() => bytes[at] = rng.u8(..),
            2 => bytes.insert(at, rng.u8(..)),
            3 => drop(bytes.drain(stretch(rng, bytes))),
            // Said twice, or very often.
            4 => {
                let range = stretch(rng, bytes);
                let times = if rng.u8(..8) == 0 { 200 } else { 1 };
                let copy = bytes[range].repeat(times);
                put(bytes, at, &copy);
            }
            // A part of another seed.
            5 => {
                let other = &self.seeds[rng.usize(..self.seeds.len())];
                let from = rng.usize(..=other.len());
                let to = (from + rng.usize(..=512)).min(other.len());
                put(bytes, at, &other[from..to]);
            }
            // A word for another, which is what readers of words get wrong.
            6..=8 => self.exchange(bytes, rng, |rng| self.words[rng.usize(..self.words.len().max(1))].clone()),
            9 => self.exchange(bytes, rng, |rng| ODD[rng.usize(..ODD.len())].as_bytes().to_vec()),
            10 => put(bytes, at, ODD[rng.usize(..ODD.len())].as_bytes()),
            // Lines change places, or those from one on go.
            11 | 12 => {
                let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
                let (one, other) = (rng.usize(..lines.len()), rng.usize(..lines.len()));
                if rng.bool() {
                    lines.swap(one, other)
                } else {
                    lines.truncate(one)
                }
                *bytes = lines.join(&b'\n');
            }
            _ => bytes.truncate(at),
        }
    }

    fn exchange(&self, bytes: &mut Vec<u8>, rng: &mut Rng, word: impl Fn(&mut Rng) -> Vec<u8>) {
        let all: Vec<(usize, usize)> = pieces(bytes).collect();
        if let Some((from, to)) = (!all.is_empty() && !self.words.is_empty()).then(|| all[rng.usize(..all.len())]) {
            bytes.splice(from..to, word(rng));
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    bytes.splice(at..at, new.iter().copied());
}

/// Words, and every other character that is no space, by their bytes.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        let from = at;
        at += bytes[at..].iter().position(|byte| !word(*byte)).unwrap_or(bytes.len() - at).max(1);
        Some((from, at))
    })
}
