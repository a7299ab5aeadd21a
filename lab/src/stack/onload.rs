//! Onload (`src/lib/transport/ip/tcp_syncookie.c`): the ISN's low byte shows the MSS index and a
//! coarse clock, and the timestamp nine bits of options.

use super::cookie::{behind, table_index};
use super::host::{Host, Offset, Window};
use super::linux::{Kernel, Mode};
use crate::answer::{AckReply, Answer, Answerer, Syn, SynReply};
use crate::capture::{MICRO, Nanos};
use crate::truth::Verdict;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{Segment, TcpOption};

/// MSS values that the cookie can encode.
pub const MSS_TABLE: [u16; 8] = [64, 512, 536, 1024, 1220, 1440, 1460, u16::MAX];
/// A tick of the ISN's 5-bit clock.
const TICK: Nanos = 8_388_608_000;

/// An Onload host that may answer with cookies.
#[derive(Clone, Debug)]
pub struct Onload {
    /// The host that answers.
    pub host: Host,
    /// The times at which it answers with cookies.
    pub mode: Mode,
}

impl Onload {
    /// Creates a host with a mode.
    pub fn new(mode: Mode, now: Nanos, rng: &mut Rng) -> Self {
        let mut host = Kernel::PAIR.host(now, rng);
        host.window = Window::Fixed(65535);
        host.offset = Offset::Global;
        host.ecn = false;
        Self { host, mode }
    }

    fn cookie(&self, syn: &Syn, now: Nanos, rng: &mut Rng) -> Answer {
        let host = &self.host;
        let mut answer = host.syn_ack(syn, now, rng);
        let tick = ((now - host.boot) / TICK) as u32 & 31;
        let size = table_index(&MSS_TABLE, syn.seg.mss().unwrap_or(536)) as u32;
        let mac = host.hash(syn.from, syn.to, u64::from(tick) << 8 | u64::from(size)) as u32;
        answer.seg.seq = mac & !0xff | tick << 3 | size;
        match answer.seg.tsval() {
            Some(stamp) => {
                let snd = u32::from(syn.seg.window_scale().unwrap_or(0));
                let rcv = u32::from(answer.seg.window_scale().unwrap_or(0));
                let bits = rcv | snd << 4 | u32::from(answer.seg.sack_permitted()) << 8;
                answer.seg.set_tsval(behind(stamp, 0x1ff, bits));
            }
            None => answer.seg.options = vec![TcpOption::Mss(host.mss)],
        }
        answer.repeats.clear();
        answer.verdict = Verdict::SynCookie;
        answer.implementation = Some("onload");
        answer
    }
}

impl Answerer for Onload {
    fn on_syn(&mut self, syn: &Syn, now: Nanos, before: Option<&Answer>, rng: &mut Rng) -> SynReply {
        let kept = before.is_some_and(|b| b.verdict == Verdict::Ordinary);
        if kept || !self.mode.wants_cookie(now, rng) {
            return self.host.on_syn(syn, now, before.filter(|_| kept), rng);
        }
        SynReply::SynAck(Box::new(self.cookie(syn, now, rng)))
    }

    fn on_ack(&mut self, syn: &Syn, answer: &Answer, ack: &Segment, _now: Nanos, rng: &mut Rng) -> AckReply {
        let wrong = ack.ack != answer.seg.seq.wrapping_add(1);
        if answer.verdict == Verdict::SynCookie && wrong {
            return AckReply::Reset(5 * MICRO, crate::answer::bare_reset(ack, self.host.ttl), &["cookie-rejected"]);
        }
        AckReply::Open(Box::new(self.host.live(syn, answer, rng)), Vec::new())
    }
}
