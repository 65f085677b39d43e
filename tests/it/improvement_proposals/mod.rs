//! `kaizen improvement-proposals` and `kaizen merge`, from outside.
//!
//! Takes: recorded sessions, golden and made up. Gives: equal figures under the reference pack, an answer
//! for whatever is no proper session, the same bytes from one run and from merged shards; under the shipped
//! rules the answers to what the reference got wrong.

mod acting;
mod bounded;
mod golden;
mod inputs;
mod shards;
mod shipped;

use serde_json::{Value, json};

use crate::support::{Kaizen, NOW};

/// The job over these sessions, as one JSON document, with JSON as output and nothing written.
fn job(sessions: &Value) -> Kaizen {
    let kaizen = Kaizen::bare();
    let path = kaizen.file("sessions.json", &sessions.to_string());
    kaizen.args(["improvement-proposals", "--dry-run", "--input"]).args([path]).format("json").at(NOW)
}

/// A session with these calls of tools, each a tool, its milliseconds, and whether it went well.
fn session(id: &str, calls: &[(&str, f64, Option<bool>)], errors: &[&str], minutes: f64) -> Value {
    let calls: Vec<Value> =
        calls.iter().map(|(tool, ms, success)| json!({"tool": tool, "latency_ms": ms, "success": success})).collect();
    let errors: Vec<Value> = errors.iter().map(|message| json!({ "message": message })).collect();
    json!({"session_id": id, "repo": "acme/app", "errors": errors, "tool_calls": calls, "duration_minutes": minutes})
}

/// The patterns of a kind in a report.
fn patterns<'r>(report: &'r Value, kind: &str) -> Vec<&'r Value> {
    report["patterns"].as_array().unwrap().iter().filter(|pattern| pattern["pattern_type"] == kind).collect()
}
