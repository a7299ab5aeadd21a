//! One handshake, packet by packet, for a person: each segment spelled out, and what it shows.

mod segments;
mod shows;

pub use segments::{Described, NoSegment, describe};

use std::collections::VecDeque;

use crate::intake::flow::same_ends;
use crate::packet::ip;
use crate::packet::segment::{Flags, Segment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Finding, Frame, Observation, Timestamp};

/// Packets told from the beginning of a connection; a handshake that worked goes on for as long as it likes.
const FIRST: usize = 12;
/// Packets told in all: what is special later on (repetitions, resets) has room.
const MOST: usize = 40;

/// A packet of the handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The segment, spelled out.
    pub segment: Described,
    /// Seconds since the first packet told.
    pub since_start: f64,
    /// Whether the client sent it.
    pub from_client: bool,
    /// What it is: `SYN`, `SYN-ACK again`, `data`…
    pub what: &'static str,
    /// Sequence number relative to the sender's first, where that is known.
    pub relative_seq: Option<u32>,
    /// Acknowledgment number relative to the other side's first, where that is known and the flag is set.
    pub relative_ack: Option<u32>,
    /// What it shows, one sentence each.
    pub shows: Vec<String>,
}

/// Tells the packets of one handshake, as they are pushed in the order of the capture.
#[derive(Debug)]
pub struct Teller<'a> {
    finding: &'a Finding,
    first: Option<Frame>,
    start: Option<Timestamp>,
    told: usize,
    omitted: u64,
    ended: bool,
    pub(crate) seen: Seen,
}

/// What the packets told so far showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub client_isn: Option<SeqNumber>,
    pub server_isn: Option<SeqNumber>,
    pub syn: Option<Summary>,
    pub syn_ack: Option<Summary>,
    pub ack: Option<Summary>,
    pub data: Option<Summary>,
    pub last_of_client: Option<Summary>,
    pub reset: bool,
    pub opened: bool,
    /// Sequence numbers of the latest payloads of each side: what comes again is a repetition.
    pub payloads: VecDeque<(bool, SeqNumber)>,
}

/// What is kept of a packet that later ones are held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    pub time: Timestamp,
    pub ack: SeqNumber,
    pub window: u16,
    pub ttl: Option<u8>,
    pub identification: Option<u16>,
    pub options: crate::packet::options::Options,
}

impl Summary {
    fn of(segment: &Segment<'_>) -> Self {
        Self {
            time: segment.time,
            ack: segment.ack(),
            window: segment.window(),
            ttl: segment.ip_facts().ttl,
            identification: segment.ip_facts().identification,
            options: segment.options(),
        }
    }
}

impl<'a> Teller<'a> {
    /// Will tell the packets of that handshake.
    #[must_use]
    pub fn new(finding: &'a Finding) -> Self {
        let frames = finding.frames;
        let named = [frames.syn, frames.syn_ack, frames.ack, frames.reset].into_iter().flatten();
        Self { finding, first: named.min(), start: None, told: 0, omitted: 0, ended: false, seen: Seen::default() }
    }

    /// Packets of the connection that came after those told, and were left out.
    #[must_use]
    pub const fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Whether nothing more will be told: another connection of the same ends began.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.ended
    }

    /// Tells a packet; `None` when it is not of this handshake, or one of the many after it.
    pub fn push(&mut self, observation: &Observation<'_>) -> Option<Told> {
        let segment = ip::segment(observation).ok()?;
        let ends = (self.finding.client, self.finding.server);
        if self.ended || !same_ends(ends, (segment.source(), segment.destination())) {
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
        let what = self.what(&segment, from_client);
        let shows = self.shows(&segment, from_client, what);
        let told = Told {
            since_start: segment.time.seconds_since(*self.start.get_or_insert(segment.time)),
            from_client,
            what: what.name(),
            relative_seq: self.relative(segment.seq(), from_client),
            relative_ack: self.relative(segment.ack(), !from_client).filter(|_| segment.flags().has(Flags::ACK)),
            shows,
            segment: Described::of(&segment),
        };
        self.note(&segment, from_client, what);
        let special = segment.flags().0 & (Flags::SYN | Flags::RST | Flags::FIN) != 0 || what == What::DataAgain;
        if self.told < FIRST || special && self.told < MOST {
            self.told += 1;
            return Some(told);
        }
        self.omitted += 1;
        None
    }

    /// A SYN of the same client with another number: the port is used again.
    fn is_another_connection(&self, segment: &Segment<'_>, from_client: bool) -> bool {
        let known = self.seen.client_isn.is_some_and(|isn| isn != segment.seq());
        segment.flags().is_syn() && from_client && known && self.seen.syn_ack.is_some()
    }

    fn relative(&self, number: SeqNumber, of_client: bool) -> Option<u32> {
        let isn = if of_client { self.seen.client_isn } else { self.seen.server_isn };
        isn.map(|isn| number.0.wrapping_sub(isn.0))
    }

    fn what(&mut self, segment: &Segment<'_>, from_client: bool) -> What {
        let flags = segment.flags();
        if flags.is_syn() {
            self.seen.client_isn.get_or_insert(segment.seq());
            return if self.seen.syn.is_some() { What::SynAgain } else { What::Syn };
        }
        if flags.is_syn_ack() {
            self.seen.server_isn.get_or_insert(segment.seq());
            self.seen.client_isn.get_or_insert(segment.ack().plus(u32::MAX));
            return if self.seen.syn_ack.is_some() { What::SynAckAgain } else { What::SynAck };
        }
        if flags.has(Flags::RST) {
            return What::Reset;
        }
        let expected = self.seen.server_isn.map(|isn| isn.plus(1));
        if from_client && self.seen.ack.is_none() && segment.payload == 0 && flags.has(Flags::ACK) {
            return if expected.is_none_or(|expected| expected == segment.ack()) { What::Ack } else { What::WrongAck };
        }
        if segment.payload > 0 {
            let again = self.seen.payloads.contains(&(from_client, segment.seq()));
            return if again { What::DataAgain } else { What::Data };
        }
        if flags.has(Flags::FIN) { What::Fin } else { What::Other }
    }

    /// Remembers what later packets are held against.
    fn note(&mut self, segment: &Segment<'_>, from_client: bool, what: What) {
        let summary = Summary::of(segment);
        let seen = &mut self.seen;
        match what {
            What::Syn => seen.syn = Some(summary),
            What::SynAck => seen.syn_ack = Some(summary),
            What::Ack | What::WrongAck => seen.ack = Some(summary),
            What::Reset => seen.reset = true,
            What::Data if from_client => {
                seen.data.get_or_insert(summary);
            }
            _ => {}
        }
        if segment.payload > 0 && what == What::Data {
            if from_client {
                seen.ack.get_or_insert(summary);
            }
            seen.payloads.push_back((from_client, segment.seq()));
            if seen.payloads.len() > MOST {
                seen.payloads.pop_front();
            }
        }
        if from_client && what != What::Reset {
            seen.last_of_client = Some(summary);
        }
        seen.opened |= !from_client && !segment.flags().has(Flags::SYN) && what != What::Reset && segment.window() > 0;
    }
}

/// What a packet is to its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Syn,
    SynAgain,
    SynAck,
    SynAckAgain,
    Ack,
    WrongAck,
    Data,
    DataAgain,
    Reset,
    Fin,
    Other,
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Syn => "SYN",
            Self::SynAgain => "SYN again",
            Self::SynAck => "SYN-ACK",
            Self::SynAckAgain => "SYN-ACK again",
            Self::Ack | Self::Other => "ACK",
            Self::WrongAck => "ACK of another number",
            Self::Data => "data",
            Self::DataAgain => "data again",
            Self::Reset => "RST",
            Self::Fin => "FIN",
        }
    }
}

/// Both ends of a segment, as a front end looks for its handshake.
impl Described {
    /// Whether it travels between these two, in either direction.
    #[must_use]
    pub fn is_between(&self, a: Endpoint, b: Endpoint) -> bool {
        same_ends((self.source, self.destination), (a, b))
    }
}
