//! The client gave up, or only probed the port.

use super::*;
use crate::packet::segment::Flags;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ClientAbort,
    clause: "the client gave up, or only probed the port",
    counters: &[],
    check: "on the client: strace -f -e trace=close,shutdown,setsockopt -p PID (which call ends the connection?); the log of the process (look for a timeout)",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Hypothesis {
    let repeated = case.handshake.syn_retransmissions > 0;
    Hypothesis::new(INFO.kind, WEAK, "the client did not continue after the SYN-ACK, like scanners and SYN floods")
        .supported_by(!repeated, 0.3, "the client did not retransmit its SYN")
        .opposed_by(repeated, MODERATE, "the client retransmitted its SYN: it wanted to connect")
}

/// Considers a client that did not want the connection, or gave up on a stuck one.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts, is_stuck: bool) -> Hypothesis {
    let unknown = case.handshake.ack.is_none() && !was_reset_before(case, reset);
    let lacks_ack_flag = !reset.flags.has(Flags::ACK);
    let waited = case.handshake.ack.map_or(0.0, |ack| reset.time.seconds_since(ack.time));
    Hypothesis::new(INFO.kind, if is_stuck { MODERATE } else { STRONG }, "the client sent the reset")
        .supported_by(
            unknown,
            WEAK,
            "the client never acknowledged the SYN-ACK: a scanner, or a host whose address was spoofed",
        )
        .supported_by(
            unknown && lacks_ack_flag,
            WEAK,
            "the reset has no ACK flag: the client's host did not know the connection",
        )
        .supported_by(
            is_crafted(case),
            MODERATE,
            "the SYN has a small fixed window and at most one option, the MSS, like the SYNs of scanners",
        )
        .supported_by(!unknown && waited < 1.0, WEAK, format!("the reset came {} after the client's ACK", span(waited)))
        .opposed_by(was_reset_before(case, reset), MODERATE, RESET_BEFORE)
        .opposed_by(has_forgotten(case, reset), MODERATE, CLIENT_FORGOT)
        .opposed_by(is_stuck, MODERATE, format!("the client had waited {waited:.1} s for the server"))
        .not_observable(true, WHAT_CLIENT_DID)
}

/// Returns whether the client's host answered the SYN-ACK with the reset of a host that does not
/// know the connection (RFC 9293 section 3.10.7): a scanner wrote the SYN, or another host sent it
/// from this address.
pub(super) fn is_unknown_to_client(case: &Case<'_, '_>, reset: &SegmentFacts) -> bool {
    let is_answer = case.handshake.syn_ack.is_some_and(|syn_ack| syn_ack.ack == reset.seq);
    case.handshake.ack.is_none() && is_answer && Shape::of(reset) == Shape::Stateless
}

/// Returns whether the client's host had ended the connection before, although the capture shows
/// neither its ACK nor a FIN: it resets a retransmitted SYN-ACK, and had not reset the first one. A
/// reset that the server did not send had ended the connection.
pub(super) fn was_reset_before(case: &Case<'_, '_>, reset: &SegmentFacts) -> bool {
    let handshake = case.handshake;
    let first = handshake.syn_ack.map(|syn_ack| reset.time.seconds_since(syn_ack.time));
    let again = handshake.rto_retransmission.as_deref().map(|again| again.gap());
    let is_answer_to_retransmission = first.zip(again).is_some_and(|(first, again)| first >= again);
    is_unknown_to_client(case, reset) && is_answer_to_retransmission && handshake.syn_retransmissions == 0
}

/// Returns whether the client's host no longer knew a connection that it had acknowledged and not
/// closed: it answered the server's segment with a stateless reset (RFC 9293 section 3.10.7.1). A
/// program that aborts a connection sends a reset with an ACK flag.
pub(super) fn has_forgotten(case: &Case<'_, '_>, reset: &SegmentFacts) -> bool {
    let handshake = case.handshake;
    let mut segments = handshake.server_segments.iter();
    let is_answer = segments.any(|segment| segment.frame < reset.frame && segment.ack == reset.seq);
    let is_open = handshake.ack.is_some() && !handshake.client_fin && !handshake.server_fin;
    is_open && is_answer && Shape::of(reset) == Shape::Stateless
}

/// Returns whether the SYN looks like a scanner's (nmap: windows of 1024 to 4096 and an MSS;
/// masscan: 1024 and nothing, or an MSS).
fn is_crafted(case: &Case<'_, '_>) -> bool {
    case.handshake.syn.is_some_and(|syn| {
        let options = &syn.options;
        let is_plain = !options.offers_scale_or_sack() && options.timestamps.is_none() && !options.incomplete;
        is_plain && (1..=4).any(|n| syn.window == n * 1024)
    })
}
