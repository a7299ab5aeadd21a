//! Threads without a capture, which help the readers of others.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Semaphore: the number of threads, and the number of idle ones.
#[derive(Debug, Default)]
pub struct IdleThreads {
    all: AtomicUsize,
    idle: AtomicUsize,
}

impl IdleThreads {
    /// Creates a semaphore with this number of idle threads.
    #[must_use]
    pub const fn new(threads: usize) -> Self {
        Self { all: AtomicUsize::new(threads), idle: AtomicUsize::new(threads) }
    }

    /// Adds an idle thread.
    pub fn add(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.idle.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of threads, idle or not.
    pub fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Acquires an idle thread for the life of the permit; `None` if there is none.
    pub fn acquire(&self) -> Option<Permit<'_>> {
        let less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok()?;
        Some(Permit(self))
    }
}

/// Thread that helps.
#[derive(Debug)]
pub struct Permit<'a>(&'a IdleThreads);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.idle.fetch_add(1, Ordering::Relaxed);
    }
}
