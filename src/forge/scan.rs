//! The structure of a JSON document, read in one pass and little memory.
//!
//! Takes: a buffered reader. Gives: the names and places of members and entries, level by level;
//! what is not asked for is skipped at the speed of memory. Inside a skipped list or object only
//! strings and the matching of brackets are looked at: whether the rest is JSON shows when it is
//! read.

use std::io::{self, BufRead};

use super::object;

/// Bytes of a name, a number or another value that is kept whole.
const LONGEST: usize = 64 * 1024;

/// Lists and objects within each other that are still stepped over.
const DEEPEST: usize = 120;

/// Why a scan ended early.
#[derive(Debug)]
pub(super) enum Fault {
    /// The reader failed.
    Read(io::Error),
    /// The document is not what it has to be, at this byte from its start.
    At(u64, String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Read(error)
    }
}

/// A place in a document.
#[derive(Debug)]
pub(super) struct Scanner<R> {
    from: R,
    offset: u64,
}

impl<R: BufRead> Scanner<R> {
    /// A scan from the start of a document; a byte order mark is stepped over.
    pub(super) fn new(from: R) -> Result<Self, Fault> {
        let mut scanner = Scanner { from, offset: 0 };
        if scanner.from.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
            scanner.take(3);
        }
        Ok(scanner)
    }

    /// Bytes before this place.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Steps to the next byte that is no white space and gives the bytes before it.
    pub(super) fn here(&mut self) -> Result<u64, Fault> {
        self.peek()?;
        Ok(self.offset)
    }

    /// The next byte that is no white space, which is left there; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let window = self.from.fill_buf()?;
            let blank = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
            match window.iter().position(|b| !blank(b)) {
                Some(at) => {
                    let byte = window.get(at).copied();
                    self.take(at);
                    return Ok(byte);
                }
                None if window.is_empty() => return Ok(None),
                None => {
                    let all = window.len();
                    self.take(all);
                }
            }
        }
    }

    /// Steps into the list or object that `bracket` opens; `what` names it in the error.
    pub(super) fn enter(&mut self, bracket: u8, what: &str) -> Result<(), Fault> {
        if self.peek()? != Some(bracket) {
            return Err(self.unexpected(what));
        }
        self.take(1);
        Ok(())
    }

    /// Steps to the next entry of a list (`first`: there was none yet, which this clears); at
    /// its end steps out of it and says `false`.
    pub(super) fn entry(&mut self, first: &mut bool) -> Result<bool, Fault> {
        match (self.peek()?, *first) {
            (Some(b']'), _) => {
                self.take(1);
                return Ok(false);
            }
            (Some(_), true) => *first = false,
            (Some(b','), false) => {
                self.take(1);
                if self.peek()? == Some(b']') {
                    return Err(self.unexpected("a value after the comma"));
                }
            }
            _ => return Err(self.unexpected("a comma or the end of the list")),
        }
        Ok(true)
    }

    /// Steps to the value of the next member of an object and gives its name (`first` as for
    /// [`Scanner::entry`]); at its end steps out of it and gives `None`.
    pub(super) fn member(&mut self, first: &mut bool) -> Result<Option<String>, Fault> {
        match (self.peek()?, *first) {
            (Some(b'}'), _) => {
                self.take(1);
                return Ok(None);
            }
            (Some(_), true) => *first = false,
            (Some(b','), false) => self.take(1),
            _ => return Err(self.unexpected("a comma or the end of the object")),
        }
        if self.peek()? != Some(b'"') {
            return Err(self.unexpected("the name of a member in double quotes"));
        }
        let at = self.offset;
        let name = self.value()?;
        let Ok(Some(name)) = object::text(&name) else {
            return Err(Fault::At(at, "this name of a member is no JSON text".into()));
        };
        if self.peek()? != Some(b':') {
            return Err(self.unexpected("a colon after the name"));
        }
        self.take(1);
        Ok(Some(name))
    }

    /// Steps over a value and gives its bytes, of which there may be 64 KiB.
    pub(super) fn value(&mut self) -> Result<Vec<u8>, Fault> {
        let at = self.at_value()?;
        let mut kept = Vec::new();
        self.walk(Some(&mut kept))?;
        if kept.len() > LONGEST {
            let what = format!("this value is longer than the {LONGEST} bytes that it may have");
            return Err(Fault::At(at, what));
        }
        Ok(kept)
    }

    /// Steps over a value and gives where it begins.
    pub(super) fn skip(&mut self) -> Result<u64, Fault> {
        let at = self.at_value()?;
        match self.peek()? {
            Some(b'"' | b'[' | b'{') => self.walk(None)?,
            _ => {
                let word = self.value()?;
                if object::text(&word).is_err() {
                    let word = String::from_utf8_lossy(&word);
                    let what = format!("expected a value, found `{word}`");
                    return Err(Fault::At(at, what));
                }
            }
        }
        Ok(at)
    }

    /// Nothing but white space is left.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.unexpected("nothing more after the document")),
        }
    }

    /// The error that something else than `expected` stands here.
    pub(super) fn unexpected(&mut self, expected: &str) -> Fault {
        let found = match self.from.fill_buf() {
            Err(error) => return Fault::Read(error),
            Ok([]) => "the end of the file".to_owned(),
            Ok([byte @ 0x21..=0x7E, ..]) => format!("`{}`", char::from(*byte)),
            Ok([byte, ..]) => format!("the byte 0x{byte:02X}"),
        };
        Fault::At(self.offset, format!("expected {expected}, found {found}"))
    }

    fn at_value(&mut self) -> Result<u64, Fault> {
        match self.peek()? {
            None | Some(b',' | b':' | b']' | b'}') => Err(self.unexpected("a value")),
            Some(_) => Ok(self.offset),
        }
    }

    fn take(&mut self, bytes: usize) {
        self.from.consume(bytes);
        self.offset += bytes as u64;
    }

    /// Steps over the value that begins here; its bytes go to `kept`, up to some window past
    /// [`LONGEST`].
    fn walk(&mut self, mut kept: Option<&mut Vec<u8>>) -> Result<(), Fault> {
        let start = self.offset;
        let mut value = OpenValue::default();
        loop {
            let window = self.from.fill_buf()?;
            if window.is_empty() {
                let what = "this value is not closed: the file ends within it";
                return if value.word { Ok(()) } else { Err(Fault::At(start, what.into())) };
            }
            let (bytes, ends) = value.step(window);
            if let Some(kept) = kept.as_deref_mut()
                && kept.len() <= LONGEST
            {
                kept.extend(&window[..bytes]);
            }
            self.take(bytes);
            match ends {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(what) => return Err(Fault::At(self.offset, what)),
            }
        }
    }
}

/// A value that is stepped over, which may lie in several windows: what of it is open.
#[derive(Default)]
struct OpenValue {
    /// What closes its open lists and objects, the innermost last.
    closers: Vec<u8>,
    /// A text.
    text: bool,
    /// The byte before was a backslash that escapes the next one.
    escaped: bool,
    /// The value is a number, `true`, `false` or `null`, which end where something else begins.
    word: bool,
}

impl OpenValue {
    /// Steps over as much of `window` as belongs to the value: how many bytes, and whether it ends there, or why what
    /// follows cannot be part of it.
    fn step(&mut self, window: &[u8]) -> (usize, Result<bool, String>) {
        let mut at = 0;
        while let Some(&byte) = window.get(at) {
            if self.text {
                if !std::mem::take(&mut self.escaped) {
                    let Some(length) = memchr::memchr2(b'"', b'\\', &window[at..]) else { break };
                    at += length;
                    self.escaped = window[at] == b'\\';
                    self.text = self.escaped;
                }
            } else {
                match byte {
                    b'"' | b'[' | b'{' | b']' | b'}' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if self.word => {
                        return (at, Ok(true));
                    }
                    b'"' => self.text = true,
                    b'[' | b'{' if self.closers.len() == DEEPEST => {
                        return (at, Err(format!("lists and objects nested deeper than {DEEPEST}")));
                    }
                    b'[' => self.closers.push(b']'),
                    b'{' => self.closers.push(b'}'),
                    b']' | b'}' if self.closers.pop() != Some(byte) => {
                        return (at, Err(format!("found `{}`, which closes nothing", char::from(byte))));
                    }
                    b']' | b'}' => {}
                    _ => self.word = self.closers.is_empty(),
                }
            }
            at += 1;
            if self.closers.is_empty() && !self.text && !self.word {
                return (at, Ok(true));
            }
        }
        (window.len(), Ok(false))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// The names, places and values of an object, read a few bytes at a time.
    fn members(json: &str, window: usize) -> Result<Vec<(String, u64, String)>, Fault> {
        let mut scan = Scanner::new(BufReader::with_capacity(window, json.as_bytes()))?;
        scan.enter(b'{', "an object")?;
        let (mut first, mut found) = (true, Vec::new());
        while let Some(name) = scan.member(&mut first)? {
            let at = scan.skip()?;
            let range = usize::try_from(at).unwrap()..usize::try_from(scan.offset()).unwrap();
            found.push((name, at, json[range].to_owned()));
        }
        scan.end()?;
        Ok(found)
    }

    #[test]
    fn members_are_found_whatever_the_window() {
        let json = "\u{feff} {\"a\": [1, {\"]\": \"}\\\"\"}] , \"b\\u0063\":-1.5e3,\n\"d\":\"\\\\\",\"e\":null} ";
        for window in 4..60 {
            let found = members(json, window).unwrap();
            let values: Vec<_> = found.iter().map(|(n, _, v)| (&**n, &**v)).collect();
            let expected = [("a", r#"[1, {"]": "}\""}]"#), ("bc", "-1.5e3"), ("d", r#""\\""#), ("e", "null")];
            assert_eq!(values, expected, "window {window}");
        }
    }

    #[test]
    fn what_is_no_json_is_an_error_at_its_byte() {
        for (json, at, what) in [
            ("", 0, "expected an object, found the end of the file"),
            ("[]", 0, "expected an object, found `[`"),
            ("{a: 1}", 1, "expected the name of a member in double quotes, found `a`"),
            (r#"{"a" 1}"#, 5, "expected a colon after the name, found `1`"),
            (r#"{"a": }"#, 6, "expected a value, found `}`"),
            (r#"{"a": 1 "b": 2}"#, 8, "expected a comma or the end of the object, found `\"`"),
            (r#"{"a": 1,}"#, 8, "expected the name of a member in double quotes, found `}`"),
            (r#"{"a": nope}"#, 6, "expected a value, found `nope`"),
            (r#"{"a": [1, {"b": 2]}"#, 17, "found `]`, which closes nothing"),
            (r#"{"a": ["b]}"#, 6, "this value is not closed: the file ends within it"),
            (r#"{"a": 1"#, 7, "expected a comma or the end of the object, found the end of the file"),
            ("{} x", 3, "expected nothing more after the document, found `x`"),
        ] {
            match members(json, 64) {
                Err(Fault::At(found_at, found)) => assert_eq!((found_at, &*found), (at, what)),
                other => assert!(other.is_err(), "{json}"),
            }
        }
    }

    #[test]
    fn deep_nesting_and_long_values_are_errors() {
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        let long = format!("{{\"{}\": 1}}", "x".repeat(LONGEST));
        for json in [deep, long] {
            assert!(matches!(members(&json, 512), Err(Fault::At(..))));
        }
        let fine = format!("{{\"a\": {}{}}}", "[".repeat(120), "]".repeat(120));
        assert_eq!(members(&fine, 7).unwrap().len(), 1);
    }
}
