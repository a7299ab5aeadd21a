//! What all SYN proxies have in common: they answer first and open the connection to the server
//! afterwards.

use crate::answer::{AckReply, Answer, Answerer, Live, Syn, SynReply, bare_reset};
use crate::capture::{MICRO, Nanos};
use crate::clock::{Clock, IpIds};
use crate::stack::Host;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, RST, Segment, TcpOption};

/// Behaviour of the server behind the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Accepts.
    Serves,
    /// Has no listener.
    Refuses,
    /// Never answers.
    Silent,
    /// Receives the client's ACK, which bypassed the box.
    Leaks,
}

/// Timestamps of a proxied connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamps {
    /// None are used.
    None,
    /// The server's clock, moved to continue from the box's value at the moment the server answered (netfilter).
    Rebased,
    /// The server's clock, moved to continue from the box's value with no stall.
    Continued,
}

/// What differs between boxes.
pub trait Shape {
    /// Returns the SYN-ACK for a SYN; `before` is the one sent for an earlier SYN of the same
    /// handshake.
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Segment;
    /// Returns the product's word for the implementation.
    fn implementation(&self) -> Option<&'static str>;
    /// Returns the number of pure ACKs that open the window.
    fn updates(&self) -> usize;
    /// Returns what happens to timestamps.
    fn stamps(&self) -> Stamps;
    /// Returns the MSS that the box announces to the server.
    fn segment(&self, syn: &Syn, backend: &Host) -> u16 {
        syn.seg.mss().unwrap_or(536).min(backend.mss)
    }
    /// Returns the reset that the client sees when the server refuses.
    fn refusal(&self, answer: &Answer, ack: &Segment, ttl: u8) -> Option<Segment> {
        Some(Segment {
            ttl,
            dont_fragment: true,
            flags: RST | ACK,
            seq: answer.seg.seq.wrapping_add(1),
            ack: ack.seq,
            ..Segment::default()
        })
    }
    /// Returns the causes that explain a refusal as the client sees it.
    fn refusal_causes(&self) -> &'static [&'static str] {
        &["proxy-backend-refused"]
    }
    /// Returns the reset for a wrong cookie.
    fn rejection(&self, _ack: &Segment, _ttl: u8) -> Option<Segment> {
        None
    }
}

/// A box in front of a server.
#[derive(Clone, Debug)]
pub struct Front<S> {
    /// Kind of the box.
    pub shape: S,
    /// Secret, clock and boot time of the box.
    pub keeper: Host,
    /// The server.
    pub backend: Host,
    /// Behaviour of the server.
    pub fate: Fate,
    /// One-way delay from the box to the server.
    pub behind: Nanos,
    /// Hops from the box to the server; 0 when they are one host.
    pub further: u8,
}

impl<S: Shape> Front<S> {
    /// Creates a box in front of a server that accepts.
    pub fn new(shape: S, backend: Host, behind: Nanos, further: u8, now: Nanos, rng: &mut Rng) -> Self {
        let keeper = crate::stack::linux::Kernel::NO_OFFSET.host(now, rng);
        Self { shape, keeper, backend, fate: Fate::Serves, behind, further }
    }

    /// Returns the box with another behaviour of its server.
    #[must_use]
    pub fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    fn backend_ttl(&self) -> u8 {
        self.backend.ttl.saturating_sub(self.further)
    }

    fn open(&self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        let stamp = answer.seg.tsval();
        let answered = now + self.behind;
        let clock = stamp.and_then(|value| match self.shape.stamps() {
            Stamps::None => None,
            Stamps::Rebased => Some(Clock { base: value, origin: answered, rate: self.backend.rate, step: 1 }),
            Stamps::Continued => answer.clock,
        });
        let announced = answer.seg.window_scale();
        // Window fields are the server's own; if the box announced no scale, it asked the server for none.
        let scale = announced.and(self.backend.wscale).unwrap_or(0);
        let live = Live {
            ttl: self.backend_ttl(),
            dont_fragment: self.backend.dont_fragment,
            ids: IpIds::new(self.backend.ids, self.backend.boot, rng),
            clock,
            window: self.backend.window_bytes(self.shape.segment(syn, &self.backend)),
            rounds_down: false,
            scale,
            segment: self.shape.segment(syn, &self.backend) - if clock.is_some() { 12 } else { 0 },
            behind: self.behind,
        };
        let updates = self.updates(&live, answer, ack, announced);
        AckReply::Open(Box::new(live), updates)
    }

    fn updates(&self, live: &Live, answer: &Answer, ack: &Segment, announced: Option<u8>) -> Vec<(Nanos, Segment)> {
        let stamp = answer.seg.tsval().zip(ack.tsval());
        let options =
            stamp.map_or(vec![], |(val, ecr)| vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps(val, ecr)]);
        let update = Segment {
            ttl: answer.seg.ttl,
            dont_fragment: true,
            flags: ACK,
            seq: answer.seg.seq.wrapping_add(1),
            ack: ack.seq,
            window: (live.window >> announced.unwrap_or(0)).min(0xffff) as u16,
            options,
            ..Segment::default()
        };
        // The second one is the ACK meant for the server, come back: one hop older.
        let second = Segment { ttl: update.ttl.saturating_sub(1), ..update.clone() };
        let both = [(live.behind + 30 * MICRO, update), (live.behind + 34 * MICRO, second)];
        both.into_iter().take(self.shape.updates()).collect()
    }
}

impl<S: Shape> Answerer for Front<S> {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let seg = self.shape.syn_ack(&self.keeper, syn, now, before, rng);
        let clock = seg.tsval().map(|base| Clock { base, origin: now, rate: 1000, step: 1 });
        SynReply::SynAck(Box::new(Answer {
            seg,
            after: 8 * MICRO,
            repeats: Vec::new(),
            clock,
            verdict: Verdict::SynProxy,
            implementation: self.shape.implementation(),
            undecidable: false,
        }))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        let (round_trip, ttl) = (2 * self.behind + 20 * MICRO, self.backend_ttl());
        // A window probe repeats an old byte: its sequence number does not fit the cookie either.
        let right = ack.ack == answer.seg.seq.wrapping_add(1) && ack.seq == syn.seg.seq.wrapping_add(1);
        match self.fate {
            _ if !right => match self.shape.rejection(ack, answer.seg.ttl) {
                Some(reset) => AckReply::Reset(8 * MICRO, reset, &["cookie-rejected"]),
                None => AckReply::Silent { keeps: false, cause: &[] },
            },
            Fate::Leaks => AckReply::Reset(round_trip, bare_reset(ack, ttl), &["proxy-leaked-ack"]),
            Fate::Silent => AckReply::Silent { keeps: false, cause: &["proxy-backend-silent"] },
            Fate::Refuses => match self.shape.refusal(answer, ack, ttl) {
                Some(reset) => AckReply::Reset(round_trip, reset, self.shape.refusal_causes()),
                None => AckReply::Silent { keeps: false, cause: &["proxy-backend-silent", "proxy-backend-refused"] },
            },
            Fate::Serves => self.open(syn, answer, ack, now, rng),
        }
    }
}
