//! The next byte of JSON that means something, many bytes at a time.
//!
//! Takes: bytes and where to begin. Gives: where the first such byte stands, or the length where none does; where
//! an element ends.

use wide::u8x16;

/// Brackets within brackets; what is deeper was made to break readers.
pub(super) const DEEPEST: usize = 500;
/// Bytes that mean something: outside of texts, and inside of one.
pub(super) const MEANS: [[bool; 256]; 2] = {
    let mut table = [[false; 256]; 2];
    table[1][b'"' as usize] = true;
    table[1][b'\\' as usize] = true;
    let outside = b"\"{}[],:";
    let mut at = 0;
    while at < outside.len() {
        table[0][outside[at] as usize] = true;
        at += 1;
    }
    table
};

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// The high bit of the bytes that are zero; right up to the first of them, which is the one that is asked for.
const fn zeros(bytes: u64) -> u64 {
    bytes.wrapping_sub(ONES) & !bytes & HIGHS
}

const fn equal(bytes: u64, to: u8) -> u64 {
    zeros(bytes ^ (ONES * to as u64))
}

/// Where a text ends, is escaped, or holds a control character; else the length. Most texts are short.
#[inline]
pub(super) fn in_text(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (chunk, last) = match rest.first_chunk::<8>() {
            Some(chunk) => (*chunk, false),
            None => (padded(rest), true),
        };
        let chunk = u64::from_le_bytes(chunk);
        let control = chunk.wrapping_sub(ONES * 0x20) & !chunk & HIGHS;
        let found = equal(chunk, b'"') | equal(chunk, b'\\') | control;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        if last {
            return bytes.len();
        }
        at += 8;
    }
}

/// The last bytes and spaces, which mean nothing.
fn padded<const N: usize>(rest: &[u8]) -> [u8; N] {
    let mut padded = [b' '; N];
    padded[..rest.len()].copy_from_slice(rest);
    padded
}

/// What 64 bytes hold, a bit for each of them.
struct Marks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Marks {
    #[inline]
    fn of(bytes: &[u8; 64]) -> Marks {
        let mut marks = Marks { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
        for (nth, bytes) in bytes.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*bytes);
            // Square brackets differ from braces in one bit.
            let braces = bytes | u8x16::splat(0x20);
            let bits = |found: u8x16| u64::from(found.to_bitmask()) << (16 * nth);
            marks.quotes |= bits(bytes.simd_eq(u8x16::splat(b'"')));
            marks.backslashes |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
            marks.opens |= bits(braces.simd_eq(u8x16::splat(b'{')));
            marks.closes |= bits(braces.simd_eq(u8x16::splat(b'}')));
        }
        marks
    }

    /// Takes out the quotes that are escaped; `escaped` says whether the first byte is, and then the next ones.
    #[inline]
    fn unescape(&mut self, escaped: &mut bool) {
        self.quotes &= !u64::from(*escaped);
        self.backslashes &= !u64::from(std::mem::take(escaped));
        while self.backslashes != 0 {
            let next = (self.backslashes & self.backslashes.wrapping_neg()) << 1;
            *escaped = next == 0;
            self.quotes &= !next;
            self.backslashes &= self.backslashes.wrapping_sub(1) & !next;
        }
    }
}

/// A bit for each byte from one quote to before the next one.
#[inline]
const fn between(quotes: u64) -> u64 {
    let mut inside = quotes;
    let mut shift = 1;
    while shift < 64 {
        inside ^= inside << shift;
        shift *= 2;
    }
    inside
}

/// From `at`, outside of a text in an element with `open` brackets, to behind where the last of them closes; else
/// to where the bytes end, or to the text that does not end in them. Stops where more than [`DEEPEST`] are open.
pub(super) fn inside(bytes: &[u8], mut at: usize, open: &mut usize) -> usize {
    // All ones while a text goes on from the bytes before; where it began.
    let (mut goes_on, mut text, mut escaped) = (0_u64, at, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let mut marks = match rest.first_chunk::<64>() {
            Some(chunk) => Marks::of(chunk),
            None => Marks::of(&padded(rest)),
        };
        marks.unescape(&mut escaped);
        let texts = between(marks.quotes) ^ goes_on;
        let (opens, closes) = (marks.opens & !texts, marks.closes & !texts);
        let (more, fewer) = (opens.count_ones() as usize, closes.count_ones() as usize);
        if fewer < *open && *open + more <= DEEPEST {
            *open = *open + more - fewer;
        } else {
            let mut brackets = opens | closes;
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                if opens & bit != 0 { *open += 1 } else { *open -= 1 }
                if *open == 0 || *open > DEEPEST {
                    return at + bit.trailing_zeros() as usize + 1;
                }
                brackets ^= bit;
            }
        }
        // The sign: whether the last byte is of a text.
        goes_on = if texts >> 63 == 1 { u64::MAX } else { 0 };
        if marks.quotes != 0 {
            text = at + 63 - marks.quotes.leading_zeros() as usize;
        }
        at += 64;
    }
    if goes_on == 0 { bytes.len() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(u64);

    impl Bytes {
        fn next(&mut self) -> u8 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.0 >> 40) as u8
        }

        /// Seldom something that is looked for, often its neighbours.
        fn some(&mut self, most: u8, of: &[u8]) -> Vec<u8> {
            let length = usize::from(self.next() % most);
            (0..length).map(|_| of[usize::from(self.next()) % of.len()]).collect()
        }
    }

    #[test]
    fn a_text_ends_where_a_look_at_every_byte_finds_it_to() {
        let mut random = Bytes(1);
        for _ in 0..2_000 {
            let bytes = random.some(40, b" a!#{[]}\"\\\x1f\x20\x7f\x80\xff|~zZ");
            for at in 0..=bytes.len() {
                let text = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
                assert_eq!(in_text(&bytes, at), text.map_or(bytes.len(), |found| at + found), "{bytes:?} {at}");
            }
        }
    }

    /// [`inside`], byte by byte.
    fn slowly(bytes: &[u8], open: &mut usize) -> usize {
        let (mut text, mut escaped) = (None, false);
        for (at, byte) in bytes.iter().enumerate() {
            if std::mem::take(&mut escaped) && matches!(byte, b'"' | b'\\') {
                continue; // a bracket that is escaped outside of a text is no JSON in any case
            }
            match (text, byte) {
                (_, b'\\') => escaped = true,
                (None, b'"') => text = Some(at),
                (Some(_), b'"') => text = None,
                (None, b'{' | b'[') => *open += 1,
                (None, b'}' | b']') => *open -= 1,
                _ => {}
            }
            if *open == 0 || *open > DEEPEST {
                return at + 1;
            }
        }
        text.unwrap_or(bytes.len())
    }

    #[test]
    fn an_element_ends_where_a_look_at_every_byte_finds_it_to() {
        let mut random = Bytes(7);
        let (mut ended, mut in_text) = (0, 0);
        for round in 0..40_000_usize {
            let of: &[u8] = if round % 2 == 0 { b" ab,{[]}\"\\|;[{<>\xdb\xfd\x02" } else { b"aaaaaaaaaaaaaaaaaaaaaaa{[]}}\"\"\\" };
            let bytes = random.some(255, of);
            let (mut quick, mut slow) = (1 + round % 3, 1 + round % 3);
            let (at, expected) = (inside(&bytes, 0, &mut quick), slowly(&bytes, &mut slow));
            assert_eq!((at, quick), (expected, slow), "{:?}", String::from_utf8_lossy(&bytes));
            ended += usize::from(slow == 0);
            in_text += usize::from(slow > 0 && expected < bytes.len());
        }
        assert!(ended > 5_000 && in_text > 5_000, "{ended} {in_text}");
        let deep = [b'['; 1_000];
        assert_eq!((inside(&deep, 0, &mut 1), slowly(&deep, &mut 1)), (DEEPEST, DEEPEST));
    }
}
