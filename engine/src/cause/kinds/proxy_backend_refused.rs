//! The server behind the proxy refused the connection.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ProxyBackendRefused,
    clause: "the server behind the proxy refused the connection",
    counters: &[Counter::OutRsts],
    check: "on the server: ss -Htln 'sport = :{port}' (is a process listening?); tcpdump -ni any 'tcp port {port}' (expect: a RST answers the proxy's SYN)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn refusing_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        if case.is(Verdict::Ordinary) { 0.0 } else { WEAK },
        "a proxy that looks like the server passes on a refused SYN in this form",
    )
    .supported_by(reset.window_never_opened, VERY_STRONG, "the window of the SYN-ACK never opened")
    .opposed_by(reset.served, STRONG, "the server had sent segments after its SYN-ACK")
    .not_observable(true, "the path behind the sender of the SYN-ACK")
}

/// Considers a refusal that the proxy relays. Netfilter relays it as RST+ACK with window 0 and no
/// options, Jupiter as a bare reset.
pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, STRONG, "a proxy relays the server's refusal of its SYN as a reset")
        .supported_by(!reset.is_bare(), VERY_STRONG, reset.shape.describe())
        .supported_by(reset.window_never_opened, MODERATE, WINDOW_NEVER_OPENED)
        .opposed_by(
            reset.is_bare(),
            STRONG,
            "the reset has no ACK flag; the reset for a refused SYN has one (the load balancer Jupiter is an exception)",
        )
        .opposed_by(!reset.window_never_opened, 3.0, WINDOW_OPENED)
        .not_observable(true, "the proxy's own SYN and the server's answer to it")
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(INFO.kind, MODERATE, "pf drops the reset of a server that refuses its SYN")
        .not_observable(true, "the server's answer to the proxy")
}
