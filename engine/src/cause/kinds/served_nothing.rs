//! The server closed the connection before it sent anything.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ServedNothing,
    clause: "the server program closed the connection at once, before it sent anything",
    counters: &[],
    check: "on the server: the log of the program at that time; its limits and access rules (sshd: MaxStartups; TCP wrappers: /etc/hosts.deny)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Longest time, in seconds, from the ACK to a FIN that counts as a refusal. A program that serves
/// a client, or waits for a request, takes longer.
const AT_ONCE: f64 = 1.0;

/// Returns whether a FIN that many seconds after the ACK came at once.
pub(super) fn is_at_once(after: f64) -> bool {
    after <= AT_ONCE
}

/// Returns the hypothesis only where the server's FIN came at once.
pub(super) fn closed_at_once(after: Option<f64>) -> Option<Hypothesis> {
    let after = after.filter(|&after| is_at_once(after))?;
    let why = format!("the server sent no data and closed the connection (FIN) {} after the ACK", span(after));
    Some(Hypothesis::new(INFO.kind, 6.0, why).not_observable(true, "why the program closed the connection"))
}
