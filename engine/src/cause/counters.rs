//! Relates kernel counters to the moment of a failure, and adds them to a cause.
//!
//! A counter that has been 0 since boot, or did not move while the handshake failed, rules out what
//! it counts. A counter above 0 since boot is only weak evidence about one handshake. A counter
//! that rose during the failure is strong evidence.

use super::host::{AcceptQueue, Host, Machine};
use super::hypothesis::{MODERATE, STRONG, plural};
use crate::{Cause, Counter, Outcome, Setting, Timestamp};

/// Returns the beginning of the sentences that name counters of a machine.
pub(super) fn counters_of(machine: Machine) -> String {
    format!("the {}'s counter", machine.name())
}

/// Names the counters that can show a cause and that a capture cannot hold, by their machine.
pub(super) fn missing_counters<'a>(
    counters: impl Iterator<Item = &'a Counter> + Clone,
) -> impl Iterator<Item = String> {
    [Machine::Server, Machine::Proxy].into_iter().filter_map(move |machine| {
        let is_of_machine = |counter: &&Counter| counter.is_of_proxy() == (machine == Machine::Proxy);
        let of_machine = counters.clone().filter(is_of_machine);
        Some(format!("{} (see explain --kernel)", named(machine, of_machine)?))
    })
}

/// Names counters of a machine: `the server's counter OutRsts`; `None` if there are none.
pub(super) fn named<'a>(machine: Machine, counters: impl Iterator<Item = &'a Counter>) -> Option<String> {
    let names: Vec<_> = counters.map(|counter| counter.as_str()).collect();
    let plural = plural(names.len());
    (!names.is_empty()).then(|| format!("{}{plural} {}", counters_of(machine), names.join(", ")))
}

/// State of a counter around a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CounterStatus {
    /// Counter that was not given, was read before the moment, or was counted only from after it.
    Unknown,
    /// Zero when read after the moment: the event never happened.
    NeverCounted,
    /// Same value in two readings around the moment.
    Unchanged(u64),
    /// Increase between two readings around the moment.
    Rose(u64),
    /// Count since boot, without the times of the events.
    NonZeroSinceBoot(u64),
}

impl CounterStatus {
    /// Returns whether the event did not happen at the moment.
    pub(super) const fn did_not(self) -> bool {
        matches!(self, Self::NeverCounted | Self::Unchanged(_))
    }

    /// Describes the state as a predicate: `has been 0 since boot`.
    fn describe(self) -> String {
        match self {
            Self::Unknown => "was not given".to_owned(),
            Self::NeverCounted => "has been 0 since boot".to_owned(),
            Self::Unchanged(value) => format!("stayed at {value} between the readings"),
            Self::Rose(by) => format!("rose by {by} between the readings"),
            Self::NonZeroSinceBoot(value) => format!("has counted {value} since boot"),
        }
    }
}

/// Describes a counter in a clause: `OutRsts has been 0 since boot`.
pub(super) fn clause(counter: Counter, status: CounterStatus) -> String {
    format!("{counter} {}", status.describe())
}

impl Host {
    /// Returns whether the readings cover a moment: the kernel was counting then, and was read
    /// afterwards.
    #[must_use]
    pub fn covers(&self, moment: Timestamp) -> bool {
        self.read.is_none_or(|read| read >= moment) && self.booted.is_none_or(|booted| booted <= moment)
    }

    /// Returns the state of a counter around a moment.
    pub(super) fn status(&self, counter: Counter, moment: Timestamp) -> CounterStatus {
        let Some(reading) = self.counters.get(&counter).filter(|_| self.covers(moment)) else {
            return CounterStatus::Unknown;
        };
        // Two readings that both came after the moment say nothing about it by their difference,
        // only by their value.
        let around = self.read_before.is_none_or(|before| before <= moment);
        match reading.rose.filter(|_| around) {
            _ if reading.value == 0 => CounterStatus::NeverCounted,
            Some(0) => CounterStatus::Unchanged(reading.value),
            Some(by) => CounterStatus::Rose(by),
            None => CounterStatus::NonZeroSinceBoot(reading.value),
        }
    }
}

/// One cause of a failed handshake, and the kernel of its server or of the proxy.
pub(crate) struct KernelEvidence<'a> {
    cause: &'a mut Cause,
    host: &'a Host,
    machine: Machine,
    moment: Timestamp,
    outcome: Outcome,
    port: u16,
    /// Contradictions found so far.
    contradictions: usize,
}

impl<'a> KernelEvidence<'a> {
    /// Prepares to weigh `cause` of a handshake that failed at `moment` on the server's `port`,
    /// with the kernel of a machine.
    pub(super) const fn new(
        cause: &'a mut Cause,
        (host, machine): (&'a Host, Machine),
        moment: Timestamp,
        outcome: Outcome,
        port: u16,
    ) -> Self {
        Self { cause, host, machine, moment, outcome, port, contradictions: 0 }
    }

    /// Returns the share of time in which a task of the server waited for a CPU, in percent.
    pub(super) fn cpu_pressure(&self) -> Option<u64> {
        self.host.cpu_pressure.filter(|_| self.machine != Machine::Proxy)
    }

    /// Returns the outcome of the handshake.
    pub(super) const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns the state of a counter around the failure; unknown where it says nothing about this
    /// machine.
    pub(super) fn status(&self, counter: Counter) -> CounterStatus {
        if !self.machine.counts(counter) {
            return CounterStatus::Unknown;
        }
        self.host.status(counter, self.moment)
    }

    /// Returns the value of a setting, where it was given.
    pub(super) fn setting(&self, setting: Setting) -> Option<i64> {
        self.host.settings.get(&setting).copied().filter(|_| self.machine.has(setting))
    }

    /// Returns the listening sockets of the server, where they were listed.
    fn listeners(&self) -> Option<&[AcceptQueue]> {
        self.host.queues.as_deref().filter(|_| self.machine != Machine::Proxy)
    }

    /// Returns the accept queue of the server's port, where it is listed.
    pub(super) fn accept_queue(&self) -> Option<AcceptQueue> {
        self.listeners()?.iter().find(|queue| queue.port == self.port).copied()
    }

    /// Returns whether a socket listens on the server's port; `None` where sockets were not listed.
    fn is_listening(&self) -> Option<bool> {
        self.listeners().map(|_| self.accept_queue().is_some())
    }

    /// Returns the reason, with the machine and the files where the machine was named.
    fn attributed(&self, why: String) -> String {
        match (self.machine, self.host.source.as_str()) {
            (Machine::Unnamed, _) => why,
            (machine, "") => format!("{why} (counters of the {})", machine.name()),
            (machine, source) => format!("{why} (counters of the {}: {source})", machine.name()),
        }
    }

    /// Returns whether a supporting reason begins with `text`.
    pub(super) fn is_supported_by(&self, text: &str) -> bool {
        self.cause.supporting.iter().any(|why| why.starts_with(text))
    }

    /// Adds `nats` and the reason.
    pub(super) fn supported_by(&mut self, nats: f64, why: String) {
        let why = self.attributed(why);
        self.cause.add_support(nats, why);
    }

    /// Subtracts `nats` and adds the reason.
    pub(super) fn opposed_by(&mut self, nats: f64, why: String) {
        let why = self.attributed(why);
        self.cause.add_opposition(nats, why);
    }

    /// Rules the cause out. The kernel's reasons go before the others, in the order in which they
    /// are found.
    pub(super) fn ruled_out_by(&mut self, why: String) {
        let why = self.attributed(why);
        self.cause.rule_out_at(self.contradictions, why);
        self.contradictions += 1;
    }

    /// Adds `nats` and a reason for a counter that rose.
    pub(super) fn supported_by_rise(&mut self, counter: Counter, nats: f64, why: &str) {
        let status = self.status(counter);
        if let CounterStatus::Rose(_) = status {
            self.supported_by(nats, format!("{}: {why}", clause(counter, status)));
        }
    }
}

/// Weighs a cause that implies that a listener dropped packets for another reason than a full accept
/// queue: `ListenDrops` counts what `ListenOverflows` counts, too.
pub(super) fn weigh_listen_drops(evidence: &mut KernelEvidence<'_>) {
    if !matches!(evidence.status(Counter::ListenOverflows), CounterStatus::Rose(_)) {
        evidence.supported_by_rise(Counter::ListenDrops, MODERATE, "a listener dropped packets");
    }
}

/// Weighs a cause that implies that no process listens on the port; `against` is the weight of a
/// process that listened when the sockets were read.
pub(super) fn weigh_missing_listener(evidence: &mut KernelEvidence<'_>, against: f64) {
    let port = evidence.port;
    match evidence.is_listening() {
        Some(true) => {
            evidence.opposed_by(against, format!("a process listened on port {port} when the sockets were read"))
        }
        Some(false) => {
            evidence.supported_by(STRONG, format!("no process listened on port {port} when the sockets were read"))
        }
        None => {}
    }
}
