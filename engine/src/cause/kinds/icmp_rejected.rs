//! A device, or the server itself, rejected a packet with an ICMP error.

use super::*;
use crate::connection::rare_facts::{RejectedPacket, Rejection};
use crate::evidence::hop_limit::{field_name, initial};
use crate::packet::icmp::{IcmpError, IcmpKind};

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::IcmpRejected,
    clause: "a packet was rejected with an ICMP error",
    counters: &[],
    check: "on the machine whose address sent the error: nft list ruleset (or iptables -nvL; look for reject and its counter), ip route get SERVER (expect: unreachable or prohibit, or no route), ip neigh (expect: FAILED for host unreachable)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Considers a SYN that was rejected and never answered.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    case.handshake.rejected_syn().map(|rejection| rejected(case, rejection))
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
        "frame {}: {} rejected the {name} with {}; the error quotes its addresses, ports and sequence number",
        error.frame.number,
        error.sender,
        describe(error.kind),
    );
    let sent_to_client = matches!(packet, RejectedPacket::Syn | RejectedPacket::OfClient);
    Hypothesis::new(INFO.kind, STRONG, what)
        .supported_by(true, VERY_STRONG, distances(error, sent_to_client))
        .supported_by(by_server && sent_to_client, 0.0, "the server's own address sent the error: a rule on the server")
        .supported_by(
            !by_server && sent_to_client,
            0.0,
            "the server's address did not send the error: a device in front of it",
        )
        .opposed_by(case.is_of_flood(), VERY_STRONG, "the SYN belongs to a flood, whose sources do not exist")
        .not_observable(true, "the rule or the route that made the device send the error")
}

/// Describes type and code.
fn describe(kind: IcmpKind) -> String {
    let meaning = kind.meaning();
    match kind {
        IcmpKind::Rejected { version: 6, code: (number, code) } => {
            format!("ICMPv6 type {number} code {code} ({meaning})")
        }
        IcmpKind::Rejected { code: (number, code), .. } => format!("ICMP type {number} code {code} ({meaning})"),
        IcmpKind::TooBig { mtu } => format!("ICMP {meaning} (MTU {mtu})"),
    }
}

/// Describes how far the sender of the error is from the capture, and how far the quoted packet had
/// come.
fn distances(error: &IcmpError, sent_to_client: bool) -> String {
    let field = field_name(error.sender);
    let hops = |ttl: u8| initial(ttl) - ttl;
    let (away, passed) = (usize::from(hops(error.ttl)), usize::from(hops(error.quoted.ttl)));
    let from = if sent_to_client { "client" } else { "server" };
    format!(
        "the error has {field} {}: its sender is {away} hop{} away; the quoted packet has {field} {}: it had passed \
         {passed} router{} from the {from}",
        error.ttl,
        plural(away),
        error.quoted.ttl,
        plural(passed),
    )
}
