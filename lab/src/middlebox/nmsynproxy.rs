//! nmsynproxy (`Aalto5G/nmsynproxy`, synproxy/synproxy.c and synproxy/secret.c).

use super::front::{Shape, Stamps};
use crate::answer::{Answer, Syn};
use crate::capture::{Nanos, SECOND};
use crate::stack::Host;
use crate::stack::cookie::table_index;
use syncookie_testkit::rng::Rng;
use syncookie_testkit::tcp::{ACK, SYN, Segment, TcpOption};

/// MSS values of the default configuration.
const MSS_TABLE: [u16; 4] = [216, 1200, 1400, 1460];
/// Window scales of the default configuration.
const SCALE_TABLE: [u16; 4] = [0, 2, 4, 7];
/// Number of hashed bits of the ISN.
const HASH_BITS: u32 = 26;

/// A proxy with the default configuration.
#[derive(Clone, Copy, Debug)]
pub struct Nmsynproxy;

impl Shape for Nmsynproxy {
    fn syn_ack(&mut self, keeper: &Host, syn: &Syn, now: Nanos, _: Option<&Answer>, _: &mut Rng) -> Segment {
        let mss = table_index(&MSS_TABLE, syn.seg.mss().unwrap_or(536)) as u32;
        let scale = table_index(&SCALE_TABLE, u16::from(syn.seg.window_scale().unwrap_or(0))) as u32;
        let options = u32::from(syn.seg.sack_permitted()) << 4 | mss << 2 | scale;
        let secret = (now / (32 * SECOND)) as u32 & 1;
        let hash = keeper.hash(syn.from, syn.to, u64::from(secret) << 8 | u64::from(options)) as u32;
        Segment {
            ttl: 64,
            dont_fragment: true,
            flags: SYN | ACK,
            seq: secret << 31 | options << HASH_BITS | hash & ((1 << HASH_BITS) - 1),
            ack: syn.seg.seq.wrapping_add(1),
            options: written(syn.seg.tsval().map(|echo| (hash, echo))),
            ..Segment::default()
        }
    }

    fn implementation(&self) -> Option<&'static str> {
        Some("nmsynproxy")
    }

    fn updates(&self) -> usize {
        1
    }

    fn stamps(&self) -> Stamps {
        Stamps::Rebased
    }
}

/// Returns its options: always 24 bytes, with window scale, MSS and SACK whether or not the client
/// offered them.
fn written(stamp: Option<(u32, u32)>) -> Vec<TcpOption> {
    use TcpOption::{End, Mss, Nop, SackPermitted, Timestamps, WindowScale};
    let fixed = [WindowScale(7), Nop, Mss(1460), SackPermitted];
    let rest = match stamp {
        Some((value, echo)) => vec![Nop, Nop, Nop, Nop, Timestamps(value, echo)],
        None => vec![End; 14],
    };
    fixed.into_iter().chain(rest).collect()
}
