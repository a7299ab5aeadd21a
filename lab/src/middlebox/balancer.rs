//! Boxes that are known only by what strangers' captures show of them (classes C, D and E).

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::Nanos;
use crate::layout::Layout;
use crate::stack::Host;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN, Segment};

/// The class of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// IP ID of the SYN echoed, and a TTL jump.
    Echo,
    /// MSS only, window 4380, random IP ID, another ISN for every retransmission of the SYN.
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
    fn syn_ack(&mut self, _: &Host, syn: &Syn, _: Nanos, before: Option<&Answer>, rng: &mut Rng) -> Segment {
        let kept = before.map(|b| b.seg.seq).filter(|_| self.class != Class::ThreeSegments);
        let fresh = rng.next_u32();
        let (window, id) = match self.class {
            Class::Echo => (29200, syn.seg.id),
            Class::ThreeSegments => (4380, rng.next_u16()),
            Class::OddWindow(window) => (window, rng.next_u16()),
        };
        let options = match self.class {
            Class::Echo => {
                Layout::Windows.write(Some(1460), syn.seg.window_scale().and(Some(7)), syn.seg.sack_permitted(), None)
            }
            Class::ThreeSegments => Layout::Windows.write(Some(1460), None, false, None),
            Class::OddWindow(_) => Layout::Windows.write(Some(1460), None, syn.seg.sack_permitted(), None),
        };
        Segment {
            ttl: self.ttl,
            id,
            dont_fragment: true,
            flags: SYN | ACK,
            seq: kept.unwrap_or(fresh),
            ack: syn.seg.seq.wrapping_add(1),
            window,
            options,
            ..Segment::default()
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
