//! FreeBSD (`sys/netinet/tcp_syncache.c`): every ISN is a cookie; only in cookie mode is nothing kept.

use super::host::{BSD_REPEATS, Host, Isn, Offset, Window};
use super::syncache;
use crate::answer::{Answer, Answerer, Opening, Reply, Syn};
use crate::capture::{MICRO, Nanos};
use crate::clock::IpId;
use crate::layout::Layout;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

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
        dont_fragment: true,
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

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, _now: Nanos, rng: &mut Rng) -> Opening {
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return Opening::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        let mut live = self.host.live(syn, answer, rng);
        let size = syncache::remembered(syn);
        live.segment = size.min(self.host.mss) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        Opening::Open(Box::new(live), Vec::new())
    }
}
