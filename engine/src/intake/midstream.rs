//! Connections that the tracker does not know, because their SYN is not in the capture.
//!
//! All segments are examined until the first SYN or SYN-ACK, and then only resets, which are rare.
//! A host answers a segment of a connection it does not know with a reset that has no ACK flag and
//! whose sequence number is the segment's acknowledgment number (RFC 9293 section 3.10.7.1). An
//! application that aborts a connection sends a reset with the ACK flag.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::intake::flow::{Direction, Flow};
use crate::packet::segment::{Flags, Segment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Midstream};

/// What is read of a segment of a connection that the tracker does not know.
pub(crate) trait SegmentOfUnknown {
    fn frame(&self) -> Frame;
    fn flags(&self) -> Flags;
    fn seq(&self) -> SeqNumber;
    fn ack(&self) -> SeqNumber;
    fn source(&self) -> Endpoint;
}

impl SegmentOfUnknown for Segment<'_> {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn flags(&self) -> Flags {
        self.flags()
    }

    fn seq(&self) -> SeqNumber {
        self.seq()
    }

    fn ack(&self) -> SeqNumber {
        self.ack()
    }

    fn source(&self) -> Endpoint {
        self.source()
    }
}

/// Connections without a SYN in the capture.
#[derive(Debug, Default)]
pub(crate) struct MidstreamConnections {
    table: HashTable<Connection>,
    found: Midstream,
}

/// A connection, as its first segment showed it.
#[derive(Clone, Copy, Debug)]
struct Connection {
    hash: u64,
    frame: Frame,
    /// Acknowledgment number of the first segment.
    ack: SeqNumber,
    direction: Direction,
    state: State,
}

/// Segments that a connection was seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Segments with the ACK flag from the sender of the first one only.
    OneSided,
    /// Anything else.
    Other,
}

impl Connection {
    /// Returns the connection of a segment that is the first of it.
    fn of(flow: Flow, segment: &impl SegmentOfUnknown) -> Self {
        let flags = segment.flags();
        let is_ack = flags.has(Flags::ACK) && !flags.has(Flags::RST);
        Self {
            hash: flow.hash,
            frame: segment.frame(),
            ack: segment.ack(),
            direction: flow.direction,
            state: if is_ack { State::OneSided } else { State::Other },
        }
    }
}

impl MidstreamConnections {
    /// Returns whether further connections are counted.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.found.connections < Midstream::MOST_CONNECTIONS
    }

    /// Returns the connections without a SYN that were found.
    pub(crate) fn into_found(self) -> Midstream {
        self.found
    }

    /// Forgets all connections, but not what was found.
    pub(crate) fn forget(&mut self) {
        self.table = HashTable::new();
    }

    /// Takes a segment of a connection that the tracker does not know, before the first SYN or
    /// SYN-ACK.
    pub(crate) fn push(&mut self, flow: Flow, segment: &impl SegmentOfUnknown) {
        let has_room = self.has_room();
        if !has_room && segment.flags().is_plain() {
            // Most of these segments are not read any more.
            return;
        }
        let is_reset = segment.flags().has(Flags::RST);
        match entry(&mut self.table, flow) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                if is_reset && is_answer(known, flow, segment) {
                    self.found.add_reset(segment.source(), Some(known.frame), segment.frame());
                }
                if is_reset || known.direction != flow.direction {
                    known.state = State::Other;
                }
            }
            Entry::Vacant(place) if has_room => {
                place.insert(Connection::of(flow, segment));
                self.found.connections += 1;
                self.found.first.get_or_insert(segment.frame());
            }
            Entry::Vacant(_) => {}
        }
    }

    /// Takes a reset of a connection that the tracker does not know, from an address and port that
    /// completed other handshakes.
    pub(crate) fn push_reset_of_listener(&mut self, flow: Flow, segment: &impl SegmentOfUnknown) {
        let is_full = self.table.len() as u64 >= Midstream::MOST_CONNECTIONS;
        if segment.flags().has(Flags::ACK) || is_full {
            return;
        }
        if let Entry::Vacant(place) = entry(&mut self.table, flow) {
            place.insert(Connection::of(flow, segment));
            self.found.add_reset(segment.source(), None, segment.frame());
        }
    }
}

fn entry(table: &mut HashTable<Connection>, flow: Flow) -> Entry<'_, Connection> {
    table.entry(flow.hash, |known| known.hash == flow.hash, |known| known.hash)
}

/// Returns whether a reset answers the first segment of a connection, whose other end was silent
/// until then.
fn is_answer(known: &Connection, flow: Flow, reset: &impl SegmentOfUnknown) -> bool {
    known.state == State::OneSided
        && known.direction != flow.direction
        && !reset.flags().has(Flags::ACK)
        && reset.seq() == known.ack
}
