//! What a forge serves beside its API: its repositories, to git and to what speaks as git does.
//!
//! Takes: a request for `/owner/name.git/…`, the world. Gives: what git itself answers on a bare repository, once
//! the forge has let the asker in: 401 without a login where one is needed, 403 without the right to push (a
//! token as the password of any name, a job's own too), whatever hooks the repository has.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;

use super::http::{Request, Response};
use super::world::{Access, World};

/// A bare repository of git.
#[derive(Debug, Clone)]
pub struct Bare(Arc<tempfile::TempDir>);

/// An entry of a tree.
pub struct TreeEntry {
    pub mode: String,
    pub kind: String,
    pub sha: String,
    pub path: String,
}

impl Bare {
    pub fn new() -> Self {
        let bare = Bare(Arc::new(tempfile::tempdir().unwrap()));
        bare.git(&["init", "--quiet", "--bare", "-b", "main", "."]);
        bare
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether any object of it holds these words.
    pub fn holds(&self, words: &str) -> bool {
        let all = self.ran(&["cat-file", "--batch-all-objects", "--batch"], b"").unwrap();
        String::from_utf8_lossy(&all).contains(words)
    }

    fn ran(&self, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(to.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.status.success().then_some(output.stdout)
    }

    /// What git prints.
    pub fn git(&self, args: &[&str]) -> String {
        let out = self.ran(args, b"").unwrap_or_else(|| panic!("git {args:?} failed"));
        String::from_utf8(out).unwrap().trim_end().to_owned()
    }

    /// A commit with these entries, mode, path and content, as somebody else makes it.
    pub fn commit(&self, branch: &str, entries: &[(&str, &str, &str)]) {
        let index = self.path().join("test-index");
        let _ = std::fs::remove_file(&index);
        let mut list = String::new();
        for (mode, path, content) in entries {
            let blob = self.ran(&["hash-object", "-w", "--stdin"], content.as_bytes()).unwrap();
            list += &format!("{mode} {}\t{path}\n", String::from_utf8(blob).unwrap().trim());
        }
        let tree = {
            let mut command = Command::new("git");
            command.args(["update-index", "--add", "--index-info"]).current_dir(self.path());
            command.env("GIT_INDEX_FILE", &index).stdin(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success());
            let mut command = Command::new("git");
            command.arg("write-tree").current_dir(self.path()).env("GIT_INDEX_FILE", &index);
            String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
        };
        let who = ["-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", tree.as_str(), "-m", "x"];
        let commit = String::from_utf8(self.ran(&who, b"").unwrap()).unwrap();
        self.git(&["update-ref", &format!("refs/heads/{branch}"), commit.trim()]);
    }

    /// A hook that ends so.
    pub fn hook(&self, name: &str, script: &str) {
        let path: PathBuf = self.path().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, script).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// The tree of a commit, deep.
    pub fn tree(&self, commit: &str) -> Option<Vec<TreeEntry>> {
        let out = self.ran(&["ls-tree", "-r", "-t", "-z", commit], b"")?;
        let out = String::from_utf8(out).unwrap();
        let entries = out.split('\0').filter(|line| !line.is_empty()).map(|line| {
            let (about, path) = line.split_once('\t').unwrap();
            let about: Vec<&str> = about.split(' ').collect();
            let [mode, kind, sha] = [about[0], about[1], about[2]].map(str::to_owned);
            TreeEntry { mode, kind, sha, path: path.to_owned() }
        });
        Some(entries.collect())
    }

    /// A file of a commit.
    pub fn file(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        self.ran(&["cat-file", "blob", &format!("{commit}:{path}")], b"")
    }
}

/// The answer to git; `None` where the path is none of a repository.
pub fn answer(world: &World, request: &Request) -> Option<Response> {
    let (repo, what) = request.path.trim_start_matches('/').split_once(".git/")?;
    let at = world.place(&super::http::decode(repo));
    let Some((at, bare)) = at.and_then(|at| Some((at, world.repos[at].git.clone()?))) else {
        return Some(Response::text(404, "text/plain", "Not found.\n"));
    };
    let (service, asks) = match (request.method.as_str(), what) {
        ("GET", "info/refs") => (request.param("service").unwrap_or_default(), true),
        ("POST", service) => (service, false),
        _ => return Some(Response::empty(405)),
    };
    let Some(service) = ["git-upload-pack", "git-receive-pack"].into_iter().find(|known| *known == service) else {
        return Some(Response::empty(403));
    };
    let needs = if service == "git-receive-pack" { Access::Write } else { Access::Read };
    let token = token(request);
    let rights = match token.as_ref().map(|token| world.tokens.get(token)) {
        Some(Some(token)) if !token.expired => match &token.job {
            Some(own) if own.eq_ignore_ascii_case(&world.repos[at].full_name()) => Access::Write,
            _ => world.access(&token.login, at),
        },
        Some(_) => Access::None,
        None => world.access("", at),
    };
    if rights < needs {
        let status = if token.is_some() && rights > Access::None { 403 } else { 401 };
        return Some(Response::text(status, "text/plain", "no\n").with("WWW-Authenticate", "Basic realm=\"forge\""));
    }
    if needs == Access::Write && world.repos[at].archived {
        return Some(Response::text(403, "text/plain", "the repository is archived\n"));
    }
    let command = service.trim_start_matches("git-");
    let kind = |end: &str| format!("application/x-{service}-{end}");
    Some(if asks {
        let refs = bare.ran(&[command, "--stateless-rpc", "--advertise-refs", "."], b"").unwrap();
        let head = format!("# service={service}\n");
        let body = [format!("{:04x}{head}0000", head.len() + 4).into_bytes(), refs].concat();
        Response { status: 200, body, ..Response::default() }.with("Content-Type", kind("advertisement"))
    } else {
        assert_eq!(request.header("content-type"), Some(kind("request").as_str()));
        let body = bare.ran(&[command, "--stateless-rpc", "."], &request.body).unwrap_or_default();
        Response { status: 200, body, ..Response::default() }.with("Content-Type", kind("result"))
    })
}

/// The password of a request.
fn token(request: &Request) -> Option<String> {
    let pair = request.header("authorization")?.strip_prefix("Basic ")?;
    let pair = base64::engine::general_purpose::STANDARD.decode(pair).ok()?;
    Some(String::from_utf8(pair).ok()?.split_once(':')?.1.to_owned())
}
