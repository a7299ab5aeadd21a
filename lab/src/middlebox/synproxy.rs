//! Netfilter SYNPROXY (`nf_synproxy_core.c`) and the XDP synproxy (`xdp_synproxy_kern.c`).

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::{Nanos, SECOND};
use crate::layout::Layout;
use crate::stack::Host;
use crate::stack::linux::{option_bits, remembered, sequence};
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, ECE, SYN, Segment};

/// A rule's options.
#[derive(Clone, Copy, Debug)]
pub struct Synproxy {
    /// `--mss`.
    pub mss: u16,
    /// `--wscale`.
    pub wscale: Option<u8>,
    /// `--sack-perm`.
    pub sack: bool,
    /// `--timestamp`.
    pub ts: bool,
    /// `--ecn`.
    pub ecn: bool,
}

impl Synproxy {
    /// `--sack-perm --timestamp --wscale 7 --mss 1460`.
    pub const FULL: Self = Self { mss: 1460, wscale: Some(7), sack: true, ts: true, ecn: false };
    /// `--mss 1380`.
    pub const BARE: Self = Self { mss: 1380, wscale: None, sack: false, ts: false, ecn: false };
    /// The XDP program's defaults.
    pub const XDP: Self = Self { ecn: true, ..Self::FULL };
}

impl Shape for Synproxy {
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, _: Option<&Answer>, _: &mut Rng) -> Segment {
        let stamp = syn.seg.tsval().filter(|_| self.ts);
        let wscale = stamp.and(syn.seg.window_scale()).and(self.wscale);
        let sack = stamp.is_some() && self.sack && syn.seg.sack_permitted();
        let ecn = stamp.is_some() && self.ecn && syn.seg.ecn_setup();
        // No correction to at most now: the value may lie up to 63 ms ahead.
        let value = keeper.clock(syn, now).at(now) & !63 | option_bits(wscale, sack, ecn);
        Segment {
            ttl: 64,
            dont_fragment: true,
            flags: SYN | ACK | if ecn { ECE } else { 0 },
            seq: sequence(keeper, syn, now, 60 * SECOND, 0),
            ack: syn.seg.seq.wrapping_add(1),
            options: Layout::Linux.write(Some(self.mss), wscale, sack, stamp.map(|ecr| (value, ecr))),
            ..Segment::default()
        }
    }

    fn implementation(&self) -> Option<&'static str> {
        Some("linux-synproxy")
    }

    fn updates(&self) -> usize {
        if self.ts { 2 } else { 1 }
    }

    fn stamps(&self) -> Stamps {
        Stamps::Rebased
    }

    fn segment(&self, syn: &Syn, backend: &Host) -> u16 {
        remembered(syn).min(backend.mss)
    }
}
