//! FreeBSD (`sys/netinet/tcp_syncache.c`). Every ISN is a cookie; only in cookie mode the host
//! keeps no state.

use super::host::{BSD_REPEATS, Growth, Host, Isn, Offset, Window};
use super::syncache;
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, Nanos};
use crate::clock::IpId;
use crate::layout::Layout;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

/// Creates the host with its ordinary settings.
pub fn host(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Freebsd,
        mss: 1460,
        wscale: Some(6),
        sack: true,
        ts: true,
        ecn: false,
        mptcp: false,
        fast_open: false,
        window: Window::Fixed(65535),
        growth: Growth::Kept,
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

/// A FreeBSD host whose syncache has overflowed: it gives the same answer and keeps no state.
#[derive(Clone, Debug)]
pub struct Paused {
    /// The host that answers.
    pub host: Host,
}

impl Answerer for Paused {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, _before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let mut answer = self.host.syn_ack(syn, now, rng);
        answer.repeats.clear();
        answer.verdict = Verdict::SynCookie;
        answer.implementation = Some("freebsd");
        // The packet is the same as ever: only a missing retransmission could show it.
        answer.undecidable = true;
        SynReply::SynAck(Box::new(answer))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, _now: Nanos, rng: &mut Rng) -> AckReply {
        if ack.ack != answer.seg.seq.wrapping_add(1) {
            return AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        let mut live = self.host.live(syn, answer, rng);
        let size = syncache::remembered(syn);
        live.segment = size.min(self.host.mss) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        AckReply::Open(Box::new(live), Vec::new())
    }
}
