//! The client gave up.

use super::*;
use crate::packet::segment::Flags;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ClientAbort,
    clause: "the client gave up",
    counters: &[],
    check: "on the client: strace -f -e trace=close,shutdown,setsockopt on the process, and its log (look for a timeout)",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Hypothesis {
    let repeated = case.handshake.syn_retransmissions > 0;
    Hypothesis::new(INFO.kind, WEAK, "scanners and SYN floods do not continue after the SYN-ACK")
        .supported_by(!repeated, 0.3, "the client did not retransmit its SYN")
        .opposed_by(repeated, MODERATE, "the client retransmitted its SYN: it wanted to connect")
}

/// Considers a client that did not want the connection, or gave up on a stuck one.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts, is_stuck: bool) -> Hypothesis {
    let unknown = case.handshake.ack.is_none();
    let bare = !reset.flags.has(Flags::ACK);
    let waited = case.handshake.ack.map_or(0.0, |ack| reset.time.seconds_since(ack.time));
    Hypothesis::new(INFO.kind, if is_stuck { MODERATE } else { STRONG }, "the client sent the reset")
        .supported_by(
            unknown,
            WEAK,
            "the client never acknowledged the SYN-ACK: a scanner, or a host whose address was spoofed",
        )
        .supported_by(unknown && bare, WEAK, "the reset has no ACK flag: the client's host did not know the connection")
        .supported_by(
            !unknown && waited < 1.0,
            WEAK,
            format!("the reset came {:.0} ms after the client's ACK", waited * 1e3),
        )
        .opposed_by(is_stuck, MODERATE, format!("the client had waited {waited:.1} s for the server"))
        .not_observable(true, "what the client application did")
}
