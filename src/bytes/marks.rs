//! What bytes of JSON mean: which brackets stand outside of texts.
//!
//! Takes: bytes, one piece after another. Gives: the brackets of up to 64 bytes, a bit each.

use wide::u8x16;

/// Bytes that are looked at at once.
pub const MANY: usize = 64;

/// Where texts are in bytes that are looked at piece by piece.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextMask {
    /// The bytes so far end within a text.
    pub within: bool,
    /// They end in a backslash that escapes the next one.
    pub escaped: bool,
}

/// What a piece holds, a bit for each of its bytes, the first byte the lowest.
#[derive(Debug, Clone, Copy)]
pub struct Brackets {
    /// Brackets and braces that open, outside of texts.
    pub opens: u64,
    /// Those that close.
    pub closes: u64,
    /// Where texts begin and end.
    pub quotes: u64,
}

impl TextMask {
    /// Looks at the next piece, of at most [`MANY`] bytes.
    #[inline]
    pub fn brackets(&mut self, piece: &[u8]) -> Brackets {
        let mut marks = match piece.first_chunk() {
            Some(piece) => Marks::of(piece),
            None => Marks::of(&padded(piece)),
        };
        let before = self.escaped;
        let escapes = marks.escapes(&mut self.escaped);
        if piece.len() < MANY {
            self.escaped = if piece.is_empty() { before } else { escapes >> piece.len() & 1 == 1 };
        }
        let quotes = marks.quotes & !escapes;
        let texts = between(quotes) ^ if self.within { u64::MAX } else { 0 };
        self.within = texts >> 63 == 1;
        Brackets { opens: marks.opens & !texts, closes: marks.closes & !texts, quotes }
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
    fn of(bytes: &[u8; MANY]) -> Marks {
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

    /// The bytes that are escaped; `escaped` says whether the first one is, and then the one behind the last.
    #[inline]
    fn escapes(&mut self, escaped: &mut bool) -> u64 {
        let mut escapes = u64::from(std::mem::take(escaped));
        self.backslashes &= !escapes;
        while self.backslashes != 0 {
            let next = (self.backslashes & self.backslashes.wrapping_neg()) << 1;
            *escaped = next == 0;
            escapes |= next;
            self.backslashes &= self.backslashes.wrapping_sub(1) & !next;
        }
        escapes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_have_the_brackets_that_a_look_at_every_byte_finds() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut found = 0;
        for round in 0..20_000_usize {
            let bytes = b"ab ,{[]}\"\"\\\\;|";
            let bytes: Vec<u8> = (0..random.usize(..255)).filter_map(|_| random.choice(bytes).copied()).collect();
            let (mut within, mut escaped, mut expected) = (false, false, Vec::new());
            for (at, byte) in bytes.iter().enumerate() {
                let is_escaped = std::mem::take(&mut escaped);
                match byte {
                    b'\\' if !is_escaped => escaped = true,
                    b'"' if !is_escaped => within = !within,
                    b'{' | b'[' if !within => expected.push((at, true)),
                    b'}' | b']' if !within => expected.push((at, false)),
                    _ => {}
                }
            }
            let (mut texts, mut brackets) = (TextMask::default(), Vec::new());
            let length = 1 + round % MANY;
            for (piece, at) in bytes.chunks(length).zip((0..).step_by(length)) {
                let Brackets { opens, closes, .. } = texts.brackets(piece);
                let bits = (0..MANY).filter(|bit| (opens | closes) >> bit & 1 == 1);
                brackets.extend(bits.map(|bit| (at + bit, opens >> bit & 1 == 1)));
            }
            found += brackets.len();
            assert_eq!(brackets, expected, "{length}: {:?}", String::from_utf8_lossy(&bytes));
            assert_eq!((texts.within, texts.escaped), (within, escaped));
        }
        assert!(found > 100_000, "{found}");
    }
}
