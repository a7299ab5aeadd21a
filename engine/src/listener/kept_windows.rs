//! First windows after the handshake: kept as announced, or moved as after a cookie.

use std::cell::OnceCell;

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

/// First windows of a listener's connections, read from the handshakes when they are first needed:
/// few listeners have a window that was moved.
#[derive(Debug, Default)]
pub(crate) struct KeptWindows(OnceCell<Windows>);

/// The first windows of a listener's connections.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    /// Kinds of clients that kept the announced window, each with its largest one, in bytes.
    pub kept: Vec<(ClientKind, u32)>,
    /// Number of connections that kept the announced window.
    pub kept_count: usize,
    /// Number of connections whose window moved as after a cookie.
    pub moved: usize,
    /// Number of moved ones whose timestamps contradict a cookie.
    pub moved_on_clock: usize,
    /// Number of uninterrupted runs of moved windows.
    pub runs: usize,
}

impl Windows {
    /// Returns whether a client of that kind kept the announced window at another time, this window
    /// was larger than `window`, and the moved windows come in few runs. A host that rounds windows
    /// down can give two clients the same window, which counts as moved for one of them only. In a
    /// pool of hosts, some may always move windows; then the runs are many.
    pub(crate) fn kept_above(&self, kind: ClientKind, window: u32) -> bool {
        are_few(self.runs, self.moved, self.kept_count)
            && self.kept.binary_search_by_key(&kind, |&(kind, _)| kind).is_ok_and(|at| self.kept[at].1 > window)
    }

    /// Returns whether the host moves the windows of connections that had no cookie.
    pub(crate) const fn is_habit(&self) -> bool {
        self.moved_on_clock * MOST_COOKIES_ON_CLOCK > self.moved
    }
}

/// At most one in this many cookies has a timestamp that equals the clock: one in 64, and with noise
/// more. A habit shows on most connections.
const MOST_COOKIES_ON_CLOCK: usize = 2;

impl KeptWindows {
    /// Returns the windows; `find` reads them from the handshakes.
    pub(crate) fn get(&self, find: impl FnOnce() -> Windows) -> &Windows {
        self.0.get_or_init(|| {
            let mut windows = find();
            windows.kept_count = windows.kept.len();
            // The largest window of each kind.
            windows.kept.sort_unstable_by(|a, b| b.cmp(a));
            windows.kept.dedup_by_key(|&mut (kind, _)| kind);
            windows.kept.reverse();
            windows
        })
    }
}
