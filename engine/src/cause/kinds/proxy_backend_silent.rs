//! The server behind the proxy never answered.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ProxyBackendSilent,
    clause: "the server behind the proxy never answered",
    counters: &[],
    check: "on the proxy: tcpdump -ni any 'tcp port {port} or icmp or icmp6' (confirmed if the proxy's SYN gets no answer); if it runs Linux: cat /proc/net/stat/synproxy (confirmed if cookie_retrans rises)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Considers a window that stays closed. `silent` says whether the server sent nothing after its
/// SYN-ACK; `waited` is the time since the ACK, in seconds.
pub(super) fn closed_window(case: &Case<'_, '_>, silent: bool, waited: f64) -> Hypothesis {
    let answer = if silent { "the server's side sent nothing" } else { "the window did not open" };
    Hypothesis::new(INFO.kind, VERY_STRONG, "the window stayed closed: the proxy never reached the server")
        .supported_by(true, 0.0, format!("{answer} for {waited:.1} s after the ACK"))
        .supported_by(
            case.handshake.client_data_retransmissions > 0,
            WEAK,
            "the client retransmitted its data into the closed window",
        )
        .not_observable(true, "the proxy's own SYN to the server")
}

/// Returns the hypothesis only for a SYN that a proxy sent.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    proxy_backend_refused::is_proxys_syn(case).then(|| {
        Hypothesis::new(INFO.kind, STRONG, PROXYS_SYN)
            .supported_by(true, VERY_STRONG, "the server did not answer this SYN")
            .not_observable(true, "the handshake between the client and the proxy")
    })
}

/// Weighs the server's drops, and the SYNs that SYNPROXY sends to the server: one for each valid
/// ACK, and again for each repetition (nf_synproxy_core.c `synproxy_recv_client_ack`).
fn kernel(evidence: &mut KernelEvidence<'_>) {
    evidence.supported_by_rise(
        Counter::SynproxyCookieRetrans,
        STRONG,
        "SYNPROXY repeated its SYN to the server at that time",
    );
    let (syns, valid) = (evidence.status(Counter::SynproxySynReceived), evidence.status(Counter::SynproxyCookieValid));
    if let (CounterStatus::Rose(_), true) = (syns, valid.did_not()) {
        let said = counters::clause(Counter::SynproxyCookieValid, valid);
        evidence.opposed_by(STRONG, format!("{said}: SYNPROXY accepted no ACK, so it sent no SYN to the server"));
    }
    for counter in [Counter::ListenOverflows, Counter::ListenDrops] {
        evidence.supported_by_rise(counter, MODERATE, "the server may have dropped the proxy's SYN");
    }
}
