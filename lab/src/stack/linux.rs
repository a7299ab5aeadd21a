//! Linux, ordinary and with SYN cookies (`net/ipv4/syncookies.c`).

use super::cookie::{behind, table_index};
use super::host::{Growth, Host, Isn, LINUX_REPEATS, Offset, Window};
use crate::answer::{AckReply, Answer, Answerer, Live, Syn, SynReply};
use crate::capture::{MICRO, Nanos, SECOND};
use crate::clock::{Clock, IpId, IpIds};
use crate::layout::Layout;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, ECE, SYN, Segment};

/// MSS values that a cookie can encode, for IPv4.
pub const MSS_TABLE: [u16; 4] = [536, 1300, 1440, 1460];
/// MSS values that a cookie can encode, for IPv6.
pub const MSS_TABLE_V6: [u16; 4] = [1220, 1420, 1440, 8940];

/// Settings in which kernels differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Timestamp ticks per second.
    pub hz: u64,
    /// Timestamp offset of ordinary answers and later segments.
    pub offset: Offset,
    /// Receive buffer in bytes, from which the window is computed.
    pub space: u32,
    /// Window scale.
    pub wscale: u8,
    /// Limit of the initial window in segments (old kernels: 20 of MSS 1460 give 29,200).
    pub initial: Option<u16>,
}

impl Kernel {
    /// Creates a kernel before 4.10: no offset, ticks of 1/HZ, initial window of 20 segments.
    pub const fn old(hz: u64) -> Self {
        Self { hz, offset: Offset::Global, space: 65535, wscale: 7, initial: Some(20) }
    }
    /// 4.12 to 6.x: offset by address pair, 1 ms.
    pub const PAIR: Self = Self { hz: 1000, offset: Offset::PerPair, space: 65535, wscale: 7, initial: None };
    /// 7.0 and its backports: offset by four-tuple.
    pub const TUPLE: Self = Self { offset: Offset::PerTuple, ..Self::PAIR };
    /// `tcp_timestamps=2`: no offset.
    pub const NO_OFFSET: Self = Self { offset: Offset::Global, ..Self::PAIR };

    /// Creates the host with this kernel and its ordinary settings.
    pub fn host(self, now: Nanos, rng: &mut Rng) -> Host {
        Host {
            layout: Layout::Linux,
            mss: 1460,
            wscale: Some(self.wscale),
            sack: true,
            ts: true,
            ecn: true,
            mptcp: false,
            fast_open: false,
            window: self.initial.map_or(Window::Segments(self.space), Window::Times),
            growth: Growth::Kept,
            ttl: 64,
            dont_fragment: true,
            first_id: IpId::Fixed(0),
            ids: IpId::PerFlow,
            rate: self.hz,
            step: 1,
            offset: self.offset,
            isn: Isn::Rfc6528,
            repeats: LINUX_REPEATS,
            takes: 15 * MICRO,
            boot: 0,
            key: (0, 0),
        }
        .booted(now, rng)
    }
}

/// Times at which a listener answers with cookies.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Always (`tcp_syncookies=2`, or XDP helpers in front of the same host).
    Always,
    /// In stretches of time.
    During(Vec<(Nanos, Nanos)>),
    /// In stretches of time, for this share of the SYNs: the SYN queue is at its limit now and
    /// then.
    Hovering(Vec<(Nanos, Nanos)>, f64),
}

impl Mode {
    /// Reports whether a SYN that arrives now is answered with a cookie.
    #[must_use]
    pub fn wants_cookie(&self, now: Nanos, rng: &mut Rng) -> bool {
        let inside = |stretches: &[(Nanos, Nanos)]| stretches.iter().any(|&(a, b)| (a..b).contains(&now));
        match self {
            Self::Always => true,
            Self::During(stretches) => inside(stretches),
            Self::Hovering(stretches, share) => inside(stretches) && rng.chance(*share),
        }
    }
}

/// A Linux host that may answer with cookies.
#[derive(Clone, Debug)]
pub struct Linux {
    /// The host that answers.
    pub host: Host,
    /// The times at which it answers with cookies.
    pub mode: Mode,
}

impl Linux {
    /// Creates a host with a kernel and a mode.
    pub fn new(kernel: Kernel, mode: Mode, now: Nanos, rng: &mut Rng) -> Self {
        Self { host: kernel.host(now, rng), mode }
    }

    fn cookie(&self, syn: &Syn, now: Nanos, rng: &mut Rng) -> Answer {
        let host = &self.host;
        let offered = syn.seg.tsval();
        let stamp = offered.filter(|_| host.ts);
        let wscale = stamp.and(syn.seg.window_scale()).and(host.wscale);
        let sack = stamp.is_some() && host.sack && syn.seg.sack_permitted();
        let ecn = stamp.is_some() && host.ecn && syn.seg.ecn_setup();
        let bits = option_bits(wscale, sack, ecn);
        let clock = host.clock(syn, now);
        let bare = Clock { base: 0, ..clock };
        let ts = stamp.map(|ecr| (behind(bare.at(now), 63, bits).wrapping_add(clock.base), ecr));
        let options = host.layout.write(Some(host.mss), wscale, sack, ts);
        let advertised = syn.seg.mss().map_or(536, |m| m.min(host.mss)) - if ts.is_some() { 12 } else { 0 };
        let seq = sequence(host, syn, now, 60 * SECOND, 0);
        let seg = Segment {
            ttl: host.ttl,
            id: IpIds::new(host.first_id, host.boot, rng).take(now, rng),
            dont_fragment: true,
            flags: SYN | ACK | if ecn { ECE } else { 0 },
            seq,
            ack: syn.seg.seq.wrapping_add(1),
            window: host.window_bytes(advertised) as u16,
            options,
            ..Segment::default()
        };
        Answer {
            seg,
            after: host.takes,
            repeats: Vec::new(),
            clock: ts.map(|_| clock),
            verdict: Verdict::SynCookie,
            implementation: Some("linux"),
            undecidable: false,
        }
    }

    /// Returns the connection that a valid cookie opens. Window and segment size come from the
    /// cookie, not from the SYN.
    fn opened_by_cookie(&self, syn: &Syn, answer: &Answer, rng: &mut Rng) -> Live {
        let size = remembered(syn);
        let mut live = self.host.live(syn, answer, rng);
        live.window = self.host.window_bytes(size);
        live.segment = size.min(self.host.mss) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        live
    }
}

impl Answerer for Linux {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let kept = before.is_some_and(|b| b.verdict == Verdict::Ordinary);
        if kept || !self.mode.wants_cookie(now, rng) {
            return self.host.on_syn(syn, now, before.filter(|_| kept), rng);
        }
        SynReply::SynAck(Box::new(self.cookie(syn, now, rng)))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> AckReply {
        if answer.verdict == Verdict::Ordinary {
            return self.host.on_ack(syn, answer, ack, now, rng);
        }
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        AckReply::Open(Box::new(self.opened_by_cookie(syn, answer, rng)), Vec::new())
    }
}

/// Returns the six low bits of a cookie's timestamp.
#[must_use]
pub fn option_bits(wscale: Option<u8>, sack: bool, ecn: bool) -> u32 {
    u32::from(wscale.unwrap_or(0xf)) | u32::from(sack) << 4 | u32::from(ecn) << 5
}

/// Returns the MSS that the cookie for a SYN encodes.
#[must_use]
pub fn remembered(syn: &Syn) -> u16 {
    let table = if syn.from.is_ipv6() { &MSS_TABLE_V6 } else { &MSS_TABLE };
    table[table_index(table, syn.seg.mss().unwrap_or(536))]
}

/// Returns the cookie ISN of Linux and of stacks that copied its layout. `data` is added to the MSS
/// index.
#[must_use]
pub fn sequence(host: &Host, syn: &Syn, now: Nanos, period: Nanos, data: u32) -> u32 {
    let count = ((now - host.boot) / period) as u32;
    let table = if syn.from.is_ipv6() { &MSS_TABLE_V6 } else { &MSS_TABLE };
    let data = data + table_index(table, syn.seg.mss().unwrap_or(536)) as u32;
    let fixed = host.hash(syn.from, syn.to, 10) as u32;
    let moving = (host.hash(syn.from, syn.to, 11 << 32 | u64::from(count)) as u32).wrapping_add(data) & 0x00ff_ffff;
    fixed.wrapping_add(syn.seg.seq).wrapping_add(count << 24).wrapping_add(moving)
}
