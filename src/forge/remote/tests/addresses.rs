//! Which forge, which repositories, which token: the rules of the command line.
//!
//! Takes: environments of runners and of people. Gives: the address, and where no token goes.

use crate::forge::remote::Tokens;
use crate::forge::remote::address::{
    Address, Destination, GitRemote, Giver, Runner, TargetOptions, choose, git_remote, origin,
};
use crate::http::{Credential, Secret, Url};

fn lookup<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

/// What is chosen with these variables, for this `--forge` and this git remote.
fn chosen(variables: &[(&str, &str)], forge: Option<&str>, remote: Option<&str>) -> Result<Address, String> {
    let variable = lookup(variables);
    choose(&TargetOptions { forge, remote, ..wish(&variable) }).map_err(|error| error.to_string())
}

/// Nothing but these variables, and nobody to be asked.
fn wish(variable: &dyn Fn(&str) -> Option<String>) -> TargetOptions<'_> {
    TargetOptions {
        forge: None,
        destination: None,
        repos: &[],
        org: None,
        token: None,
        insecure: false,
        remote: None,
        variable,
        agrees: &|_| false,
    }
}

fn bound(token: &str, url: &str) -> Option<Credential> {
    Some(Credential::new(Secret::new(token), &Url::parse(url).unwrap()))
}

fn any(token: &str, url: &str) -> Tokens {
    Tokens::from(bound(token, url))
}

const ACTIONS: [(&str, &str); 5] = [
    ("GITHUB_API_URL", "http://gitea:3000/api/v1"),
    ("GITHUB_REPOSITORY", "o/r"),
    ("GITHUB_TOKEN", "job"),
    ("KAIZEN_TOKEN", ""),
    ("GITEA_ACTIONS", "true"),
];

#[test]
fn actions_name_forge_repository_and_token_facts_79_80_93() {
    let found = chosen(&ACTIONS, None, Some("git@elsewhere.example:x/y.git")).unwrap();
    let expected =
        Address { url: ACTIONS[0].1.into(), repos: vec!["o/r".into()], tokens: any("job", "http://gitea:3000") };
    assert_eq!(found, expected);
    // The same host by its own address is the same forge.
    let found = chosen(&ACTIONS, Some("http://gitea:3000"), None).unwrap();
    assert_eq!((found.repos, found.tokens), (vec!["o/r".to_owned()], any("job", "http://gitea:3000")));
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
    assert_eq!(found.tokens, any("own", "https://codeberg.org"));
    // Without GITHUB_API_URL its token is for the public forge.
    let ours = &ours[1..2];
    let found = chosen(ours, None, Some("git@github.com:x/y.git")).unwrap();
    assert_eq!((found.url.as_str(), found.tokens), ("https://github.com", any("gh", "https://api.github.com")));
    let found = chosen(ours, None, Some("https://codeberg.org/x/y")).unwrap();
    assert_eq!(found.tokens, Tokens::default());
    // A file of a token goes to the forge that is asked for.
    let (variable, file) = (lookup(ours), Secret::new("file"));
    let repos = ["m/n".to_owned()];
    let wish = TargetOptions { forge: Some("https://x.example"), repos: &repos, token: Some(&file), ..wish(&variable) };
    assert_eq!(choose(&wish).unwrap().tokens, any("file", "https://x.example"));
    assert!(!format!("{wish:?}").contains("file"));
}

#[test]
fn a_token_that_only_a_file_gives_a_place_goes_there_when_a_person_says_so() {
    let evil = "https://evil.example";
    let remote = Some("https://evil.example/x/y.git");
    let repos = ["x/y".to_owned()];
    let givers = [Giver::Plan("plan.json".into()), Giver::Run("R".into()), Giver::GitRemote];
    for name in ["KAIZEN_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN", "--token-file"] {
        let (given, file) = ([(name, "s3cret")], Secret::new("s3cret"));
        let variable = lookup(&given);
        let token = Some(&file).filter(|_| name == "--token-file");
        for giver in &givers {
            let destination = Destination { url: format!("{evil}/api/v1"), giver: giver.clone() };
            let named = TargetOptions { destination: Some(&destination), repos: &repos, token, ..wish(&variable) };
            let of_remote = TargetOptions { remote, token, ..wish(&variable) };
            for wish in [named, of_remote].into_iter().take(if *giver == Giver::GitRemote { 2 } else { 1 }) {
                let error = choose(&wish).unwrap_err().to_string();
                let says = [name, evil, "nothing was sent", "KAIZEN_FORGE", &giver.to_string()];
                assert!(says.iter().all(|says| error.contains(says)) && !error.contains("s3cret"), "{error}");
                let agrees = |question: &str| question.contains(evil) && question.contains(name);
                let found = choose(&TargetOptions { agrees: &agrees, ..wish }).unwrap();
                let (tokens, bound) = (found.tokens, bound("s3cret", evil));
                assert!([tokens.any, tokens.gitea, tokens.forgejo].contains(&bound), "{name}");
            }
            // The same forge, named by a person or by the runner: nobody is asked. Another: refused, token or not.
            for home in ["https://EVIL.example:443", "https://evil.example/api/v1"] {
                assert!(choose(&TargetOptions { forge: Some(home), ..named }).is_ok());
                let actions = [("GITHUB_API_URL", home), (name, "s3cret")];
                assert!(choose(&TargetOptions { variable: &lookup(&actions), ..named }).is_ok());
            }
            for home in ["https://git.example", "http://evil.example", "https://evil.example:8443"] {
                for given in [&given[..], &[]] {
                    let error =
                        choose(&TargetOptions { forge: Some(home), variable: &lookup(given), ..named }).unwrap_err();
                    let error = error.to_string();
                    assert!(error.contains("nothing was sent") && error.contains(home), "{error}");
                }
            }
        }
    }
    // A token with a host of its own needs no further word, and without any there is nothing to keep.
    let job = [("GITHUB_TOKEN", "job"), ("GITEA_TOKEN", "gt")];
    let found = chosen(&job, None, Some("git@github.com:x/y.git")).unwrap();
    assert_eq!(found.tokens, any("job", "https://api.github.com"));
    assert_eq!(chosen(&[], None, remote).unwrap().tokens, Tokens::default());
}

#[test]
fn rules_of_the_own_repository_are_read_with_the_own_token_while_the_job_works_elsewhere() {
    let given = [&ACTIONS[..3], &[("KAIZEN_TOKEN", "own")]].concat();
    let destination = Destination { url: ACTIONS[0].1.into(), giver: Giver::Actions };
    let variable = lookup(&given);
    let wish = TargetOptions {
        forge: Some("https://git.example"),
        destination: Some(&destination),
        insecure: true,
        ..wish(&variable)
    };
    let found = choose(&wish).unwrap();
    assert_eq!((found.url.as_str(), found.tokens), (ACTIONS[0].1, any("job", "http://gitea:3000")));
}

#[test]
fn a_token_goes_over_http_only_where_it_is_said_or_on_this_machine() {
    let own = [("KAIZEN_TOKEN", "own")];
    let variable = lookup(&own);
    let repos = ["o/r".to_owned()];
    for (forge, open) in [
        ("http://git.example.org", true),
        ("http://10.0.0.1:3000/api/v1", true),
        ("http://localhost.example", true),
        ("http://localhost.:3000", true),
        ("http://[::ffff:10.0.0.1]", true),
        ("https://git.example.org", false),
        ("http://127.0.0.1:3000", false),
        ("http://0x7f.1:3000", false),
        ("http://localhost:3000", false),
        ("http://[::1]:3000", false),
    ] {
        let wish = TargetOptions { forge: Some(forge), repos: &repos, ..wish(&variable) };
        match choose(&wish) {
            Ok(_) => assert!(!open, "{forge}"),
            Err(error) => assert!(open && error.to_string().contains("--insecure"), "{forge}: {error}"),
        }
        assert!(choose(&TargetOptions { insecure: true, ..wish }).is_ok());
        assert!(choose(&TargetOptions { variable: &lookup(&[]), ..wish }).is_ok(), "there is no token to keep");
    }
    // The runner has sent it there already; a variable alone proves no runner.
    assert!(chosen(&ACTIONS, None, None).is_ok());
    assert!(chosen(&ACTIONS[..4], None, None).unwrap_err().contains("--insecure"));
}

#[test]
fn an_organisation_needs_no_repository_and_nothing_named_is_an_error() {
    let variable = lookup(&ACTIONS);
    assert_eq!(choose(&TargetOptions { org: Some("acme"), ..wish(&variable) }).unwrap().repos, [""; 0]);
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
