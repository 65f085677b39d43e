//! Sessions as JSON lines: the objects of a document, one a line.
//!
//! Takes: a file whose first object is no line of a transcript. Gives: its sessions.

use super::super::blocks::{self, Cut};
use super::{Adapter, Head, Reader, Records};

/// One session a line.
#[derive(Debug)]
pub struct Lines;

impl Adapter for Lines {
    fn name(&self) -> &'static str {
        "sessions as JSON lines"
    }

    fn knows(&self) -> &'static str {
        "1"
    }

    fn is(&self, head: &Head) -> bool {
        head.first == Some(b'{')
    }

    fn cut(&self, input: u32) -> Box<dyn Cut + Send> {
        Box::new(blocks::Lines::new(input))
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Records)
    }
}
