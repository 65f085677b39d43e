//! A server for tests that answers from a closure.
//!
//! Takes: a closure from a request to an answer. Gives: the address, and every request that came.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct TestRequest {
    pub method: String,
    pub path: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl TestRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// `GET /path`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// An answer: status, headers, body. Status 0 ends the connection instead; 1 sends half an answer.
pub type TestAnswer = (u16, Vec<(&'static str, String)>, String);

/// A JSON answer.
pub fn json(status: u16, body: &str) -> TestAnswer {
    (status, vec![("content-type", "application/json;charset=utf-8".to_owned())], body.to_owned())
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<TestRequest>>>,
}

impl Server {
    /// Answers requests from now on, on threads of its own.
    pub fn start(answer: impl Fn(&TestRequest) -> TestAnswer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Server { url, requests: seen }
    }

    /// Requests so far.
    pub fn requests(&self) -> Vec<TestRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Requests so far, as `GET /path`.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(TestRequest::line).collect()
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<TestRequest>>, answer: &dyn Fn(&TestRequest) -> TestAnswer) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap_or(0);
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut seen = TestRequest { method, path, headers, body: String::new() };
        let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        seen.body = String::from_utf8(body).unwrap();
        kept.lock().unwrap().push(seen.clone());
        let (status, headers, body) = answer(&seen);
        if status < 2 {
            if status == 1 {
                let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{body}");
            }
            return;
        }
        let mut head = format!("HTTP/1.1 {status} X\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if status != 204 {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        if stream.write_all(format!("{head}\r\n{body}").as_bytes()).is_err() {
            return;
        }
    }
}
