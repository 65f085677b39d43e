//! Transcripts that Claude Code writes below `projects/`, one file a session, one line an event.
//!
//! Takes: lines as versions 1.0 to 2.1 of the program write them: `type`, `sessionId`, `timestamp`, `cwd`,
//! `version`, and in `message.content` blocks `tool_use` and `tool_result`. Nobody has promised that
//! format. Gives: a session with its calls, each timed from the line that asks for it to the line with its
//! result (so that a permission somebody had to give is in it), and with its errors: results that are
//! errors, and answers that say the service failed. Its length leaves out pauses. Types of lines and
//! versions that are not known are counted, and cost nothing else.

mod line;

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::blocks::{self, Cut, RecordBlock, Shard};
use super::super::count::Counter;
use super::super::session::{Call, LONGEST_MS, Session, SessionPlace, Tool};
use super::{Adapter, InputHead, SessionReader};
use line::{ContentPart, LineContent, TranscriptLine};

/// Versions that were looked at.
const KNOWN: [&str; 3] = ["1.0.", "2.0.", "2.1."];
/// Types of lines that hold nothing to count.
const NOTHING: [&str; 16] = [
    "agent-name",
    "ai-title",
    "attachment",
    "custom-title",
    "file-history-snapshot",
    "last-prompt",
    "mode",
    "permission-mode",
    "pr-link",
    "progress",
    "queue-operation",
    "summary",
    "system",
    "tag",
    "task-summary",
    "worktree-state",
];

/// Transcripts of Claude Code.
#[derive(Debug)]
pub struct Transcript;

impl Adapter for Transcript {
    fn name(&self) -> &'static str {
        "transcripts of Claude Code"
    }

    fn knows(&self) -> &'static str {
        "1.0 to 2.1"
    }

    fn is(&self, head: &InputHead) -> bool {
        let own = ["sessionId", "parentUuid", "leafUuid", "uuid"];
        let typed = head.has(&["type"]) && !head.has(&super::document::OWN);
        head.first == Some(b'{') && !head.spread && (head.has(&own) || typed)
    }

    fn cut(&self, input: u32) -> Box<dyn Cut + Send> {
        Box::new(blocks::LineCutter::new(input))
    }

    fn reader(&self) -> Box<dyn SessionReader> {
        Box::new(OpenSession::default())
    }

    fn whole(&self) -> bool {
        true
    }
}

/// The session that is being read.
#[derive(Debug, Default)]
struct OpenSession {
    session: Session<'static>,
    /// Where it begins.
    place: Option<SessionPlace>,
    /// Calls without a result yet: which, and when they were asked for, in milliseconds.
    waiting: HashMap<String, (usize, Option<i64>)>,
    /// When the last line was written, in milliseconds.
    last: Option<i64>,
    worked_ms: i64,
}

impl OpenSession {
    fn close(&mut self, to: &mut Counter<'_>) {
        let open = std::mem::take(self);
        let Some(place) = open.place else { return };
        let mut session = open.session;
        session.took_ms = open.last.map(|_| (open.worked_ms as f64).min(LONGEST_MS));
        to.add(&session, place);
    }

    fn line(&mut self, line: &TranscriptLine<'_>, place: SessionPlace, to: &mut Counter<'_>) {
        let Some(ty) = line.ty.as_deref() else {
            to.counts.problems.strange("a line without a type");
            return;
        };
        if let Some(version) = line.version.as_deref()
            && !KNOWN.iter().any(|known| version.starts_with(known))
        {
            to.counts.problems.strange(&format!("version {version}"));
        }
        if !matches!(ty, "user" | "assistant") {
            if !NOTHING.contains(&ty) {
                to.counts.problems.strange(&format!("line type {ty}"));
            }
            return;
        }
        if let (Some(new), Some(old)) = (&line.session, &self.session.id)
            && new != old
        {
            self.close(to);
        }
        self.place.get_or_insert(place);
        if let Some(id) = &line.session {
            self.session.id.get_or_insert_with(|| Cow::Owned(id.to_string()));
        }
        if let Some(cwd) = &line.cwd {
            self.session.repo.get_or_insert_with(|| Cow::Owned(folder(cwd).to_owned()));
        }
        let at = line.timestamp.as_deref().and_then(crate::forge::time::parse).map(|at| at.timestamp_millis());
        if let Some(at) = at {
            let gap = self.last.map_or(0, |last| at - last);
            if gap > 0 && gap as f64 <= to.idle_ms() {
                self.worked_ms += gap;
            }
            self.last = Some(self.last.map_or(at, |last| last.max(at)));
            let seconds = at.div_euclid(1_000);
            self.session.began = Some(self.session.began.map_or(seconds, |began| began.min(seconds)));
            self.session.ended = Some(self.session.ended.map_or(seconds, |ended| ended.max(seconds)));
        }
        let Some(message) = &line.message else { return };
        if line.api_error == Some(true) {
            self.session.errors.push(Cow::Owned(message.content.text()));
            return;
        }
        let LineContent::Blocks(parts) = &message.content else { return };
        for part in parts {
            match part.ty.as_deref() {
                Some("tool_use") => {
                    let tool =
                        part.name.as_ref().map_or(Tool::Absent, |name| Tool::Named(Cow::Owned(name.to_string())));
                    let index = self.session.calls.len();
                    // The same line may stand in a transcript twice.
                    if let Some(id) = &part.id
                        && self.waiting.insert(id.to_string(), (index, at)).is_some()
                    {
                        self.waiting.insert(id.to_string(), (index.saturating_sub(1), at));
                        continue;
                    }
                    self.session.calls.push(Call { tool, ms: 0.0, failed: None });
                }
                Some("tool_result") => self.result(part, at, to),
                Some("text" | "thinking" | "redacted_thinking" | "image" | "document") => {}
                Some(other) => to.counts.problems.strange(&format!("block type {other}")),
                None => to.counts.problems.strange("a block without a type"),
            }
        }
    }

    fn result(&mut self, part: &ContentPart<'_>, at: Option<i64>, to: &mut Counter<'_>) {
        let asked = part.tool_use_id.as_deref().and_then(|id| self.waiting.remove(id));
        let failed = part.is_error == Some(true);
        if failed {
            self.session.errors.push(Cow::Owned(part.content.text()));
        }
        let Some((index, asked)) = asked else {
            to.counts.problems.strange("a result of a call that is not there");
            return;
        };
        if let Some(call) = self.session.calls.get_mut(index) {
            call.failed = Some(failed);
            let ms = asked.zip(at).map_or(0, |(asked, at)| at - asked);
            if ms > 0 && ms as f64 <= LONGEST_MS {
                call.ms = ms as f64;
            }
        }
    }
}

impl SessionReader for OpenSession {
    fn block(&mut self, block: &mut RecordBlock, _: Shard, to: &mut Counter<'_>) {
        to.counts.problems.add(std::mem::take(&mut block.problems));
        for record in &block.records {
            let place = block.place(*record);
            match serde_json::from_slice::<TranscriptLine<'_>>(&block.bytes[record.0..record.1]) {
                Ok(line) => self.line(&line, place, to),
                Err(error) => {
                    let text = error.to_string();
                    let what = text.split(" at line ").next().unwrap_or_default();
                    to.counts.problems.skip(place, block.line_of(*record), format!("{what}; the line is skipped"));
                }
            }
        }
    }

    fn end(&mut self, to: &mut Counter<'_>) {
        self.close(to);
    }
}

/// The last part of a path, of whichever system.
fn folder(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).unwrap_or(path)
}
