//! All inputs, read and counted on several threads.
//!
//! Takes: the inputs, what the rules measure, which part to read. Gives: [`SessionCounts`]. One thread cuts inputs
//! into blocks, the others read and count them; a transcript is one thread's from its beginning to its end.

use std::io::Read;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use super::inputs::SessionInput;
use crate::sessions::adapters::{self, Adapter, HEAD, InputHead};
use crate::sessions::blocks::{RecordBlock, Shard};
use crate::sessions::count::{Counter, SessionCounts};
use crate::sessions::measure::SessionMeasure;
use crate::sessions::session::SessionPlace;

/// Blocks that wait for each thread.
const AHEAD: usize = 2;

/// What a thread is given.
enum Task {
    Block(RecordBlock, &'static dyn Adapter),
    Input(u32),
}

/// An input with its head read.
struct OpenInput {
    adapter: &'static dyn Adapter,
    bytes: Box<dyn Read + Send>,
}

/// What is read, and how.
pub(super) struct SessionReading<'r> {
    pub(super) inputs: &'r [SessionInput],
    pub(super) measure: &'r SessionMeasure,
    pub(super) shard: Shard,
    pub(super) threads: usize,
    /// Told of so many sessions more.
    pub(super) progress: &'r (dyn Fn(usize) + Sync),
}

impl SessionReading<'_> {
    /// Reads everything.
    pub(super) fn counts(&self) -> SessionCounts {
        let (to, from) = sync_channel::<Task>(self.threads * AHEAD);
        let from = Mutex::new(from);
        // Bytes go round: new ones would be cleared by the system, again and again.
        let (back, used) = channel::<Vec<u8>>();
        let mut counts = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..self.threads).map(|_| back.clone()).map(|back| scope.spawn(|| self.work(&from, back))).collect();
            let mut counts = self.cut(to, &used);
            for worker in workers {
                match worker.join() {
                    Ok(more) => counts.join(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            counts
        });
        counts.settle();
        counts
    }

    /// Cuts inputs into blocks; what only this thread can read, it counts.
    fn cut(&self, to: SyncSender<Task>, used: &Receiver<Vec<u8>>) -> SessionCounts {
        let mut own = Counter::new(self.measure);
        for (index, input) in (0_u32..).zip(self.inputs) {
            let Some(mut opened) = self.open(index, input, &mut own) else { continue };
            if opened.adapter.whole() {
                if !self.shard.reads(SessionPlace(index, 0, 0)) {
                    continue;
                }
                if input.is_stdin() {
                    self.whole(index, &mut opened, &mut own);
                } else if to.send(Task::Input(index)).is_err() {
                    break;
                }
                continue;
            }
            let mut cut = opened.adapter.cut(index);
            while let Some(block) = cut.next(&mut opened.bytes) {
                if to.send(Task::Block(block, opened.adapter)).is_err() {
                    break;
                }
                used.try_iter().for_each(|bytes| cut.reuse(bytes));
            }
        }
        own.counts
    }

    fn open(&self, index: u32, input: &SessionInput, to: &mut Counter<'_>) -> Option<OpenInput> {
        let begin = || -> std::io::Result<OpenInput> {
            let mut bytes = input.open()?;
            let mut head = Vec::with_capacity(HEAD);
            bytes.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
            let adapter = adapters::of(&InputHead::new(&head));
            Ok(OpenInput { adapter, bytes: Box::new(std::io::Cursor::new(head).chain(bytes)) })
        };
        match begin() {
            Ok(opened) => Some(opened),
            Err(error) => {
                let place = SessionPlace(index, 0, 0);
                if self.shard.reads(place) {
                    to.counts.problems.unread(place, 1, format!("it cannot be read: {error}"));
                }
                None
            }
        }
    }

    /// Reads an input from its beginning to its end.
    fn whole(&self, index: u32, opened: &mut OpenInput, to: &mut Counter<'_>) {
        let (mut cut, mut reader) = (opened.adapter.cut(index), opened.adapter.reader());
        let before = to.counts.sessions;
        while let Some(mut block) = cut.next(&mut opened.bytes) {
            reader.block(&mut block, Shard::ALL, to);
            cut.reuse(block.bytes);
        }
        reader.end(to);
        (self.progress)(usize::try_from(to.counts.sessions - before).unwrap_or_default());
    }

    fn work(&self, from: &Mutex<Receiver<Task>>, back: Sender<Vec<u8>>) -> SessionCounts {
        let mut own = Counter::new(self.measure);
        loop {
            // A thread that panicked has left the channel whole.
            let task = from.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
            match task {
                Ok(Task::Block(mut block, adapter)) => {
                    let before = own.counts.sessions;
                    adapter.reader().block(&mut block, self.shard, &mut own);
                    (self.progress)(usize::try_from(own.counts.sessions - before).unwrap_or_default());
                    // Whoever cuts may have ended.
                    let _ = back.send(block.bytes);
                }
                Ok(Task::Input(index)) => {
                    let input = usize::try_from(index).ok().and_then(|index| self.inputs.get(index));
                    if let Some(mut opened) = input.and_then(|input| self.open(index, input, &mut own)) {
                        self.whole(index, &mut opened, &mut own);
                    }
                }
                Err(_) => return own.counts,
            }
        }
    }
}
