//! The client against a server of this process.
//!
//! Takes: canned answers. Gives: what the client made of them and how often it asked.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::test_server::{Server, TestAnswer, json};
use super::{Client, Config, Credential, Error, ErrorKind, Method, Request, Secret, Url};

fn config() -> Config {
    Config {
        base_wait: Duration::from_millis(1),
        secondary_wait: Duration::from_millis(2),
        longest_wait: Duration::from_secs(2),
        proxies: false,
        ..Config::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

fn request(method: Method, server: &Server, path: &str) -> Request {
    Request::new(method, Url::parse(&format!("{}{path}", server.url)).unwrap())
}

fn credential(server: &Server, token: &str) -> Credential {
    Credential::new(Secret::new(token), &Url::parse(&server.url).unwrap())
}

/// A server that gives these answers one after the other, then the last for ever.
fn canned(answers: Vec<TestAnswer>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        answers.get(nth).or(answers.last()).unwrap().clone()
    })
}

fn with(status: u16, headers: &[(&'static str, &str)], body: &str) -> TestAnswer {
    (status, headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), body.to_owned())
}

fn refused(result: Result<super::Answer, Error>) -> Error {
    result.unwrap_err()
}

#[test]
fn what_is_sent_says_who_asks_and_hides_the_token_fact_75() {
    let server = canned(vec![json(200, "{\"a\": 1}")]);
    let client = client();
    let secret = credential(&server, "t0ken\n");
    let request = request(Method::Get, &server, "/x?page=1").authorized("token", &secret).header("accept", "a/b");
    let answer = client.send(&request).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{\"a\": 1}"[..]));
    let seen = &server.requests()[0];
    assert_eq!(seen.header("user-agent").unwrap(), format!("kaizen/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!((seen.header("authorization"), seen.header("accept")), (Some("token t0ken"), Some("a/b")));
    assert!(!format!("{request:?} {client:?} {answer:?}").contains("t0ken"));
}

#[test]
fn a_get_is_repeated_after_what_may_pass() {
    for broken in [json(502, ""), json(503, ""), json(504, "x"), with(0, &[], ""), with(1, &[], "[1"), json(200, "[1,")]
    {
        let server = canned(vec![broken.clone(), broken, json(200, "[]")]);
        let client = client();
        assert_eq!(client.send(&request(Method::Get, &server, "/")).unwrap().body, b"[]");
        assert_eq!((client.counts().requests, client.counts().retries), (3, 2));
    }
}

#[test]
fn a_get_that_stays_broken_is_an_error_that_says_what_was_found() {
    let server = canned(vec![json(200, "[1,")]);
    let client = client();
    let error = refused(client.send(&request(Method::Get, &server, "/a?page=3&secret=k")));
    let expected = format!(
        "GET {}/a?page=3&secret=…: answered 200 with broken JSON of 3 bytes: EOF while parsing a value at line 1 \
         column 3; run this again later",
        server.url
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(client.counts().requests, 5);
}

#[test]
fn a_write_is_tried_once_and_what_became_of_it_is_told() {
    for (answer, landed) in [(json(502, ""), true), (with(0, &[], ""), true), (json(422, ""), false)] {
        let server = canned(vec![answer.clone()]);
        let error = refused(client().send(&request(Method::Post, &server, "/")));
        assert_eq!((server.requests().len(), error.may_have_landed()), (1, landed), "{error}");
        let repeated = refused(client().send(&request(Method::Patch, &server, "/").repeatable()));
        assert_eq!((server.requests().len(), repeated.may_have_landed()), (if landed { 6 } else { 2 }, landed));
    }
    // A doubt from an earlier try stays, whatever the last one says.
    let server = canned(vec![with(0, &[], ""), json(404, "")]);
    let error = refused(client().send(&request(Method::Delete, &server, "/").repeatable()));
    assert_eq!((error.status(), error.may_have_landed()), (Some(404), true));
}

#[test]
fn nobody_there_is_certain_not_to_have_written() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://me:pw@{}/x", listener.local_addr().unwrap());
    drop(listener);
    let client = client();
    let error = refused(client.send(&Request::new(Method::Post, Url::parse(&url).unwrap())));
    assert!(matches!(error.kind, ErrorKind::NotSent(_)) && !error.may_have_landed(), "{error}");
    assert_eq!(client.counts().requests, 5);
    assert!(!error.to_string().contains("pw"), "{error}");
}

#[test]
fn a_limit_is_waited_for_even_by_a_write_facts_60_72_73() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let say = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
    let client = Client::new(Config { say, ..config() }).unwrap();
    let secondary = json(403, "{\"message\": \"You have exceeded a secondary rate limit.\"}");
    let server = canned(vec![with(429, &[("retry-after", "0")], "busy"), secondary, json(201, "{}")]);
    assert_eq!(client.send(&request(Method::Post, &server, "/")).unwrap().status, 201);
    assert_eq!(client.counts().retries, 2);
    let said = said.lock().unwrap();
    assert_eq!(
        *said,
        ["waiting 0 ms: 127.0.0.1 limits requests (POST 429)", "waiting 4 ms: 127.0.0.1 limits requests (POST 403)"]
    );
}

#[test]
fn a_limit_that_lasts_too_long_says_what_to_do_fact_72() {
    let primary = with(
        403,
        &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795254900"),
            ("date", "Sat, 21 Nov 2026 09:00:00 GMT"),
        ],
        "{}",
    );
    let server = canned(vec![primary]);
    let error = refused(client().send(&request(Method::Post, &server, "/")));
    assert!(!error.may_have_landed());
    let text = error.to_string();
    assert!(text.contains("lasts 55 min 1 s more; 2 s is the longest wait"), "{text}");
    assert!(text.ends_with("run this again later, or with a token of a higher limit"), "{text}");
    let server = canned(vec![with(429, &[], "")]);
    let text = refused(client().send(&request(Method::Get, &server, "/"))).to_string();
    assert!(text.contains("does not end") && server.requests().len() == 5, "{text}");
    let server = canned(vec![json(403, "{\"message\": \"no\\u0007 permission\"}")]);
    let text = refused(client().send(&request(Method::Get, &server, "/"))).to_string();
    assert!(text.ends_with(": answered 403 Forbidden (no  permission)") && server.requests().len() == 1, "{text}");
}

#[test]
fn all_threads_respect_a_limit_that_one_was_told_of() {
    let server = canned(vec![with(429, &[("retry-after", "1")], ""), json(200, "1")]);
    let client = client();
    let started = Instant::now();
    client.send(&request(Method::Get, &server, "/1")).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_wait_ends_when_the_run_is_to_end() {
    let config = config();
    let stopped = Arc::clone(&config.stopped);
    let client = Client::new(config).unwrap();
    let server = canned(vec![with(429, &[("retry-after", "2")], "")]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            stopped.store(true, Ordering::Relaxed);
        });
        let started = Instant::now();
        let error = refused(client.send(&request(Method::Get, &server, "/")));
        assert_eq!(error.kind, ErrorKind::Stopped);
        assert!(started.elapsed() < Duration::from_secs(1));
    });
}

#[test]
fn reading_follows_a_redirect_within_the_origin_and_writing_none_fact_56() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/old" => with(301, &[("location", "/new?page=1")], "<a>"),
        "/round" => with(307, &[("location", "/round")], ""),
        "/away" => with(302, &[("location", "https://other.example/login?state=open&k=s3cret")], ""),
        "/none" => with(301, &[], ""),
        _ => json(200, "true"),
    });
    let client = client();
    let answer =
        client.send(&request(Method::Get, &server, "/old").authorized("token", &credential(&server, "t"))).unwrap();
    assert_eq!(answer.url.as_str(), format!("{}/new?page=1", server.url));
    assert!(server.requests().iter().all(|seen| seen.header("authorization") == Some("token t")));
    for (method, path, expected) in [
        (Method::Post, "/old", "answered 301, moved to /new; nothing was written: a write is not sent on"),
        (Method::Patch, "/round", "answered 307, moved to /round; nothing was written"),
        (Method::Get, "/round", "answered 307, moved to /round; it was sent on too often"),
        (Method::Get, "/away", "answered 302, moved to https://other.example/login?state=open&k=…; another scheme"),
        (Method::Get, "/none", "answered 301 Moved Permanently (a redirect without an address)"),
    ] {
        let error = refused(client.send(&request(method, &server, path)));
        assert!(error.to_string().contains(expected), "{error}");
        // To a login, or to what was made: nobody knows.
        assert_eq!(error.may_have_landed(), path == "/away");
    }
}

#[test]
fn a_token_is_not_sent_where_it_is_not_for() {
    let (home, other) = (canned(vec![json(200, "1")]), canned(vec![json(200, "1")]));
    let error =
        refused(client().send(&request(Method::Get, &other, "/").authorized("token", &credential(&home, "t0ken"))));
    let expected = format!("cannot be sent: its token is for {}, and not for {}", home.url, other.url);
    assert!(error.to_string().ends_with(&expected) && !error.to_string().contains("t0ken"), "{error}");
    assert_eq!((home.requests().len(), other.requests().len()), (0, 0));
}

#[test]
fn a_page_instead_of_json_and_a_body_without_end_are_named() {
    let page = with(200, &[("content-type", "text/html; charset=utf-8")], "<!DOCTYPE html><title>Sign in</title>");
    let server = canned(vec![page]);
    let error = refused(client().send(&request(Method::Get, &server, "/")));
    assert!(error.to_string().contains("a web page, not JSON"), "{error}");
    assert_eq!(server.requests().len(), 1);
    let large = Client::new(Config { largest_body: 10, ..config() }).unwrap();
    let server = canned(vec![json(200, "[1,2,3,4,5,6]")]);
    let error = refused(large.send(&request(Method::Get, &server, "/")));
    assert!(error.to_string().ends_with("the answer is larger than the 10 bytes that are read"), "{error}");
}

#[test]
fn a_server_that_drips_is_left_after_a_bound() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let tries = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&tries);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            seen.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
            while stream.write_all(b"1").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    });
    let whole = Duration::from_millis(100);
    let client = Client::new(Config { read: Duration::from_secs(5), whole, ..config() }).unwrap();
    let error = refused(client.send(&Request::new(Method::Get, url)));
    assert!(error.to_string().contains("the answer was not complete within 100 ms"), "{error}");
    assert!(error.may_have_landed());
    assert_eq!(tries.load(Ordering::Relaxed), 1, "once more would take as long");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(400));
        json(200, "1")
    });
    let client = Client::new(Config { read: Duration::from_millis(50), tries: 2, ..config() }).unwrap();
    let error = refused(client.send(&request(Method::Get, &server, "/")));
    assert!(error.to_string().contains("no answer within 50 ms"), "{error}");
    assert!(error.may_have_landed());
}

#[test]
fn a_message_of_the_server_is_cut_and_its_errors_are_named_facts_50_51_70() {
    let long = "x".repeat(1_000);
    let body = format!("{{\"message\": \"Validation Failed{long}\"}}");
    let server = canned(vec![json(422, &body)]);
    let error = refused(client().send(&request(Method::Post, &server, "/")));
    assert!(error.to_string().len() < 400, "{error}");
    let body = r#"{"message": "Validation Failed", "errors": [{"resource": "Label", "code": "invalid", "field": "color"}, "user does not exist", null]}"#;
    let server = canned(vec![json(422, body)]);
    let error = refused(client().send(&request(Method::Post, &server, "/")));
    let expected = "(Validation Failed; Label color invalid; user does not exist)";
    assert!(error.to_string().ends_with(expected), "{error}");
    let server = canned(vec![with(404, &[], "404 page not found\n")]);
    let error = refused(client().send(&request(Method::Get, &server, "/")));
    assert!(error.to_string().ends_with(": answered 404 Not Found"), "{error}");
    let bad = request(Method::Get, &server, "/").authorized("token", &credential(&server, "a\nb"));
    let error = refused(client().send(&bad)).to_string();
    assert!(error.contains("cannot be sent: the value of its header `authorization`"), "{error}");
}
