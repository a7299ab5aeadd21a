//! What stands at the other end of a SYN: the questions a conversation asks of it.

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
    /// Who was asked.
    pub to: SocketAddr,
    /// The segment.
    pub seg: Segment,
}

/// A SYN-ACK, and who made it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The segment as it left its sender.
    pub seg: Segment,
    /// Processing time before it left.
    pub after: Nanos,
    /// When its sender repeats it unasked, counted from the first; empty for one that keeps no state.
    pub repeats: Vec<Nanos>,
    /// The clock for repetitions.
    pub clock: Option<Clock>,
    /// Who made it.
    pub verdict: Verdict,
    /// Which implementation, where the product has a word for it.
    pub implementation: Option<&'static str>,
    /// Whether nothing on the wire tells it from an ordinary one.
    pub undecidable: bool,
}

impl Answer {
    /// Returns the same SYN-ACK as it is sent again at `now`.
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
pub enum Reply {
    /// A SYN-ACK.
    SynAck(Box<Answer>),
    /// A reset.
    Refuse(Segment),
    /// Nothing.
    Silent,
}

/// What follows the client's ACK.
#[derive(Clone, Debug)]
pub enum Opening {
    /// An open connection, and segments sent at once (delay and segment).
    Open(Box<Live>, Vec<(Nanos, Segment)>),
    /// A reset after a delay, and the causes that explain it.
    Reset(Nanos, Segment, &'static [&'static str]),
    /// Nothing, and the causes that explain it. `keeps` says whether the half-open entry stays and repeats.
    Silent {
        /// The SYN-ACK is repeated by its timer.
        keeps: bool,
        /// What explains it.
        cause: &'static [&'static str],
    },
}

/// The server's end of an open connection, as its packets look.
#[derive(Clone, Debug)]
pub struct Live {
    /// Initial TTL.
    pub ttl: u8,
    /// Don't fragment.
    pub dont_fragment: bool,
    /// Identifications.
    pub ids: IpIds,
    /// Timestamp clock, when timestamps are used.
    pub clock: Option<Clock>,
    /// Receive window in bytes right after the handshake.
    pub window: u32,
    /// Window scale its fields are written with.
    pub scale: u8,
    /// Longest payload of a segment.
    pub segment: u16,
    /// Extra time every request takes: the leg behind a proxy, one way.
    pub behind: Nanos,
}

impl Live {
    /// The window field with that many unread bytes.
    #[must_use]
    pub fn window_field(&self, unread: u32) -> u16 {
        let free = self.window.saturating_sub(unread);
        free.div_ceil(1 << self.scale).min(0xffff) as u16
    }
}

/// Whatever answers SYNs.
pub trait Answerer {
    /// Answers a SYN. `before` is the answer to an earlier SYN of the same handshake.
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Reply;

    /// The first ACK (or data) of the client arrived.
    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> Opening;
}

/// A reset without state behind it: no ACK flag, sequence number taken from the segment it answers (RFC 9293, 3.10.7).
#[must_use]
pub fn bare_reset(ack: &Segment, ttl: u8) -> Segment {
    Segment { ttl, dont_fragment: true, flags: RST, seq: ack.ack, ..Segment::default() }
}
