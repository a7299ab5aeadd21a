//! What a series of captures comes to, in order: from whoever reads it to whoever reports it.

use std::io;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use syncookie_engine::{Finding, Findings};

use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Something that became known. Captures are numbered as whoever reads them numbers them.
#[derive(Debug)]
pub(super) enum Event {
    /// A capture, by its place in the plan, was not opened, as the run shall end.
    NotReached(usize),
    /// Something could not be read.
    Problem(Problem),
    /// A capture of that name is read from now on.
    Capture(String),
    /// This many of its bytes were read.
    Progress(u64),
    /// Handshakes were judged.
    Handshakes(Vec<Finding>),
    /// The last capture was read, and this many bytes of it.
    Read(Box<CaptureTotals>, u64),
    /// All handshakes of these captures were judged.
    Finished(RangeInclusive<usize>, Box<Findings>),
}

/// Takes events.
pub(super) trait EventSink {
    /// Takes an event; an error ends the reading.
    fn send(&mut self, event: Event) -> io::Result<()>;
}

/// Sends the events of a series to another thread, which takes one series after the other: the reader of a later one waits
/// when its channel is full.
pub(super) struct SeriesChannel<'a> {
    pub(super) events: SyncSender<Event>,
    /// The place of the series in the plan, and that of the series that is being reported.
    pub(super) place: usize,
    pub(super) turn: &'a AtomicUsize,
}

impl EventSink for SeriesChannel<'_> {
    fn send(&mut self, event: Event) -> io::Result<()> {
        if matches!(event, Event::Progress(_)) {
            if self.turn.load(Ordering::Relaxed) != self.place {
                // Out of date by the time it would be shown, and in the way of what counts.
                return Ok(());
            }
            // Nobody waits for this one.
            return match self.events.try_send(event) {
                Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
                Err(TrySendError::Disconnected(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            };
        }
        self.events.send(event).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
