//! Sessions in one JSON document: a list of them, or `{"sessions": […]}`.
//!
//! Takes: a document of whatever size. Gives: its sessions, block by block: the document is cut where an
//! element ends, and only elements are read as JSON, so that one that is broken costs no other. Documents
//! may follow each other; an object that is itself a session is one.

use super::super::blocks::Cut;
use super::super::elements::Elements;
use super::{Adapter, InputHead, Records, SessionReader};

/// Keys by which an object is known as a session.
pub(in crate::sessions) const OWN: [&str; 3] = ["session_id", "errors", "tool_calls"];

/// One JSON document.
#[derive(Debug)]
pub struct JsonDocument;

impl Adapter for JsonDocument {
    fn name(&self) -> &'static str {
        "sessions in a JSON document"
    }

    fn knows(&self) -> &'static str {
        "1"
    }

    fn is(&self, head: &InputHead) -> bool {
        head.first == Some(b'[') || head.first == Some(b'{') && (head.has(&["sessions"]) || head.spread)
    }

    fn cut(&self, input: u32) -> Box<dyn Cut + Send> {
        Box::new(Elements::new(input))
    }

    fn reader(&self) -> Box<dyn SessionReader> {
        Box::new(Records)
    }
}
