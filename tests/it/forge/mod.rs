//! A forge for tests: an HTTP server in this process that behaves as Gitea, Forgejo or GitHub do.
//!
//! Takes: a [`World`] of one dialect, built by a test. Gives: [`Server`]: its address, the log of
//! what it was asked, faults, and the state to look at. What it does is in numbered facts ("fact
//! 56"), each seen on a real server, in a recorded answer or in the server's source;
//! tests/forge/README.md says where they are from.

mod act;
pub mod build;
mod client;
mod described;
pub mod dialect;
mod facts;
pub mod fault;
mod faults;
pub mod git;
mod gitea;
mod github;
mod github_facts;
pub mod http;
mod live;
mod page;
mod recorded;
mod seed;
pub mod server;
mod smoke;
mod text;
pub mod world;

pub use build::{issue, pull};
pub use fault::{Fault, Trouble};
pub use git::Bare;
pub use server::Server;
pub use world::{Access, World};
