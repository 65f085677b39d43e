//! Tests from outside: the built binary on forge files, with a frozen clock and no environment.

// One object of an API has more members than `json!` takes by default.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod act;
mod away;
mod broken_rules;
mod demo;
mod expressions;
mod forge;
mod golden;
mod hostile;
mod house;
mod init;
mod limits;
mod live;
mod mask;
mod output;
mod readme;
mod recorded;
mod remote;
mod rules_diff;
mod shipped;
mod snapshot;
mod support;
mod tiers;
mod workflows;
mod writes;
