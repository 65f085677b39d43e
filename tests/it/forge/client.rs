//! A client that asks exactly what it is told, for the tests of the forge itself.
//!
//! Takes: an address, a token, a request. Gives: status, headers and body as they came, nothing
//! followed, nothing repeated.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// One connection, made anew when the server ends it.
pub struct Client {
    host: String,
    prefix: &'static str,
    token: Option<String>,
    stream: Option<TcpStream>,
    pub extra: Vec<(String, String)>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is shorter than its `Content-Length`.
    pub short: bool,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// One member of each of a list, as text.
    pub fn each(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| value[name].as_str().map_or_else(|| value[name].to_string(), str::to_owned);
        self.json().as_array().unwrap_or_else(|| panic!("{self:?}")).iter().map(text).collect()
    }

    /// The address of a rel of `Link`.
    pub fn link(&self, rel: &str) -> Option<String> {
        let wanted = format!("rel=\"{rel}\"");
        let parts = self.header("link")?.split(',');
        let part = parts.map(str::trim).find(|part| part.ends_with(&wanted))?;
        Some(part.split(['<', '>']).nth(1)?.to_owned())
    }
}

impl Client {
    /// For the API of a server: `prefix` stands before every path.
    pub fn new(url: &str, prefix: &'static str) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        let extra = vec![("User-Agent".to_owned(), "test".to_owned())];
        Client { host, prefix, token: None, stream: None, extra }
    }

    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.ask("GET", path, None).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    pub fn send(&mut self, method: &str, path: &str, body: &Value) -> Reply {
        self.ask(method, path, Some(body.to_string().as_bytes()))
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// One try; an error where the connection ended before an answer began.
    pub fn ask(&mut self, method: &str, path: &str, body: Option<&[u8]>) -> std::io::Result<Reply> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.host)?,
        };
        stream.set_nodelay(true)?;
        let prefix = self.prefix;
        let mut out = format!("{method} {prefix}{path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        if !self.extra.iter().any(|(name, _)| name == "Accept") {
            out += "Accept: application/json\r\n";
        }
        for (name, value) in &self.extra {
            out += &format!("{name}: {value}\r\n");
        }
        if let Some(token) = &self.token {
            out += &format!("Authorization: token {token}\r\n");
        }
        if let Some(body) = body {
            out += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        out += "\r\n";
        let mut bytes = out.into_bytes();
        bytes.extend(body.unwrap_or_default());
        stream.write_all(&bytes)?;
        let reply = read(&mut stream)?;
        if !reply.short {
            self.stream = Some(stream);
        }
        Ok(reply)
    }
}

fn read(stream: &mut TcpStream) -> std::io::Result<Reply> {
    let mut kept = Vec::new();
    let mut buffer = [0; 65536];
    let mut reply = loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(head) = parsed.parse(&kept).map_err(std::io::Error::other)? {
            let headers = parsed.headers.iter();
            let headers =
                headers.map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()));
            let reply =
                Reply { status: parsed.code.unwrap(), headers: headers.collect(), body: Vec::new(), short: false };
            kept.drain(..head);
            break reply;
        }
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => kept.extend(&buffer[..read]),
        }
    };
    let length: usize = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
    while kept.len() < length {
        match stream.read(&mut buffer)? {
            0 => {
                reply.short = true;
                break;
            }
            read => kept.extend(&buffer[..read]),
        }
    }
    reply.body = kept;
    Ok(reply)
}
