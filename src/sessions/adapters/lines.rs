//! Sessions as JSON lines: the objects of a document, one a line.
//!
//! Takes: a file whose first object is no line of a transcript. Gives: its sessions.

use super::super::blocks::{self, Cut};
use super::{Adapter, InputHead, Records, SessionReader};

/// One session a line.
#[derive(Debug)]
pub struct JsonLines;

impl Adapter for JsonLines {
    fn name(&self) -> &'static str {
        "sessions as JSON lines"
    }

    fn knows(&self) -> &'static str {
        "1"
    }

    fn is(&self, head: &InputHead) -> bool {
        head.first == Some(b'{')
    }

    fn cut(&self, input: u32) -> Box<dyn Cut + Send> {
        Box::new(blocks::LineCutter::new(input))
    }

    fn reader(&self) -> Box<dyn SessionReader> {
        Box::new(Records)
    }
}
