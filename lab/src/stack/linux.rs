//! Linux, ordinary and with SYN cookies (`net/ipv4/syncookies.c`).

use super::cookie::{behind, table_index};
use super::host::{Host, Isn, LINUX_REPEATS, Offset, Window};
use crate::answer::{Answer, Answerer, Live, Opening, Reply, Syn};
use crate::capture::{MICRO, Nanos, SECOND};
use crate::clock::{Clock, IpId};
use crate::layout::Layout;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, ECE, SYN, Segment};

/// Sizes a cookie can remember, for IPv4.
pub const MSS_TABLE: [u16; 4] = [536, 1300, 1440, 1460];
/// Sizes a cookie can remember, for IPv6.
pub const MSS_TABLE_V6: [u16; 4] = [1220, 1420, 1440, 8940];

/// What differs between kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Timestamp ticks a second.
    pub hz: u64,
    /// Timestamp offset of ordinary answers and later segments.
    pub offset: Offset,
    /// Buffer the window is taken from.
    pub space: u32,
    /// Window scale.
    pub wscale: u8,
    /// Segments of initial window at most (old kernels: 20 of advmss 1460 gives 29200).
    pub initial: Option<u16>,
}

impl Kernel {
    /// Before 4.10: no offset, ticks of 1/HZ, initial window of 20 segments.
    pub const fn old(hz: u64) -> Self {
        Self { hz, offset: Offset::Global, space: 65535, wscale: 7, initial: Some(20) }
    }
    /// 4.12 to 6.x: offset by address pair, 1 ms.
    pub const PAIR: Self = Self { hz: 1000, offset: Offset::PerPair, space: 65535, wscale: 7, initial: None };
    /// 7.0 and its backports: offset by four-tuple.
    pub const TUPLE: Self = Self { offset: Offset::PerTuple, ..Self::PAIR };
    /// `tcp_timestamps=2`: no offset.
    pub const NO_OFFSET: Self = Self { offset: Offset::Global, ..Self::PAIR };

    /// The ordinary host with this kernel.
    pub fn host(self, now: Nanos, rng: &mut Rng) -> Host {
        Host {
            layout: Layout::Linux,
            mss: 1460,
            wscale: Some(self.wscale),
            sack: true,
            ts: true,
            ecn: true,
            window: self.initial.map_or(Window::Segments(self.space), Window::Times),
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

/// When a listener answers with cookies.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Always (`tcp_syncookies=2`, or XDP helpers in front of the same host).
    Always,
    /// From one time to another.
    During(Vec<(Nanos, Nanos)>),
    /// In such a stretch, but only this share: the queue hovers around its bound.
    Hovering(Vec<(Nanos, Nanos)>, f64),
}

impl Mode {
    /// Whether a SYN that arrives now gets a cookie.
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
    /// The host.
    pub host: Host,
    /// When it uses cookies.
    pub mode: Mode,
}

impl Linux {
    /// A host with that kernel and mode.
    pub fn new(kernel: Kernel, mode: Mode, now: Nanos, rng: &mut Rng) -> Self {
        Self { host: kernel.host(now, rng), mode }
    }

    fn cookie(&self, syn: &Syn, now: Nanos) -> Answer {
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

    /// The connection a valid cookie opens: window and segment size come from the cookie, not from the SYN.
    fn opened_by_cookie(&self, syn: &Syn, answer: &Answer, rng: &mut Rng) -> Live {
        let size = remembered(syn);
        let mut live = self.host.live(syn, answer, rng);
        live.window = self.host.window_bytes(size);
        live.segment = size.min(self.host.mss) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        live
    }
}

impl Answerer for Linux {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Reply {
        let kept = before.is_some_and(|b| b.verdict == Verdict::Ordinary);
        if kept || !self.mode.wants_cookie(now, rng) {
            return self.host.on_syn(syn, now, before.filter(|_| kept), rng);
        }
        Reply::SynAck(Box::new(self.cookie(syn, now)))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, now: Nanos, rng: &mut Rng) -> Opening {
        if answer.verdict == Verdict::Ordinary {
            return self.host.on_ack(syn, answer, ack, now, rng);
        }
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return Opening::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        Opening::Open(Box::new(self.opened_by_cookie(syn, answer, rng)), Vec::new())
    }
}

/// The six low bits of a cookie's timestamp.
#[must_use]
pub fn option_bits(wscale: Option<u8>, sack: bool, ecn: bool) -> u32 {
    u32::from(wscale.unwrap_or(0xf)) | u32::from(sack) << 4 | u32::from(ecn) << 5
}

/// The size a Linux cookie remembers of a SYN.
#[must_use]
pub fn remembered(syn: &Syn) -> u16 {
    let table = if syn.from.is_ipv6() { &MSS_TABLE_V6 } else { &MSS_TABLE };
    table[table_index(table, syn.seg.mss().unwrap_or(536))]
}

/// The cookie ISN of Linux and everything that copied its layout; `data` is added to the MSS index.
#[must_use]
pub fn sequence(host: &Host, syn: &Syn, now: Nanos, period: Nanos, data: u32) -> u32 {
    let count = ((now - host.boot) / period) as u32;
    let table = if syn.from.is_ipv6() { &MSS_TABLE_V6 } else { &MSS_TABLE };
    let data = data + table_index(table, syn.seg.mss().unwrap_or(536)) as u32;
    let fixed = host.hash(syn.from, syn.to, 10) as u32;
    let moving = (host.hash(syn.from, syn.to, 11 << 32 | u64::from(count)) as u32).wrapping_add(data) & 0x00ff_ffff;
    fixed.wrapping_add(syn.seg.seq).wrapping_add(count << 24).wrapping_add(moving)
}
