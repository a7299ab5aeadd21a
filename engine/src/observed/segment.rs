//! Visits the segments after SYN and SYN-ACK.

use arrayvec::ArrayVec;

use super::fields::{Field, Fields, field};
use super::header::ip_facts;
use super::values::{Origin, bits, frame, list, number, sequence, time, word};
use crate::connection::handshake::{SERVER_SEGMENTS, SegmentFacts, Side};
use crate::packet::segment::Flags;
use crate::packet::seq::SeqNumber;

/// Role of a segment in its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentRole {
    Ack,
    ClientData,
    WrongAck,
    ClientReset,
    ServerReset,
    Refusal,
    Server,
}

impl SegmentRole {
    const ALL: [Self; 7] = [
        Self::Ack,
        Self::ClientData,
        Self::WrongAck,
        Self::ClientReset,
        Self::ServerReset,
        Self::Refusal,
        Self::Server,
    ];
    const WORDS: [&str; 7] = ["ack", "client-data", "wrong-ack", "client-reset", "server-reset", "refusal", "server"];

    const fn sender(self) -> Side {
        match self {
            Self::Ack | Self::ClientData | Self::WrongAck | Self::ClientReset | Self::Refusal => Side::Client,
            Self::ServerReset | Self::Server => Side::Server,
        }
    }
}

/// Maximum number of segments that a handshake has: those of the server, and one of each other role
/// but one of the two resets.
const MOST: usize = SERVER_SEGMENTS + 5;

/// Segments of a handshake, in order of their roles.
pub(super) type Segments<T> = ArrayVec<(SegmentRole, T), MOST>;

static EMPTY: SegmentFacts = SegmentFacts::empty();

/// Numbers that the first segments of a connection are close to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bases {
    pub origin: Origin,
    /// Sequence number of the SYN, and of the SYN-ACK.
    pub isns: [SeqNumber; 2],
    /// TSval of the SYN, and of the SYN-ACK.
    pub timestamps: [SeqNumber; 2],
}

/// Visits the segments of a handshake. Returns them if `fields` reads.
pub(super) fn segments<F: Fields>(
    fields: &mut F,
    segments: &Segments<&SegmentFacts>,
    bases: &Bases,
) -> Result<Segments<SegmentFacts>, F::Error> {
    const SEGMENTS: &Field = field!("segments", "Segments after SYN and SYN-ACK");
    list(fields, SEGMENTS, segments, (SegmentRole::Ack, &EMPTY), |fields, segment| visit(fields, segment, bases))
}

#[inline]
fn visit<F: Fields>(
    fields: &mut F,
    (role, segment): (SegmentRole, &SegmentFacts),
    bases: &Bases,
) -> Result<(SegmentRole, SegmentFacts), F::Error> {
    let role = word(
        fields,
        field!(
            "role",
            "`ack` (the client's first acknowledgment of the SYN-ACK), `client-data` (the client's first \
             payload), `wrong-ack` (acknowledges data that the server never sent), `client-reset`, `server-\
             reset`, `refusal` (the client's reset after a wrong acknowledgment number) or `server` (one of the \
             server's first segments)"
        ),
        role,
        &SegmentRole::ALL,
        &SegmentRole::WORDS,
    )?;
    let (own, other) = (role.sender() as usize, role.sender().other() as usize);
    let mut visited = SegmentFacts::empty();
    visited.frame = frame(
        fields,
        [
            field!("frame", "Frame number in its capture, minus that of the first header"),
            field!("capture", "Number of the frame's capture in its series, from 0"),
        ],
        segment.frame,
        bases.origin.frame,
    )?;
    visited.time =
        time(fields, field!("time", "Nanoseconds since the handshake's first frame"), segment.time, bases.origin.time)?;
    visited.seq =
        sequence(fields, field!("seq", "Sequence number, minus the sender's ISN"), segment.seq, bases.isns[own])?;
    visited.ack = sequence(
        fields,
        field!("ack", "Acknowledgment number, minus the receiver's ISN"),
        segment.ack,
        bases.isns[other],
    )?;
    visited.flags = Flags(number(fields, field!("flags", "TCP flags: byte 13 of the TCP header"), segment.flags.0)?);
    visited.window = number(fields, field!("window", "Window as on the wire, not scaled"), segment.window)?;
    visited.payload = number(fields, field!("payload", "Payload in bytes"), segment.payload)?;
    visited.ip = ip_facts(fields, segment.ip)?;
    let base = bases.timestamps[own];
    let timestamp = segment.timestamp();
    let [has_options, has_timestamp] = bits(
        fields,
        field!("options", "Bit 0: whether the segment has TCP options; bit 1: whether it has timestamps"),
        [segment.has_options(), timestamp.is_some()],
    )?;
    let mut tsval = None;
    if has_timestamp {
        let value = SeqNumber(timestamp.unwrap_or_default());
        let value = sequence(
            fields,
            field!("timestamp", "TSval, minus that of the sender's SYN or SYN-ACK; only if the segment has timestamps"),
            value,
            base,
        )?;
        tsval = Some(value.0);
    }
    visited.set_options(has_options, tsval);
    Ok((role, visited))
}
