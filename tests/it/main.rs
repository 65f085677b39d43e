//! Tests from outside: the built binary on forge files, with a frozen clock and no environment.

// One object of an API has more members than `json!` takes by default.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod act;
mod away;
mod broken_rules;
mod capture;
mod comments;
mod confined;
mod demo;
mod docs;
mod doubtful_rules;
mod expressions;
mod forge;
mod golden;
mod hostile;
mod house;
mod implied;
mod improvement_proposals;
mod init;
mod introspect;
mod jsonl;
mod limits;
mod live;
mod mask;
mod meanwhile;
mod memory;
mod output;
mod policies;
mod proven;
mod publish;
mod readme;
mod recorded;
mod remote;
mod retro;
mod rules_check;
mod rules_counted;
mod rules_diff;
mod rules_show;
mod rules_test;
mod runner;
mod shipped;
mod slips;
mod snapshot;
mod support;
mod telegram;
mod terminal;
mod tiers;
mod tokens;
mod unmatched;
mod unsaved;
mod why;
mod wills;
mod windows;
mod workflows;
mod writes;
