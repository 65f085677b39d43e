//! What this process knows and nobody may read: tokens and addresses that are as good as one.
//!
//! Takes: secrets, as they become known ([`learn`]). Gives: bytes without them ([`hidden`], [`Hiding`]), whatever
//! text carries them: a forge may repeat a token in a message or a title. Everything that this program prints,
//! keeps or sends as a text goes through here. A secret is found as it stands, in letters of another case, with
//! what makes a text harmless put in between (a backslash, a character of no width, `&#45;`), and in base64, as a
//! header has it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{PoisonError, RwLock};

/// What stands in place of a secret.
const GONE: &str = "…";
/// Bytes of the shortest secret that is looked for: what is shorter stands in many words.
const SHORTEST: usize = 5;
/// Bytes of the longest that is looked for whole; of a longer one its start is.
const LONGEST: usize = 4_096;
/// Characters between two of a secret that are stepped over.
const BETWEEN: usize = 8;
/// Bytes that [`Hiding`] holds back: no secret is spread over more.
const HELD: usize = 128 * 1024;

static KNOWN: RwLock<KnownSecrets> =
    RwLock::new(KnownSecrets { plain: Vec::new(), coded: Vec::new(), first: [false; 256] });

struct KnownSecrets {
    plain: Vec<Vec<u8>>,
    /// What the base64 of anything around a secret holds of it.
    coded: Vec<Vec<u8>>,
    /// Bytes that one of them begins with.
    first: [bool; 256],
}

/// From now on this text is hidden.
pub fn learn(secret: &str) {
    let secret = secret.trim().as_bytes();
    let secret = secret.get(..LONGEST).unwrap_or(secret);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if secret.len() < SHORTEST || known.plain.iter().any(|plain| plain == secret) {
        return;
    }
    for first in secret.first().into_iter().flat_map(|first| [first.to_ascii_lowercase(), first.to_ascii_uppercase()]) {
        known.first[usize::from(first)] = true;
    }
    known.first[usize::from(b'&')] = true;
    known.plain.push(secret.to_vec());
    for before in 0..3 {
        for coded in coded(secret, before) {
            if let Some(first) = coded.first().filter(|_| coded.len() >= SHORTEST) {
                known.first[usize::from(*first)] = true;
                known.coded.push(coded);
            }
        }
    }
}

/// The characters that only the secret decides on in base64, with so many bytes of something else before it, in
/// the two alphabets.
fn coded(secret: &[u8], before: usize) -> [Vec<u8>; 2] {
    let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
    [*b"+/", *b"-_"].map(|last| {
        let letter = |sextet: u8| match sextet {
            0..26 => b'A' + sextet,
            26..52 => b'a' + sextet - 26,
            52..62 => b'0' + sextet - 52,
            other => last[usize::from(other & 1)],
        };
        let bits = |nth: usize| {
            let at = nth * 6 / 8;
            let pair = u16::from(bytes[at]) << 8 | u16::from(bytes.get(at + 1).copied().unwrap_or(0));
            letter(u8::try_from(pair >> (10 - nth * 6 % 8) & 63).unwrap_or(0))
        };
        // From the first that holds no bit of another byte to the last that does so.
        ((before * 8).div_ceil(6)..bytes.len() * 8 / 6).map(bits).collect()
    })
}

/// The bytes without any secret that is known.
#[must_use]
pub fn hidden(text: &[u8]) -> Cow<'_, [u8]> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    match known.replaced(text, text.len()) {
        (None, _) => Cow::Borrowed(text),
        (Some(mut out), done) => {
            out.extend(&text[done..]);
            Cow::Owned(out)
        }
    }
}

/// The text without any secret that is known.
#[must_use]
pub fn hidden_text(text: &str) -> Cow<'_, str> {
    match hidden(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

impl KnownSecrets {
    /// The bytes with the secrets that begin before `limit` replaced, as far as the second number says; `None`
    /// where none does.
    fn replaced(&self, text: &[u8], limit: usize) -> (Option<Vec<u8>>, usize) {
        let (mut out, mut done, mut at) = (None, 0, 0);
        while at < limit && !self.plain.is_empty() {
            let Some(step) = text[at..limit].iter().position(|byte| self.first[usize::from(*byte)]) else { break };
            at += step;
            let Some((from, to)) = self.find(text, at, done) else {
                at += 1;
                continue;
            };
            let out = out.get_or_insert_with(|| Vec::with_capacity(text.len()));
            out.extend(&text[done..from]);
            out.extend(GONE.as_bytes());
            (done, at) = (to, to);
        }
        (out, done)
    }

    /// The secret that stands at this place: where it begins and ends.
    fn find(&self, text: &[u8], at: usize, done: usize) -> Option<(usize, usize)> {
        let plain = self.plain.iter().filter_map(|secret| end(text, at, secret)).max();
        if let Some(end) = plain {
            return Some((at, end));
        }
        self.coded.iter().find(|coded| text[at..].starts_with(coded)).map(|coded| {
            // What is around it in the same word is the rest of a secret, or of what goes with it.
            let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
            let before = text[done..at].iter().rev().take_while(|byte| letter(byte)).count();
            let after = text[at + coded.len()..].iter().take_while(|byte| letter(byte)).count();
            (at - before, at + coded.len() + after)
        })
    }
}

/// Where a secret ends that begins here.
fn end(text: &[u8], at: usize, secret: &[u8]) -> Option<usize> {
    let mut here = at;
    for (nth, wanted) in secret.iter().enumerate() {
        let mut between = 0;
        while nth > 0 && between < BETWEEN {
            let Some(width) = nothing(text.get(here..)?) else { break };
            (here, between) = (here + width, between + 1);
        }
        let (found, width) = character(text.get(here..)?)?;
        if !found.eq_ignore_ascii_case(wanted) {
            return None;
        }
        here += width;
    }
    Some(here)
}

/// The length of what is only put into a text to make it harmless.
fn nothing(text: &[u8]) -> Option<usize> {
    match text {
        [b'\\', ..] => Some(1),
        [0xC2, 0xAD, ..] => Some(2),
        [0xE2, 0x80, 0x8B..=0x8F, ..] | [0xE2, 0x81, 0xA0..=0xAF, ..] | [0xEF, 0xBB, 0xBF, ..] => Some(3),
        _ => None,
    }
}

/// A byte and its length: as it stands, or as `&#45;`.
fn character(text: &[u8]) -> Option<(u8, usize)> {
    if let Some(rest) = text.strip_prefix(b"&#") {
        let digits = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
        if let (Some(number), Some(b';')) = (number, rest.get(digits)) {
            return Some((number, digits + 3));
        }
    }
    text.first().map(|byte| (*byte, 1))
}

/// A writer that lets no secret through. What it holds back goes out with [`Write::flush`].
#[derive(Debug)]
pub struct Hiding<W: Write> {
    to: W,
    held: Vec<u8>,
}

impl<W: Write> Hiding<W> {
    /// Writes to `to`.
    pub fn new(to: W) -> Hiding<W> {
        Hiding { to, held: Vec::new() }
    }
}

impl<W: Write> Write for Hiding<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if known.plain.is_empty() && self.held.is_empty() {
            return self.to.write(bytes);
        }
        self.held.extend(bytes);
        if self.held.len() >= 2 * HELD {
            let limit = self.held.len() - HELD;
            let (out, done) = known.replaced(&self.held, limit);
            let sent = done.max(limit);
            self.to.write_all(out.as_deref().unwrap_or_default())?;
            self.to.write_all(&self.held[done..sent])?;
            self.held.drain(..sent);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&hidden(&self.held))?;
        self.held.clear();
        self.to.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TOKEN: &str = "gho_16C7-e42F.292c6912";

    fn shown(text: &str) -> String {
        learn(TOKEN);
        hidden_text(text).into_owned()
    }

    #[test]
    fn a_secret_is_hidden_in_whatever_text_carries_it() {
        for (text, expected) in [
            ("a gho_16C7-e42F.292c6912 b", "a … b"),
            ("gho_16C7-e42F.292c6912gho_16C7-e42F.292c6912", "……"),
            ("GHO_16c7-E42F.292C6912", "…"),
            ("gho\\_16C7-e42F.292c6912", "…"),
            ("gho\\\\_16C7-e42F.29\u{2060}2c69\u{200b}12!", "…!"),
            ("gho_16C7&#45;e42F&#46;292c6912", "…"),
            ("&#103;ho_16C7-e42F.292c6912", "…"),
            ("https://x/?t=gho_16C7-e42F.292c6912&u", "https://x/?t=…&u"),
            ("gho_16C7-e42F.292c691", "gho_16C7-e42F.292c691"),
            ("gho_ 16C7-e42F.292c6912", "gho_ 16C7-e42F.292c6912"),
            ("ä &#; &#99999; &# gho", "ä &#; &#99999; &# gho"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn the_basic_form_of_a_secret_is_hidden_whatever_goes_with_it() {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        // The plain way, by bits, to compare with.
        let base64 = |text: &str| {
            let bits: String = text.bytes().map(|byte| format!("{byte:08b}")).collect();
            let sextets = bits.as_bytes().chunks(6).map(|six| {
                let six = format!("{:0<6}", std::str::from_utf8(six).unwrap());
                char::from(LETTERS[usize::from_str_radix(&six, 2).unwrap()])
            });
            let text: String = sextets.collect();
            format!("{text:=<width$}", width = text.len().next_multiple_of(4))
        };
        assert_eq!(base64("a:b?"), "YTpiPw==");
        for user in ["", "x", "me", "bot", "x-access-token"] {
            for after in ["", "!", "!!", "\n"] {
                let text = base64(&format!("{user}:{TOKEN}{after}"));
                assert_eq!(shown(&format!("basic {text}, so")), "basic …, so", "{user}{after}");
                let other = text.replace('+', "-").replace('/', "_");
                assert_eq!(shown(&other), "…", "{user}{after}");
            }
        }
        let text = base64("x-access-token:another-token-of-someone");
        assert_eq!(shown(&text), text);
    }

    #[test]
    fn a_writer_hides_a_secret_wherever_its_parts_are_cut() {
        learn(TOKEN);
        let line = format!("{}{TOKEN}{}\n", "x".repeat(70_000), "é".repeat(9_000));
        let text = line.repeat(8);
        for part in [1_000, 4_099, 65_536, 1 << 20] {
            let mut out = Vec::new();
            let mut hiding = Hiding::new(&mut out);
            text.as_bytes().chunks(part).for_each(|chunk| hiding.write_all(chunk).unwrap());
            hiding.flush().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), text.replace(TOKEN, GONE), "{part}");
        }
    }

    #[test]
    fn what_is_short_is_no_secret() {
        learn("a");
        learn(" ");
        learn("");
        assert_eq!(shown("a banana"), "a banana");
    }
}
