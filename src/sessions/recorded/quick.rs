//! A recorded session as recorders write nearly all of them, read without detours.
//!
//! Takes: the text of one JSON value. Gives: the [`Session`] that [`session_of`](super::session_of) gives of it,
//! or nothing where anything in it is out of the ordinary: an escape, an exponent, a kind of value that is not
//! expected, an error of JSON. Those are read, and told, the long way.

use std::borrow::Cow;

use super::super::session::{Call, LONGEST_MS, Session, Tool};
use super::MEMBERS;
use crate::bytes::marks::in_text;
use crate::bytes::number::decimal;

/// Brackets within brackets in what is passed over.
const DEEPEST: u32 = 16;
/// Reads a session.
pub(super) fn session(text: &str) -> Option<Session<'_>> {
    let mut quick = QuickRecord { text, at: 0 };
    let mut session = Session::default();
    let mut known = false;
    quick.object(|quick, key| {
        known |= MEMBERS.contains(&key);
        match key {
            "session_id" => session.id = Some(Cow::Borrowed(quick.string()?)),
            "repo" => session.repo = Some(Cow::Borrowed(quick.string()?)),
            "duration_minutes" => {
                session.took_ms = Some(quick.number()? * 60_000.0).filter(|ms| *ms <= LONGEST_MS);
                session.took_ms?;
            }
            "errors" => {
                session.errors.clear();
                quick.list(|quick| {
                    let message = quick.error()?;
                    session.errors.extend(Some(message).filter(|message| !message.is_empty()).map(Cow::Borrowed));
                    Some(())
                })?;
            }
            "tool_calls" => {
                session.calls = Vec::with_capacity(64);
                quick.list(|quick| {
                    let call = quick.call()?;
                    session.calls.push(call);
                    Some(())
                })?;
            }
            "started_at" | "timestamp" => session.began = Some(quick.instant()?),
            "ended_at" => session.ended = Some(quick.instant()?),
            _ => quick.pass_over(0)?,
        }
        Some(())
    })?;
    quick.space();
    // What has none of them may be no session.
    (quick.at == text.len() && known).then_some(session)
}

struct QuickRecord<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> QuickRecord<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// This byte, after spaces.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.byte()? == byte).then(|| self.at += 1)
    }

    /// Another element, or the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        let byte = self.byte()?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            _ => (byte == end).then_some(false),
        }
    }

    fn is_empty(&mut self, end: u8) -> Option<bool> {
        self.space();
        let ends = self.byte()? == end;
        self.at += usize::from(ends);
        Some(ends)
    }

    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.is_empty(b'}')? {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            each(self, key)?;
            if !self.more(b'}')? {
                return Some(());
            }
        }
    }

    fn list(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.is_empty(b']')? {
            return Some(());
        }
        loop {
            each(self)?;
            if !self.more(b']')? {
                return Some(());
            }
        }
    }

    /// A text without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        let end = in_text(self.text.as_bytes(), start);
        self.at = end + 1;
        if self.text.as_bytes().get(end) == Some(&b'"') { self.text.get(start..end) } else { None }
    }

    /// A number that is not below zero and has no exponent.
    fn number(&mut self) -> Option<f64> {
        self.space();
        let (number, length) = decimal(self.text.as_bytes().get(self.at..)?)?;
        self.at += length;
        Some(number)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.space();
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    fn instant(&mut self) -> Option<i64> {
        crate::forge::time::parse(self.string()?).map(|at| at.timestamp())
    }

    /// The message of an error; empty where there is none.
    fn error(&mut self) -> Option<&'a str> {
        let mut message = "";
        self.object(|quick, key| {
            match key {
                "message" => message = quick.string()?,
                _ => quick.pass_over(0)?,
            }
            Some(())
        })?;
        Some(message)
    }

    fn call(&mut self) -> Option<Call<'a>> {
        self.space();
        let start = self.at;
        self.usual_call().or_else(|| {
            self.at = start;
            self.any_call()
        })
    }

    /// A call as nearly all are written: its tool, then its latency, and nothing else.
    fn usual_call(&mut self) -> Option<Call<'a>> {
        self.either(b"{\"tool\": \"", b"{\"tool\":\"")?;
        let start = self.at;
        self.at = in_text(self.text.as_bytes(), start);
        let tool = self.text.get(start..self.at)?;
        self.either(b"\", \"latency_ms\": ", b"\",\"latency_ms\":")?;
        let ms = Some(self.number()?).filter(|ms| *ms <= LONGEST_MS)?;
        self.take(b'}')?;
        Some(Call { tool: Tool::Named(Cow::Borrowed(tool)), ms, failed: None })
    }

    /// What is written with spaces or without.
    #[inline]
    fn either<const N: usize, const M: usize>(&mut self, with: &[u8; N], without: &[u8; M]) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        if rest.first_chunk() == Some(with) {
            self.at += N;
        } else if rest.first_chunk() == Some(without) {
            self.at += M;
        } else {
            return None;
        }
        Some(())
    }

    fn any_call(&mut self) -> Option<Call<'a>> {
        let mut call = Call { tool: Tool::Absent, ms: 0.0, failed: None };
        self.object(|quick, key| {
            match key {
                "tool" => call.tool = Tool::Named(Cow::Borrowed(quick.string()?)),
                "latency_ms" => call.ms = Some(quick.number()?).filter(|ms| *ms <= LONGEST_MS)?,
                // How it ended is said in several ways.
                "success" | "is_error" | "error" | "exit_code" => return None,
                _ => quick.pass_over(0)?,
            }
            Some(())
        })?;
        Some(call)
    }

    /// A value of which nothing matters but that it is one.
    fn pass_over(&mut self, depth: u32) -> Option<()> {
        self.space();
        match self.byte()? {
            _ if depth > DEEPEST => None,
            b'"' => self.string().map(drop),
            b'{' => self.object(|quick, _| quick.pass_over(depth + 1)),
            b'[' => self.list(|quick| quick.pass_over(depth + 1)),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number().map(drop),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::long;
    use super::*;

    /// Sessions, whole and damaged: every byte of a proper one replaced by every byte that means something.
    #[test]
    fn what_is_read_quickly_is_what_is_read_the_long_way() {
        let whole = r#" {"session_id": "s-1", "repo":"a/b" ,"messages":[{"role":"user","n":[1,2.5,null,true,false,{}]}],
            "errors":[{"message":"boom é"},{"message":""},{"code":3}], "tool_calls": [{"tool":"git","latency_ms":1200.5},
            {"tool":"web","latency_ms":0},{"latency_ms":30},{}], "duration_minutes":12.25, "started_at":"2026-11-02T06:00:00Z"} "#;
        let quick = session(whole).unwrap();
        assert_eq!(long(whole).unwrap(), (quick, Vec::new()));
        let (mut read, mut all) = (0, 0);
        for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at) && whole.is_char_boundary(at + 1)) {
            for with in
                ["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "9", "-", ".", "e", "n", " ", "\n", "\u{1}", "é"]
            {
                let text = format!("{}{with}{}", &whole[..at], &whole[at + 1..]);
                all += 1;
                if let Some(quick) = session(&text) {
                    assert_eq!(long(&text), Ok((quick, Vec::new())), "{text}");
                    read += 1;
                }
            }
        }
        assert!(read > 500 && all - read > 2_000, "{read} of {all}");
    }
}
