//! What can go wrong does, when it is told to, and only then.

use std::time::{Duration, Instant};

use serde_json::json;

use super::client::Client;
use super::{Access, Fault, Server, Trouble, World, issue};

fn server(world: World) -> (Server, Client) {
    let mut world = world;
    world.add_repo("acme/app");
    world.add_member("acme/app", "bot", Access::Write);
    world.add_token("t", "bot");
    for number in 1..=3 {
        world.add_issue("acme/app", issue(&format!("issue {number}")));
    }
    let prefix = world.dialect.prefix;
    let server = Server::start(world);
    let client = Client::new(&server.url(), prefix).with_token("t");
    (server, client)
}

const LIST: &str = "/repos/acme/app/issues";
const SAY: &str = "/repos/acme/app/issues/1/comments";

#[test]
fn a_reset_before_loses_the_write_and_one_after_does_not() {
    let (server, mut client) = server(World::gitea("1.26.4"));
    server.fault(Fault::on("POST", "/repos/*/*/issues/*/comments", Trouble::ResetBefore).nth(1));
    server.fault(Fault::on("POST", "/repos/*/*/issues/*/comments", Trouble::ResetAfter).nth(2));
    let body = json!({ "body": "x" }).to_string();
    assert!(client.ask("POST", SAY, Some(body.as_bytes())).is_err());
    assert_eq!(server.world().comments("acme/app", 1).len(), 0);
    assert!(client.ask("POST", SAY, Some(body.as_bytes())).is_err());
    assert_eq!(server.world().comments("acme/app", 1).len(), 1, "done, and not said");
    assert_eq!(client.send("POST", SAY, &json!({ "body": "x" })).status, 201);
    assert_eq!(server.count("POST", "/repos/*/*/issues/*/comments"), 3);
    let statuses: Vec<u16> = server.requests().iter().map(|logged| logged.status).collect();
    assert_eq!(statuses, [0, 0, 201]);
}

#[test]
fn refused_connections_come_back() {
    let (server, mut client) = server(World::forgejo());
    assert_eq!(client.get(LIST).status, 200);
    server.refuse(2);
    let fresh = || Client::new(&server.url(), "/api/v1").ask("GET", LIST, None);
    assert!(client.ask("GET", LIST, None).is_err(), "what was open is closed");
    assert!(fresh().is_err() && fresh().is_err());
    assert_eq!(fresh().unwrap().status, 200);
}

#[test]
fn limits_and_broken_answers_look_as_they_do() {
    let (server, mut client) = server(World::github());
    let troubles = [
        (Trouble::too_many(Some("3")), 429, Some("3")),
        (Trouble::too_many(Some("Fri, 20 Nov 2026 12:00:00 GMT")), 429, Some("Fri, 20 Nov 2026 12:00:00 GMT")),
        (Trouble::too_many(None), 429, None),
        (Trouble::secondary_limit(Some(60)), 403, Some("60")),
        (Trouble::secondary_limit(None), 403, None),
        (Trouble::status(500), 500, None),
        (Trouble::bad_gateway(), 502, None),
        (Trouble::forbidden(), 403, None),
        (Trouble::expired(), 401, None),
        (Trouble::login_page(), 200, None),
        (Trouble::redirect("http://127.0.0.1:9/"), 302, None),
    ];
    for (trouble, status, after) in troubles {
        server.no_faults();
        server.fault(Fault::on("*", "/repos/**", trouble).times(1));
        let reply = client.get(LIST);
        assert_eq!((reply.status, reply.header("retry-after")), (status, after));
        assert!(reply.json().as_array().is_none());
        assert_eq!(client.get(LIST).status, 200, "once only");
    }
    server.fault(Fault::on("GET", "/repos/**", Trouble::primary_limit(1_900_000_000)).from(1));
    for _ in 0..2 {
        let reply = client.get(LIST);
        assert_eq!((reply.status, reply.header("x-ratelimit-remaining")), (403, Some("0")));
        assert_eq!(reply.header("x-ratelimit-reset"), Some("1900000000"));
    }
    server.no_faults();
    server.world().rate = 1;
    assert_eq!((client.get(LIST).status, client.get(LIST).status), (200, 403), "fact 72");
}

#[test]
fn answers_are_cut_with_and_without_their_length() {
    let (server, mut client) = server(World::gitea("1.24.7"));
    server.fault(Fault::on("GET", LIST, Trouble::Truncated).nth(1));
    server.fault(Fault::on("GET", LIST, Trouble::CutJson).nth(2));
    let (short, cut) = (client.get(LIST), client.get(LIST));
    assert!(short.short && !cut.short);
    assert!(short.json().is_null() && cut.json().is_null() && !cut.body.is_empty());
    assert_eq!(client.get(LIST).each("number"), ["3", "2", "1"]);
}

#[test]
fn a_list_without_an_end_repeats_itself_or_never_does() {
    for (world, prefix) in [(World::gitea("1.26.4"), "/api/v1"), (World::github(), "")] {
        let (server, mut client) = server(world);
        server.fault(Fault::on("GET", LIST, Trouble::Endless { fresh: false }));
        let (first, ninth) = (client.get(LIST), client.get(&format!("{LIST}?page=9")));
        assert_eq!(first.each("number"), ninth.each("number"));
        assert!(ninth.link("next").unwrap().ends_with(&format!("{prefix}{LIST}?&page=10")), "{ninth:?}");
        server.no_faults();
        server.fault(Fault::on("GET", LIST, Trouble::Endless { fresh: true }));
        let (first, ninth) = (client.get(LIST), client.get(&format!("{LIST}?page=9")));
        assert_eq!(first.each("number").len(), 3);
        assert!(first.each("number").iter().all(|number| !ninth.each("number").contains(number)));
    }
}

#[test]
fn a_seed_gives_one_order_of_troubles() {
    let fates = |seed| {
        let (server, mut client) = server(World::gitea("1.26.4"));
        server.random_faults(seed, 300, vec![Trouble::status(500), Trouble::ResetAfter]);
        let fate = |client: &mut Client| client.ask("GET", LIST, None).map_or(0, |reply| reply.status);
        (0..60).map(|_| fate(&mut client)).collect::<Vec<u16>>()
    };
    let first = fates(1);
    assert_eq!(first, fates(1));
    assert_ne!(first, fates(2));
    assert!([0, 200, 500].iter().all(|fate| first.contains(fate)), "{first:?}");
}

#[test]
fn ten_thousand_issues_are_read_at_once_from_afar() {
    let mut world = World::gitea("1.26.4");
    world.add_repo("acme/app");
    for number in 0..10_000 {
        world.add_issue("acme/app", issue(&format!("issue {number}")).body("See #3."));
    }
    let server = Server::start(world);
    server.latency(Duration::from_millis(50));
    let started = Instant::now();
    let url = server.url();
    let read = &|first: usize| {
        let mut client = Client::new(&url, "/api/v1");
        let pages = (first..=200).step_by(8);
        pages
            .map(|page| client.get(&format!("{LIST}?state=all&limit=50&page={page}")).json().as_array().unwrap().len())
            .sum::<usize>()
    };
    let total: usize = std::thread::scope(|scope| {
        let readers: Vec<_> = (1..=8).map(|first| scope.spawn(move || read(first))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert_eq!(total, 10_000);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(50 * 25), "the latency is there: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(
        (2..=8).contains(&server.peak()) && server.connections() == 8,
        "{} {}",
        server.peak(),
        server.connections()
    );
}

#[test]
fn everything_asked_is_logged() {
    let (server, mut client) = server(World::gitea("1.26.4"));
    server.fault(Fault::on("GET", LIST, Trouble::Slow(Duration::from_millis(30))).nth(1));
    let started = Instant::now();
    client.extra.push(("X-Test".to_owned(), "yes".to_owned()));
    client.get(&format!("{LIST}?state=all&page=1"));
    assert!(started.elapsed() >= Duration::from_millis(30));
    client.send("POST", SAY, &json!({ "body": "x" }));
    let other = Client::new(&server.url(), "/api/v1").get(LIST);
    assert_eq!(other.header("x-gitea-warning"), None);
    let [list, say, other] = server.requests().try_into().unwrap();
    assert_eq!(
        (list.path.as_str(), list.query.as_str(), list.header("x-test")),
        (LIST, "state=all&page=1", Some("yes"))
    );
    assert_eq!((&say.body["body"], say.token.as_deref(), say.status), (&json!("x"), Some("t"), 201));
    assert_eq!((list.connection, say.connection, other.connection, other.token), (1, 1, 2, None));
    assert!(list.at < say.at && list.body.is_null());
    server.forget_requests();
    assert_eq!(server.count("*", "**"), 0);
    // Fact 57: a token in an address works, is warned of, and is against the description.
    let warned = Client::new(&server.url(), "/api/v1").get(&format!("{LIST}?access_token=t"));
    assert!(warned.status == 200 && warned.header("x-gitea-warning").is_some());
    assert_eq!(server.violations(), [format!("GET {LIST}: no query parameter `access_token`")]);
    server.unchecked();
}

#[test]
fn a_token_expires_in_the_middle() {
    let (server, mut client) = server(World::github());
    server.fault(Fault::on("*", "**", Trouble::expired()).from(3));
    let statuses: Vec<u16> = (0..4).map(|_| client.get(LIST).status).collect();
    assert_eq!(statuses, [200, 200, 401, 401]);
    assert_eq!(server.world().labels_of("acme/app", 1), Vec::<String>::new());
}
