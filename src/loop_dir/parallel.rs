//! A log read by several threads, and taken in its order.
//!
//! Takes: a [`Log`], what makes something of a block, what takes it. Gives: nothing, all went to the
//! taker, one block after another as they stand in the log. A few blocks a thread are in memory.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use anyhow::{Result, anyhow};

use super::parts::{LineBlock, Log};

/// Blocks that wait for a thread, and those of it that wait to be taken.
const AHEAD: usize = 4;

/// Reads all of `log`: `read` on `threads` threads, `take` on this one.
///
/// # Errors
/// A file cannot be read. What came before was taken.
pub fn each_block<T: Send>(
    log: &mut Log,
    threads: usize,
    read: impl Fn(LineBlock) -> T + Sync,
    mut take: impl FnMut(T),
) -> Result<()> {
    thread::scope(|scope| {
        let workers: Vec<(SyncSender<LineBlock>, Receiver<T>)> = (0..threads.max(1))
            .map(|_| {
                let (to_worker, blocks) = sync_channel(AHEAD);
                let (to_us, results) = sync_channel(AHEAD);
                let read = &read;
                scope.spawn(move || {
                    for block in blocks {
                        if to_us.send(read(block)).is_err() {
                            break;
                        }
                    }
                });
                (to_worker, results)
            })
            .collect();
        let gone = || anyhow!("a thread that reads the log has stopped");
        // The nth block is the nth worker's in turn, so that results come back in order.
        let (mut sent, mut taken) = (0, 0);
        let worker = |nth: usize| &workers[nth % workers.len()];
        let read = loop {
            match log.block() {
                Ok(Some(block)) => worker(sent).0.send(block).map_err(|_| gone())?,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
            sent += 1;
            if sent - taken >= AHEAD * workers.len() {
                take(worker(taken).1.recv().map_err(|_| gone())?);
                taken += 1;
            }
        };
        while taken < sent {
            take(worker(taken).1.recv().map_err(|_| gone())?);
            taken += 1;
        }
        read
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_in_the_order_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        let text: String = (0..900_000).map(|number| format!("{number}\n")).collect();
        std::fs::write(&path, &text).unwrap();
        for threads in [0, 1, 3] {
            let mut found = Vec::new();
            let mut log = Log::open(&path).unwrap();
            each_block(&mut log, threads, |block| block.bytes, |bytes| found.extend(bytes)).unwrap();
            assert!(found == text.as_bytes(), "{threads}");
        }
        let mut none = Log::open(&folder.path().join("none")).unwrap();
        each_block(&mut none, 2, |block| block.bytes, |_| unreachable!()).unwrap();
    }
}
