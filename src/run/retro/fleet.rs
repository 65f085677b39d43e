//! The fleet file: which agents there are.
//!
//! Takes: a file with `{"agents": [{"name", "active"}]}`. Gives: the [`FleetAgent`]s; an entry without a name is
//! named and left out.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::super::say;
use crate::jobs::kaizen_retro::facts::FleetAgent;

/// Bytes of the list of agents.
const LARGEST: u64 = 16 << 20;

/// The agents of a fleet file.
pub(super) fn read(path: &Path) -> Result<Vec<FleetAgent>> {
    #[derive(Deserialize)]
    struct Fleet {
        agents: Vec<serde_json::Value>,
    }
    let shown = path.display();
    let text = crate::files::read(path, LARGEST).with_context(|| format!("reading the fleet from {shown}"))?;
    let expected = "expected {\"agents\": [{\"name\": \"…\", \"active\": true}]}";
    let fleet: Fleet =
        serde_json::from_slice(&text).with_context(|| format!("reading the fleet from {shown}: {expected}"))?;
    let mut agents = Vec::new();
    for (index, agent) in fleet.agents.into_iter().enumerate() {
        let name = agent.get("name").and_then(serde_json::Value::as_str).filter(|name| !name.is_empty());
        match name {
            Some(name) => {
                let active = agent.get("active").is_some_and(|active| active == &serde_json::Value::Bool(true));
                agents.push(FleetAgent { name: name.to_owned(), active });
            }
            None => say(&format!("warning: agent {} of {shown} has no name and is left out", index + 1)),
        }
    }
    Ok(agents)
}
