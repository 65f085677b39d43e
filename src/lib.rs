//! Kaizen: scheduled jobs with declarative rules over issues, pull requests and loop logs.
//!
//! Data flows one way, one stage a line:
//! rules + forge -> facts -> score, classify -> decide -> render -> plan -> guard -> apply -> report
//!
//! - [`language`] rule files and templates, checked: problems with their place. Pure
//! - [`engine`] checked rules and items to scores, decisions, texts. Pure: no file, clock, network
//! - [`advise`] rules over collections: counted facts to suggestions, recommendations, proposals. Pure
//! - [`forge`] what a forge holds, read and written through two traits
//! - [`http`] the one HTTP client: time-outs, retries, limits, redirects, secrets
//! - [`loop_dir`] the `.loop` files: JSON lines, logs of any size, the lock of a run
//! - [`loops`] what the log of the loop says, counted. Pure
//! - [`secrets`] what nobody may read, taken out of whatever is printed, kept or sent as a text
//! - [`files`] locks, files read up to a ceiling, and files replaced as a whole
//! - [`explain`] why a decision is what it is, and what it narrowly is not. Pure
//! - [`plan`] decisions and texts to finished writes. Pure
//! - [`apply`] the one writer: a plan, carried out
//! - [`undo`] what a run wrote, taken back: journal and forge to a plan. Pure
//! - [`publish`] a report to people elsewhere: Telegram, webhooks, files, the summary of a CI job
//! - [`report`] a run as people and programs read it. Pure
//! - [`sessions`] recorded sessions of agents, read and counted in one pass. Pure
//! - [`jobs`] what each job reads, decides and leaves
//! - [`snapshot`] a recorded forge masked, so that it can be shown
//! - [`review`] what the reviewer of a rule change uses: warnings, cases, the effect of a change. Pure
//! - [`pack`] where rules and templates come from
//! - [`init`] a checkout set up: rules with real logins, workflows
//! - [`run`] the pipeline, [`cli`] its arguments, `main` its exit code
//!
//! Imports run one way: `main -> {cli, run} -> {review, snapshot, init, undo} -> {jobs, pack} -> {explain, report, plan}
//! -> {language, engine, forge}`; `language -> advise -> engine`; `{jobs, undo} -> apply -> plan`;
//! `forge -> {http, files}`, `publish -> {engine, http, files}`, `loop_dir -> files`,
//! `{http, files, loop_dir} -> secrets`; engine and secrets import nothing of ours.
//! A test holds it.

pub mod advise;
pub mod apply;
pub mod cli;
pub mod engine;
pub mod explain;
pub mod files;
pub mod forge;
pub mod http;
pub mod init;
pub mod jobs;
pub mod language;
pub mod loop_dir;
pub mod loops;
pub mod pack;
pub mod plan;
pub mod publish;
pub mod report;
pub mod review;
pub mod run;
pub mod secrets;
pub mod sessions;
pub mod snapshot;
pub mod undo;
