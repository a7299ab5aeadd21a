//! The server application aborted the connection.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ApplicationAbort,
    clause: "the application aborted the connection (RST)",
    counters: &[Counter::TcpAbortOnData, Counter::TcpAbortOnClose],
    check: "on the server: nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose (confirmed if one rises); strace -f -e trace=accept4,read,recvfrom,close,shutdown,setsockopt -p PID (shows the call)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Considers a reset by the owner of the connection: a host that aborts a connection sends its own
/// sequence number (RFC 9293 section 3.10.5), and common stacks set the ACK flag.
pub(super) fn owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, VERY_STRONG, reset.shape.describe())
        .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
        .supported_by(reset.ip_id_continues, MODERATE, IP_ID_CONTINUES)
        .supported_by(
            reset.served && reset.after_data,
            WEAK,
            "the server had established the connection, and the client had sent data",
        )
        .opposed_by(reset.is_from_elsewhere(), STRONG, reset.ttl_sentence())
        .opposed_by(reset.server_went_on, MODERATE, "the server continued the connection after the reset")
        .not_observable(true, "what the application did (close with SO_LINGER 0, or with unread data)")
}

pub(super) fn refusing_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, reset.shape.describe())
        .supported_by(true, 0.0, "Windows sends such a reset when a program aborts the connection; Linux does not")
        .supported_by(reset.after_data, WEAK, "the reset came after the client's data")
        .supported_by(reset.served, MODERATE, "the server had sent segments after its SYN-ACK")
        .opposed_by(reset.is_from_elsewhere(), STRONG, reset.ttl_sentence())
}

/// Considers a stateless reset: a closed socket answers data in this form (RFC 9293 section
/// 3.10.7.1).
pub(super) fn stateless_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    let at_once = reset.server_closed_after.is_some_and(served_nothing::is_at_once);
    let fin = case.handshake.server_fin && !at_once;
    Hypothesis::new(INFO.kind, 0.3, "a closed socket answers data with such a reset")
        .supported_by(fin, 5.0, "the server had closed the connection (FIN) before")
        .supported_by(
            reset.aborted,
            6.0,
            "another reset of the server has an ACK flag and a window or options: the application aborted the connection",
        )
        .supported_by(at_once, STRONG, "the server had closed the connection (FIN) before the client's data arrived")
        .opposed_by(!fin && !at_once && !reset.aborted, MODERATE, "this reset has no ACK flag; without an earlier FIN of the server, the reset of an application abort has one")
        .opposed_by(!reset.after_data, WEAK, "the client had sent no data")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, VERY_STRONG, reset.shape.describe())
        .supported_by(!reset.window_never_opened, WEAK, WINDOW_OPENED)
        .supported_by(reset.ip_id_continues, MODERATE, IP_ID_CONTINUES)
}

/// Weighs the counters of aborts. `tcp_close` counts TCPAbortOnClose if it drops unread data, and
/// TCPAbortOnData for SO_LINGER 0. `tcp_rcv_state_process` counts TCPAbortOnData if data arrives
/// after the close.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let statuses = INFO.counters.iter().map(|&counter| (counter, evidence.status(counter)));
    let statuses: Vec<_> = statuses.collect();
    if statuses.iter().all(|(_, status)| status.did_not()) {
        let said: Vec<_> = statuses.iter().map(|&(counter, status)| counters::clause(counter, status)).collect();
        evidence.opposed_by(VERY_STRONG, format!("{}: no application aborted a connection", said.join(", ")));
    }
    for &counter in INFO.counters {
        evidence.supported_by_rise(counter, 3.0, "an application aborted connections at that time");
    }
}
