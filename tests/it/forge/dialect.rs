//! Which forge is played, and where its versions differ.
//!
//! Takes: a name and a version. Gives: one question for each difference, with its fact.

/// Whose API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Gitea,
    Forgejo,
    GitHub,
}

/// A forge of one version.
#[derive(Debug, Clone)]
pub struct Dialect {
    pub family: Family,
    /// As `GET version` says it.
    pub version: String,
    /// The second number of a Gitea; 22 for a Forgejo, which says nothing else (fact 61).
    minor: u32,
    /// What stands before every path.
    pub prefix: &'static str,
}

impl Dialect {
    pub fn gitea(version: &str) -> Self {
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).expect("a version like 1.26.4");
        Dialect { family: Family::Gitea, version: version.to_owned(), minor, prefix: "/api/v1" }
    }

    pub fn forgejo() -> Self {
        Dialect { family: Family::Forgejo, version: "10.0.0-dev+gitea-1.22.0".to_owned(), minor: 22, prefix: "/api/v1" }
    }

    pub fn github(prefix: &'static str) -> Self {
        Dialect { family: Family::GitHub, version: String::new(), minor: 0, prefix }
    }

    pub fn is_github(&self) -> bool {
        self.family == Family::GitHub
    }

    pub fn is_forgejo(&self) -> bool {
        self.family == Family::Forgejo
    }

    fn gitea_from(&self, minor: u32) -> bool {
        self.family == Family::Gitea && self.minor >= minor
    }

    /// Fact 3: `limit` alone does nothing on labels, comments of a repository, milestones, timelines.
    pub fn limit_needs_page(&self) -> bool {
        !self.gitea_from(26)
    }

    /// Fact 15: the search takes any limit.
    pub fn search_unlimited(&self) -> bool {
        self.gitea_from(26)
    }

    /// Fact 41: names of labels are taken.
    pub fn labels_by_name(&self) -> bool {
        self.is_forgejo() || self.gitea_from(22)
    }

    /// Facts 41 and 102: and those of the organisation's.
    pub fn org_labels_by_name(&self) -> bool {
        self.gitea_from(23)
    }

    /// Fact 54: 1.21 hides what is archived.
    pub fn archived_status(&self) -> u16 {
        if self.is_forgejo() || self.gitea_from(22) { 423 } else { 404 }
    }

    /// Fact 54: an unknown word for the state is refused.
    pub fn checks_state(&self) -> bool {
        self.gitea_from(22)
    }

    /// Fact 56.
    pub fn moved_status(&self) -> u16 {
        if self.gitea_from(22) { 301 } else { 307 }
    }

    /// Fact 40: assignees have addresses of their own, which add to them and take off.
    pub fn assignees_apart(&self) -> bool {
        self.gitea_from(27)
    }

    /// Fact 43: taking off a label that does not exist.
    pub fn no_label_status(&self) -> u16 {
        if self.gitea_from(27) { 404 } else { 422 }
    }

    /// Fact 45.
    pub fn content_version(&self) -> bool {
        self.gitea_from(26)
    }

    /// Fact 46.
    pub fn can_lock(&self) -> bool {
        self.gitea_from(24)
    }

    /// Fact 6: pages for people are linked on the host that was called.
    pub fn html_on_called_host(&self) -> bool {
        self.gitea_from(26)
    }

    /// Fact 83: a job's token reads public repositories of others.
    pub fn job_reads_others(&self) -> bool {
        self.gitea_from(26)
    }

    /// Fact 50: what a missing thing is called.
    pub fn not_found(&self) -> &'static str {
        if self.gitea_from(25) { "not found" } else { "The target couldn't be found." }
    }

    /// Members that came with a version, as the recorded answers have them.
    pub fn since(&self, gitea: u32, forgejo: bool) -> bool {
        if self.is_forgejo() { forgejo } else { self.gitea_from(gitea) }
    }

    /// The login of a job's own user (fact 85).
    pub fn job_login(&self) -> &'static str {
        match self.family {
            Family::Gitea => "gitea-actions",
            Family::Forgejo => "forgejo-actions",
            Family::GitHub => "github-actions[bot]",
        }
    }
}
