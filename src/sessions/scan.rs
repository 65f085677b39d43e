//! Where an element of a document ends.
//!
//! Takes: bytes and where to begin. Gives: where the last bracket closes, or how far was looked.

use crate::bytes::marks::{MANY, TextMask};

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

/// From `at`, outside of a text in an element with `open` brackets, to behind where the last of them closes; else
/// to where the bytes end, or to the text that does not end in them. Stops where more than [`DEEPEST`] are open.
pub(super) fn inside(bytes: &[u8], mut at: usize, open: &mut usize) -> usize {
    // Where the last text began.
    let (mut texts, mut text) = (TextMask::default(), at);
    for piece in bytes.get(at..).unwrap_or_default().chunks(MANY) {
        let found = texts.brackets(piece);
        let (more, fewer) = (found.opens.count_ones() as usize, found.closes.count_ones() as usize);
        if fewer < *open && *open + more <= DEEPEST {
            *open = *open + more - fewer;
        } else {
            let mut brackets = found.opens | found.closes;
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                if found.opens & bit != 0 {
                    *open += 1
                } else {
                    *open -= 1
                }
                if *open == 0 || *open > DEEPEST {
                    return at + bit.trailing_zeros() as usize + 1;
                }
                brackets ^= bit;
            }
        }
        if found.quotes != 0 {
            text = at + MANY - 1 - found.quotes.leading_zeros() as usize;
        }
        at += piece.len();
    }
    if texts.within { text } else { bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut random = fastrand::Rng::with_seed(7);
        let (mut ended, mut in_text) = (0, 0);
        for round in 0..40_000_usize {
            let of: &[u8] =
                if round % 2 == 0 { b" ab,{[]}\"\\|;[{<>\xdb\xfd\x02" } else { b"aaaaaaaaaaaaaaaaaaaaaaa{[]}}\"\"\\" };
            let bytes: Vec<u8> = (0..random.usize(..255)).filter_map(|_| random.choice(of).copied()).collect();
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
