//! Events of a series of captures, in order, from the reader to the report.

use std::io;
use std::ops::RangeInclusive;
use std::sync::mpsc::{SyncSender, TrySendError};

use super::backlog::Backlog;
use super::engine::Engine;
use crate::problem::Problem;
use crate::totals::CaptureTotals;

/// Event of a series that an engine takes the packets of. Captures are numbered by the sender.
pub enum Event<E: Engine> {
    /// A capture was not opened because the run ends; contains its index in the plan.
    NotReached(usize),
    /// Something could not be read.
    Problem(Problem),
    /// The capture with this name is read from now on.
    Capture(String),
    /// Number of bytes of the capture that were read.
    Progress(u64),
    /// Handshakes were judged or observed.
    Handshakes(Vec<E::Handshake>),
    /// The last capture was read; contains its counts and its bytes.
    Read(Box<CaptureTotals>, u64),
    /// All handshakes of these captures were judged or observed.
    Finished(RangeInclusive<usize>, Box<E::End>),
}

impl<E: Engine> Event<E> {
    /// Returns about how many bytes its handshakes take.
    fn bytes(&self) -> usize {
        match self {
            Self::Handshakes(handshakes) => handshakes.iter().map(E::bytes).sum(),
            _ => 0,
        }
    }
}

/// Takes events.
pub trait EventSink<E: Engine> {
    /// Takes an event.
    ///
    /// # Errors
    /// Fails if the results cannot be written. An error ends the reading.
    fn send(&mut self, event: Event<E>) -> io::Result<()>;

    /// Waits until the series is being reported: until then it must not keep more.
    fn wait_for_turn(&self) {}
}

/// Sends the events of a series to the thread that reports one series after the other. The reader
/// waits while the channel is full.
pub(super) struct SeriesChannel<'a, E: Engine> {
    /// Takes each event with the bytes that were added to the backlog for it.
    pub(super) events: SyncSender<(Event<E>, usize)>,
    /// Index of the series in the plan.
    pub(super) place: usize,
    pub(super) backlog: &'a Backlog,
}

impl<E: Engine> EventSink<E> for SeriesChannel<'_, E> {
    fn send(&mut self, event: Event<E>) -> io::Result<()> {
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

/// Takes the events of all series of a plan, one series after the other.
pub trait SeriesSink<E: Engine>: EventSink<E> {
    /// Learns the number of series, before the first.
    ///
    /// # Errors
    /// Like [`EventSink::send`].
    fn expect_series(&mut self, series: usize) -> io::Result<()>;

    /// Begins the next series.
    ///
    /// # Errors
    /// Like [`EventSink::send`].
    fn next_series(&mut self) -> io::Result<()>;
}
