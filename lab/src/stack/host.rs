//! A server that answers from a half-open entry: the fields by which stacks differ.

use super::syncache;
use crate::answer::{AckReply, Answer, Answerer, Live, Syn, SynReply};
use crate::capture::{MICRO, Nanos, SECOND};
use crate::clock::{Clock, IpId, IpIds};
use crate::layout::Layout;
use crate::truth::Verdict;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::net::{IpAddr, SocketAddr};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, ECE, RST, SYN, Segment, TcpOption};

/// How a connection's timestamps are offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// One clock for every peer.
    Global,
    /// By address pair (Linux 4.12 to 6.x).
    PerPair,
    /// By four-tuple (Linux 7.0 and its backports, FreeBSD).
    PerTuple,
    /// Random for every connection.
    PerConnection,
    /// Zero in the SYN-ACK, the host's clock in later segments (old Windows).
    ZeroFirst,
    /// A clock of the connection that starts at zero with the SYN-ACK.
    FromZero,
}

/// Window of the SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A fixed value.
    Fixed(u16),
    /// As many full segments as fit into this many bytes (Linux).
    Segments(u32),
    /// A number of segments of the connection's MSS.
    Times(u16),
}

/// How the window goes on after the SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// As announced, rounded up to the unit of the scale.
    Kept,
    /// The free space rounded down to the unit of the scale, which may move the window back (MPTCP,
    /// `tcp_shrink_window=1`).
    RoundedDown,
    /// Rounded up to whole segments (BSD, slirp: 8192 becomes 8760).
    WholeSegments,
}

/// How ISNs are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isn {
    /// RFC 6528 with a 64 ns clock (Linux).
    Rfc6528,
    /// Random.
    Random,
    /// A counter that all connections share, 64,000 per half second (old systems, small devices).
    Counter,
    /// FreeBSD's syncache: always its cookie format.
    Freebsd,
    /// A fixed value (a crafted server).
    Fixed(u32),
    /// The client's ISN plus a fixed number (a crafted server).
    AfterClient(u32),
}

/// A server's stack.
#[derive(Clone, Debug)]
pub struct Host {
    /// Order of options in SYN-ACKs.
    pub layout: Layout,
    /// MSS announced.
    pub mss: u16,
    /// Window scale, if the host supports window scaling.
    pub wscale: Option<u8>,
    /// Whether the host supports SACK.
    pub sack: bool,
    /// Whether the host supports timestamps.
    pub ts: bool,
    /// Whether the host supports ECN.
    pub ecn: bool,
    /// Whether the host supports MPTCP.
    pub mptcp: bool,
    /// Whether the host accepts data in SYNs (Fast Open).
    pub fast_open: bool,
    /// Window of the SYN-ACK.
    pub window: Window,
    /// Window after the SYN-ACK.
    pub growth: Growth,
    /// Initial TTL.
    pub ttl: u8,
    /// The flag "don't fragment".
    pub dont_fragment: bool,
    /// Identification of SYN-ACKs.
    pub first_id: IpId,
    /// Identification of later packets.
    pub ids: IpId,
    /// Ticks per second of the timestamp clock.
    pub rate: u64,
    /// Amount that a tick adds.
    pub step: u32,
    /// Offset of timestamps.
    pub offset: Offset,
    /// Choice of ISNs.
    pub isn: Isn,
    /// Times at which an unacknowledged SYN-ACK is retransmitted, after the first.
    pub repeats: &'static [Nanos],
    /// Time from a SYN to its SYN-ACK.
    pub takes: Nanos,
    /// Time of boot.
    pub boot: Nanos,
    /// Secret of the keyed hash.
    pub key: (u64, u64),
}

/// Bytes of receive space that the buffer of a small request takes.
const REQUEST_SHARE: u32 = 384;

/// Retransmissions of Linux: an RTO of 1 s, doubled each time.
pub const LINUX_REPEATS: &[Nanos] = &[SECOND, 3 * SECOND, 7 * SECOND, 15 * SECOND];
/// Retransmissions of BSD and Windows: three, with an RTO of 3 s at first.
pub const BSD_REPEATS: &[Nanos] = &[3 * SECOND, 9 * SECOND, 21 * SECOND];

impl Host {
    /// Draws the secret and the boot time.
    #[must_use]
    pub fn booted(mut self, now: Nanos, rng: &mut Rng) -> Self {
        self.key = (rng.next_u64(), rng.next_u64());
        self.boot = now - rng.between(600, 4_000_000) * SECOND - rng.below(SECOND);
        self
    }

    /// Returns a keyed hash of the four-tuple and a number.
    #[must_use]
    pub fn hash(&self, from: SocketAddr, to: SocketAddr, more: u64) -> u64 {
        let mut sip = SipHasher24::new_with_keys(self.key.0, self.key.1);
        write_ip(&mut sip, from.ip());
        write_ip(&mut sip, to.ip());
        sip.write_u16(from.port());
        sip.write_u16(to.port());
        sip.write_u64(more);
        sip.finish()
    }

    /// Returns the timestamp clock that the client of a SYN sees.
    #[must_use]
    pub fn clock(&self, syn: &Syn, now: Nanos) -> Clock {
        let portless = |a: SocketAddr| SocketAddr::new(a.ip(), 0);
        let (base, origin) = match self.offset {
            Offset::Global | Offset::ZeroFirst => (0, self.boot),
            Offset::PerPair => (self.hash(portless(syn.from), portless(syn.to), 1) as u32, self.boot),
            Offset::PerTuple => (self.hash(syn.from, syn.to, 1) as u32, self.boot),
            Offset::PerConnection => (self.hash(syn.from, syn.to, u64::from(syn.seg.seq) << 8 | 1) as u32, self.boot),
            Offset::FromZero => (0, now),
        };
        Clock { base, origin, rate: self.rate, step: self.step }
    }

    /// Returns the ISN of an ordinary answer.
    pub fn initial_sequence(&self, syn: &Syn, now: Nanos, rng: &mut Rng) -> u32 {
        match self.isn {
            Isn::Rfc6528 => (self.hash(syn.from, syn.to, 2) as u32).wrapping_add((now >> 6) as u32),
            Isn::Random => rng.next_u32(),
            Isn::Counter => ((now - self.boot) / 7_629 + 64_000 * rng.below(3)) as u32,
            Isn::Freebsd => self.syncache_cookie(syn, now, true),
            Isn::Fixed(value) => value,
            Isn::AfterClient(value) => syn.seg.seq.wrapping_add(value),
        }
    }

    /// Returns the ISN that FreeBSD's syncache or pf would choose with this host's secret.
    #[must_use]
    pub fn syncache_cookie(&self, syn: &Syn, now: Nanos, sack: bool) -> u32 {
        syncache::isn(syn, now - self.boot, sack, |more| self.hash(syn.from, syn.to, more))
    }

    /// Returns the window in bytes for an MSS.
    #[must_use]
    pub fn window_bytes(&self, mss: u16) -> u32 {
        let mss = u32::from(mss.max(1));
        match self.window {
            Window::Fixed(w) => u32::from(w),
            Window::Segments(space) => (space / mss * mss).min(0xffff),
            Window::Times(n) => (u32::from(n) * mss).min(0xffff),
        }
    }

    /// Returns the ordinary SYN-ACK.
    pub fn syn_ack(&self, syn: &Syn, now: Nanos, rng: &mut Rng) -> Answer {
        let ts = (self.ts).then(|| syn.seg.tsval()).flatten();
        let clock = ts.map(|_| self.clock(syn, now));
        let stamp = ts.zip(clock).map(|(ecr, c)| (if self.offset == Offset::ZeroFirst { 0 } else { c.at(now) }, ecr));
        let wscale = syn.seg.window_scale().and(self.wscale);
        let mut options = self.layout.write(Some(self.mss), wscale, self.sack && syn.seg.sack_permitted(), stamp);
        if self.speaks_mptcp(syn) {
            options.push(TcpOption::MpCapable(Some(self.hash(syn.from, syn.to, 3))));
        }
        let data = if self.fast_open { syn.seg.payload } else { 0 };
        // Linux rounds to what it announced itself, or to RFC 879's 536 when the client named nothing.
        let for_window = syn.seg.mss().map_or(536, |m| m.min(self.mss)) - if ts.is_some() { 12 } else { 0 };
        let ece = if self.ecn && syn.seg.ecn_setup() { ECE } else { 0 };
        let seg = Segment {
            ttl: self.ttl,
            id: IpIds::new(self.first_id, self.boot, rng).take(now, rng),
            dont_fragment: self.dont_fragment,
            flags: SYN | ACK | ece,
            seq: self.initial_sequence(syn, now, rng),
            ack: syn.seg.seq.wrapping_add(1).wrapping_add(u32::from(data)),
            window: self.window_bytes(for_window) as u16,
            options,
            ..Segment::default()
        };
        Answer {
            seg,
            after: self.takes + rng.below(30 * MICRO),
            repeats: self.repeats.to_vec(),
            clock: clock.filter(|_| self.offset != Offset::ZeroFirst),
            verdict: Verdict::Ordinary,
            implementation: None,
            undecidable: false,
        }
    }

    fn speaks_mptcp(&self, syn: &Syn) -> bool {
        self.mptcp && syn.seg.options.contains(&TcpOption::MpCapable(None))
    }

    /// Returns the window in bytes after the SYN-ACK, and whether its field is rounded down.
    fn next_window(&self, syn: &Syn, answer: &Answer, segment: u16) -> (u32, bool) {
        let announced = u32::from(answer.seg.window);
        let growth = if self.speaks_mptcp(syn) { Growth::RoundedDown } else { self.growth };
        match (growth, self.window) {
            (Growth::Kept, _) => (announced, false),
            (Growth::WholeSegments, _) => (announced.next_multiple_of(u32::from(segment.max(1))), false),
            // The request's buffer takes its share: measured on Linux 6.18 with a small request.
            (Growth::RoundedDown, Window::Segments(space)) => (space.saturating_sub(REQUEST_SHARE), true),
            (Growth::RoundedDown, _) => (announced, true),
        }
    }

    /// Returns the connection that follows an ordinary SYN-ACK.
    pub fn live(&self, syn: &Syn, answer: &Answer, rng: &mut Rng) -> Live {
        let stamped = answer.seg.tsval().is_some();
        let client = syn.seg.mss().unwrap_or(536);
        let segment = client.min(self.mss) - if stamped { 12 } else { 0 };
        let (window, rounds_down) = self.next_window(syn, answer, segment);
        Live {
            ttl: self.ttl,
            dont_fragment: self.dont_fragment,
            ids: IpIds::new(self.ids, self.boot, rng),
            clock: stamped.then(|| answer.clock.unwrap_or_else(|| self.clock(syn, 0))),
            window,
            rounds_down,
            scale: answer.seg.window_scale().unwrap_or(0),
            segment,
            behind: 0,
        }
    }

    /// Returns the reset that refuses a SYN and acknowledges it.
    #[must_use]
    pub fn refusal(&self, syn: &Syn) -> Segment {
        let ack = syn.seg.seq.wrapping_add(1);
        Segment { ttl: self.ttl, dont_fragment: true, flags: RST | ACK, ack, ..Segment::default() }
    }
}

fn write_ip(sip: &mut SipHasher24, ip: IpAddr) {
    match ip {
        IpAddr::V4(a) => sip.write(&a.octets()),
        IpAddr::V6(a) => sip.write(&a.octets()),
    }
}

impl Answerer for Host {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        // A repeated SYN meets the half-open entry: the same answer with the clock of now.
        if let Some(before) = before {
            return SynReply::SynAck(Box::new(before.repeated(now)));
        }
        SynReply::SynAck(Box::new(self.syn_ack(syn, now, rng)))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, _now: Nanos, rng: &mut Rng) -> AckReply {
        // RFC 9293, 3.10.7.4: in SYN-RECEIVED, another number is reset.
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.ttl), &[]);
        }
        AckReply::Open(Box::new(self.live(syn, answer, rng)), Vec::new())
    }
}

/// A host without a listener.
#[derive(Clone, Debug)]
pub struct Closed(pub Host);

impl Answerer for Closed {
    fn on_syn(&mut self, syn: &Syn, _now: Nanos, _before: Option<&Answer>, _rng: &mut Rng) -> SynReply {
        SynReply::Refuse(self.0.refusal(syn))
    }

    fn on_ack(&mut self, _: &Syn, _: &Answer, ack: &Segment, _: Nanos, _: &mut Rng) -> AckReply {
        AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.0.ttl), &[])
    }
}
