//! Threads that have no capture to read, or none any more: they help those that have.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many threads there are to help, and how many of them do nothing.
#[derive(Debug, Default)]
pub struct Spare {
    all: AtomicUsize,
    idle: AtomicUsize,
}

impl Spare {
    /// So many, all idle.
    pub const fn new(threads: usize) -> Self {
        Self { all: AtomicUsize::new(threads), idle: AtomicUsize::new(threads) }
    }

    /// One more, idle.
    pub fn add(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
        self.idle.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there are, idle or not.
    pub fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// One that is idle, for as long as what is returned is kept.
    pub fn take(&self) -> Option<Taken<'_>> {
        let less = |idle: usize| idle.checked_sub(1);
        self.idle.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok()?;
        Some(Taken(self))
    }
}

/// A thread that helps.
#[derive(Debug)]
pub struct Taken<'a>(&'a Spare);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.idle.fetch_add(1, Ordering::Relaxed);
    }
}
