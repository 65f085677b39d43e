//! Numbers as they stand in JSON.
//!
//! Takes: bytes that begin with a number. Gives: the number, exact, and how many bytes it is.

/// Bytes of a number that is exact as it is read.
const DIGITS: usize = 15;
const TENS: [f64; DIGITS + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The number that bytes begin with, and its length; `None` where it is below zero, has an exponent or more
/// digits than a number holds for certain, or is none.
#[inline]
#[must_use]
pub fn decimal(rest: &[u8]) -> Option<(f64, usize)> {
    // Most are whole and short.
    let (mut mantissa, mut length) = rest.first_chunk().map_or((0, 0), |chunk| digits(*chunk));
    if length > 0 && length < 8 && !matches!(rest[length], b'.' | b'e' | b'E') && (length == 1 || rest[0] != b'0') {
        return Some((mantissa as f64, length));
    }
    let mut point = None;
    while let Some(byte) = rest.get(length) {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(length),
            _ => break,
        }
        length += 1;
        if length > DIGITS {
            return None;
        }
    }
    // 01 is no number, and neither are 1. and .5, or what goes on with an exponent.
    let whole = point.unwrap_or(length);
    let decimals = length - whole - usize::from(point.is_some());
    let is_one = whole > 0 && (whole == 1 || rest[0] != b'0') && (point.is_none() || decimals > 0);
    if !is_one || matches!(rest.get(length), Some(b'e' | b'E' | b'.')) {
        return None;
    }
    // Both are exact, so that the quotient is the number that is nearest.
    Some((if decimals == 0 { mantissa as f64 } else { mantissa as f64 / TENS[decimals] }, length))
}

/// The digits that bytes begin with: the number that they make, and how many they are.
#[inline]
fn digits(bytes: [u8; 8]) -> (u64, usize) {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let values = u64::from_le_bytes(bytes) ^ (ONES * u64::from(b'0'));
    // The high bit of each byte that is no digit; right up to the first of them, which is the one that counts.
    let others = (values | values.wrapping_add(ONES * 0x76)) & (ONES << 7);
    let count = others.trailing_zeros() / 8;
    // As many digits as there is room for, the missing ones in front, joined to pairs, fours and one of eight.
    let digits = values.checked_shl(64 - 8 * count).unwrap_or(0);
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(10_000 << 32 | 1) >> 32, count as usize)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_at_once() {
        for other in [b'.', b',', b'/', b':', b' ', b'-', 0, 0xff, b'e'] {
            for length in 0..=8 {
                for number in [0, 1, 9, 10, 12_345_678, 90_000_009, 99_999_999_u64] {
                    let text = format!("{number:08}");
                    let mut bytes = [other; 8];
                    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
                    assert_eq!(digits(bytes), (text[..length].parse().unwrap_or(0), length), "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_the_nearest_ones() {
        for number in ["0", "7", "0.1", "1200.5", "99999999999.123", "123456789012345", "0.0000000000001", "4.35"] {
            let padded = format!("{number}}}, {{\"x");
            for text in [number, padded.as_str()] {
                assert_eq!(decimal(text.as_bytes()), Some((number.parse().unwrap(), number.len())), "{text}");
            }
        }
        for other in ["", "01", "1.", ".5", "-1", "1e3", "1234567890123456", "1.2.3", "00"] {
            let padded = format!("{other}}}, {{\"x");
            for text in [other, padded.as_str()] {
                assert!(decimal(text.as_bytes()).is_none_or(|(_, length)| length < other.len()), "{text}");
            }
        }
    }
}
