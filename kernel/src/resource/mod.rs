//! State of each resource: its usage, its limit and where that comes from, the counters of its
//! overflows, and findings.

mod advice;
mod causes;
mod cookies;
mod drops;
mod earlier;
mod kind;
mod level;
mod memory;
mod packets;
mod processes;
mod queues;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use syncookie_terminal::grouped;

use crate::facts::{Difference, Facts, Process};

pub(crate) use earlier::add_earlier;
pub use kind::{ResourceKind, Scope};
pub use level::{Cause, Effect, Finding, Level};

/// State of a resource, or of one instance of it, such as the accept queue of one listener.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Resource.
    pub kind: ResourceKind,
    /// Listener, process, interface or destination that the resource belongs to; `None` for the
    /// namespace or the host.
    pub subject: Option<String>,
    /// Current usage.
    pub usage: Option<u64>,
    /// Limit of the usage.
    pub limit: Option<Limit>,
    /// Counters of overflows and of use, the most important first.
    pub counters: Vec<Counter>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Remark on the row: a setting that matters, or why a number is unknown.
    pub remark: Option<String>,
}

/// Limit of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Number in the unit of the resource.
    pub value: u64,
    /// Setting, call or file that the limit comes from.
    pub source: String,
}

/// Counter of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Name, with its group ([`Facts`]).
    pub name: String,
    /// Value since boot, or since the namespace was made.
    pub total: Option<u64>,
    /// Increase since the earlier sample.
    pub increase: Option<u64>,
    /// Value in the earlier sample.
    pub earlier: Option<u64>,
    /// Whether only the earlier sample has the counter; `total` is then the value there.
    pub only_earlier: bool,
}

/// Assesses every resource by the current facts, and by their changes since the earlier ones if
/// there are any and they count from the same start.
pub fn assess(later: &Facts, earlier: Option<&Facts>) -> Vec<Resource> {
    let earlier = earlier.filter(|earlier| Difference::between(earlier, later).is_comparable());
    let difference = earlier.map(|earlier| Difference::between(earlier, later));
    let context = Context { facts: later, earlier, difference, holders: holders(later) };
    let mut found = Vec::new();
    queues::add(&context, &mut found);
    cookies::add(&context, &mut found);
    memory::add(&context, &mut found);
    packets::add(&context, &mut found);
    drops::add(&context, &mut found);
    processes::add(&context, &mut found);
    causes::link(&context, &mut found);
    advice::add(&context, &mut found);
    found
}

/// Returns the findings of the resources, the worst first.
pub fn findings(resources: &[Resource]) -> Vec<(&Resource, &Finding)> {
    let mut found: Vec<_> = resources
        .iter()
        .flat_map(|resource| resource.findings.iter().map(move |finding| (resource, finding)))
        .collect();
    found.sort_by_key(|(_, finding)| (finding.level, finding.only_earlier != Some(Level::Exhausted)));
    found
}

/// Returns hints at changes that can matter and are not findings, in full sentences.
pub fn hints(resources: &[Resource]) -> Vec<String> {
    resources.iter().filter_map(packets::hint).collect()
}

/// Facts that the resources are assessed by.
struct Context<'a> {
    facts: &'a Facts,
    earlier: Option<&'a Facts>,
    difference: Option<Difference<'a>>,
    /// Processes that hold each listening socket, by its inode number.
    holders: BTreeMap<u64, Vec<&'a Process>>,
}

/// Returns the processes that hold each listening socket. A search for each socket among all
/// processes would take seconds for a hostile file.
fn holders(facts: &Facts) -> BTreeMap<u64, Vec<&Process>> {
    let inodes = facts.listeners.iter().filter_map(|listener| listener.inode);
    let mut holders: BTreeMap<u64, Vec<&Process>> = inodes.map(|inode| (inode, Vec::new())).collect();
    for process in &facts.processes {
        for inode in &process.listens {
            if let Some(found) = holders.get_mut(inode) {
                found.push(process);
            }
        }
    }
    holders
}

impl Context<'_> {
    /// Returns a resource without any state.
    fn resource(&self, kind: ResourceKind) -> Resource {
        Resource {
            kind,
            subject: None,
            usage: None,
            limit: None,
            counters: Vec::new(),
            findings: Vec::new(),
            remark: None,
        }
    }

    /// Returns a counter with its value and its increase.
    fn counter(&self, name: &str) -> Counter {
        Counter {
            name: name.to_owned(),
            total: self.facts.counter(name),
            increase: self.difference.and_then(|difference| difference.increase(name)),
            earlier: self.earlier.and_then(|earlier| earlier.counter(name)),
            only_earlier: false,
        }
    }

    /// Returns counters with their values and their increases.
    fn counters(&self, names: &[&str]) -> Vec<Counter> {
        names.iter().map(|name| self.counter(name)).collect()
    }

    /// Returns the number at `index` of a setting as a limit.
    fn setting(&self, name: &str, index: usize) -> Option<Limit> {
        let source = match index {
            0 => name.to_owned(),
            index => format!("{name}[{index}]"),
        };
        Some(Limit { value: self.facts.setting_number(name, index)?, source })
    }

    /// Formats a counter with its increase: `Accept-queue overflows: 12 since boot, 3 of them in the
    /// last 5 s (ListenOverflows).`
    fn counted(&self, what: &str, counter: &Counter) -> String {
        let total = counter.total.unwrap_or(0);
        let increase = match counter.increase {
            None => String::new(),
            Some(0) => format!(", none {}", self.lately()),
            Some(increase) if increase == total => format!(", all {}", self.lately()),
            Some(increase) => format!(", {} of them {}", grouped(increase), self.lately()),
        };
        format!("{what}: {} since boot{increase} ({}).", grouped(total), counter.short_name())
    }

    /// Formats the time since the earlier sample.
    fn lately(&self) -> String {
        match self.difference.and_then(|difference| difference.elapsed()) {
            Some(time) if time.as_secs() >= 120 => format!("in the last {} min", time.as_secs() / 60),
            Some(time) if time.as_millis() >= 1000 => format!("in the last {} s", time.as_secs()),
            _ => "since the previous sample".into(),
        }
    }

    /// Returns the level of a counter that increased or is not zero.
    fn level(&self, counter: &Counter) -> Option<Level> {
        if counter.has_increased() {
            return Some(Level::Overflowing);
        }
        counter.total.filter(|total| *total > 0).map(|_| Level::Overflowed)
    }
}

impl Counter {
    /// Returns the name that the kernel gives the counter, without its group. Of two counters with
    /// the same name, it has the group, as in `nstat`.
    pub fn short_name(&self) -> &str {
        match self.name.as_str() {
            "Tcp.InCsumErrors" => "TcpInCsumErrors",
            "IpExt.InCsumErrors" => "IpExtInCsumErrors",
            name => name.rsplit('.').next().unwrap_or(name),
        }
    }

    /// Returns whether the counter is known to have increased since the earlier sample.
    pub(crate) fn has_increased(&self) -> bool {
        self.increase.is_some_and(|increase| increase > 0)
    }
}

impl Resource {
    /// Returns how much is free below the limit.
    pub fn free(&self) -> Option<u64> {
        Some(self.limit.as_ref()?.value.saturating_sub(self.usage?))
    }

    /// Returns the worst level of the findings; `None` if there is no finding.
    pub fn level(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).min()
    }

    /// Returns whether the source has the usage or a counter of the resource.
    pub fn is_known(&self) -> bool {
        self.usage.is_some() || self.counters.iter().any(|counter| counter.total.is_some())
    }

    /// Returns the name of the state in JSON: that of the worst level, `ok` or `unknown`.
    pub fn status(&self) -> &'static str {
        match self.level() {
            Some(level) => level.name(),
            None if self.is_known() => "ok",
            None => "unknown",
        }
    }

    /// Sets the subject.
    fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a finding.
    fn add_finding(&mut self, level: Level, sentence: String) {
        let effect = self.kind.effect();
        self.findings.push(Finding::new(level, effect, sentence));
    }

    /// Returns whether nine tenths of the limit are used; always false for a limit below 10.
    fn is_nearly_full(&self) -> bool {
        match (self.usage, &self.limit) {
            (Some(usage), Some(limit)) => {
                limit.value >= 10 && usage.saturating_mul(10) >= limit.value.saturating_mul(9)
            }
            _ => false,
        }
    }

    /// Returns usage and limit if the resource is exhausted.
    fn full(&self) -> Option<(u64, u64)> {
        let (usage, limit) = (self.usage?, self.limit.as_ref()?.value);
        (usage >= limit).then_some((usage, limit))
    }
}
