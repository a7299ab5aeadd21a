//! Weighs the causes of a finding with what the server's kernel counted.

use super::counters::{COUNTERS, CounterStatus, KernelEvidence, clause};
use super::host::Host;
use super::hypothesis::{MODERATE, VERY_STRONG, WEAK, rank};
use super::info::ResetSender;
use crate::{Counter, Finding, Outcome};

impl Host {
    /// Returns whether the readings belong to the server of this handshake.
    #[must_use]
    pub fn is_of(&self, finding: &Finding) -> bool {
        let server = finding.server;
        self.address.is_none_or(|ip| ip == server.ip) && self.port.is_none_or(|port| port == server.port)
    }

    /// Weighs and ranks a finding's causes again with the kernel's counters; changes nothing else in
    /// the finding.
    pub fn weigh(&self, finding: &mut Finding) {
        if !self.is_of(finding) {
            return;
        }
        let (moment, outcome, port) = (finding.time, finding.outcome, finding.server.port);
        for cause in &mut finding.causes {
            let info = cause.kind.info();
            cause.not_observable.retain(|what| !what.starts_with(COUNTERS));
            if !self.covers(moment) {
                cause.not_observable.push(
                    "the server's counters: they were read before the failure, or counting began after it".to_owned(),
                );
                continue;
            }
            let missing = info.counters.iter().filter(|&&c| self.status(c, moment) == CounterStatus::Unknown);
            let missing: Vec<&str> = missing.map(|counter| counter.as_str()).collect();
            if !missing.is_empty() {
                cause.not_observable.push(format!("{COUNTERS}{} (not given)", missing.join(", ")));
            }
            let mut evidence = KernelEvidence::new(cause, self, moment, outcome, port);
            if let Some(weigh) = info.kernel {
                weigh(&mut evidence);
            }
            if matches!(outcome, Outcome::ResetByServer | Outcome::Refused) {
                weigh_resets(&mut evidence, info.reset_sender);
            }
        }
        rank(&mut finding.causes);
    }
}

/// Compares the sender of the reset with `OutRsts`, which counts every reset of the server's own
/// TCP (`tcp_v4_send_reset`, `tcp_send_active_reset`) and none of a packet filter.
fn weigh_resets(evidence: &mut KernelEvidence<'_>, sender: ResetSender) {
    let sent = evidence.status(Counter::OutRsts);
    let said = clause(Counter::OutRsts, sent);
    match (sent, sender) {
        (CounterStatus::NeverCounted | CounterStatus::Unchanged(_), ResetSender::Elsewhere) => {
            evidence.supported_by(VERY_STRONG, format!("{said}: the server sent no reset, so another device did"));
        }
        (CounterStatus::NeverCounted | CounterStatus::Unchanged(_), ResetSender::Server) => {
            evidence.ruled_out_by(format!("{said}: the server sent no reset"));
        }
        (CounterStatus::Rose(_), ResetSender::Elsewhere) => {
            evidence.opposed_by(MODERATE, format!("{said}: the server did send resets"));
        }
        // The reason may be there already, with the counters that did not rise.
        (CounterStatus::Rose(_), _) if !evidence.is_supported_by(&said) => {
            evidence.supported_by(WEAK, format!("{said}: the server sent resets at that time"));
        }
        _ => {}
    }
}
