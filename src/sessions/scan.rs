//! The next byte of JSON that means something, eight bytes at a time.
//!
//! Takes: bytes and where to begin. Gives: where the first such byte stands, or the length where none does; where
//! an element ends.

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

#[inline]
fn first(bytes: &[u8], mut at: usize, means: impl Fn(u64) -> u64) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (chunk, last) = match rest.first_chunk::<8>() {
            Some(chunk) => (*chunk, false),
            None => {
                let mut padded = [b' '; 8];
                padded[..rest.len()].copy_from_slice(rest);
                (padded, true)
            }
        };
        let found = means(u64::from_le_bytes(chunk));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        if last {
            return bytes.len();
        }
        at += 8;
    }
}

/// Where a text ends, is escaped, or holds a control character.
#[inline]
pub(super) fn in_text(bytes: &[u8], at: usize) -> usize {
    first(bytes, at, |chunk| {
        equal(chunk, b'"') | equal(chunk, b'\\') | chunk.wrapping_sub(ONES * 0x20) & !chunk & HIGHS
    })
}

/// Where a text begins, or a bracket opens or closes.
#[inline]
pub(super) fn outside(bytes: &[u8], at: usize) -> usize {
    first(bytes, at, |chunk| {
        // Square brackets differ from braces in one bit.
        let braces = chunk | (ONES * 0x20);
        equal(chunk, b'"') | equal(braces, b'{') | equal(braces, b'}')
    })
}

/// From `at`, outside of a text in an element with `open` brackets, to where the last of them closes; else to
/// where the bytes end, or to the text that does not end in them.
pub(super) fn inside(bytes: &[u8], mut at: usize, open: &mut usize) -> usize {
    loop {
        at = outside(bytes, at);
        match bytes.get(at) {
            None => return at,
            Some(b'"') => {
                let text = at;
                at += 1;
                loop {
                    at = in_text(bytes, at);
                    match bytes.get(at) {
                        None => return text,
                        Some(b'"') => break,
                        Some(b'\\') => at += 2,
                        Some(_) => at += 1,
                    }
                }
                at += 1;
            }
            Some(b'{' | b'[') => {
                (*open, at) = (*open + 1, at + 1);
                if *open > DEEPEST {
                    return at;
                }
            }
            Some(_) => {
                (*open, at) = (*open - 1, at + 1);
                if *open == 0 {
                    return at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_what_a_look_at_every_byte_finds() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as u8
        };
        for _ in 0..2_000 {
            let length = usize::from(next() % 40);
            // Seldom something that is looked for, often its neighbours.
            let bytes: Vec<u8> =
                (0..length).map(|_| b" a!#{[]}\"\\\x1f\x20\x7f\x80\xff|~zZ"[usize::from(next() % 19)]).collect();
            for at in 0..=length {
                let text = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
                assert_eq!(in_text(&bytes, at), text.map_or(length, |found| at + found), "{bytes:?} {at}");
                let mark = bytes[at..].iter().position(|byte| b"\"{}[]".contains(byte));
                assert_eq!(outside(&bytes, at), mark.map_or(length, |found| at + found), "{bytes:?} {at}");
            }
        }
    }
}
