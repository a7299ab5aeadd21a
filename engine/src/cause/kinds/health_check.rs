//! A periodic health check that ends the connection on purpose.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::HealthCheck,
    clause: "this is a health check, which ends the connection on purpose",
    counters: &[],
    check: "on the client: the configuration of the load balancer or monitor (confirmed if it has a TCP check with this period)",
    reset_sender: ResetSender::Client,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Returns the hypothesis only for one of many connections with a constant period and without data.
pub(super) fn periodic(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let period = case.listener.health_checks.period(case.index)?;
    let client = case.handshake.client.ip;
    Some(
        Hypothesis::new(INFO.kind, 6.0, format!("{client} connects every {period:.2} s and sends no data"))
            .supported_by(true, 0.0, "the client ended the connection after the server had answered: nothing failed"),
    )
}
