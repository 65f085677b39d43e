//! Work that begets more work, on several threads.
//!
//! Takes: pieces, and what is done with one. Gives: all of them done, those too that came of others.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::pages::at_once;

/// Pieces that wait, and how many are being worked on.
struct WorkQueue<P> {
    state: Mutex<(VecDeque<P>, usize)>,
    moved: Condvar,
}

/// A piece that is being worked on, with what came of it.
struct WorkItem<'q, P> {
    queue: &'q WorkQueue<P>,
    more: Vec<P>,
}

impl<P> WorkQueue<P> {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<P>, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece; `None` once none waits and none can come any more.
    fn next(&self) -> Option<P> {
        let mut state = self.lock();
        loop {
            if let Some(piece) = state.0.pop_front() {
                state.1 += 1;
                return Some(piece);
            }
            if state.1 == 0 {
                return None;
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

// Also where the work panics: the others must not wait for it for ever.
impl<P> Drop for WorkItem<'_, P> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.0.extend(self.more.drain(..));
        state.1 -= 1;
        drop(state);
        self.queue.moved.notify_all();
    }
}

/// Does all of this on up to `threads` threads, first come, first served. `work` gives what is to be done besides.
pub(super) fn work_off<P: Send>(pieces: Vec<P>, threads: usize, work: impl Fn(P) -> Vec<P> + Sync) {
    let queue = WorkQueue { state: Mutex::new((pieces.into(), 0)), moved: Condvar::new() };
    at_once(threads, || {
        while let Some(piece) = queue.next() {
            let mut begun = WorkItem { queue: &queue, more: Vec::new() };
            begun.more = work(piece);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn everything_is_done_once_on_any_number_of_threads() {
        for threads in [0, 1, 2, 16] {
            let done = AtomicUsize::new(0);
            work_off(vec![5_u32, 0, 3], threads, |piece| {
                done.fetch_add(1, Ordering::Relaxed);
                // Each begets two of the next smaller.
                if piece > 0 { vec![piece - 1; 2] } else { Vec::new() }
            });
            assert_eq!(done.into_inner(), 63 + 1 + 15, "{threads}");
        }
        work_off(Vec::<u32>::new(), 4, |_| Vec::new());
    }
}
