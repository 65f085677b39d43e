//! Which forge, which repositories, which token: the rules of the command line.
//!
//! Takes: environments of runners and of people. Gives: the address, and where no token goes.

use crate::forge::remote::Tokens;
use crate::forge::remote::address::{Address, GitRemote, Runner, Wish, choose, git_remote, origin};
use crate::http::Secret;

fn lookup<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// What is chosen with these variables, for this `--forge` and this git remote.
fn chosen(variables: &[(&str, &str)], forge: Option<&str>, remote: Option<&str>) -> Result<Address, String> {
    let variable = lookup(variables);
    let wish = Wish { forge, repos: &[], org: None, token: None, remote, variable: &variable };
    choose(&wish).map_err(|error| error.to_string())
}

fn any(token: &str) -> Tokens {
    Tokens::from(Some(Secret::new(token)))
}

const ACTIONS: [(&str, &str); 4] = [
    ("GITHUB_API_URL", "http://gitea:3000/api/v1"),
    ("GITHUB_REPOSITORY", "o/r"),
    ("GITHUB_TOKEN", "job"),
    ("KAIZEN_TOKEN", ""),
];

#[test]
fn actions_name_forge_repository_and_token_facts_79_80_93() {
    let found = chosen(&ACTIONS, None, Some("git@elsewhere.example:x/y.git")).unwrap();
    let expected = Address { url: ACTIONS[0].1.into(), repos: vec!["o/r".into()], tokens: any("job") };
    assert_eq!(found, expected);
    // The same host by its own address is the same forge.
    let found = chosen(&ACTIONS, Some("http://gitea:3000"), None).unwrap();
    assert_eq!((found.repos, found.tokens), (vec!["o/r".to_owned()], any("job")));
}

#[test]
fn a_token_goes_nowhere_but_where_it_belongs() {
    // Another host, another port, another scheme: not the job's forge.
    for forge in ["https://codeberg.org", "http://gitea", "https://gitea:3000", "https://github.com"] {
        let error = chosen(&ACTIONS, Some(forge), None).unwrap_err();
        assert!(error.contains("no repository is named"), "{error}");
        let found = chosen(&ACTIONS, Some(forge), Some(&format!("{forge}/x/y"))).unwrap();
        assert_eq!((found.tokens, found.repos), (Tokens::default(), vec!["x/y".to_owned()]), "{forge}");
    }
    let ours = [("KAIZEN_TOKEN", "own"), ("GITHUB_TOKEN", "gh"), ("GITEA_TOKEN", "gt"), ("FORGEJO_TOKEN", " ")];
    let found = chosen(&ours, Some("https://codeberg.org"), Some("git@codeberg.org:x/y.git")).unwrap();
    assert_eq!(found.tokens, Tokens { gitea: Some(Secret::new("gt")), ..any("own") });
    // Without GITHUB_API_URL its token is for the public forge.
    let ours = &ours[1..2];
    let found = chosen(ours, None, Some("git@github.com:x/y.git")).unwrap();
    assert_eq!((found.url.as_str(), found.tokens), ("https://github.com", any("gh")));
    let found = chosen(ours, None, Some("https://codeberg.org/x/y")).unwrap();
    assert_eq!(found.tokens, Tokens::default());
    // A file of a token goes to the forge that is asked for.
    let (variable, file) = (lookup(ours), Secret::new("file"));
    let repos = ["m/n".to_owned()];
    let wish = Wish {
        forge: Some("https://x.example"),
        repos: &repos,
        org: None,
        token: Some(&file),
        remote: None,
        variable: &variable,
    };
    assert_eq!(choose(&wish).unwrap().tokens, any("file"));
    assert!(!format!("{wish:?}").contains("file"));
}

#[test]
fn an_organisation_needs_no_repository_and_nothing_named_is_an_error() {
    let variable = lookup(&ACTIONS);
    let wish = Wish { forge: None, repos: &[], org: Some("acme"), token: None, remote: None, variable: &variable };
    assert_eq!(choose(&wish).unwrap().repos, [""; 0]);
    assert!(chosen(&[], None, None).unwrap_err().contains("give --forge URL"));
    assert!(chosen(&[], None, Some("../other")).unwrap_err().contains("give --forge URL"));
    let error = chosen(&[], Some("https://me:s3cret@x.example"), None).unwrap_err();
    assert!(error.contains("KAIZEN_TOKEN") && !error.contains("s3cret"), "{error}");
}

#[test]
fn the_runner_is_told_by_the_first_of_three_marks_fact_78() {
    let all = [("FORGEJO_ACTIONS", "true"), ("GITEA_ACTIONS", "true"), ("GITHUB_ACTIONS", "true")];
    let of = |marks: &[(&str, &str)]| Runner::of(&lookup(marks));
    assert_eq!(of(&all), Some(Runner::Forgejo));
    assert_eq!(of(&all[1..]), Some(Runner::Gitea));
    assert_eq!(of(&all[2..]), Some(Runner::GitHub));
    assert_eq!(of(&[("GITHUB_ACTIONS", "")]), None);
}

#[test]
fn git_remotes_of_every_form_are_read() {
    for (text, url, repo) in [
        ("git@host.example:o/r.git", "https://host.example", "o/r"),
        ("host.example:o/r", "https://host.example", "o/r"),
        ("https://user:pw@host.example:8443/o/r.git", "https://host.example:8443", "o/r"),
        ("http://host/git/o/r/", "http://host/git", "o/r"),
        ("ssh://git@host.example:2222/o/r.git", "https://host.example", "o/r"),
        ("git://host.example/o/r.js", "https://host.example", "o/r.js"),
    ] {
        let expected = GitRemote { url: url.into(), repo: repo.into() };
        assert_eq!(git_remote(text), Some(expected), "{text}");
    }
    for odd in ["", "/srv/git/r.git", "../r", "C:\\x\\y", "file:///srv/o/r", "https://host", "https://host/o", "host:r"]
    {
        assert_eq!(git_remote(odd), None, "{odd}");
    }
    let config =
        "[core]\n\turl = no\n[remote \"fork\"]\n\turl = a:b/c\n[remote \"origin\"]\n\tfetch = +x\n\tURL = git@h:o/r\n";
    assert_eq!(origin(config).as_deref(), Some("git@h:o/r"));
    assert_eq!(origin(config.split("[remote \"origin\"]").next().unwrap()).as_deref(), Some("a:b/c"));
    assert_eq!(origin("[core]\n"), None);
}
