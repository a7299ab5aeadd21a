//! Describes one handshake packet by packet for a person: the fields of each segment, and what it
//! shows.

mod describe;
pub(crate) mod errors;
pub(crate) mod shows;

pub use describe::{NoSegment, SegmentDescription, describe};

use std::collections::VecDeque;

use shows::elsewhere;

use crate::connection::handshake::acknowledges_beginning;
use crate::intake::flow::same_ends;
use crate::packet::ip;
use crate::packet::segment::{Flags, Segment};
use crate::packet::seq::SeqNumber;
use crate::{EvidenceKind, Finding, Frame, Observation, Timestamp};

/// Number of packets that are described from the beginning of a connection, whatever they are.
const FIRST_PACKETS: usize = 12;
/// Maximum number of packets that are described: later ones only where they matter
/// (retransmissions, resets).
const MAX_PACKETS: usize = 40;

/// Packet of a handshake, described.
#[derive(Clone, Debug, PartialEq)]
pub struct NarratedPacket {
    /// Fields of the segment.
    pub segment: SegmentDescription,
    /// Seconds since the first packet described.
    pub since_start: f64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Role of the packet in the handshake: `SYN`, `SYN-ACK retransmission`, `data`…
    pub what: &'static str,
    /// Sequence number relative to the sender's first, where that is known.
    pub relative_seq: Option<u32>,
    /// Acknowledgment number relative to the other side's first, where that is known and the flag
    /// is set.
    pub relative_ack: Option<u32>,
    /// Conclusions from the packet, one sentence each.
    pub shows: Vec<String>,
}

impl NarratedPacket {
    /// Returns whether it acknowledges another number than the SYN-ACK requires.
    #[must_use]
    pub fn is_wrong_ack(&self) -> bool {
        self.what == PacketRole::WrongAck.name()
    }
}

/// Describes the packets of one handshake, which are pushed in the order of the capture.
#[derive(Debug)]
pub struct Narrator<'a> {
    finding: &'a Finding,
    first: Option<Frame>,
    start: Option<Timestamp>,
    described: usize,
    omitted: u64,
    ended: bool,
    pub(crate) seen: History,
}

/// Facts from the packets so far, with which later ones are compared.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub client_isn: Option<SeqNumber>,
    pub server_isn: Option<SeqNumber>,
    pub syn: Option<PacketFacts>,
    /// Time of the latest retransmission of the SYN.
    pub syn_again: Option<Timestamp>,
    pub syn_ack: Option<PacketFacts>,
    /// Acknowledgment number that the client never sent.
    pub wrong_number: Option<SeqNumber>,
    /// Number of another connection that the server acknowledged instead of the SYN.
    pub stale_number: Option<SeqNumber>,
    /// Whether another address or port answered the SYN.
    pub elsewhere: bool,
    /// Whether the server side reset the SYN.
    pub refused: bool,
    pub ack: Option<PacketFacts>,
    pub data: Option<PacketFacts>,
    /// Sequence number after the client's FIN.
    pub client_end: Option<SeqNumber>,
    pub last_of_client: Option<PacketFacts>,
    pub reset: bool,
    pub opened: bool,
    /// Sender and sequence number of the latest payloads, to recognise retransmissions.
    pub payloads: VecDeque<(bool, SeqNumber)>,
}

/// Facts about a packet with which later ones are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketFacts {
    pub time: Timestamp,
    pub ack: SeqNumber,
    pub window: u16,
    pub ttl: Option<u8>,
    pub identification: Option<u16>,
    pub options: crate::packet::options::Options,
}

impl PacketFacts {
    fn of(segment: &Segment<'_>) -> Self {
        Self {
            time: segment.time,
            ack: segment.ack(),
            window: segment.window(),
            ttl: segment.ip_facts().ttl(),
            identification: segment.ip_facts().identification(),
            options: segment.options(),
        }
    }
}

impl<'a> Narrator<'a> {
    /// Creates a narrator of the handshake of a finding.
    #[must_use]
    pub fn new(finding: &'a Finding) -> Self {
        let frames = finding.frames;
        let named = [frames.syn, frames.syn_ack, frames.ack, frames.reset].into_iter().flatten();
        Self {
            finding,
            first: named.min(),
            start: None,
            described: 0,
            omitted: 0,
            ended: false,
            seen: History::default(),
        }
    }

    /// Returns the number of packets of the connection that were left out.
    #[must_use]
    pub const fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Returns whether the handshake is over because another connection of the same endpoints
    /// began.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.ended
    }

    /// Describes a packet; `None` when it does not belong to this handshake, or is left out.
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<NarratedPacket> {
        let segment = ip::segment(observation).ok()?;
        let ends = (self.finding.client, self.finding.server);
        let is_elsewhere = !same_ends(ends, (segment.source(), segment.destination()));
        if self.ended || is_elsewhere && !self.is_answer_from_elsewhere(&segment) {
            return None;
        }
        if self.start.is_none() && Some(segment.frame) < self.first {
            return None;
        }
        let from_client = segment.source() == self.finding.client;
        if self.is_another_connection(&segment, from_client) {
            self.ended = true;
            return None;
        }
        let role = self.role(&segment, from_client);
        let mut shows = self.shows(&segment, from_client, role);
        if is_elsewhere {
            shows.push(elsewhere(&segment, from_client, self.finding));
            self.seen.elsewhere = true;
        }
        let packet = NarratedPacket {
            since_start: segment.time.seconds_since(*self.start.get_or_insert(segment.time)),
            from_client,
            what: role.name(),
            relative_seq: self.relative(segment.seq(), from_client),
            relative_ack: self.relative(segment.ack(), !from_client).filter(|_| segment.flags().has(Flags::ACK)),
            shows,
            segment: SegmentDescription::of(&segment),
        };
        self.note(&segment, from_client, role);
        let special = segment.flags().0 & (Flags::SYN | Flags::RST | Flags::FIN) != 0 || role == PacketRole::DataAgain;
        if self.described < FIRST_PACKETS || special && self.described < MAX_PACKETS {
            self.described += 1;
            return Some(packet);
        }
        self.omitted += 1;
        None
    }

    /// Returns whether a segment between other ends is the SYN-ACK of this handshake, or the client's
    /// reset of it.
    fn is_answer_from_elsewhere(&self, segment: &Segment<'_>) -> bool {
        [self.finding.frames.syn_ack, self.finding.frames.reset].contains(&Some(segment.frame))
    }

    /// Returns whether a segment is a SYN with another sequence number: the client used the port
    /// again.
    fn is_another_connection(&self, segment: &Segment<'_>, from_client: bool) -> bool {
        let known = self.seen.client_isn.is_some_and(|isn| isn != segment.seq());
        segment.flags().is_syn() && from_client && known && self.seen.syn_ack.is_some()
    }

    fn relative(&self, number: SeqNumber, of_client: bool) -> Option<u32> {
        let isn = if of_client { self.seen.client_isn } else { self.seen.server_isn };
        isn.map(|isn| number.0.wrapping_sub(isn.0))
    }

    fn role(&mut self, segment: &Segment<'_>, from_client: bool) -> PacketRole {
        let flags = segment.flags();
        if flags.is_syn() {
            self.seen.client_isn.get_or_insert(segment.seq());
            return if self.seen.syn.is_some() { PacketRole::SynAgain } else { PacketRole::Syn };
        }
        if flags.is_syn_ack() && self.is_challenge(segment) {
            return PacketRole::Challenge;
        }
        if flags.is_syn_ack() {
            let isn = *self.seen.server_isn.get_or_insert(segment.seq());
            self.seen.client_isn.get_or_insert(segment.ack().plus(u32::MAX));
            return match self.seen.syn_ack {
                None => PacketRole::SynAck,
                Some(_) if isn == segment.seq() => PacketRole::SynAckAgain,
                Some(_) => PacketRole::NewSynAck,
            };
        }
        if flags.has(Flags::RST) {
            return PacketRole::Reset;
        }
        let expected = self.seen.server_isn.map(|isn| isn.plus(1));
        if from_client && self.seen.ack.is_none() && segment.payload == 0 && flags.has(Flags::ACK) {
            return if expected.is_none_or(|expected| expected == segment.ack()) {
                PacketRole::Ack
            } else {
                PacketRole::WrongAck
            };
        }
        if !from_client && self.is_stale(segment) {
            return PacketRole::StaleAck;
        }
        if segment.payload > 0 {
            let again = self.seen.payloads.contains(&(from_client, segment.seq()));
            return if again { PacketRole::DataAgain } else { PacketRole::Data };
        }
        if flags.has(Flags::FIN) { PacketRole::Fin } else { PacketRole::Other }
    }

    /// Returns whether a SYN-ACK acknowledges a number that the client never sent.
    fn is_challenge(&self, segment: &Segment<'_>) -> bool {
        let mut evidence = self.finding.assessment.evidence.iter();
        let is_wrong = self.seen.client_isn.is_some_and(|isn| segment.ack() != isn.plus(1));
        is_wrong && evidence.any(|evidence| evidence.kind == EvidenceKind::WrongAcknowledgment)
    }

    /// Returns whether a segment of the server answers the SYN with an ACK of another connection, as
    /// [`Handshake::stale_answer`](crate::connection::handshake::Handshake::stale_answer) does.
    fn is_stale(&self, segment: &Segment<'_>) -> bool {
        let seen = &self.seen;
        let is_unanswered = seen.syn.is_some() && seen.syn_ack.is_none() && seen.ack.is_none();
        let is_pure_ack = segment.flags().0 & (Flags::FIN | Flags::ACK) == Flags::ACK && segment.payload == 0;
        let is_of_this = seen.client_isn.is_none_or(|isn| acknowledges_beginning(segment.ack(), isn));
        is_unanswered && is_pure_ack && !is_of_this
    }

    /// Records the facts with which later packets are compared.
    fn note(&mut self, segment: &Segment<'_>, from_client: bool, role: PacketRole) {
        let summary = PacketFacts::of(segment);
        let seen = &mut self.seen;
        match role {
            PacketRole::Syn => seen.syn = Some(summary),
            PacketRole::SynAgain => seen.syn_again = Some(segment.time),
            PacketRole::SynAck => seen.syn_ack = Some(summary),
            PacketRole::Challenge => seen.wrong_number = Some(segment.ack()),
            PacketRole::Ack | PacketRole::WrongAck => seen.ack = Some(summary),
            PacketRole::StaleAck => seen.stale_number = Some(segment.ack()),
            PacketRole::Reset => {
                seen.reset = true;
                seen.refused |= !from_client && seen.syn_ack.is_none();
            }
            PacketRole::Data if from_client => {
                seen.data.get_or_insert(summary);
            }
            _ => {}
        }
        if segment.payload > 0 && role == PacketRole::Data {
            if from_client {
                seen.ack.get_or_insert(summary);
            }
            seen.payloads.push_back((from_client, segment.seq()));
            if seen.payloads.len() > MAX_PACKETS {
                seen.payloads.pop_front();
            }
        }
        if from_client && segment.flags().has(Flags::FIN) {
            seen.client_end = Some(segment.seq().plus(segment.payload + 1));
        }
        if from_client && role != PacketRole::Reset {
            seen.last_of_client = Some(summary);
        }
        seen.opened |=
            !from_client && !segment.flags().has(Flags::SYN) && role != PacketRole::Reset && segment.window() > 0;
    }
}

/// Role of a packet in its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketRole {
    Syn,
    SynAgain,
    SynAck,
    SynAckAgain,
    /// SYN-ACK that acknowledges a number that the client never sent.
    Challenge,
    /// ACK of another connection with the same ports, in answer to the SYN.
    StaleAck,
    /// Second SYN-ACK, with another initial sequence number.
    NewSynAck,
    Ack,
    WrongAck,
    Data,
    DataAgain,
    Reset,
    Fin,
    Other,
}

impl PacketRole {
    const fn name(self) -> &'static str {
        match self {
            Self::Syn => "SYN",
            Self::SynAgain => "SYN retransmission",
            Self::SynAck | Self::Challenge => "SYN-ACK",
            Self::SynAckAgain => "SYN-ACK retransmission",
            Self::NewSynAck => "new SYN-ACK",
            Self::Ack | Self::StaleAck | Self::Other => "ACK",
            Self::WrongAck => "wrong ACK",
            Self::Data => "data",
            Self::DataAgain => "data retransmission",
            Self::Reset => "RST",
            Self::Fin => "FIN",
        }
    }
}
