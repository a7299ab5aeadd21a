//! Weighs the causes of a finding with what the kernel of the server, or of the proxy, counted.

use super::check::confirmed_by_kernel;
use super::counters::{CounterStatus, KernelEvidence, clause, counters_of, named};
use super::host::{Host, Machine};
use super::hypothesis::{MODERATE, VERY_STRONG, WEAK, rank};
use super::info::ResetSender;
use super::not_observable::SYN_REACHED_SERVER;
use super::traced::{self, Match, Relevant};
use crate::{Cause, CauseKind, Counter, Finding, Outcome, Timestamp, Verdict};

impl Host {
    /// Returns whether the readings belong to the server of this handshake, or to its proxy.
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
        let machine = self.machine_for(finding);
        let (moment, outcome, port) = (finding.time, finding.outcome, finding.server.port);
        let covers = self.covers(moment);
        let traced = if covers { &self.traced[..] } else { &[] };
        let events = traced::relevant(traced, machine, finding.client, finding.server);
        for cause in &mut finding.causes {
            let info = cause.kind.info();
            self.note_missing(cause, machine, moment, outcome);
            if !covers {
                continue;
            }
            let before = cause.nats;
            let mut evidence = KernelEvidence::new(cause, (self, machine), moment, outcome, port);
            if let Some(weigh) = info.kernel {
                weigh(&mut evidence);
            }
            if matches!(outcome, Outcome::ResetByServer | Outcome::Refused) {
                weigh_resets(&mut evidence, info.reset_sender);
            }
            traced::weigh(&mut evidence, &events, info);
            let is_likely_drop = cause.kind == CauseKind::SilentDrop && cause.nats - before >= VERY_STRONG;
            if is_likely_drop && machine != Machine::Proxy {
                name_drop(cause, &events);
            }
        }
        rank(&mut finding.causes);
    }

    /// Returns the machine that the counters describe. Where a proxy answered the SYN and the
    /// machine is not named, it is the proxy if its SYNPROXY answered SYNs: its other counters may
    /// say nothing about the server.
    fn machine_for(&self, finding: &Finding) -> Machine {
        let answered = self.counters.get(&Counter::SynproxySynReceived).is_some_and(|syns| syns.value > 0);
        let is_proxied = finding.assessment.verdict == Verdict::SynProxy;
        if self.machine == Machine::Unnamed && answered && is_proxied { Machine::Proxy } else { self.machine }
    }

    /// Replaces the sentence about a machine's counters that were not observable.
    fn note_missing(&self, cause: &mut Cause, machine: Machine, moment: Timestamp, outcome: Outcome) {
        let machines = match machine {
            Machine::Unnamed => &[Machine::Server, Machine::Proxy][..],
            Machine::Server => &[Machine::Server],
            Machine::Proxy => &[Machine::Proxy],
        };
        for &machine in machines {
            let counters = counters_of(machine);
            let before = cause.not_observable.len();
            cause.not_observable.retain(|what| !what.starts_with(&counters));
            let was_listed = cause.not_observable.len() < before;
            let is_missing = |counter: &&Counter| {
                counter.is_of_proxy() == (machine == Machine::Proxy)
                    && self.status(**counter, moment) == CounterStatus::Unknown
            };
            let missing = named(machine, cause.kind.info().counters_after(outcome).filter(is_missing));
            if !self.covers(moment) && (was_listed || machine == Machine::Server) {
                cause.not_observable.push(format!(
                    "{counters}s at that time: they were read before the failure, or counting began after it"
                ));
            } else if let Some(missing) = missing {
                cause.not_observable.push(format!("{missing} (not in the --kernel files)"));
            }
        }
    }
}

/// Says that the kernel dropped packets: in the check, and where it was not observable whether the SYN
/// reached the server.
fn name_drop(cause: &mut Cause, events: &[Relevant<'_>]) {
    let drops = events.iter().filter(|(event, _)| traced::shows(event).contains(&cause.kind));
    let relations: Vec<_> = drops.map(|(_, relation)| *relation).collect();
    let is_of_connection = relations.contains(&Match::Connection);
    cause.check = confirmed_by_kernel(&cause.check, !relations.is_empty());
    let open = |what: &String| what.starts_with(SYN_REACHED_SERVER);
    let was_open = cause.not_observable.iter().any(open);
    cause.not_observable.retain(|what| !open(what));
    if was_open && !is_of_connection {
        cause
            .not_observable
            .push("whether the packets that the kernel dropped are those of this connection".to_owned());
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
