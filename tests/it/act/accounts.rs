//! Jobs that ran as the forge's own account before they had a token: what they wrote is not done again.

use super::backlog::{REPO, small, wrong};
use super::kaizen::{Place, TOKEN};
use super::scenario::everywhere;
use crate::forge::{Server, issue};

#[test]
fn a_token_that_is_set_later_repeats_nothing_and_names_the_line_to_add() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        server.world().add_job_token(TOKEN, REPO);
        let account = server.world().dialect.job_login().to_owned();
        let mut place = Place::new(&[("\nagents:", "\nbots: []\nagents:")]);
        place.run(&server, &[]).ended(0);
        assert!(!server.writes().is_empty(), "{name}");
        // The secret is set, and the runner starts empty.
        place.forget();
        server.world().add_token(TOKEN, "kaizen-bot");
        // Something is left to do, so that nothing but the refusal keeps it from being done.
        server.world().add_issue(REPO, issue("[bug] New").by("ada").body(super::backlog::READY));
        server.forget_requests();
        let saved = place.run(&server, &["--dry-run", "--plan-out", "plan.json"]);
        saved.ended(0).says(&account);
        let ran = place.run(&server, &[]);
        ran.ended(2).says(&format!("bots: [\"{account}\"]"));
        assert_eq!(server.writes(), [""; 0], "{name}: {}", ran.all());
        // A plan that was saved before is held back at each item that tells of it.
        place.apply("plan.json", &[]);
        let again: Vec<usize> = {
            let mut world = server.world();
            [1, 2, 3].map(|number| world.comments(REPO, number).len()).to_vec()
        };
        assert_eq!(again, [1, 1, 1], "{name}: {:?}", server.writes());
        place.rules(&[("\nagents:", &format!("\nbots: [\"{account}\"]\nagents:"))]);
        place.run(&server, &[]).ended(0);
        let mut world = server.world();
        for number in [1, 2, 3, 5] {
            if number != 5 || world.repo(REPO).items[&5].title == "[bug] New" {
                assert_eq!(world.comments(REPO, number).len(), 1, "{name}: #{number}");
            }
        }
        assert_eq!(world.pings.iter().filter(|ping| ping.login == "maria").count(), 1, "{name}");
    });
}

#[test]
fn who_only_bears_that_name_is_a_stranger_like_any_other() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        {
            // On each forge an account of the jobs of another, which a person may have registered.
            let mut world = server.world();
            let other = if world.dialect.job_login() == "gitea-actions" { "forgejo-actions" } else { "gitea-actions" };
            world.add_user(other);
            let text = "x\n\n<!-- kaizen:v1 policy=backlog-triage key=decision did=1 run=x -->";
            world.add_comment(REPO, 1, other, text, "2026-11-19T10:00:00Z");
        }
        Place::new(&[]).run(&server, &[]).ended(0).says("they are only texts");
        assert_eq!(wrong(&server, true), [""; 0], "{name}");
    });
}
