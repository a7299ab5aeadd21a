//! The listener's accept queue was full.

use super::*;
use crate::{Outcome, Setting};

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::AcceptQueueOverflow,
    clause: "the listener's accept queue was full",
    counters: &[Counter::ListenOverflows],
    check: "on the server: nstat -az TcpExtListenOverflows, before and after a failure (it rises); ss -Htln 'sport = :{port}' shows Recv-Q above Send-Q while it lasts, sysctl net.ipv4.tcp_abort_on_overflow whether it resets",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Linux: `tcp_check_req` drops the entry and resets where `tcp_abort_on_overflow` is set; it drops
/// a cookie's ACK silently (syncookies.c `tcp_get_cookie_sock`).
pub(super) fn bare_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let ignored = case.handshake.client_data_retransmissions > 1;
    Hypothesis::new(
        INFO.kind,
        1.5,
        "a listener whose accept queue is full resets in this form with tcp_abort_on_overflow=1",
    )
    .supported_by(
        case.listener.ignores_acks || nearby.ignored,
        STRONG,
        "other ACKs to this listener were ignored: its SYN-ACK came again",
    )
    .supported_by(ignored, 3.0, "the client's data was ignored, again and again, before the reset")
    .supported_by(
        nearby.unserved,
        MODERATE,
        "connections around it were open and nobody served them: they wait in the queue",
    )
    .supported_by(nearby.unanswered, MODERATE, "SYNs around it got no answer, as with a full queue")
    .supported_by(
        nearby.resets > 0,
        WEAK,
        format!("{} other handshake{} around it ended so", nearby.resets, plural(nearby.resets)),
    )
    .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
    .opposed_by(reset.has_other_ttl(), 2.5, reset.ttl_sentence())
    .opposed_by(reset.took_ack, STRONG, "the ACK was not reset, only the data after it: a full queue resets the ACK")
    .opposed_by(reset.served, 3.0, SERVED)
    .opposed_by(reset.wrong_ack, STRONG, WRONG_ACK)
    .opposed_by(case.is(Verdict::SynCookie), 3.0, "with a cookie the kernel drops the ACK silently instead")
    .ruled_out_by(
        reset.entry_outlived_it,
        "the SYN-ACK came again after the reset: its half-open entry was not dropped",
    )
}

/// A reset with an ACK flag is not what a kernel sends for a handshake (Linux tcp_minisocks.c
/// `tcp_check_req`).
pub(super) fn flagged_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.0, "a full accept queue resets with tcp_abort_on_overflow=1")
        .ruled_out_by(true, NOT_A_KERNELS_RESET)
        .opposed_by(reset.served, MODERATE, SERVED)
}

/// A listener that never saw the SYN has no entry to drop.
pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.2, "a full accept queue resets in this form with tcp_abort_on_overflow=1")
        .opposed_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
        .ruled_out_by(
            reset.window_never_opened,
            "the SYN-ACK was a proxy's, with window 0, and nobody opened it: the listener answered no SYN of this connection, so it had no entry to drop",
        )
        .ruled_out_by(!reset.is_bare(), "the reset has an ACK flag; a full accept queue's has none")
}

pub(super) fn refused_syn(refused: &RefusedSyn) -> Hypothesis {
    Hypothesis::new(INFO.kind, -0.5, "Windows refuses SYNs in this form when its backlog is full")
        .supported_by(refused.others_answered, MODERATE, OTHERS_ANSWERED)
        .opposed_by(!refused.others_answered, MODERATE, "the listener answered nobody around that time")
}

pub(super) fn unanswered(case: &Case<'_, '_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let others = case.listener.answers;
    Hypothesis::new(INFO.kind, WEAK, "a listener whose queues are full drops SYNs without a word")
        .supported_by(others, MODERATE, "the listener answered others")
        .supported_by(nearby.ignored, STRONG, "around it, ACKs were ignored and the SYN-ACK came again")
        .supported_by(
            nearby.unserved,
            STRONG,
            "around it, connections were open and nobody served them: they wait in the queue",
        )
        .supported_by(nearby.resets > 0, MODERATE, "around it, others were reset after their SYN-ACK")
        .opposed_by(!others, MODERATE, "the listener answered nobody in this capture")
}

/// Linux ignores the ACK while the accept queue is full (tcp_minisocks.c `tcp_check_req`:
/// `inet_rsk(req)->acked`), and its timer repeats the SYN-ACK.
pub(super) fn ignored_ack(case: &Case<'_, '_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, VERY_STRONG, "the SYN-ACK was acknowledged and came again: the server ignores the ACK")
        .supported_by(case.handshake.client_data_retransmissions > 0, WEAK, "and the client's data")
        .opposed_by(case.is(Verdict::SynCookie), STRONG, "a cookie is not repeated by a timer")
}

/// The kernel drops what follows the ACK of a cookie, or of a half-open entry, that it could not
/// queue (syncookies.c `tcp_get_cookie_sock`).
pub(super) fn ignored_data(case: &Case<'_, '_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        STRONG,
        "the client's data is repeated and never acknowledged: with a full accept queue the server ignores it",
    )
    .supported_by(
        case.listener.ignores_acks,
        STRONG,
        "other ACKs to this listener were ignored: its SYN-ACK came again",
    )
    .supported_by(
        case.is(Verdict::SynCookie),
        WEAK,
        "after a cookie the kernel does so without repeating the SYN-ACK",
    )
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.0, "a server whose queues are full ignores the proxy's SYN")
}

/// `tcp_v4_syn_recv_sock` and `tcp_conn_request` count every packet that a full accept queue turns
/// away.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let overflows = evidence.status(Counter::ListenOverflows);
    let said = counters::clause(Counter::ListenOverflows, overflows);
    match overflows {
        CounterStatus::Unknown => {}
        CounterStatus::NeverCounted | CounterStatus::Unchanged(_) => {
            evidence.ruled_out_by(format!("{said}: no accept queue of the server overflowed"));
        }
        CounterStatus::Rose(_) => {
            evidence.supported_by(VERY_STRONG, format!("{said}: an accept queue overflowed then"));
        }
        CounterStatus::NonZeroSinceBoot(_) => {
            evidence.supported_by(0.3, format!("{said}: an accept queue did overflow, when is not known"));
        }
    }
    match (evidence.outcome(), evidence.setting(Setting::AbortOnOverflow)) {
        (Outcome::ResetByServer, Some(0)) => {
            evidence
                .ruled_out_by("tcp_abort_on_overflow is 0: a full accept queue drops, it sends no reset".to_owned());
        }
        (Outcome::ResetByServer, Some(value)) => {
            evidence.supported_by(MODERATE, format!("tcp_abort_on_overflow is {value}: a full accept queue resets"));
        }
        _ => {}
    }
    let Some(AcceptQueue { port, length, bound }) = evidence.accept_queue() else { return };
    if length > bound {
        let why = format!("the accept queue of port {port} was full when read: {length} of {bound}");
        evidence.supported_by(STRONG, why);
    } else {
        evidence.opposed_by(0.3, format!("the accept queue of port {port} had room when read: {length} of {bound}"));
    }
}
