//! Switches that turn the client's SYN round: they swap addresses and ports, and write a cookie.

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::Nanos;
use crate::stack::Host;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN, Segment};

/// What a switch does to the options of the SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reflector {
    /// Keeps all (`agocsdaniel/p4-synproxy`, `create_syn_cookie_packet`).
    Keeps,
    /// Removes all (`Princeton-Cabernet/SmartCookie`, `craft_synack_reply`: `data_offset=5`).
    Removes,
}

impl Shape for Reflector {
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, _: Option<&Answer>, _: &mut Rng) -> Segment {
        let cookie = keeper.hash(syn.from, syn.to, u64::from(syn.seg.seq) << 8 | (now >> 36 & 0xff)) as u32;
        Segment {
            flags: SYN | ACK,
            seq: cookie,
            ack: syn.seg.seq.wrapping_add(1),
            options: if *self == Self::Keeps { syn.seg.options.clone() } else { Vec::new() },
            ..syn.seg.clone()
        }
    }

    fn implementation(&self) -> Option<&'static str> {
        (*self == Self::Removes).then_some("smartcookie")
    }

    fn updates(&self) -> usize {
        0
    }

    /// Returns `None`: the switch opens its connection to the server without options.
    fn stamps(&self) -> Stamps {
        Stamps::None
    }
}
