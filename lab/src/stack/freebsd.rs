//! FreeBSD (`sys/netinet/tcp_syncache.c`): every ISN is a cookie; only in cookie mode is nothing kept.

use super::host::{BSD_REPEATS, Host, Isn, Offset, Window};
use super::linux::index;
use crate::answer::{Answer, Answerer, Opening, Reply, Syn};
use crate::capture::{MICRO, Nanos, SECOND};
use crate::client::Layout;
use crate::clock::IpId;
use crate::packet::Seg;
use crate::rng::Rng;
use crate::truth::Verdict;

/// Sizes the cookie can remember.
pub const MSS_TABLE: [u16; 8] = [216, 536, 1200, 1360, 1400, 1440, 1452, 1460];
/// Scales the cookie can remember; index 0 is "none".
pub const SCALE_TABLE: [u16; 8] = [0, 0, 1, 2, 4, 6, 7, 8];

/// The ordinary host.
pub fn host(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Freebsd,
        mss: 1460,
        wscale: Some(6),
        sack: true,
        ts: true,
        ecn: false,
        window: Window::Fixed(65535),
        ttl: 64,
        df: true,
        first_id: IpId::Fixed(0),
        ids: IpId::Fixed(0),
        rate: 1000,
        step: 1,
        offset: Offset::PerTuple,
        isn: Isn::Freebsd,
        repeats: BSD_REPEATS,
        takes: 25 * MICRO,
        boot: 0,
        key: (0, 0),
    }
    .booted(now, rng)
}

/// The ISN: 24 bits of a hash, then the options masked with its top byte. `sack` says whether the layout keeps SACK (pf's
/// does not).
#[must_use]
pub fn cookie(host: &Host, syn: &Syn, now: Nanos, sack: bool) -> u32 {
    let odd = ((now - host.boot) / (15 * SECOND)) as u32 & 1;
    let mss = index(&MSS_TABLE, syn.seg.mss().unwrap_or(536)) as u32;
    let scale = syn.seg.wscale().map_or(0, |w| 1 + index(&SCALE_TABLE[1..], u16::from(w)) as u32);
    let flags = odd | u32::from(sack && syn.seg.sack()) << 1 | scale << 2 | mss << 5;
    let mac = host.hash(syn.from, syn.to, u64::from(syn.seg.seq) << 16 | u64::from(flags)) as u32;
    mac & 0xffff_ff00 | (flags ^ mac >> 24) & 0xff
}

/// A FreeBSD host whose syncache has overflowed: the same answer, and nothing kept.
#[derive(Clone, Debug)]
pub struct Paused {
    /// The host.
    pub host: Host,
}

impl Answerer for Paused {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, _before: Option<&Answer>, rng: &mut Rng) -> Reply {
        let mut answer = self.host.syn_ack(syn, now, rng);
        answer.repeats.clear();
        answer.verdict = Verdict::SynCookie;
        answer.implementation = Some("freebsd");
        // The same packet as always: only a missing repetition could tell.
        answer.undecidable = true;
        Reply::SynAck(Box::new(answer))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Seg, _now: Nanos, rng: &mut Rng) -> Opening {
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return Opening::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        let mut live = self.host.live(syn, answer, rng);
        let size = MSS_TABLE[index(&MSS_TABLE, syn.seg.mss().unwrap_or(536))];
        live.segment = size.min(self.host.mss) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        Opening::Open(Box::new(live), Vec::new())
    }
}
