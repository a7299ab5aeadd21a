//! Independent work on several threads. The results do not depend on the number of threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Applies `work` to each item on up to `threads` threads and returns the results in order of the
/// items. If the system refuses a thread, fewer threads do the work.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    // A thread without an item would only take memory: the allocator keeps some for each.
    let threads = threads.min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let mut done = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut done = some();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items_with_any_number_of_threads() {
        let items: Vec<u64> = (0..1000).collect();
        // The first items take longest, so that the last items finish before them.
        let work = |item: &u64| (0..(1000 - item) * 50).fold(*item, |sum, n| std::hint::black_box(sum ^ n));
        let alone = map(&items, 1, work);
        for threads in [0, 2, 3, 8] {
            assert_eq!(map(&items, threads, work), alone, "{threads} threads");
        }
    }
}
