//! Who is there, who we are, what is read.
//!
//! Takes: servers of every kind and some that are none. Gives: the dialect, the account, the
//! repositories, or a sentence that says what to do.

use super::*;
use crate::forge::change::ForgeWriter;
use crate::forge::remote::Dialect;

fn ask(url: &str, repos: &[&str]) -> ConnectOptions {
    let repos = repos.iter().map(|name| (*name).to_owned()).collect();
    ConnectOptions { url: url.to_owned(), tokens: token(url), repos, http: config(), ..ConnectOptions::default() }
}

fn failed(ask: ConnectOptions) -> String {
    format!("{:#}", connect(ask).unwrap_err())
}

#[test]
fn the_version_tells_the_forks_apart_facts_61_80() {
    for (version, name) in [("1.26.4", "gitea"), ("17.0.0-dev+gitea-1.22.0", "forgejo")] {
        let server = Server::start(move |seen| usual(seen, version).unwrap());
        for url in [server.url.clone(), format!("{}/api/v1/", server.url)] {
            let forge = connect(ask(&url, &["a/b"])).unwrap();
            assert_eq!((forge.kind().name(), forge.kind().version()), (name, Some(version)));
            assert_eq!(forge.name(), format!("{}/api/v1", server.url));
            assert_eq!((forge.user(), forge.user_known()), ("kaizen-bot", Ok(())));
            assert_eq!(forge.quiet_link(0, 12, true), "a/b&#35;12");
            assert_eq!(forge.repos().len(), 1);
            assert!(forge.is_remote() && forge.item_done().is_ok() && !forge.kind().is_github());
        }
    }
}

#[test]
fn an_instance_that_wants_a_sign_in_is_still_one_fact_61() {
    let signed_in = r#"{"message": "Only signed in user is allowed to call APIs."}"#;
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/api/v1/version" => json(403, signed_in),
        _ => usual(seen, "").unwrap(),
    });
    let forge = connect(ask(&server.url, &["a/b"])).unwrap();
    assert_eq!(*forge.kind(), Dialect::Gitea(None));
}

#[test]
fn a_bare_address_of_an_enterprise_server_is_found() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/api/v3/versions" => with(json(404, "{}"), "x-github-request-id", "1"),
        path if path.starts_with("/api/v3") => usual(seen, "").unwrap(),
        _ => (404, vec![("content-type", "text/html".into())], "<html>".into()),
    });
    let forge = connect(ask(&server.url, &["a/b"])).unwrap();
    assert_eq!(*forge.kind(), Dialect::GitHub { cloud: false });
    assert_eq!(forge.quiet_link(0, 12, false), "`#12`");
    // The second question goes to whom the first did not find: without the token.
    assert!(
        server.requests().iter().any(|seen| seen.path == "/api/v3/versions" && seen.header("authorization").is_none())
    );
    let server = Server::start(|seen| match seen.path.as_str() {
        "/versions" => with(ok("[\"2022-11-28\"]"), "x-github-media-type", "github.v3"),
        path if path.starts_with("/api/") => json(404, "{}"),
        _ => usual(seen, "").unwrap(),
    });
    let forge = connect(ask(&server.url, &["a/b"])).unwrap();
    assert_eq!((forge.kind(), forge.name()), (&Dialect::GitHub { cloud: true }, server.url.clone()));
}

#[test]
fn what_is_no_forge_is_said_so() {
    let server = Server::start(|_| (200, vec![("content-type", "text/html".into())], "<html>".into()));
    let error = failed(ask(&server.url, &["a/b"]));
    assert!(error.contains("is no Gitea, Forgejo or GitHub") && error.contains("check the address"), "{error}");
    let error = failed(ask(&format!("{}/api/v1", server.url), &["a/b"]));
    assert!(error.contains("there is no Gitea or Forgejo"), "{error}");
    let error = failed(ask("git.example.org", &["a/b"]));
    assert!(error.contains("write it as https://git.example.org"), "{error}");
}

#[test]
fn a_token_of_a_kind_goes_to_that_kind_only() {
    let secret = |text: &str, url: &str| Some(Credential::new(Secret::new(text), &Url::parse(url).unwrap()));
    let tokens = |url: &str| Tokens { any: None, gitea: secret("g1tea", url), forgejo: secret("f0rgejo", url) };
    for (version, expected) in [("1.26.4", "token g1tea"), ("10.0.0+gitea-1.22.0", "token f0rgejo")] {
        let server = Server::start(move |seen| usual(seen, version).unwrap());
        connect(ConnectOptions { tokens: tokens(&server.url), ..ask(&server.url, &["a/b"]) }).unwrap();
        for seen in server.requests() {
            let sent = seen.header("authorization");
            assert_eq!(sent, (!seen.path.ends_with("/version")).then_some(expected), "{}", seen.path);
        }
    }
    let server = Server::start(|seen| usual(seen, "").unwrap());
    let forge =
        connect(ConnectOptions { tokens: tokens(&server.url), ..ask(&format!("{}/api/v3", server.url), &["a/b"]) })
            .unwrap();
    assert!(server.requests().iter().all(|seen| seen.header("authorization").is_none()));
    assert!(forge.user_known().unwrap_err().contains("KAIZEN_TOKEN"));
    assert_eq!(forge.user(), "");
}

#[test]
fn who_we_are_may_not_be_asked_everywhere_facts_58_81_85() {
    let refused = |status| {
        move |seen: &TestRequest| match seen.path.ends_with("/user") {
            true => json(status, r#"{"message": "Resource not accessible by integration"}"#),
            false => usual(seen, "1.26.4").unwrap(),
        }
    };
    let server = Server::start(refused(403));
    let forge = connect(ask(&format!("{}/api/v3", server.url), &["a/b"])).unwrap();
    assert_eq!((forge.user(), forge.user_known()), ("github-actions[bot]", Ok(())));
    let forge = connect(ask(&format!("{}/api/v1", server.url), &["a/b"])).unwrap();
    assert_eq!(forge.user(), "");
    assert!(forge.user_known().unwrap_err().contains("the token needs the scope read:user"));
    let server = Server::start(refused(401));
    for api in ["v1", "v3"] {
        let error = failed(ask(&format!("{}/api/{api}", server.url), &["a/b"]));
        assert!(error.contains("the token is refused") && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_repository_is_named_as_the_forge_names_it_facts_52_56() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/api/v1/repos/a/old" => (301, vec![("location", "/api/v1/repos/a/b".into())], String::new()),
        "/api/v1/repos/a/gone" => json(404, r#"{"message": "not found", "errors": null}"#),
        "/api/v1/repos/a/odd" => ok("[]"),
        "/api/v1/repos/A/B" => usual(&TestRequest { path: "/repos/a/b".into(), ..seen.clone() }, "").unwrap(),
        _ => usual(seen, "1.26.4").unwrap(),
    });
    let forge = connect(ask(&server.url, &["A/B", "a/old", "a/b"])).unwrap();
    let names: Vec<&str> = forge.repos().iter().map(|repo| repo.name.as_str()).collect();
    assert_eq!(names, ["a/b"]);
    assert_eq!(forge.notes(), ["a/old is called a/b now; name it so, because writes are not redirected"]);
    let error = failed(ask(&server.url, &["a/gone"]));
    let expected = "reading the repository a/gone: GET ";
    assert!(error.starts_with(expected) && error.contains("this token may not see it"), "{error}");
    for (name, expected) in
        [("a/odd", "names none"), ("a", "owner/name"), ("a/..", "owner/name"), ("a/b/c", "owner/name")]
    {
        let error = failed(ask(&server.url, &[name]));
        assert!(error.contains(expected), "{error}");
    }
    assert!(failed(ask(&server.url, &[])).contains("no repository is named"));
}

#[test]
fn an_organisation_leaves_out_what_has_no_backlog_of_its_own_fact_5() {
    let repo = |name: &str, more: &str| format!("{{\"full_name\": \"o/{name}\"{more}}}");
    let first = [repo("a", ""), repo("old", ", \"archived\": true"), repo("f", ", \"fork\": true")].join(",");
    let second = [repo("m", ", \"mirror\": true"), repo("n", ", \"has_issues\": false"), repo("A", "")].join(",");
    let last = repo("p", ", \"private\": true, \"has_issues\": true");
    let server = Server::start(move |seen| {
        let Some(page) = parameter(&seen.path, "page") else { return usual(seen, "1.26.4").unwrap() };
        let list = match page.as_str() {
            "1" => format!("[{first}]"),
            "2" => format!("[{second}]"),
            // Shorter than what the server paged, and not the last.
            "3" => "[]".to_owned(),
            _ => format!("[{last}]"),
        };
        let next = format!("<https://x/api/v1/orgs/o/repos?page={}>; rel=\"next\"", page.parse::<u32>().unwrap() + 1);
        let link = if page == "4" { "<https://x/?page=1>; rel=\"first\"" } else { &next };
        with(with(ok(&list), "x-total-count", "9"), "link", link)
    });
    let forge = connect(ConnectOptions { org: Some("o".into()), ..ask(&server.url, &[]) }).unwrap();
    let repos: Vec<(&str, bool)> = forge.repos().iter().map(|repo| (repo.name.as_str(), repo.private)).collect();
    assert_eq!(repos, [("o/a", false), ("o/p", true)]);
    let left: Vec<(&str, &str)> = forge.left_out().iter().map(|(name, why)| (name.as_str(), *why)).collect();
    let expected = [("o/old", "archived"), ("o/f", "a fork"), ("o/m", "a mirror"), ("o/n", "issues are switched off")];
    assert_eq!(left, expected);
    let server = Server::start(|seen| usual(seen, "1.26.4").unwrap_or_else(|| json(404, "")));
    let error = failed(ConnectOptions { org: Some("nobody".into()), ..ask(&server.url, &[]) });
    assert!(error.contains("reading the repositories of nobody: "), "{error}");
}
