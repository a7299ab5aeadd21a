//! What answers a SYN: a server's stack, or a box in front of it.

use crate::capture::Nanos;
use crate::clock::{Clock, IpIds};
use crate::truth::Verdict;
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{RST, Segment};

/// A SYN as it arrived.
#[derive(Clone, Debug)]
pub struct Syn {
    /// Who sent it.
    pub from: SocketAddr,
    /// Address and port of the server.
    pub to: SocketAddr,
    /// The segment as it arrived.
    pub seg: Segment,
}

/// A SYN-ACK and what is known about its origin.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The segment as it left its sender.
    pub seg: Segment,
    /// Processing time before it left.
    pub after: Nanos,
    /// Times of retransmissions by the sender's timer, after the first; empty for a sender without
    /// state.
    pub repeats: Vec<Nanos>,
    /// Timestamp clock of the retransmissions.
    pub clock: Option<Clock>,
    /// Kind of the answer.
    pub verdict: Verdict,
    /// Implementation, if the product has a word for it.
    pub implementation: Option<&'static str>,
    /// Whether the packets cannot be distinguished from those of an ordinary answer.
    pub undecidable: bool,
}

impl Answer {
    /// Returns the SYN-ACK as its sender retransmits it at `now`.
    #[must_use]
    pub fn repeated(&self, now: Nanos) -> Self {
        let mut again = self.clone();
        if let Some(clock) = again.clock {
            again.seg.set_tsval(clock.at(now));
        }
        again
    }
}

/// Answer to a SYN.
#[derive(Clone, Debug)]
pub enum SynReply {
    /// A SYN-ACK.
    SynAck(Box<Answer>),
    /// A reset.
    Refuse(Segment),
    /// Nothing.
    Silent,
}

/// Answer to the client's ACK.
#[derive(Clone, Debug)]
pub enum AckReply {
    /// An open connection, and segments sent at once (delay and segment).
    Open(Box<Live>, Vec<(Nanos, Segment)>),
    /// A reset after a delay, and the causes that explain it.
    Reset(Nanos, Segment, &'static [&'static str]),
    /// Nothing, and the causes that explain it.
    Silent {
        /// Whether the half-open entry stays, so that its timer retransmits the SYN-ACK.
        keeps: bool,
        /// Causes that explain the silence.
        cause: &'static [&'static str],
    },
}

/// The server's end of an open connection: what its packets show.
#[derive(Clone, Debug)]
pub struct Live {
    /// Initial TTL.
    pub ttl: u8,
    /// The flag "don't fragment".
    pub dont_fragment: bool,
    /// Identifications.
    pub ids: IpIds,
    /// Timestamp clock, when timestamps are used.
    pub clock: Option<Clock>,
    /// Receive window in bytes right after the handshake.
    pub window: u32,
    /// Whether window fields are rounded down rather than up.
    pub rounds_down: bool,
    /// Shift count of the window fields.
    pub scale: u8,
    /// Longest payload of a segment.
    pub segment: u16,
    /// One-way delay behind a proxy, which every request takes twice.
    pub behind: Nanos,
}

impl Live {
    /// Returns the window field with this many unread bytes in the buffer.
    #[must_use]
    pub fn window_field(&self, unread: u32) -> u16 {
        let free = self.window.saturating_sub(unread);
        let field = if self.rounds_down { free >> self.scale } else { free.div_ceil(1 << self.scale) };
        field.min(0xffff) as u16
    }
}

/// Anything that answers SYNs.
pub trait Answerer {
    /// Answers a SYN. `before` is the answer to an earlier SYN of the same handshake.
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply;

    /// Answers the client's first ACK, or data.
    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply;
}

/// Returns the reset of a host without state for the connection: no ACK flag, and the sequence
/// number taken from the segment that it answers (RFC 9293, 3.10.7).
#[must_use]
pub fn bare_reset(ack: &Segment, ttl: u8) -> Segment {
    Segment { ttl, dont_fragment: true, flags: RST, seq: ack.ack, ..Segment::default() }
}
