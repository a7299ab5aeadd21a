//! Threads that have no capture to read, or none any more: they help those that have.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A semaphore: how many threads there are to help, and how many of them are idle.
#[derive(Debug, Default)]
pub struct IdleThreads {
    all: AtomicUsize,
    idle: AtomicUsize,
}

impl IdleThreads {
    /// Begins with this number of threads, all idle.
    #[must_use]
    pub const fn new(threads: usize) -> Self {
        Self { all: AtomicUsize::new(threads), idle: AtomicUsize::new(threads) }
    }

    /// Adds an idle thread.
    pub fn add(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.idle.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many threads there are, idle or not.
    pub fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Takes an idle thread, for as long as the permit lives; `None` where there is none.
    pub fn acquire(&self) -> Option<Permit<'_>> {
        let less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok()?;
        Some(Permit(self))
    }
}

/// A thread that helps.
#[derive(Debug)]
pub struct Permit<'a>(&'a IdleThreads);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.idle.fetch_add(1, Ordering::Relaxed);
    }
}
