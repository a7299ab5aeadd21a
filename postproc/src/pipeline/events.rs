//! What a series of captures comes to, told in order: by whoever reads it to whoever reports it.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use syncookie_engine::{Finding, Findings};

use crate::pipeline::totals::CaptureTotals;
use crate::problem::Problem;

/// Something that became known. Captures are counted from the first of the series.
#[derive(Debug)]
pub(super) enum Event {
    /// A capture, by its place in the plan, was not opened any more.
    NotReached(usize),
    /// Something could not be read.
    Problem(Problem),
    /// A capture of that name is read from now on.
    Capture(String),
    /// It was read up to here.
    Progress(u64),
    /// Handshakes were judged.
    Handshakes(Vec<Finding>),
    /// The last capture was read, so many bytes of it.
    Read(Box<CaptureTotals>, u64),
    /// Captures up to the last one are judged, from this one on.
    Finished(usize, Box<Findings>),
}

/// Where events go.
pub(super) trait Listening {
    /// Takes one in; an error ends the reading.
    fn tell(&mut self, event: Event) -> io::Result<()>;
}

/// To another thread, which tells one series after the other: whoever reads one of the next waits when it has told a good
/// deal that nobody took yet.
pub(super) struct Queue<'a> {
    pub(super) events: SyncSender<Event>,
    /// The place of the series in the plan, and of the one that is being told.
    pub(super) place: usize,
    pub(super) turn: &'a AtomicUsize,
}

impl Listening for Queue<'_> {
    fn tell(&mut self, event: Event) -> io::Result<()> {
        if matches!(event, Event::Progress(_)) {
            if self.turn.load(Ordering::Relaxed) != self.place {
                // Of no interest by the time it would be told, and in the way of what is.
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
