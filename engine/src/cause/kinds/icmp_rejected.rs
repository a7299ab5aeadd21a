//! A device, or the server itself, rejected a packet with an ICMP error.

use super::*;
use crate::connection::rare_facts::{RejectedPacket, Rejection};
use crate::narrative::errors::{describe, distances};

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::IcmpRejected,
    clause: "a packet was rejected with an ICMP error",
    counters: &[],
    check: "on the machine that sent the error: nft list ruleset (or iptables -nvL; confirmed if the counter of a reject rule rises); ip route get {server} (confirmed if it shows unreachable or prohibit, or no route); ip neigh (for host unreachable, confirmed if FAILED)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Considers a SYN that was never answered: rejected itself, or like others of its client.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let own = case.handshake.rejected_syn().map(|rejection| rejected(case, rejection));
    own.or_else(|| like_others(case))
}

/// Considers a SYN without an error of its own, beside rejected ones of the same client: routers and
/// hosts limit the number of errors that they send (RFC 1812 section 4.3.2.8; Linux: one a second).
fn like_others(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let own = case.handshake;
    let is_near = |other: &Handshake| {
        other.client.ip == own.client.ip && other.time.seconds_since(own.time).abs() <= NEARBY_SECONDS
    };
    let others = || nearby(case).map(|(_, other)| other).filter(|other| is_near(other));
    let error = others().find_map(|other| other.rejected_syn())?.error;
    let rejected = others().filter(|other| other.rejected_syn().is_some()).count();
    let answered = others().filter(|other| other.syn_ack.is_some()).count();
    let what = format!(
        "{rejected} other SYN{} of this client at that time {} rejected with {} (first in frame {}, from {}); the number \
         of ICMP errors is limited, so a SYN may be rejected without one",
        plural(rejected),
        if rejected == 1 { "was" } else { "were" },
        describe(error.kind),
        error.frame.number,
        error.sender,
    );
    Some(Hypothesis::new(INFO.kind, 3.0, what).opposed_by(
        answered > 0,
        WEAK,
        format!("{answered} other SYN{} of this client got an answer at that time", plural(answered)),
    ))
}

/// Considers a SYN that was rejected before a later one was answered: a route or a neighbour that
/// was missing for a moment.
pub(super) fn delayed(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let (rejection, syn_ack) = (case.handshake.rejected_syn()?, case.handshake.syn_ack.as_ref()?);
    let is_before = rejection.error.time < syn_ack.time;
    is_before.then(|| rejected(case, rejection).supported_by(true, 0.0, "a later SYN was answered"))
}

/// Considers a packet after the SYN that was rejected.
pub(super) fn later_packet(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let rejection = case.handshake.rejection()?;
    (rejection.packet != RejectedPacket::Syn).then(|| rejected(case, rejection))
}

fn rejected(case: &Case<'_, '_>, rejection: &Rejection) -> Hypothesis {
    let Rejection { error, packet } = rejection;
    let server = case.handshake.server;
    let by_server = error.sender == server.ip;
    let name = match packet {
        RejectedPacket::Syn => "SYN",
        RejectedPacket::SynAck => "SYN-ACK",
        RejectedPacket::OfClient => "client's segment after the SYN",
        RejectedPacket::OfServer => "server's segment after the SYN-ACK",
    };
    let what = format!(
        "frame {}: {} rejected the {name} with {}; it quotes the {name}'s addresses, ports and sequence number",
        error.frame.number,
        error.sender,
        describe(error.kind),
    );
    let sent_to_client = matches!(packet, RejectedPacket::Syn | RejectedPacket::OfClient);
    Hypothesis::new(INFO.kind, STRONG, what)
        .supported_by(true, VERY_STRONG, distances(error, sent_to_client))
        .supported_by(
            by_server && sent_to_client,
            0.0,
            "the error came from the server's own address: a rule on the server sent it",
        )
        .supported_by(
            !by_server && sent_to_client,
            0.0,
            "the error did not come from the server's address: a device in front of it sent it",
        )
        .opposed_by(case.is_of_flood(), VERY_STRONG, "the SYN belongs to a flood, whose sources do not exist")
        .not_observable(true, "the rule or the route that made the device send the error")
}
