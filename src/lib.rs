//! Kaizen: scheduled jobs with declarative rules over issues, pull requests and loop logs.
//!
//! Data flows one way, one stage a line:
//! rules + forge -> facts -> score, classify -> decide -> render -> plan -> report
//!
//! - [`language`] rule files and templates, checked: problems with their place. Pure
//! - [`engine`] checked rules and items to scores, decisions, texts. Pure: no file, clock, network
//! - [`forge`] what a forge holds, read through one trait
//! - [`loop_dir`] the `.loop` files: JSON lines, the lock of a run
//! - [`files`] locks, and files replaced as a whole
//! - [`plan`] decisions and texts to finished writes. Pure
//! - [`report`] a run as people and programs read it. Pure
//! - [`jobs`] what each job reads, decides and leaves
//! - [`snapshot`] a recorded forge masked, so that it can be shown
//! - [`pack`] where rules and templates come from
//! - [`run`] the pipeline, [`cli`] its arguments, `main` its exit code
//!
//! Imports run one way: `main -> {cli, run} -> snapshot -> {jobs, pack} -> {language, report, plan} ->
//! {engine, forge}`; forge and loop_dir import only files; engine and files import nothing of ours.
//! A test holds it.

pub mod cli;
pub mod engine;
pub mod files;
pub mod forge;
pub mod jobs;
pub mod language;
pub mod loop_dir;
pub mod pack;
pub mod plan;
pub mod report;
pub mod run;
pub mod snapshot;
