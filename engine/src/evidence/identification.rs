//! S16: an answer made out of the question: the SYN rewritten in place.
//!
//! The LVS family (DPVS `ip_vs_synproxy.c`, Alibaba LVS, Jupiter) turns the client's own packet round: the IP
//! identification stays, and option slots it refuses are overwritten with NOPs where they stood.
//!
//! Fooled by: crafted packets with one identification everywhere, a counter that happens to agree.

use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::connection::handshake::{Handshake, SynHeader};
use crate::listener::Listener;

/// Chance agreement of 16 bits is e^-11; copies by other means are not, hence less.
const ECHO: f64 = 9.0;
/// The same where no later packet shows that client and server number their packets differently.
const ECHO_ALONE: f64 = 4.0;
/// Chance of the layout of a stack that would pad this way: 1e-3.
const REFLECTED: f64 = 6.0;

pub(super) fn observe<W: Words>(listener: &Listener<'_>, handshake: &Handshake) -> impl Iterator<Item = Signal<W>> {
    identification(listener, handshake).into_iter().chain(options(handshake))
}

fn identification<W: Words>(listener: &Listener<'_>, handshake: &Handshake) -> Option<Signal<W>> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let proxy = echo(listener, handshake, syn, syn_ack)?;
    Some(Signal {
        kind: EvidenceKind::IpIdEcho,
        group: Group::Machine,
        cookie: -ECHO_ALONE,
        proxy,
        habitual: false,
        frames: W::cite([syn.frame, syn_ack.frame]),
        detail: say!(
            W,
            "SYN-ACK carries the IP identification of the SYN ({:#06x})",
            syn.ip.identification.unwrap_or_default()
        ),
    })
}

fn options<W: Words>(handshake: &Handshake) -> Option<Signal<W>> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let holes = reflected(syn.layout(), syn_ack.layout())?;
    Some(Signal {
        kind: EvidenceKind::ReflectedOptions,
        group: Group::Machine,
        cookie: -ECHO_ALONE,
        proxy: REFLECTED,
        habitual: true,
        frames: W::cite([syn.frame, syn_ack.frame]),
        detail: say!(W, "SYN-ACK repeats the option bytes of the SYN, {holes} of them overwritten with NOPs"),
    })
}

/// The IP identifications of a listener's SYN-ACKs, in order; none where no SYN-ACK repeats its SYN's, as nobody asks then.
pub(crate) struct Identifications {
    all: Vec<u16>,
}

/// The identification, where one is counted.
fn counted(opening: &Option<SynHeader>) -> Option<u16> {
    opening.as_ref()?.ip.identification.filter(|&id| id != 0)
}

impl Identifications {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let is_echo = |h: &&Handshake| counted(&h.syn_ack).is_some_and(|answered| counted(&h.syn) == Some(answered));
        if !handshakes.iter().any(is_echo) {
            return Self { all: Vec::new() };
        }
        let mut all: Vec<u16> = handshakes.iter().filter_map(|h| counted(&h.syn_ack)).collect();
        all.sort_unstable();
        Self { all }
    }

    /// In how many SYN-ACKs that of a SYN stands which one repeats.
    fn count(&self, echo: u16) -> usize {
        self.all.partition_point(|&id| id <= echo) - self.all.partition_point(|&id| id < echo)
    }
}

fn echo(listener: &Listener<'_>, handshake: &Handshake, syn: &SynHeader, syn_ack: &SynHeader) -> Option<f64> {
    let id = syn.ip.identification.filter(|&id| id != 0)?;
    if syn_ack.ip.identification != Some(id) || listener.identifications.count(id) > 1 {
        return None;
    }
    let client = [handshake.ack, handshake.client_data].into_iter().flatten().filter_map(|l| l.ip.identification);
    let server = handshake.server_segments.iter().filter_map(|l| l.ip.identification);
    let (mut client_differs, mut server_differs) = (false, false);
    for other in client {
        client_differs |= other != id;
    }
    for other in server {
        server_differs |= other != id;
    }
    Some(if client_differs && server_differs { ECHO } else { ECHO_ALONE })
}

/// Whether a NOP stands anywhere where none stood: of most answers that is enough to know. All bytes are looked at, many together.
fn is_overwritten(syn: &[u8], syn_ack: &[u8]) -> bool {
    let is_nop = |(&asked, &answered): (&u8, &u8)| (asked != 1) & (answered == 1);
    syn.iter().zip(syn_ack).map(is_nop).fold(false, |any, is| any | is)
}

/// Number of option bytes of the SYN that the SYN-ACK overwrites with NOPs, where it otherwise has the same layout:
/// at least one whole option must be gone, and none moved.
fn reflected(syn: &[u8], syn_ack: &[u8]) -> Option<usize> {
    if syn.len() != syn_ack.len() || syn.len() < 8 || !is_overwritten(syn, syn_ack) {
        return None;
    }
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
    // Two NOPs where SACK stood are how Linux itself aligns its timestamps.
    (holes > 2).then_some(holes)
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
    fn an_ordinary_answer_is_no_reflection() {
        assert_eq!(reflected(&SYN, &SYN), None, "nothing refused");
        assert_eq!(reflected(&SYN, &[2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7]), None, "laid out anew");
        let moved = [2, 4, 5, 180, 1, 1, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 7];
        assert_eq!(reflected(&SYN, &moved), None, "SACK moved");
    }
}
