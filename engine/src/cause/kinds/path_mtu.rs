//! Large segments do not pass the path, and small ones do.

use super::*;
use crate::connection::large_segments::StuckSegment;
use crate::packet::icmp::{IcmpError, IcmpKind};

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::PathMtu,
    clause: "large segments do not pass the path and small ones do: its MTU is smaller than the ends believe",
    counters: &[],
    check: "on the {sender}, which sends the large segments: ping -M do -s 1472 {receiver} (and with smaller sizes; confirmed if only small ones are answered); tracepath {receiver}; to repair: let ICMP \"fragmentation needed\" and \"packet too big\" pass, clamp the MSS (nft: tcp option maxseg size set rt mtu), or set net.ipv4.tcp_mtu_probing=1",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Number of retransmissions that loss alone does not explain.
const COPIES: u8 = 2;
/// Time, in seconds, in which a lost segment is retransmitted at least twice (Linux: 200 ms, then
/// 400 ms, then 800 ms).
const PATIENCE: f64 = 2.0;
/// Payload, in bytes, that every path passes (RFC 791 section 3.1: packets of 576 bytes).
const SMALL: u32 = 536;
/// Number of the client's handshakes, before and after this one, that are examined.
const REACH: usize = 32;

/// Considers a segment of either end that does not arrive.
pub(super) fn stuck(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let of = |sender| case.handshake.stuck(sender).and_then(|stuck| considered(case, sender, stuck));
    of(Side::Server).or_else(|| of(Side::Client))
}

fn considered(case: &Case<'_, '_>, sender: Side, stuck: &StuckSegment) -> Option<Hypothesis> {
    let waited = waited(case, stuck);
    let is_repeated = stuck.copies >= COPIES;
    if !(is_repeated || stuck.sack.is_some()) || waited < PATIENCE {
        return None;
    }
    let too_big = case.handshake.too_big(sender);
    let passes = stuck.sack.is_some() || stuck.asked_again.is_some() || too_big.is_some();
    let stalls = sender == Side::Client && case.handshake.server_segments.is_empty();
    // Without a sign that small segments pass, the receiver may be gone.
    if !(passes || stalls) {
        return None;
    }
    let fates = Fates::of(case, sender);
    let is_small = stuck.copies > 0 && stuck.smallest <= SMALL;
    let others = format!(
        "{} of {} other connections of this client with large segments fail in the same way",
        fates.stuck,
        fates.all()
    );
    Some(
        Hypothesis::new(INFO.kind, MODERATE, loss(sender, stuck, waited))
            .of_segments_from(sender)
            .supported_by(stuck.sack.is_some(), VERY_STRONG, sack_sentence(stuck))
            .supported_by(stuck.asked_again.is_some(), STRONG, asked_sentence(stuck))
            .supported_by(too_big.is_some(), VERY_STRONG, too_big.map(too_big_sentence).unwrap_or_default())
            .supported_by(fates.stuck > 0 && fates.passed == 0, STRONG, others)
            .opposed_by(
                fates.passed > 0,
                STRONG,
                format!("large segments passed in {} other connections of this client", fates.passed),
            )
            .opposed_by(
                is_small,
                VERY_STRONG,
                format!("a retransmission of {} bytes did not arrive, either", stuck.smallest),
            )
            .not_observable(too_big.is_none(), "whether a router sent an ICMP error that did not reach the sender"),
    )
}

/// Returns the seconds for which the segment was missing: until the connection ended, as far as the
/// receiver's segments show, or until the end of the capture.
fn waited(case: &Case<'_, '_>, stuck: &StuckSegment) -> f64 {
    let handshake = case.handshake;
    let has_ended = handshake.client_fin || handshake.server_fin || handshake.reset.is_some();
    let last_sign = stuck.asked_again.map_or(stuck.since, |(_, time)| time).max(stuck.latest.unwrap_or(stuck.since));
    (if has_ended { last_sign } else { case.listener.now }).seconds_since(stuck.since)
}

/// Numbers of the client's other connections in which large segments passed, or did not.
#[derive(Default)]
struct Fates {
    passed: usize,
    stuck: usize,
}

impl Fates {
    fn of(case: &Case<'_, '_>, sender: Side) -> Self {
        let mut fates = Self::default();
        for other in case.of_same_client(REACH) {
            fates.passed += usize::from(other.large_segments.has_passed(sender));
            fates.stuck +=
                usize::from(other.stuck(sender).is_some_and(|stuck| stuck.copies >= COPIES || stuck.sack.is_some()));
        }
        fates
    }

    const fn all(&self) -> usize {
        self.passed + self.stuck
    }
}

/// Describes what is missing.
fn loss(sender: Side, stuck: &StuckSegment, waited: f64) -> String {
    let name = sender.name();
    match stuck.copies {
        0 => format!("a segment of the {name} did not arrive for {waited:.1} s, nor did its retransmissions"),
        copies => format!(
            "a segment of the {name} ({} bytes) was retransmitted {copies} time{} and not acknowledged for {waited:.1} s",
            stuck.largest,
            plural(copies.into()),
        ),
    }
}

fn sack_sentence(stuck: &StuckSegment) -> String {
    stuck.sack.map_or_else(String::new, |(frame, missing)| {
        format!(
            "frame {}: the receiver has later data (SACK) and lacks {missing} bytes before it: smaller segments arrive",
            frame.number
        )
    })
}

fn asked_sentence(stuck: &StuckSegment) -> String {
    stuck.asked_again.map_or_else(String::new, |(frame, _)| {
        format!("frame {}: the receiver is alive and still asks for that segment", frame.number)
    })
}

fn too_big_sentence(error: &IcmpError) -> String {
    let mtu = match error.kind {
        IcmpKind::TooBig { mtu } if mtu > 0 => format!("an MTU of {mtu} bytes"),
        _ => "a smaller MTU".to_owned(),
    };
    format!("frame {}: {} reports {mtu} for the segment that it quotes", error.frame.number, error.sender)
}
