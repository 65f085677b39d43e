//! The forge of the tests as a server on this machine.
//!
//! Takes: a [`World`]. Gives: an address that answers as the forge of that world does, the log of
//! every request, faults on request, and a list of what was asked against the API's description,
//! which must be empty when the server goes.

use std::collections::HashMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::described::Described;
use super::dialect::Dialect;
use super::fault::{Fault, Faults, Trouble, fits};
use super::http::{self, Request, Response};
use super::world::World;
use super::{gitea, github};

/// A request as it was logged.
#[derive(Debug, Clone)]
pub struct Logged {
    pub method: String,
    /// Below the API's prefix, percent-encoded as sent; GitHub's `/repositories/{id}` as the
    /// repository that it is.
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    /// The body as JSON, null where there is none.
    pub body: Value,
    pub token: Option<String>,
    /// Since the server started.
    pub at: Duration,
    /// Of the answer; 0 where none was sent.
    pub status: u16,
    /// Which connection it came on, from 1.
    pub connection: usize,
}

impl Logged {
    /// Whether it asked for a change.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

struct Shared {
    world: Mutex<World>,
    dialect: Dialect,
    log: Mutex<Vec<Logged>>,
    faults: Faults,
    latency: AtomicU64,
    refuse: AtomicUsize,
    connections: AtomicUsize,
    open: Mutex<HashMap<usize, TcpStream>>,
    busy: AtomicUsize,
    peak: AtomicUsize,
    stopped: AtomicBool,
    described: Described,
    violations: Mutex<Vec<String>>,
    unchecked: AtomicBool,
    started: Instant,
}

/// A running forge. Dropping it stops it, and fails the test where a request or an answer was
/// against the API's description.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(world: World) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dialect = world.dialect.clone();
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            described: Described::of(&dialect),
            dialect,
            log: Mutex::default(),
            faults: Faults::default(),
            latency: AtomicU64::new(0),
            refuse: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
            busy: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            violations: Mutex::default(),
            unchecked: AtomicBool::new(false),
            started: Instant::now(),
        });
        let own = Arc::clone(&shared);
        let thread = thread::spawn(move || accept(&listener, &own));
        Server { shared, address, thread: Some(thread) }
    }

    /// The host as it is called: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `GITHUB_API_URL` holds on this forge (fact 80).
    pub fn api_url(&self) -> String {
        format!("{}{}", self.url(), self.shared.dialect.prefix)
    }

    /// The state. Requests wait while it is held.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// Every request so far, in the order they came.
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.log.lock().unwrap().clone()
    }

    /// How many requests of a method (`*` is any) and a pattern of paths there were.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.shared
            .log
            .lock()
            .unwrap()
            .iter()
            .filter(|logged| (method == "*" || logged.method == method) && fits(path, &logged.path))
            .count()
    }

    /// The requests that asked for a change, as `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        let log = self.shared.log.lock().unwrap();
        log.iter()
            .filter(|logged| logged.is_write())
            .map(|logged| format!("{} {}", logged.method, logged.path))
            .collect()
    }

    pub fn forget_requests(&self) {
        self.shared.log.lock().unwrap().clear();
    }

    /// How many requests were being answered at once, at most.
    pub fn peak(&self) -> usize {
        self.shared.peak.load(Ordering::SeqCst)
    }

    /// How many requests are being answered.
    pub fn busy(&self) -> usize {
        self.shared.busy.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    pub fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Each request is troubled with this chance in a thousand, by one of these; a seed gives one
    /// order of troubles, whatever the requests.
    pub fn random_faults(&self, seed: u64, permille: u32, kinds: Vec<Trouble>) {
        self.shared.faults.random(seed, permille, kinds);
    }

    pub fn no_faults(&self) {
        self.shared.faults.clear();
    }

    /// Ends every connection, and the next so many as soon as they are made.
    pub fn refuse(&self, connections: usize) {
        self.shared.refuse.store(connections, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap().values() {
            _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Every answer comes this much later.
    pub fn latency(&self, latency: Duration) {
        self.shared.latency.store(u64::try_from(latency.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// What was asked or answered against the API's description.
    pub fn violations(&self) -> Vec<String> {
        self.shared.violations.lock().unwrap().clone()
    }

    /// For tests that ask wrongly on purpose: they look at [`Server::violations`] themselves.
    pub fn unchecked(&self) {
        self.shared.unchecked.store(true, Ordering::SeqCst);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap().values() {
            _ = stream.shutdown(Shutdown::Both);
        }
        _ = TcpStream::connect(self.address);
        _ = self.thread.take().map(JoinHandle::join);
        if !thread::panicking() && !self.shared.unchecked.load(Ordering::SeqCst) {
            let violations = self.violations();
            assert!(violations.is_empty(), "against the API's description:\n{}", violations.join("\n"));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let less = |left: usize| left.checked_sub(1);
        if shared.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            continue; // closed by going out of scope
        }
        _ = stream.set_nodelay(true);
        shared.open.lock().unwrap().insert(number, stream.try_clone().unwrap());
        let own = Arc::clone(shared);
        thread::spawn(move || {
            serve(stream, number, &own);
            if let Some(stream) = own.open.lock().unwrap().remove(&number) {
                _ = stream.shutdown(Shutdown::Both);
            }
        });
    }
}

/// Answers the requests of one connection, one after another.
fn serve(mut stream: TcpStream, connection: usize, shared: &Shared) {
    let mut kept = Vec::new();
    while let Ok(Some(request)) = http::read(&mut stream, &mut kept) {
        let busy = shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        shared.peak.fetch_max(busy, Ordering::SeqCst);
        let response = shared.respond(request, connection);
        shared.busy.fetch_sub(1, Ordering::SeqCst);
        let Some(response) = response else { return };
        if response.send(&mut stream).is_err() || response.short {
            return;
        }
    }
}

impl Shared {
    /// The path below the prefix, and GitHub's ids of repositories turned into names.
    fn route(&self, path: &str) -> String {
        let below = path.strip_prefix(self.dialect.prefix).unwrap_or(path);
        let Some((id, rest)) =
            below.strip_prefix("/repositories/").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        else {
            return below.to_owned();
        };
        let world = self.world.lock().unwrap();
        let Some(repo) = world.repos.iter().find(|repo| repo.id.to_string() == id) else { return below.to_owned() };
        format!("/repos/{}/{rest}", repo.full_name()).trim_end_matches('/').to_owned()
    }

    /// The answer to send, or `None` where the connection ends.
    fn respond(&self, mut request: Request, connection: usize) -> Option<Response> {
        let path = self.route(&request.path);
        let place = {
            let mut log = self.log.lock().unwrap();
            log.push(Logged {
                method: request.method.clone(),
                path: path.clone(),
                query: request.raw_query.clone(),
                headers: request.headers.clone(),
                body: request.json(),
                token: gitea::token(&request),
                at: self.started.elapsed(),
                status: 0,
                connection,
            });
            log.len() - 1
        };
        let mut wrong = self.described.request(&path, &request);
        let latency = self.latency.load(Ordering::SeqCst);
        let trouble = self.faults.take(&request.method, &path);
        let slow = match &trouble {
            Some(Trouble::Slow(time) | Trouble::Hang(time)) => *time,
            _ => Duration::ZERO,
        };
        thread::sleep(Duration::from_millis(latency) + slow);
        let page = request.param("page").and_then(|page| page.parse::<usize>().ok()).unwrap_or(1);
        if let Some(Trouble::Endless { .. }) = trouble {
            request.query.retain(|(name, _)| name != "page");
            request.query.push(("page".to_owned(), "1".to_owned()));
        }
        let response = match &trouble {
            Some(Trouble::ResetBefore | Trouble::Hang(_)) => None,
            Some(Trouble::Answer(response)) => Some(response.clone()),
            Some(Trouble::Cached { done }) => {
                let before = self.act(&Request { method: "GET".to_owned(), body: Vec::new(), ..request.clone() });
                if *done {
                    self.act(&request);
                }
                Some(before)
            }
            _ => {
                let response = self.act(&request);
                wrong.extend(self.described.response(&path, &request, &response));
                Some(response)
            }
        };
        self.violations.lock().unwrap().extend(wrong);
        let response = match trouble {
            Some(Trouble::ResetAfter) => None,
            Some(Trouble::Instead(other)) => Some(other),
            Some(Trouble::Truncated) => response.map(|mut response| {
                response.body.truncate(response.body.len() / 2);
                Response { short: true, ..response }
            }),
            Some(Trouble::CutJson) => response.map(|mut response| {
                response.body.truncate(response.body.len() / 2);
                response
            }),
            Some(Trouble::Endless { fresh }) => {
                response.map(|response| endless(response, &self.dialect, &request, page, fresh))
            }
            _ => response,
        };
        if let Some(logged) = self.log.lock().unwrap().get_mut(place) {
            logged.status = response.as_ref().map_or(0, |response| response.status);
        }
        response
    }

    fn act(&self, request: &Request) -> Response {
        let mut world = self.world.lock().unwrap();
        let target = match request.raw_query.as_str() {
            "" => request.path.clone(),
            query => format!("{}?{query}", request.path),
        };
        if let Some(recorded) = world.recorded.get(&target) {
            return recorded.clone();
        }
        world.called = format!("http://{}", request.header("host").unwrap_or_default());
        if let Some(answer) = super::git::answer(&world, request) {
            return answer;
        }
        if self.dialect.is_github() { github::answer(&mut world, request) } else { gitea::answer(&mut world, request) }
    }
}

/// A list that has no end.
fn endless(response: Response, dialect: &Dialect, request: &Request, page: usize, fresh: bool) -> Response {
    let Value::Array(mut items) = response.value() else { return response };
    for item in items.iter_mut().filter(|_| fresh) {
        for name in ["id", "number"] {
            if let Some(number) = item.get(name).and_then(Value::as_u64) {
                item[name] = json!(number + (page as u64) * 1_000_000);
            }
        }
    }
    let query: Vec<String> = request
        .raw_query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("page="))
        .map(str::to_owned)
        .collect();
    let next = format!(
        "http://{}{}?{}&page={}",
        request.header("host").unwrap_or_default(),
        request.path,
        query.join("&"),
        page + 1
    );
    let mut again = Response::json(response.status, &Value::Array(items));
    again.headers = response.headers;
    let again = again.with("Link", format!("<{next}>; rel=\"next\""));
    if dialect.is_github() { again } else { again.with("X-Total-Count", 1_000_000) }
}
