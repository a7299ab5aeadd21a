//! pf: `synproxy state` (stateful) and `set syncookies` (`sys/net/pf_syncookies.c`).

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::Nanos;
use crate::stack::Host;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN, Segment, TcpOption};

/// pf `synproxy state`.
#[derive(Clone, Copy, Debug)]
pub struct PfSynproxy {
    /// MSS for the MTU of the route: 1380 for 1420.
    pub route_mss: u16,
}

/// pf `set syncookies`.
#[derive(Clone, Copy, Debug)]
pub struct PfSyncookies;

fn syn_ack(syn: &Syn, seq: u32, mss: u16, rng: &mut Rng) -> Segment {
    Segment {
        ttl: 64,
        id: rng.next_u16(),
        dont_fragment: true,
        flags: SYN | ACK,
        seq,
        ack: syn.seg.seq.wrapping_add(1),
        options: vec![TcpOption::Mss(mss)],
        ..Segment::default()
    }
}

impl Shape for PfSynproxy {
    fn syn_ack(&mut self, _: &Host, syn: &Syn, _: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Segment {
        let seq = before.map_or_else(|| rng.next_u32(), |b| b.seg.seq);
        let mss = syn.seg.mss().unwrap_or(536).min(self.route_mss);
        syn_ack(syn, seq, mss, rng)
    }

    fn implementation(&self) -> Option<&'static str> {
        Some("pf-synproxy")
    }

    fn updates(&self) -> usize {
        1
    }

    fn stamps(&self) -> Stamps {
        Stamps::None
    }

    /// Returns `None`: pf drops the server's reset.
    fn refusal(&self, _: &Answer, _: &Segment, _: u8) -> Option<Segment> {
        None
    }
}

impl Shape for PfSyncookies {
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, _: Option<&Answer>, rng: &mut Rng) -> Segment {
        let seq = keeper.syncache_cookie(syn, now, false);
        syn_ack(syn, seq, syn.seg.mss().unwrap_or(536).max(536), rng)
    }

    fn implementation(&self) -> Option<&'static str> {
        Some("pf-syncookies")
    }

    fn updates(&self) -> usize {
        1
    }

    fn stamps(&self) -> Stamps {
        Stamps::None
    }

    fn refusal(&self, _: &Answer, _: &Segment, _: u8) -> Option<Segment> {
        None
    }
}
