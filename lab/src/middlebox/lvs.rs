//! The LVS family (DPVS, Alibaba LVS, Jupiter), which rewrites the client's SYN in place and sends
//! it back.

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::{Nanos, SECOND};
use crate::stack::Host;
use crate::stack::linux::sequence;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, RST, SYN, Segment, TcpOption};

/// A director's configuration.
#[derive(Clone, Copy, Debug)]
pub struct Lvs {
    /// Keeps SACK.
    pub sack: bool,
    /// Keeps the window scale.
    pub wscale: bool,
    /// Keeps timestamps.
    pub ts: bool,
    /// Zeroes the window (`close_client_window`).
    pub closed: bool,
    /// Caps the MSS at 1452.
    pub cap: bool,
    /// Answers a wrong cookie and a refusal as DPVS does, with a reset.
    pub resets: bool,
    /// The product's word for the implementation, if there is one.
    pub word: Option<&'static str>,
}

impl Lvs {
    /// DPVS's defaults.
    pub const DPVS: Self =
        Self { sack: true, wscale: false, ts: false, closed: false, cap: true, resets: true, word: Some("dpvs") };
    /// DPVS with `close_client_window`.
    pub const DPVS_CLOSED: Self = Self { closed: true, ..Self::DPVS };
    /// Jupiter: no SACK either.
    pub const JUPITER: Self = Self { sack: false, cap: false, resets: false, ..Self::DPVS };
    /// Class B2: every option kept, timestamps random per flow.
    pub const ALL_KEPT: Self = Self { wscale: true, ts: true, cap: false, word: None, ..Self::DPVS };

    /// Returns a client's option, or the NOPs that overwrite it.
    fn reflect(self, option: TcpOption, rng: &mut Rng) -> Vec<TcpOption> {
        match option {
            TcpOption::Mss(mss) => vec![TcpOption::Mss(if self.cap { mss.min(1452) } else { mss })],
            TcpOption::SackPermitted if !self.sack => vec![TcpOption::Nop; 2],
            TcpOption::WindowScale(_) if !self.wscale => vec![TcpOption::Nop; 3],
            TcpOption::WindowScale(_) => vec![TcpOption::WindowScale(7)],
            TcpOption::Timestamps(..) if !self.ts => vec![TcpOption::Nop; 10],
            TcpOption::Timestamps(val, _) => vec![TcpOption::Timestamps(rng.next_u32(), val)],
            other => vec![other],
        }
    }
}

impl Shape for Lvs {
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, _: Option<&Answer>, rng: &mut Rng) -> Segment {
        let scale = u32::from(if self.wscale { syn.seg.window_scale().unwrap_or(0) } else { 0 }) & 15;
        let sack = u32::from(self.sack && syn.seg.sack_permitted()) << 21;
        let data = scale << 16 | u32::from(self.ts && syn.seg.tsval().is_some()) << 20 | sack;
        Segment {
            ttl: 63,
            id: syn.seg.id,
            dont_fragment: syn.seg.dont_fragment,
            flags: SYN | ACK,
            seq: sequence(keeper, syn, now, 60 * SECOND, data),
            ack: syn.seg.seq.wrapping_add(1),
            window: if self.closed { 0 } else { syn.seg.window },
            options: syn.seg.options.iter().flat_map(|&o| self.reflect(o, rng)).collect(),
            ..Segment::default()
        }
    }

    fn implementation(&self) -> Option<&'static str> {
        self.word
    }

    fn updates(&self) -> usize {
        usize::from(self.closed)
    }

    fn stamps(&self) -> Stamps {
        if self.ts { Stamps::Continued } else { Stamps::None }
    }

    fn refusal(&self, answer: &Answer, ack: &Segment, ttl: u8) -> Option<Segment> {
        let seq = answer.seg.seq.wrapping_add(1);
        let (flags, number) = if self.resets { (RST | ACK, ack.seq) } else { (RST, 0) };
        Some(Segment { ttl, dont_fragment: true, flags, seq, ack: number, ..Segment::default() })
    }

    /// Adds the leaked ACK: Jupiter's stateless reset looks like the server's answer to one.
    fn refusal_causes(&self) -> &'static [&'static str] {
        if self.resets { &["proxy-backend-refused"] } else { &["proxy-backend-refused", "proxy-leaked-ack"] }
    }

    fn rejection(&self, ack: &Segment, ttl: u8) -> Option<Segment> {
        let shape =
            Segment { ttl, dont_fragment: true, flags: RST | ACK, seq: ack.ack, ack: ack.seq, ..Segment::default() };
        self.resets.then_some(shape)
    }
}
