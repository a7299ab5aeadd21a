//! Clients: what their SYNs offer, and their later segments.

use crate::address;
use crate::capture::{Nanos, SECOND};
use crate::clock::{Clock, FIRST_BOOT, IpId, IpIds};
use crate::layout::Layout;
use std::net::SocketAddr;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, CWR, ECE, SYN, Segment, TcpOption};

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
    /// Source of IP identifications.
    pub ids: IpId,
    /// ECN offered.
    pub ecn: bool,
    /// Fast Open requested.
    pub fast_open: bool,
    /// Bytes of data in the first SYN, with a Fast Open cookie; 0 for none.
    pub early: u16,
    /// MPTCP offered.
    pub mptcp: bool,
    /// Whether ISNs are a hash of the four-tuple and a 64 ns clock (Linux); random otherwise.
    pub clocked_isn: bool,
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
        early: 0,
        mptcp: false,
        clocked_isn: true,
    };
    /// Linux with timestamps off.
    pub const LINUX_NO_TS: Self = Self { ts: false, ..Self::LINUX };
    /// Windows 10 and later.
    pub const WINDOWS: Self = Self {
        layout: Layout::Windows,
        wscale: Some(8),
        ts: false,
        ttl: 128,
        ids: IpId::PerHost(40),
        clocked_isn: false,
        ..Self::LINUX
    };
    /// macOS and iOS.
    pub const MAC: Self = Self {
        layout: Layout::Mac,
        wscale: Some(6),
        window: 65535,
        ids: IpId::Fixed(0),
        clocked_isn: false,
        ..Self::LINUX
    };
    /// FreeBSD.
    pub const FREEBSD: Self = Self { layout: Layout::Freebsd, ..Self::MAC };
    /// OpenBSD.
    pub const OPENBSD: Self = Self { layout: Layout::Openbsd, window: 16384, ids: IpId::Random, ..Self::MAC };
    /// A small device: MSS and nothing else.
    pub const MINIMAL: Self = Self {
        wscale: None,
        sack: false,
        ts: false,
        window: 5840,
        ttl: 255,
        ids: IpId::PerHost(3),
        clocked_isn: false,
        ..Self::LINUX
    };
    /// A scanner's SYN: no options at all.
    pub const BARE: Self = Self { mss: None, window: 1024, ids: IpId::Fixed(54321), ..Self::MINIMAL };

    /// Returns the stack with another MSS.
    #[must_use]
    pub const fn mss(mut self, mss: u16) -> Self {
        self.mss = Some(mss);
        self
    }
}

/// One connection attempt of a client.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Stack of the client.
    pub stack: ClientStack,
    /// Address and port of the client.
    pub from: SocketAddr,
    /// Initial sequence number.
    pub isn: u32,
    /// Timestamp clock of the client.
    pub clock: Clock,
    /// IP identifications of the client's packets.
    pub ids: IpIds,
    /// Bytes of data that the next SYN carries.
    early: u16,
}

impl Attempt {
    /// Creates a connection attempt with a random ISN, clock and IP identification.
    pub fn new(stack: ClientStack, from: SocketAddr, now: Nanos, rng: &mut Rng) -> Self {
        let clock = Clock { base: rng.next_u32(), origin: now - rng.below(1_000_000), rate: 1000, step: 1 };
        // A host's counter began when the host did; hosts differ by their address.
        let boot = FIRST_BOOT + address::hash(from.ip()) % (1_000_000 * SECOND);
        Self { stack, from, isn: rng.next_u32(), clock, ids: IpIds::new(stack.ids, boot, rng), early: stack.early }
    }

    /// Returns the attempt with the ISN that the client's stack chooses for a server at `now`.
    #[must_use]
    pub fn toward(mut self, to: SocketAddr, now: Nanos) -> Self {
        if self.stack.clocked_isn {
            let ports = u64::from(self.from.port()) << 16 | u64::from(to.port());
            let tuple = address::hash(self.from.ip()) ^ address::hash(to.ip()).rotate_left(1) ^ ports;
            self.isn = Rng::new(tuple).next_u32().wrapping_add((now >> 6) as u32);
        }
        self
    }

    /// Returns the SYN that is sent at `time`. Only the first one carries data.
    pub fn syn(&mut self, time: Nanos, rng: &mut Rng) -> Segment {
        let s = self.stack;
        let ts = s.ts.then(|| (self.clock.at(time), 0));
        let mut options = s.layout.write(s.mss, s.wscale, s.sack, ts);
        if s.fast_open {
            options.extend([TcpOption::FastOpenRequest, TcpOption::Nop, TcpOption::Nop]);
        }
        let payload = std::mem::take(&mut self.early);
        if payload > 0 {
            let cookie = address::hash(self.from.ip());
            options.extend([TcpOption::FastOpenCookie(cookie), TcpOption::Nop, TcpOption::Nop]);
        }
        if s.mptcp {
            options.push(TcpOption::MpCapable(None));
        }
        let id = self.ids.take(time, rng);
        let flags = if s.ecn { SYN | ECE | CWR } else { SYN };
        Segment {
            ttl: s.ttl,
            id,
            dont_fragment: true,
            flags,
            seq: self.isn,
            window: s.window,
            options,
            payload,
            ..Segment::default()
        }
    }

    /// Returns a later segment. Numbers: sequence and acknowledgment. `scaled` says whether the
    /// server accepted window scaling.
    pub fn segment(
        &mut self,
        time: Nanos,
        numbers: (u32, u32),
        echo: Option<u32>,
        scaled: bool,
        rng: &mut Rng,
    ) -> Segment {
        let (seq, ack) = numbers;
        let ts = echo.map_or(vec![], |ecr| {
            vec![TcpOption::Nop, TcpOption::Nop, TcpOption::Timestamps(self.clock.at(time), ecr)]
        });
        let id = self.ids.take(time, rng);
        let shift = self.stack.wscale.filter(|_| scaled).unwrap_or(0);
        let window = if shift == 0 { self.stack.window } else { (65535u32.div_ceil(1 << shift)).min(0xffff) as u16 };
        Segment {
            ttl: self.stack.ttl,
            id,
            dont_fragment: true,
            flags: ACK,
            seq,
            ack,
            window,
            options: ts,
            ..Segment::default()
        }
    }
}
