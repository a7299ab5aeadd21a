//! S16: a SYN-ACK that was made by rewriting the SYN in place.
//!
//! The LVS family (DPVS `ip_vs_synproxy.c`, Alibaba LVS, Jupiter) turns the client's own packet
//! into the answer: the IP identification stays, and refused options are overwritten with NOPs in
//! their places.
//!
//! Fooled by: crafted packets with one identification everywhere, or with counters that begin at 1;
//! a counter of the server that happens to agree, once in 65,536 handshakes.

use super::{Detail, Reading, detail};
use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::listener::Listener;
use crate::listener::ip_identifications::repeated;

/// Weight of an echoed IP identification. Equality by chance (2^-16) would give 11 nats; the weight
/// is lower, because something other than a proxy may copy the field.
const ECHO: f64 = 9.5;
/// Largest step from the SYN-ACK to the server's next packet that shows a counter of the server.
const NEXT: std::ops::RangeInclusive<u16> = 1..=16;
/// Weight where no later packet shows that client and server number their packets differently.
const ECHO_ALONE: f64 = 4.0;
/// Weight of reflected option bytes: P(ordinary) = 1e-3, for a stack that pads with NOPs in this
/// layout. The weight is lower, because all SYN-ACKs of one host are alike in this respect.
const REFLECTED: f64 = 6.0;

/// Returns whether a SYN-ACK repeats the identification of its SYN, which favours a proxy where no
/// other answer has it.
pub(super) fn may_favour(handshake: &Handshake, _is_judged: bool) -> bool {
    repeated(handshake).is_some()
}

pub(super) fn echo<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let identifications = &listener.ip_identifications;
    let id = repeated(handshake).filter(|&id| identifications.count(id) <= 1 && !is_continued(handshake, id))?;
    let most = if later_packets_differ(handshake, id) { ECHO } else { ECHO_ALONE };
    let proxy = most.min(rarity(id)).min(identifications.against_chance());
    Some(Reading {
        cookie: -ECHO_ALONE.min(proxy),
        proxy,
        systematic: false,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: detail!(D, "the SYN-ACK repeats the IP identification of the SYN ({id:#06x})"),
    })
}

/// Returns the nats against two counters that began at 1 both having come to this value. A counter
/// in the other order of bytes counts by 256.
fn rarity(id: u16) -> f64 {
    f64::from(if id.is_multiple_of(256) { id.swap_bytes() } else { id }).ln()
}

/// Returns whether the server's next packet has the next identification: the SYN-ACK's is one of a
/// counter of the server.
fn is_continued(handshake: &Handshake, id: u16) -> bool {
    let next = handshake.server_segments.first().and_then(|next| next.ip.identification());
    next.is_some_and(|next| NEXT.contains(&next.wrapping_sub(id)))
}

/// Returns whether later packets show that client and server number their packets differently.
fn later_packets_differ(handshake: &Handshake, id: u16) -> bool {
    let differs = |segment: &SegmentFacts| segment.ip.identification().is_some_and(|other| other != id);
    [&handshake.ack, &handshake.client_data].into_iter().flatten().any(differs)
        && handshake.server_segments.iter().any(differs)
}

pub(super) fn reflected_options<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let holes = reflected(syn.layout(), syn_ack.layout())?;
    Some(Reading {
        cookie: -ECHO_ALONE,
        proxy: REFLECTED,
        systematic: true,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: detail!(D, "the SYN-ACK repeats the option bytes of the SYN; {holes} of them are overwritten with NOPs"),
    })
}

/// Returns whether the SYN-ACK has a NOP at any place where the SYN has none: this settles most
/// answers. Compares all bytes, so that the compiler can vectorize the loop.
fn is_overwritten(syn: &[u8], syn_ack: &[u8]) -> bool {
    let is_nop = |(&asked, &answered): (&u8, &u8)| (asked != 1) & (answered == 1);
    syn.iter().zip(syn_ack).map(is_nop).fold(false, |any, is| any | is)
}

/// Returns the number of option bytes of the SYN that the SYN-ACK overwrites with NOPs, where it
/// otherwise has the same layout: at least one whole option must be gone, and none moved.
fn reflected(syn: &[u8], syn_ack: &[u8]) -> Option<usize> {
    if syn.len() != syn_ack.len() || syn.len() < 8 || !is_overwritten(syn, syn_ack) {
        return None;
    }
    // Two NOPs where SACK stood are how Linux itself aligns its timestamps.
    overwritten(syn, syn_ack).filter(|&holes| holes > 2)
}

/// Returns whether the SYN-ACK has the options of the SYN where the SYN has them, or NOPs in their
/// place.
pub(crate) fn keeps_layout(syn: &[u8], syn_ack: &[u8]) -> bool {
    syn.len() == syn_ack.len() && overwritten(syn, syn_ack).is_some()
}

/// Returns the number of option bytes that are overwritten with NOPs; `None` where other kinds of
/// options are in their place.
fn overwritten(syn: &[u8], syn_ack: &[u8]) -> Option<usize> {
    let mut holes = 0;
    let mut at = 0;
    while at < syn.len() {
        let kind = syn[at];
        let length = if kind <= 1 { 1 } else { usize::from(*syn.get(at + 1)?).max(2) };
        let (asked, answered) = (syn.get(at..at + length)?, syn_ack.get(at..at + length)?);
        if kind > 1 && answered.iter().all(|&b| b == 1) {
            holes += length;
        } else if answered[0] != kind || (kind > 1 && answered[1] != asked[1]) {
            return None;
        }
        at += length;
    }
    Some(holes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: [u8; 20] = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7];

    #[test]
    fn options_overwritten_in_place_are_counted() {
        let mut answer = SYN;
        answer[6..16].fill(1);
        answer[17..20].fill(1);
        assert_eq!(reflected(&SYN, &answer), Some(13));
    }

    #[test]
    fn an_ordinary_syn_ack_does_not_count_as_reflected() {
        assert_eq!(reflected(&SYN, &SYN), None, "nothing refused");
        assert_eq!(reflected(&SYN, &[2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7]), None, "different layout");
        let moved = [2, 4, 5, 180, 1, 1, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7];
        assert_eq!(reflected(&SYN, &moved), None, "SACK moved");
    }
}
