//! A long text in pieces, made on several threads and written in order.
//!
//! Takes: how many pieces there are, how one is made, where they go. Gives: the same bytes as one thread
//! would. What is made is written while the next pieces are made, so that no processor waits for the
//! other; only a few pieces are held at a time.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Pieces that may wait to be written, for each thread.
const WAITING: usize = 4;

/// Writes the pieces 0 to `count`, each as `make` gives it.
///
/// # Errors
/// What making or writing gives; what comes before it is written.
pub fn write(
    count: usize,
    threads: usize,
    make: impl Fn(usize) -> io::Result<Vec<u8>> + Sync,
    out: &mut impl Write,
) -> io::Result<()> {
    // More threads than processors only take memory: nothing here waits.
    let threads = threads.min(thread::available_parallelism().map_or(1, usize::from)).min(count).max(1);
    let most = WAITING * threads;
    let next = AtomicUsize::new(0);
    let claim = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|place| *place < count);
    thread::scope(|scope| {
        let (made, waiting) = sync_channel(most);
        for _ in 1..threads {
            let (made, claim, make) = (made.clone(), &claim, &make);
            let work = move || {
                while let Some(place) = claim() {
                    // Nobody listens any more after an error.
                    if made.send((place, make(place))).is_err() {
                        return;
                    }
                }
            };
            // Where no more threads are to be had, this one does their work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        drop(made);
        let mut ready = BTreeMap::new();
        for place in 0..count {
            let text = loop {
                ready.extend(waiting.try_iter());
                if let Some(text) = ready.remove(&place) {
                    break text;
                }
                let own = if ready.len() < most { claim() } else { None };
                if let Some(own) = own {
                    ready.insert(own, make(own));
                } else if let Ok((place, text)) = waiting.recv() {
                    ready.insert(place, text);
                } else {
                    // A thread that panicked has no text to give: its panic goes on when the scope ends.
                    return Ok(());
                }
            };
            out.write_all(&text?)?;
        }
        Ok(())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn written(count: usize, threads: usize, make: impl Fn(usize) -> io::Result<Vec<u8>> + Sync) -> (bool, String) {
        let mut out = Vec::new();
        let done = write(count, threads, make, &mut out);
        (done.is_ok(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn any_number_of_threads_writes_the_same() {
        let make = |place: usize| {
            // Every third takes longer than those after it.
            thread::sleep(std::time::Duration::from_millis(if place.is_multiple_of(3) { 2 } else { 0 }));
            Ok(format!("{place},").into_bytes())
        };
        let expected: String = (0..50).map(|place| format!("{place},")).collect();
        for threads in [0, 1, 2, 16] {
            assert_eq!(written(50, threads, make), (true, expected.clone()));
        }
        assert_eq!(written(0, 2, make), (true, String::new()));
    }

    #[test]
    fn what_cannot_be_made_ends_it_after_what_came_before() {
        let make = |place: usize| match place {
            7 => Err(io::Error::other("no")),
            _ => Ok(vec![b'x']),
        };
        for threads in [1, 2] {
            assert_eq!(written(100, threads, make), (false, "xxxxxxx".to_owned()));
        }
    }
}
