//! Events of a series of captures, in order, from the reader to the report.

use std::io;
use std::ops::RangeInclusive;
use std::sync::mpsc::{SyncSender, TrySendError};

use syncookie_engine::{Finding, Findings};

use super::backlog::Backlog;
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Event of a series. Captures are numbered by the sender.
#[derive(Debug)]
pub(super) enum Event {
    /// A capture was not opened because the run ends; contains its index in the plan.
    NotReached(usize),
    /// Something could not be read.
    Problem(Problem),
    /// The capture with this name is read from now on.
    Capture(String),
    /// Number of bytes of the capture that were read.
    Progress(u64),
    /// Handshakes were judged.
    Handshakes(Vec<Finding>),
    /// The last capture was read; contains its counts and its bytes.
    Read(Box<CaptureTotals>, u64),
    /// All handshakes of these captures were judged.
    Finished(RangeInclusive<usize>, Box<Findings>),
}

impl Event {
    /// Returns about how many bytes its findings take.
    fn bytes(&self) -> usize {
        match self {
            Self::Handshakes(findings) => findings.iter().map(Finding::bytes).sum(),
            _ => 0,
        }
    }
}

/// Takes events.
pub(super) trait EventSink {
    /// Takes an event. An error ends the reading.
    fn send(&mut self, event: Event) -> io::Result<()>;

    /// Waits until the series is being reported: until then it must not keep more.
    fn wait_for_turn(&self) {}
}

/// Sends the events of a series to the thread that reports one series after the other. The reader
/// waits while the channel is full.
pub(super) struct SeriesChannel<'a> {
    /// Takes each event with the bytes that were added to the backlog for it.
    pub(super) events: SyncSender<(Event, usize)>,
    /// Index of the series in the plan.
    pub(super) place: usize,
    pub(super) backlog: &'a Backlog,
}

impl EventSink for SeriesChannel<'_> {
    fn send(&mut self, event: Event) -> io::Result<()> {
        if matches!(event, Event::Progress(_)) {
            if !self.backlog.is_turn(self.place) {
                // This series is not reported yet, so its progress would be outdated when it is
                // shown.
                return Ok(());
            }
            // Progress may be lost.
            return match self.events.try_send((event, 0)) {
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
                Err(TrySendError::Disconnected(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            };
        }
        let bytes = event.bytes();
        if bytes > 0 {
            self.backlog.add(self.place, bytes);
        }
        self.events.send((event, bytes)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn wait_for_turn(&self) {
        self.backlog.wait_for_turn(self.place);
    }
}
