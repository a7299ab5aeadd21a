//! Order in which samples without a date were saved, judged by their counters: those only grow
//! while a machine runs.

use std::collections::BTreeSet;

use super::{Difference, Facts};

/// Groups of counters that only a restart sets back. Those of interfaces also start again with the
/// driver.
const GROUPS: [&str; 8] = ["Ip", "IpExt", "Icmp", "Tcp", "TcpExt", "Udp", "synproxy", "nf_conntrack"];
/// Values in these groups that are settings, or that rise and fall.
const NO_COUNTERS: [&str; 8] =
    ["Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab", "entries"];

/// Order of two samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Nothing shows that the first one was not saved first.
    AsGiven,
    /// The second one was saved first: counters fall, and none rises.
    Reversed,
    /// The samples count from different starts: some counters fall, and some rise.
    Unrelated,
    /// Counters fall, but `nstat` may have printed increases instead of values since boot.
    Unclear,
}

impl Order {
    /// Judges two samples. Uptimes, if both have one, show a restart, after which all counters fall.
    pub(crate) fn of(first: &Facts, second: &Facts) -> Self {
        let difference = Difference::between(first, second);
        if difference.is_other_namespace() || (first.uptime.is_some() && second.uptime.is_some()) {
            return Self::AsGiven;
        }
        let changes = Changes::between(first, second);
        match (changes.fallen, changes.risen) {
            (0, _) => Self::AsGiven,
            _ if [first, second].iter().any(|facts| may_be_increases(facts, &changes)) => Self::Unclear,
            (_, 0) => Self::Reversed,
            _ => Self::Unrelated,
        }
    }
}

/// Numbers of counters that fell, rose, and kept a value other than zero.
#[derive(Default)]
struct Changes {
    fallen: usize,
    risen: usize,
    kept: usize,
}

impl Changes {
    fn between(first: &Facts, second: &Facts) -> Self {
        let names: BTreeSet<&str> =
            first.counters().chain(second.counters()).map(|(name, _)| name).filter(|name| only_grows(name)).collect();
        let mut changes = Self::default();
        for name in names {
            match (first.counter(name), second.counter(name)) {
                (Some(before), Some(after)) if before > after => changes.fallen += 1,
                (Some(before), Some(after)) if before < after => changes.risen += 1,
                (Some(1..), Some(_)) => changes.kept += 1,
                _ => {}
            }
        }
        changes
    }
}

/// Returns whether a counter has no reason to fall while the machine runs.
fn only_grows(name: &str) -> bool {
    let (group, name) = name.split_once('.').unwrap_or_default();
    GROUPS.contains(&group) && !NO_COUNTERS.contains(&name)
}

/// Returns whether `nstat` may have printed increases since its last call, as it does without `-a`.
/// It prints values since boot if it prints zeros, too, and some counter kept its value.
fn may_be_increases(facts: &Facts, changes: &Changes) -> bool {
    let prints_zeros = facts.omits_zeros.nstat == Some(false);
    facts.formats.contains_key("nstat") && (!prints_zeros || changes.kept == 0)
}
