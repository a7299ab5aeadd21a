//! Boxes known from strangers' captures by their marks alone (classes C, D and E).

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::Nanos;
use crate::client::Layout;
use crate::packet::{ACK, SYN, Seg};
use crate::rng::Rng;
use crate::stack::Host;

/// Which class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// IP ID of the SYN echoed, and a TTL jump.
    Echo,
    /// MSS only, window 4380, random IP ID, another ISN for every repetition of the SYN.
    ThreeSegments,
    /// A window of its own (8190, 8000), and a TTL jump.
    OddWindow(u16),
}

/// A box of such a class.
#[derive(Clone, Copy, Debug)]
pub struct Balancer {
    /// The class.
    pub class: Class,
    /// Initial TTL of its own packets.
    pub ttl: u8,
}

impl Shape for Balancer {
    fn syn_ack(&mut self, _: &Host, syn: &Syn, _: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Seg {
        let kept = before.map(|b| b.seg.seq).filter(|_| self.class != Class::ThreeSegments);
        let fresh = rng.word();
        let (window, id) = match self.class {
            Class::Echo => (29200, syn.seg.id),
            Class::ThreeSegments => (4380, rng.half()),
            Class::OddWindow(window) => (window, rng.half()),
        };
        let options = match self.class {
            Class::Echo => Layout::Windows.write(Some(1460), syn.seg.wscale().and(Some(7)), syn.seg.sack(), None),
            Class::ThreeSegments => Layout::Windows.write(Some(1460), None, false, None),
            Class::OddWindow(_) => Layout::Windows.write(Some(1460), None, syn.seg.sack(), None),
        };
        Seg {
            ttl: self.ttl,
            id,
            df: true,
            flags: SYN | ACK,
            seq: kept.unwrap_or(fresh),
            ack: syn.seg.seq.wrapping_add(1),
            window,
            options,
            ..Seg::default()
        }
    }

    fn implementation(&self) -> Option<&'static str> {
        None
    }

    fn updates(&self) -> usize {
        0
    }

    fn stamps(&self) -> Stamps {
        Stamps::None
    }
}
