//! Results and state of `--follow`, written so that a crash at any point loses and repeats nothing.
//!
//! Results are collected first. Before they are appended to the output file, the state file records
//! them together with what they cover. If the run ends in between, the next run appends the rest. A
//! stream cannot be asked what was written to it: there, a crash can repeat results.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use syncookie_engine::{Finding, Frame};

use super::records::{Order, Records};
use super::results::Results;
use super::state::{Pending, State, StateFile};
use crate::pipeline;

/// Number of bytes of results at which they are written: less often than every handshake, and
/// without much memory.
const PORTION: usize = 1 << 20;

/// Results that were not written yet. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Results and state of a run.
pub(super) struct Journal(RefCell<Inner>);

struct Inner {
    text: Text,
    results: Results,
    state_file: Option<StateFile>,
    records: Records,
    /// Captures in engines, by their number.
    open: BTreeMap<u32, Open>,
    has_changed: bool,
}

/// Capture in an engine.
#[derive(Clone, Copy)]
struct Open {
    order: Order,
    /// What was reported before it was read this time.
    reported: u32,
    reported_until: Option<i64>,
}

impl Journal {
    /// Continues where the state ends.
    pub(super) fn new(state_file: Option<StateFile>, state: State, mut results: Results) -> io::Result<Self> {
        results.resume(state.pending.as_ref())?;
        Ok(Self(RefCell::new(Inner {
            text: Text::default(),
            results,
            state_file,
            records: Records::new(state.files),
            open: BTreeMap::new(),
            has_changed: true,
        })))
    }

    /// Returns the writer that collects results.
    pub(super) fn text(&self) -> Text {
        self.0.borrow().text.clone()
    }

    /// Calls a function with the records, and records that they changed.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Records) -> T) -> T {
        let mut inner = self.0.borrow_mut();
        inner.has_changed = true;
        change(&mut inner.records)
    }

    /// Calls a function with the records that may add or correct what identifies a file.
    pub(super) fn ask<T>(&self, ask: impl FnOnce(&mut Records) -> T) -> T {
        ask(&mut self.0.borrow_mut().records)
    }

    /// Records that a capture is read into an engine under this number.
    pub(super) fn open(&self, capture: u32, order: Order) {
        let mut inner = self.0.borrow_mut();
        let Some(record) = inner.records.get(order) else { return };
        let open = Open { order, reported: record.reported, reported_until: record.reported_until };
        inner.open.insert(capture, open);
    }

    /// Records that captures left their engine.
    pub(super) fn close(&self, captures: impl IntoIterator<Item = u32>) {
        let mut inner = self.0.borrow_mut();
        for capture in captures {
            inner.open.remove(&capture);
        }
    }

    /// Records that all handshakes of these captures were reported, except for those whose first
    /// frame is `next` or a later one.
    pub(super) fn reported(&self, captures: &[u32], next: Option<Frame>) {
        let mut inner = self.0.borrow_mut();
        inner.has_changed = true;
        for capture in captures {
            let order = inner.open.get(capture).map(|open| open.order);
            let Some(record) = order.and_then(|order| inner.records.get_mut(order)) else { continue };
            record.reported = match next {
                Some(next) if next.capture == *capture => record.reported.max(next.number.saturating_sub(1)),
                Some(next) if next.capture < *capture => record.reported,
                _ => record.frames,
            };
        }
    }

    /// Returns whether the file of a capture is still in the folder.
    pub(super) fn can_be_read_again(&self, capture: u32, folder: &Path) -> bool {
        let inner = self.0.borrow();
        let record = inner.open.get(&capture).and_then(|open| inner.records.get(open.order));
        record.is_some_and(|record| record.is_in(folder))
    }

    /// Writes the collected results, and what they cover. Returns whether there was anything new.
    pub(super) fn commit(&self) -> io::Result<bool> {
        let mut inner = self.0.borrow_mut();
        let is_new = inner.has_changed || inner.text.len() > 0;
        inner.commit().map(|()| is_new)
    }
}

impl Inner {
    fn commit(&mut self) -> io::Result<()> {
        let text = self.text.take();
        if text.is_empty() && !self.has_changed {
            return Ok(());
        }
        if let Some(state_file) = &self.state_file
            && let Some(offset) = self.results.length()?.filter(|_| !text.is_empty())
        {
            state_file.save(&self.records, Some(Pending { offset, text: String::from_utf8_lossy(&text) }))?;
        }
        if !text.is_empty() {
            self.results.append(&text)?;
        }
        self.has_changed = false;
        self.state_file.as_ref().map_or(Ok(()), |state_file| state_file.save(&self.records, None))
    }
}

impl pipeline::Journal for Journal {
    fn was_decided(&self, finding: &Finding) -> bool {
        let first = finding.first_frame();
        self.0.borrow().open.get(&first.capture).is_some_and(|open| {
            first.number <= open.reported || open.reported_until.is_some_and(|until| finding.time.as_nanos() < until)
        })
    }

    fn decided(&self, finding: &Finding) -> io::Result<()> {
        let mut inner = self.0.borrow_mut();
        let first = finding.first_frame();
        let order = inner.open.get(&first.capture).map(|open| open.order);
        if let Some(record) = order.and_then(|order| inner.records.get_mut(order)) {
            record.reported = record.reported.max(first.number);
        }
        if inner.text.len() < PORTION { Ok(()) } else { inner.commit() }
    }
}
