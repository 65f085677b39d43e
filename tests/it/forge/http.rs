//! HTTP/1.1, as much of it as a forge needs.
//!
//! Takes: a connection. Gives: whole requests (`Content-Length` and chunked bodies, several on one
//! connection) and writes answers, also damaged ones.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// As sent, without the query.
    pub path: String,
    /// As sent.
    pub raw_query: String,
    /// Decoded; a raw `+` is a space (fact 13).
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Decoded parts of the path.
    pub fn parts(&self) -> Vec<String> {
        self.path.trim_start_matches('/').split('/').map(decode).collect()
    }

    /// The body, or null where there is none or it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// An answer before it is sent.
#[derive(Debug, Clone, Default)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Says a longer `Content-Length` than it sends, and ends the connection.
    pub short: bool,
}

impl Response {
    pub fn empty(status: u16) -> Self {
        Response { status, ..Response::default() }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        let mut bytes = serde_json::to_vec(body).unwrap();
        bytes.push(b'\n');
        Response { status, body: bytes, ..Response::default() }.with("Content-Type", "application/json;charset=utf-8")
    }

    pub fn text(status: u16, kind: &str, body: &str) -> Self {
        Response { status, body: body.as_bytes().to_vec(), ..Response::default() }.with("Content-Type", kind)
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Sends it. No body goes with 204 and 304.
    pub fn send(&self, to: &mut TcpStream) -> io::Result<()> {
        let bodiless = matches!(self.status, 204 | 304);
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            out.extend(format!("{name}: {value}\r\n").bytes());
        }
        if !bodiless {
            let length = self.body.len() + if self.short { 100 } else { 0 };
            out.extend(format!("Content-Length: {length}\r\n").bytes());
        }
        out.extend(b"\r\n");
        if !bodiless {
            out.extend(&self.body);
        }
        to.write_all(&out)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        404 => "Not Found",
        _ => "Status",
    }
}

pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A query, decoded.
pub fn query(raw: &str) -> Vec<(String, String)> {
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    let word = |text: &str| decode(&text.replace('+', " "));
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(key, value)| (word(key), word(value))).collect()
}

/// The next request of a connection; `None` where the other side ended it between two requests.
/// `kept` holds what was read beyond the last request.
pub fn read(from: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let status = parsed.parse(kept).map_err(|error| bad(&error.to_string()))?;
        let httparse::Status::Complete(head) = status else {
            if more(from, kept)? == 0 {
                return if kept.is_empty() { Ok(None) } else { Err(bad("the request is not whole")) };
            }
            continue;
        };
        let target = parsed.path.unwrap_or_default();
        let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        let headers = parsed.headers.iter();
        let mut request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            raw_query: raw_query.to_owned(),
            query: query(raw_query),
            headers: headers
                .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
                .collect(),
            body: Vec::new(),
        };
        kept.drain(..head);
        if request.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            request.body = chunks(from, kept)?;
        } else {
            let length = request.header("content-length").map_or(Ok(0), str::parse).map_err(|_| bad("its length"))?;
            fill(from, kept, length)?;
            request.body = kept.drain(..length).collect();
        }
        return Ok(Some(request));
    }
}

fn more(from: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 16384];
    let read = from.read(&mut buffer)?;
    kept.extend(&buffer[..read]);
    Ok(read)
}

fn fill(from: &mut impl Read, kept: &mut Vec<u8>, length: usize) -> io::Result<()> {
    while kept.len() < length {
        if more(from, kept)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn chunks(from: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let parsed = httparse::parse_chunk_size(kept).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let httparse::Status::Complete((start, size)) = parsed else {
            fill(from, kept, kept.len() + 1)?;
            continue;
        };
        let size = usize::try_from(size).unwrap();
        fill(from, kept, start + size + 2)?;
        body.extend(&kept[start..start + size]);
        kept.drain(..start + size + 2);
        if size == 0 {
            return Ok(body);
        }
    }
}

#[test]
fn a_request_is_read_in_any_pieces() {
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (to[0], self.0) = (*first, rest);
            Ok(1)
        }
    }
    let text = "POST /a%20b?q=x+y&e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n\
                PUT /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\n\r\n";
    let (mut from, mut kept) = (Drip(text.as_bytes()), Vec::new());
    let first = read(&mut from, &mut kept).unwrap().unwrap();
    assert_eq!(
        (first.method.as_str(), first.parts(), first.body.as_slice()),
        ("POST", vec!["a b".into()], &b"abcde"[..])
    );
    assert_eq!(first.query, [("q".into(), "x y".into()), ("e".into(), String::new())]);
    assert_eq!(read(&mut from, &mut kept).unwrap().unwrap().body, b"hi");
    assert_eq!(read(&mut from, &mut kept).unwrap().unwrap().path, "/c");
    assert!(read(&mut from, &mut kept).unwrap().is_none());
    let (mut from, mut kept) = (Drip(b"PUT /b HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi"), Vec::new());
    assert!(read(&mut from, &mut kept).is_err());
}
