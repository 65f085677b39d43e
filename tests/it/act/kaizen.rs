//! A place to run the program from: rules of its own, a folder of the loop, a token.
//!
//! Takes: a change to the shipped rules. Gives: [`Place`], which runs jobs against a server and looks
//! for the token in everything that they print and leave.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::forge::Server;
use crate::support::root;

/// The token of every run; it may appear nowhere.
pub const TOKEN: &str = "s3cr3t-0f-the-b0t";

/// A folder with rules in which jobs are run.
pub struct Place {
    folder: TempDir,
    /// The name of the folder of the loop.
    pub loop_dir: String,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    /// With the shipped rules, real logins, no pause between writes, and these words replaced.
    pub fn new(replaced: &[(&str, &str)]) -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap(), loop_dir: "loop".to_owned() };
        place.rules(replaced);
        place
    }

    /// Writes the rules anew.
    pub fn rules(&self, replaced: &[(&str, &str)]) {
        let mut text = std::fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
        let own = [
            ("{login: owner}", "{login: maria}"),
            ("pause_ms: 500", "pause_ms: 0"),
            ("kinds: [issue]", "kinds: [issue, pull]"),
        ];
        for (from, to) in own.iter().chain(replaced) {
            assert!(text.contains(from), "the rules have no `{from}`");
            text = text.replace(from, to);
        }
        std::fs::create_dir_all(self.path("rules")).unwrap();
        std::fs::write(self.path("rules/backlog-triage.yaml"), text).unwrap();
        std::fs::copy(root().join("rules/common.yaml"), self.path("rules/common.yaml")).unwrap();
    }

    /// A path below the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Another folder of the loop, empty: what a CI runner starts with.
    pub fn forget(&mut self) {
        self.loop_dir.push('x');
    }

    /// The program with a token and nothing else in its environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
        command.env_clear().env("KAIZEN_TOKEN", TOKEN).current_dir(self.folder.path());
        command.args(args).stdin(Stdio::null());
        command
    }

    /// The arguments of `backlog-triage` for `acme/app`.
    pub fn triage(&self, server: &Server, more: &[&str]) -> Vec<String> {
        let url = server.api_url();
        let base = ["backlog-triage", "--repo", "acme/app", "--rules", "rules", "--forge", &url];
        self.with_target(&base, more)
    }

    fn with_target(&self, base: &[&str], more: &[&str]) -> Vec<String> {
        let target = ["--loop-dir", &self.loop_dir, "--retry-wait", "1"];
        base.iter().chain(&target).chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    /// Runs the job to its end.
    pub fn run(&self, server: &Server, more: &[&str]) -> Ran {
        self.finish(&self.triage(server, more), &[])
    }

    /// Carries out the saved plan.
    pub fn apply(&self, plan: &str, more: &[&str]) -> Ran {
        // The plan is our own: its forge is the one that the token is for.
        let text = std::fs::read_to_string(self.path(plan)).unwrap();
        let saved: Value = serde_json::from_str(&text).unwrap();
        let named = if more.contains(&"--forge") { "" } else { saved["forge"].as_str().unwrap() };
        self.finish(&self.with_target(&["apply", plan], more), &[("KAIZEN_FORGE", named)])
    }

    /// Takes the last run back, or the one that is named in `more`.
    pub fn undo(&self, server: &Server, more: &[&str]) -> Ran {
        let url = server.api_url();
        self.finish(&self.with_target(&["undo", "--pause", "0", "--forge", &url], more), &[])
    }

    /// Starts an undo and leaves it running.
    pub fn start_undo(&self, server: &Server, more: &[&str]) -> Child {
        let url = server.api_url();
        let args = self.with_target(&["undo", "--pause", "0", "--forge", &url], more);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs the program to its end, with further variables; an empty one is taken away.
    pub fn finish(&self, args: &[String], env: &[(&str, &str)]) -> Ran {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command = assert_cmd::Command::from_std(self.command(&args));
        for (name, value) in env {
            match *value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let output = command.timeout(Duration::from_secs(120)).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let code = output.status.code().unwrap_or_else(|| panic!("a signal or the time ended it: {stderr}"));
        self.checked(Ran { code, stdout, stderr })
    }

    /// Starts the job and leaves it running.
    pub fn start(&self, server: &Server, more: &[&str]) -> Child {
        let args = self.triage(server, more);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits for a job that was started.
    pub fn wait(&self, child: Child) -> Ran {
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        self.checked(Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    /// No panic, and no token anywhere.
    fn checked(&self, ran: Ran) -> Ran {
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN), "the token is printed: {ran:?}");
        self.no_token_in(self.folder.path());
        ran
    }

    fn no_token_in(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.no_token_in(&path);
            } else {
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                assert!(!text.contains(TOKEN), "the token is in {}", path.display());
            }
        }
    }

    /// How many lines a file of the loop has, while a run may be writing it.
    pub fn lines_so_far(&self, name: &str) -> usize {
        let text = std::fs::read_to_string(self.path(&self.loop_dir).join(name)).unwrap_or_default();
        text.matches('\n').count()
    }

    /// The lines of a JSON-lines file of the loop.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let path = self.path(&self.loop_dir).join(name);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Ran {
    /// Ends the test where the run ended otherwise.
    pub fn ended(&self, code: i32) -> &Ran {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The report as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Everything it printed.
    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Ends the test where it does not say this.
    pub fn says(&self, text: &str) -> &Ran {
        assert!(self.all().contains(text), "it does not say `{text}`: {}", self.all());
        self
    }
}
