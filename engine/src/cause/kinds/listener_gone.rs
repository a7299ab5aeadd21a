//! The listening socket was closed between SYN-ACK and ACK.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ListenerGone,
    clause: "the listening socket was closed between SYN-ACK and ACK",
    counters: &[Counter::OutRsts],
    check: "on the server: ss -Htlnp 'sport = :{port}' (is a process listening?); ps -o lstart= -p PID (since when?); the service's log around that time",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

pub(super) fn stateless_reset(reset: &ResetContext<'_>, nearby: &NearbyHandshakes) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        0.6,
        "a host whose listening socket was closed between SYN-ACK and ACK sends such a reset",
    )
    .supported_by(nearby.refused_after, 3.0, "the next SYNs to this listener were refused")
    .supported_by(
        nearby.refused_before && !nearby.refused_after,
        STRONG,
        "SYNs shortly before were refused: the listener opens and closes repeatedly",
    )
    .supported_by(
        nearby.worked && !nearby.show_full_queue(),
        WEAK,
        "other connections worked at that time: no queue was full",
    )
    .supported_by(nearby.resets > 0 && !nearby.mixed, WEAK, "all failures are in one period, as with a restart")
    .supported_by(reset.resets_ack_and_data, WEAK, BOTH_RESET)
    .opposed_by(nearby.mixed, MODERATE, "failing and working connections alternate")
    .opposed_by(reset.took_ack, MODERATE, "the reset answered the data, not the ACK before it")
    .opposed_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
    .opposed_by(reset.served, MODERATE, SERVED)
    .ruled_out_by(reset.entry_outlived_it, "the SYN-ACK was retransmitted after the reset: the listener still existed")
    .not_observable(true, "whether the process was restarted")
}

/// Weighs the server's listeners and counters. A listener that exists when they are read may have
/// been reopened in the meantime. A reset for an ACK without a listener is counted only in OutRsts
/// (`tcp_v4_send_reset`).
fn kernel(evidence: &mut KernelEvidence<'_>) {
    counters::weigh_missing_listener(evidence, WEAK);
    let others = [Counter::ListenOverflows, Counter::EmbryonicRsts, Counter::SyncookiesFailed];
    let are_still = others.iter().filter(|&&counter| evidence.status(counter).did_not()).count() >= 2;
    let sends_cookies = matches!(evidence.status(Counter::SyncookiesSent), CounterStatus::Rose(_));
    if are_still && !sends_cookies {
        evidence.supported_by_rise(Counter::OutRsts, STRONG, "and no counter of queues or cookies did");
    }
}
