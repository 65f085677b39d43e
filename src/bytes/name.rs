//! Short names as numbers.
//!
//! Takes: a name. Gives: [`Looks`], by which names of up to sixteen bytes are compared without a look at their bytes.

/// What a name looks like. Names of up to [`Looks::LONGEST`] bytes that look the same are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    length: usize,
    first: u64,
    last: u64,
}

impl Looks {
    /// Bytes of the longest name of which nothing is left out.
    pub const LONGEST: usize = 16;

    /// That of a name.
    #[inline]
    #[must_use]
    pub const fn of(name: &[u8]) -> Looks {
        let (first, last) = match name {
            [] => (0, 0),
            // All of a short one: its first byte, the one in the middle and its last one.
            [first, ..] if name.len() < 4 => {
                (*first as u64, (name[name.len() / 2] as u64) << 8 | name[name.len() - 1] as u64)
            }
            _ => match (name.first_chunk(), name.last_chunk(), name.first_chunk(), name.last_chunk()) {
                (Some(first), Some(last), ..) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
                (.., Some(first), Some(last)) => (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64),
                _ => (0, 0),
            },
        };
        Looks { length: name.len(), first, last }
    }

    /// Whether names that look so are the same.
    #[inline]
    #[must_use]
    pub const fn tells(self) -> bool {
        self.length <= Self::LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_look_the_same_where_they_are() {
        let mut names = vec![String::new()];
        for length in 1..=Looks::LONGEST {
            let name = "abcdefghijklmnop"[..length].to_owned();
            for at in 0..length {
                let mut other = name.clone();
                other.replace_range(at..=at, "x");
                names.push(other);
            }
            names.push(name);
        }
        for one in &names {
            for other in &names {
                assert_eq!(Looks::of(one.as_bytes()) == Looks::of(other.as_bytes()), one == other, "{one} {other}");
            }
            assert!(Looks::of(one.as_bytes()).tells());
        }
        assert!(!Looks::of(b"abcdefghijklmnopq").tells());
    }
}
