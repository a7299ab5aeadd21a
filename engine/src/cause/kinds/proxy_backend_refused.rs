//! The server behind the proxy refused the connection.

use super::*;
use crate::packet::seq::SeqNumber;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ProxyBackendRefused,
    clause: "the server behind the proxy refused the connection",
    counters: &[Counter::OutRsts],
    check: "on the server: ss -Htln 'sport = :{port}' (is a process listening?); tcpdump -ni any 'tcp port {port}' (confirmed if a RST answers the proxy's SYN)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn refusing_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        if case.is(Verdict::Ordinary) { 0.0 } else { WEAK },
        "a proxy whose SYN-ACK looks like the server's passes on a refusal as such a reset",
    )
    .supported_by(reset.window_never_opened, VERY_STRONG, "the window of the SYN-ACK had not opened before the reset")
    .opposed_by(reset.served, STRONG, "the server had sent segments after its SYN-ACK")
    .not_observable(true, "the path behind the sender of the SYN-ACK")
}

/// Considers a refusal that the proxy relays. Netfilter relays it as RST+ACK with window 0 and no
/// options, Jupiter as a stateless reset.
pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        STRONG,
        "a proxy answered the SYN; if the server refuses the proxy's own SYN, the proxy sends the client a reset",
    )
    .supported_by(!reset.lacks_ack_flag(), VERY_STRONG, reset.shape.describe())
    .supported_by(reset.window_never_opened, MODERATE, WINDOW_NEVER_OPENED)
    .opposed_by(
        reset.lacks_ack_flag(),
        STRONG,
        "the reset has no ACK flag; the reset for a refused SYN has one (a few load balancers are an exception)",
    )
    .opposed_by(!reset.window_never_opened, 3.0, WINDOW_OPENED)
    .not_observable(true, "the proxy's own SYN and the server's answer to it")
}

/// Returns the hypothesis only for a SYN that a proxy sent.
pub(super) fn refused_syn(case: &Case<'_, '_>) -> Option<Hypothesis> {
    is_proxys_syn(case).then(|| {
        Hypothesis::new(INFO.kind, STRONG, PROXYS_SYN)
            .supported_by(true, VERY_STRONG, "the server refused this SYN")
            .not_observable(true, "the handshake between the client and the proxy")
    })
}

/// Returns whether Netfilter's SYNPROXY sent the SYN: its acknowledgment field has the number that
/// the proxy sent to the client (nf_synproxy_core.c `synproxy_send_server_syn`). Other hosts leave
/// the field zero.
pub(super) fn is_proxys_syn(case: &Case<'_, '_>) -> bool {
    case.handshake.syn.is_some_and(|syn| syn.ack != SeqNumber::default())
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        MODERATE,
        "a proxy answered and then sent nothing, as pf does if the server refuses its SYN",
    )
    .not_observable(true, "the server's answer to the proxy")
}
