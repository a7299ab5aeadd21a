//! SYNs, or SYN-ACKs, with a wrong TCP checksum.

use super::*;
use crate::connection::handshake::SynHeader;
use crate::connection::handshakes::Handshakes;
use crate::evidence::hop_limit::{field_name, hops};
use crate::packet::checksum::Checksum;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::BadChecksum,
    clause: "packets have a wrong TCP checksum, and the receiver drops them",
    counters: &[Counter::InCsumErrors],
    check: "on the server: nstat -az TcpInCsumErrors (confirmed if it rises with each SYN); tcpdump -vvni any 'tcp dst port {port}' (confirmed if it says incorrect); on the sender: ethtool -K INTERFACE tx-checksum-ip-generic off (confirmed if connections then work); on the path, if they still fail: a device that changes packets (NAT, MSS clamping, tunnels)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Considers SYNs that were never answered.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let copies = case.handshake.syn_retransmissions as usize + 1;
    let what = format!("{copies} SYN{}, each with a wrong TCP checksum", plural(copies));
    considered(case, case.handshake.syn.as_ref()?, what)
}

/// Considers a SYN-ACK that was never acknowledged.
pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let syn_ack = case.handshake.syn_ack.as_ref().filter(|syn_ack| syn_ack.checksum == Checksum::Wrong)?;
    considered(case, syn_ack, "the SYN-ACK has a wrong TCP checksum".to_owned())
}

fn considered(case: &Case<'_, '_>, header: &SynHeader, what: String) -> Option<Hypothesis> {
    Some(match header.checksum {
        Checksum::Wrong => wrong(case, header, what),
        Checksum::Right => Hypothesis::new(INFO.kind, -3.0, "no answer came, and a device beyond the capture point may corrupt the checksum")
            .opposed_by(true, MODERATE, "the checksum is right where the capture was taken"),
        Checksum::Unknown => Hypothesis::new(INFO.kind, -STRONG, "no answer came, and a receiver drops packets with a wrong checksum")
            .not_observable(
                true,
                "whether the TCP checksum is right (the sender's network card computes it after the capture, or not all bytes were captured)",
            ),
    })
}

fn wrong(case: &Case<'_, '_>, header: &SynHeader, what: String) -> Hypothesis {
    let counts = case.listener.checksums;
    let works_elsewhere = case.listener.all.is_some_and(Handshakes::wrong_checksums_work);
    let field = field_name(case.handshake.server.ip);
    let ttl = header.ip.ttl().unwrap_or(u8::MAX);
    let hops = usize::from(hops(ttl));
    Hypothesis::new(INFO.kind, 3.0, what)
        .supported_by(
            hops > 0,
            MODERATE,
            format!("{field} {ttl}: the packet passed {hops} router{}, so its checksum was wrong on the wire: a network card computes it before the first router", plural(hops)),
        )
        .supported_by(
            counts.right_accepted > 0,
            STRONG,
            format!(
                "{} SYN{} and SYN-ACKs of this listener with a right checksum were accepted, and none of {} with a wrong one",
                counts.right_accepted,
                plural(counts.right_accepted),
                counts.wrong_ignored,
            ),
        )
        .opposed_by(
            hops == 0,
            MODERATE,
            format!("{field} {ttl} is an initial value: the capture may be at the sender, whose network card computes the checksum later"),
        )
        .ruled_out_by(
            counts.wrong_accepted > 0,
            format!(
                "{} SYN{} and SYN-ACKs of this listener with a wrong checksum were accepted: in this capture it means nothing",
                counts.wrong_accepted,
                plural(counts.wrong_accepted)
            ),
        )
        .ruled_out_by(
            counts.wrong_accepted == 0 && works_elsewhere,
            "segments of other listeners with a wrong checksum were accepted: in this capture it means nothing",
        )
}

/// Weighs `InCsumErrors`, in which `tcp_v4_rcv` counts the segments that it drops for their
/// checksum.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let errors = evidence.status(Counter::InCsumErrors);
    if errors.did_not() {
        let said = counters::clause(Counter::InCsumErrors, errors);
        evidence.ruled_out_by(format!("{said}: the server dropped no segment because of its checksum"));
    }
    evidence.supported_by_rise(Counter::InCsumErrors, 8.0, "the server dropped segments because of their checksums");
}
