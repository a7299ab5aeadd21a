//! gVisor netstack (`pkg/tcpip/transport/tcp/accept.go`): a cookie keeps timestamps, never window scale or SACK.

use super::host::{Growth, Host, Isn, LINUX_REPEATS, Offset, Window};
use super::linux::{self, Mode};
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, Nanos, SECOND};
use crate::clock::IpId;
use crate::layout::Layout;
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::Segment;

/// Creates the host with its ordinary settings.
pub fn host(now: Nanos, rng: &mut Rng) -> Host {
    Host {
        layout: Layout::Linux,
        mss: 1460,
        wscale: Some(7),
        sack: true,
        ts: true,
        ecn: false,
        mptcp: false,
        fast_open: false,
        window: Window::Fixed(65535),
        growth: Growth::Kept,
        ttl: 64,
        dont_fragment: true,
        first_id: IpId::Random,
        ids: IpId::Random,
        rate: 1000,
        step: 1,
        offset: Offset::PerConnection,
        isn: Isn::Rfc6528,
        repeats: LINUX_REPEATS,
        takes: 60 * MICRO,
        boot: 0,
        key: (0, 0),
    }
    .booted(now, rng)
}

/// A gVisor host that may answer with cookies.
#[derive(Clone, Debug)]
pub struct Gvisor {
    /// The host that answers.
    pub host: Host,
    /// The times at which it answers with cookies.
    pub mode: Mode,
}

impl Answerer for Gvisor {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let kept = before.is_some_and(|b| b.verdict == Verdict::Ordinary);
        if kept || !self.mode.wants_cookie(now, rng) {
            return self.host.on_syn(syn, now, before.filter(|_| kept), rng);
        }
        let mut answer = self.host.syn_ack(syn, now, rng);
        let stamp = answer.seg.tsval().zip(syn.seg.tsval());
        answer.seg.options = self.host.layout.write(Some(self.host.mss), None, false, stamp);
        answer.seg.seq = linux::sequence(&self.host, syn, now, 64 * SECOND, 0);
        answer.repeats.clear();
        answer.verdict = Verdict::SynCookie;
        answer.implementation = Some("gvisor");
        SynReply::SynAck(Box::new(answer))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, _now: Nanos, rng: &mut Rng) -> AckReply {
        if answer.verdict == Verdict::SynCookie && ack.ack != answer.seg.seq.wrapping_add(1) {
            return AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        let mut live = self.host.live(syn, answer, rng);
        if answer.verdict == Verdict::SynCookie {
            live.segment = linux::remembered(syn) - if answer.seg.tsval().is_some() { 12 } else { 0 };
        }
        AckReply::Open(Box::new(live), Vec::new())
    }
}
