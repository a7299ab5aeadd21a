//! First windows after the handshake: kept as announced, or moved as after a cookie.

use std::collections::BTreeMap;

use crate::connection::handshake::SynHeader;
use crate::listener::alternation::are_few;

/// Fields by which a host chooses the first window: the client's MSS and timestamps, and the window
/// that the host announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientKind {
    mss: Option<u16>,
    stamped: bool,
    announced: u16,
}

impl ClientKind {
    pub(crate) const fn of(syn: &SynHeader, syn_ack: &SynHeader) -> Self {
        Self { mss: syn.options.mss, stamped: syn_ack.options.timestamps.is_some(), announced: syn_ack.window }
    }
}

/// The first windows of a listener's connections.
#[derive(Debug, Default)]
pub(crate) struct FirstWindows {
    /// Kinds of clients that kept the announced window, each with its largest one, in bytes.
    kept: BTreeMap<ClientKind, u32>,
    /// Number of connections that kept the announced window.
    kept_count: usize,
    /// Number of connections whose window moved as after a cookie.
    moved: usize,
    /// Number of moved ones whose timestamps contradict a cookie.
    moved_on_clock: usize,
    /// Number of uninterrupted runs of moved windows.
    runs: usize,
    /// Whether the latest window moved.
    is_in_run: bool,
}

impl FirstWindows {
    /// Adds a window, in bytes, that was kept as announced. Windows are added in order of time.
    pub(crate) fn add_kept(&mut self, kind: ClientKind, window: u32) {
        let largest = self.kept.entry(kind).or_default();
        *largest = window.max(*largest);
        self.kept_count += 1;
        self.is_in_run = false;
    }

    /// Adds a window that moved as after a cookie.
    pub(crate) fn add_moved(&mut self, is_on_clock: bool) {
        self.moved += 1;
        self.moved_on_clock += usize::from(is_on_clock);
        self.runs += usize::from(!self.is_in_run);
        self.is_in_run = true;
    }

    /// Returns whether a client of that kind kept the announced window at another time, this window
    /// was larger than `window`, and the moved windows come in few runs. A host that rounds windows
    /// down can give two clients the same window, which counts as moved for one of them only. In a
    /// pool of hosts, some may always move windows; then the runs are many.
    pub(crate) fn kept_above(&self, kind: ClientKind, window: u32) -> bool {
        are_few(self.runs, self.moved, self.kept_count) && self.kept.get(&kind).is_some_and(|&largest| largest > window)
    }

    /// Returns whether the host moves the windows of connections that had no cookie.
    pub(crate) const fn moves_windows_without_cookies(&self) -> bool {
        self.moved_on_clock * MOST_COOKIES_ON_CLOCK > self.moved
    }
}

/// At most one in this many cookies has a timestamp that equals the clock: one in 64, and with
/// noise more. A host that always moves windows does so on most connections.
const MOST_COOKIES_ON_CLOCK: usize = 2;
