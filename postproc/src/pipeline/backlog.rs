//! Results that wait for the report, of all series together, limited in bytes.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The results of series that are read before it is their turn to be reported.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Maximum bytes of findings that wait, of all series together.
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Index of the series that is being reported.
    turn: usize,
    /// Bytes that wait, by series, and their sum.
    waiting: BTreeMap<usize, usize>,
    all: usize,
    is_closed: bool,
}

impl State {
    /// Returns whether a series may add its next result. The series that is being reported may
    /// always add one, so that those after it cannot block it.
    fn has_room(&self, series: usize, bytes: usize, most: usize) -> bool {
        let is_next = series == self.turn && self.waiting.get(&series).is_none_or(|&bytes| bytes == 0);
        self.is_closed || is_next || self.all.saturating_add(bytes) <= most
    }
}

impl Backlog {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds a result of a series, as soon as there is room.
    pub(super) fn add(&self, series: usize, bytes: usize) {
        let mut state = self.wait_while(|state| !state.has_room(series, bytes, self.most));
        *state.waiting.entry(series).or_default() += bytes;
        state.all += bytes;
    }

    /// Removes a result of the series that is being reported.
    pub(super) fn remove(&self, bytes: usize) {
        let mut state = self.lock();
        let turn = state.turn;
        if let Some(waiting) = state.waiting.get_mut(&turn) {
            *waiting = waiting.saturating_sub(bytes);
        }
        state.all = state.all.saturating_sub(bytes);
        self.changed.notify_all();
    }

    /// Waits until a series is being reported.
    pub(super) fn wait_for_turn(&self, series: usize) {
        drop(self.wait_while(|state| !state.is_closed && state.turn != series));
    }

    /// Returns whether a series is being reported.
    pub(super) fn is_turn(&self, series: usize) -> bool {
        self.lock().turn == series
    }

    /// Begins to report a series.
    pub(super) fn begin(&self, series: usize) {
        let mut state = self.lock();
        state.turn = series;
        state.waiting.retain(|&other, _| other >= series);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.lock(), |state| condition(state)).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends all waiting when it is dropped: nothing is reported any more.
pub(super) struct Reporting<'a>(pub &'a Backlog);

impl Drop for Reporting<'_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1000;

    #[test]
    fn a_series_waits_for_room_unless_it_is_being_reported() {
        let mut state = State { turn: 1, ..State::default() };
        let has_room = |state: &State, series, bytes| state.has_room(series, bytes, MOST);
        assert!(has_room(&state, 2, MOST) && !has_room(&state, 2, MOST + 1));
        assert!(has_room(&state, 1, MOST + 1), "it may always add one");
        state.waiting.insert(1, 10);
        state.all = 10;
        assert!(!has_room(&state, 1, MOST) && has_room(&state, 1, MOST - 10) && !has_room(&state, 2, MOST));
        state.is_closed = true;
        assert!(has_room(&state, 2, MOST + 1), "nobody waits for a report that has ended");
    }

    #[test]
    fn whoever_waits_goes_on_when_something_was_removed_or_at_its_turn_or_at_the_end() {
        for (place, turn) in [(0, 0), (1, 1), (1, 0)] {
            let backlog = Backlog::new(MOST);
            backlog.add(0, MOST);
            std::thread::scope(|scope| {
                let added = scope.spawn(|| backlog.add(place, MOST));
                match (place, turn) {
                    (0, _) => backlog.remove(MOST),
                    (_, 1) => backlog.begin(1),
                    _ => drop(Reporting(&backlog)),
                }
                added.join().expect("it does not panic");
            });
        }
    }
}
