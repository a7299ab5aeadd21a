//! Clients: what their SYNs offer.

use crate::capture::{Nanos, SECOND};
use crate::clock::{Clock, IpId, IpIds};
use crate::packet::{ACK, CWR, ECE, Opt, SYN, Seg};
use crate::rng::Rng;
use std::net::SocketAddr;

/// The order in which a stack writes its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// MSS, SACK, TS, NOP, WS.
    Linux,
    /// MSS, NOP, WS, NOP, NOP, SACK.
    Windows,
    /// MSS, NOP, WS, SACK, TS.
    Freebsd,
    /// MSS, NOP, WS, NOP, NOP, TS, SACK, EOL.
    Mac,
    /// MSS, NOP, NOP, SACK, NOP, WS, NOP, NOP, TS.
    Openbsd,
    /// SACK, TS, MSS, NOP, WS.
    Solaris,
}

impl Layout {
    /// The options that are set, in this order.
    #[must_use]
    pub fn write(self, mss: Option<u16>, wscale: Option<u8>, sack: bool, ts: Option<(u32, u32)>) -> Vec<Opt> {
        use Opt::{Eol, Nop, SackOk, Ts, WScale};
        let mss: Vec<Opt> = mss.map(Opt::Mss).into_iter().collect();
        let scale: Vec<Opt> = wscale.map_or(vec![], |w| vec![Nop, WScale(w)]);
        let stamp = ts.map(|(a, b)| Ts(a, b));
        let bare = |s: bool| if s { vec![SackOk] } else { vec![] };
        let padded = |s: bool| if s { vec![Nop, Nop, SackOk] } else { vec![] };
        let stamped = |pad: bool| match stamp {
            Some(t) if pad => vec![Nop, Nop, t],
            Some(t) => vec![t],
            None => vec![],
        };
        match self {
            Self::Linux if stamp.is_some() && sack => [mss, bare(true), stamped(false), scale].concat(),
            Self::Linux => [mss, stamped(true), padded(sack), scale].concat(),
            Self::Windows => [mss, scale, padded(sack), stamped(true)].concat(),
            Self::Freebsd if stamp.is_some() => [mss, scale, bare(sack), stamped(!sack)].concat(),
            Self::Freebsd => [mss, scale, bare(sack), if sack { vec![Eol, Eol] } else { vec![] }].concat(),
            Self::Mac => [mss, scale, stamped(true), bare(sack), if sack { vec![Eol, Eol] } else { vec![] }].concat(),
            Self::Openbsd => [mss, padded(sack), scale, stamped(true)].concat(),
            Self::Solaris if stamp.is_some() && sack => [bare(true), stamped(false), mss, scale].concat(),
            Self::Solaris => [stamped(true), mss, scale, padded(sack)].concat(),
        }
    }
}

/// A client's stack.
#[derive(Clone, Copy, Debug)]
pub struct ClientStack {
    /// Order of options.
    pub layout: Layout,
    /// MSS option.
    pub mss: Option<u16>,
    /// Window scale offered.
    pub wscale: Option<u8>,
    /// SACK offered.
    pub sack: bool,
    /// Timestamps offered.
    pub ts: bool,
    /// Window of the SYN.
    pub window: u16,
    /// Initial TTL.
    pub ttl: u8,
    /// Identifications.
    pub ids: IpId,
    /// ECN offered.
    pub ecn: bool,
    /// Fast Open requested.
    pub fast_open: bool,
}

impl ClientStack {
    /// Linux 6.
    pub const LINUX: Self = Self {
        layout: Layout::Linux,
        mss: Some(1460),
        wscale: Some(7),
        sack: true,
        ts: true,
        window: 64240,
        ttl: 64,
        ids: IpId::PerFlow,
        ecn: false,
        fast_open: false,
    };
    /// Linux with timestamps off.
    pub const LINUX_NO_TS: Self = Self { ts: false, ..Self::LINUX };
    /// Windows 10 and later.
    pub const WINDOWS: Self =
        Self { layout: Layout::Windows, wscale: Some(8), ts: false, ttl: 128, ids: IpId::PerHost(40), ..Self::LINUX };
    /// macOS and iOS.
    pub const MAC: Self =
        Self { layout: Layout::Mac, wscale: Some(6), window: 65535, ids: IpId::Fixed(0), ..Self::LINUX };
    /// FreeBSD.
    pub const FREEBSD: Self =
        Self { layout: Layout::Freebsd, wscale: Some(6), window: 65535, ids: IpId::Fixed(0), ..Self::LINUX };
    /// OpenBSD.
    pub const OPENBSD: Self =
        Self { layout: Layout::Openbsd, wscale: Some(6), window: 16384, ids: IpId::Random, ..Self::LINUX };
    /// A small device: MSS and nothing else.
    pub const MINIMAL: Self =
        Self { wscale: None, sack: false, ts: false, window: 5840, ttl: 255, ids: IpId::PerHost(3), ..Self::LINUX };
    /// A scanner's SYN: no options at all.
    pub const BARE: Self = Self { mss: None, window: 1024, ids: IpId::Fixed(54321), ..Self::MINIMAL };

    /// The same with another MSS.
    #[must_use]
    pub const fn mss(mut self, mss: u16) -> Self {
        self.mss = Some(mss);
        self
    }
}

/// One connection attempt of a client.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its stack.
    pub stack: ClientStack,
    /// Its address and port.
    pub from: SocketAddr,
    /// ISN.
    pub isn: u32,
    /// Its timestamp clock.
    pub clock: Clock,
    /// Its identifications.
    pub ids: IpIds,
}

impl Attempt {
    /// A connection attempt with everything drawn anew.
    pub fn new(stack: ClientStack, from: SocketAddr, now: Nanos, rng: &mut Rng) -> Self {
        let clock = Clock { base: rng.word(), origin: now - rng.below(1_000_000), rate: 1000, step: 1 };
        // A host's counter began when the host did; the address tells hosts apart.
        let boot = crate::site::LONG_AGO + crate::site::hash_address(from.ip()) % (1_000_000 * SECOND);
        Self { stack, from, isn: rng.word(), clock, ids: IpIds::new(stack.ids, boot, rng) }
    }

    /// Its SYN, sent at `time`.
    pub fn syn(&mut self, time: Nanos, rng: &mut Rng) -> Seg {
        let s = self.stack;
        let ts = s.ts.then(|| (self.clock.at(time), 0));
        let mut options = s.layout.write(s.mss, s.wscale, s.sack, ts);
        if s.fast_open {
            options.extend([Opt::FastOpenRequest, Opt::Nop, Opt::Nop]);
        }
        let id = self.ids.take(time, rng);
        let flags = if s.ecn { SYN | ECE | CWR } else { SYN };
        Seg { ttl: s.ttl, id, df: true, flags, seq: self.isn, window: s.window, options, ..Seg::default() }
    }

    /// A later segment; `scaled` when the server accepted window scaling.
    pub fn segment(&mut self, time: Nanos, numbers: (u32, u32), echo: Option<u32>, scaled: bool, rng: &mut Rng) -> Seg {
        let (seq, ack) = numbers;
        let ts = echo.map_or(vec![], |ecr| vec![Opt::Nop, Opt::Nop, Opt::Ts(self.clock.at(time), ecr)]);
        let id = self.ids.take(time, rng);
        let shift = self.stack.wscale.filter(|_| scaled).unwrap_or(0);
        let window = if shift == 0 { self.stack.window } else { (65535u32.div_ceil(1 << shift)).min(0xffff) as u16 };
        Seg { ttl: self.stack.ttl, id, df: true, flags: ACK, seq, ack, window, options: ts, ..Seg::default() }
    }
}
