//! What the facts mean: for each resource behind accepting a connection how much of it is used, how much there is, where
//! that bound comes from, and what counts when it runs out.

mod cookies;
mod finding;
mod kind;
mod memory;
mod packets;
mod processes;
mod queues;
#[cfg(test)]
mod tests;

use super::facts::{Difference, Facts};

pub use finding::{Finding, Level};
pub use kind::{Kind, Scope};

/// One resource, or one instance of it: the accept queue of one listener.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Which.
    pub kind: Kind,
    /// Of whom: a listener, a process, an interface; `None` for that of the namespace or the host.
    pub subject: Option<String>,
    /// How much is used.
    pub usage: Option<u64>,
    /// How much there is, and where that comes from.
    pub bound: Option<Bound>,
    /// What counts when it runs out, and what tells how it is used.
    pub counters: Vec<Counter>,
    /// What is worth saying.
    pub findings: Vec<Finding>,
    /// A remark on the row: a setting that matters, or why a number is not known.
    pub remark: Option<String>,
}

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// So much.
    pub value: u64,
    /// Setting, call or file that it comes from.
    pub from: String,
}

/// A counter of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// Since boot, or since the namespace was made.
    pub total: Option<u64>,
    /// Since the last look.
    pub rise: Option<u64>,
}

/// Judges what is known now, with what was known earlier where there is such.
pub fn judge(later: &Facts, earlier: Option<&Facts>) -> Vec<Resource> {
    let judge = Judge { facts: later, earlier, difference: earlier.map(|earlier| Difference::between(earlier, later)) };
    let mut found = Vec::new();
    queues::add(&judge, &mut found);
    cookies::add(&judge, &mut found);
    memory::add(&judge, &mut found);
    packets::add(&judge, &mut found);
    processes::add(&judge, &mut found);
    found
}

/// Everything that is worth saying, the worst first.
pub fn findings(resources: &[Resource]) -> Vec<(&Resource, &Finding)> {
    let mut found: Vec<_> = resources
        .iter()
        .flat_map(|resource| resource.findings.iter().map(move |finding| (resource, finding)))
        .collect();
    found.sort_by_key(|(_, finding)| finding.level);
    found
}

/// The facts, and how they changed.
struct Judge<'a> {
    facts: &'a Facts,
    earlier: Option<&'a Facts>,
    difference: Option<Difference<'a>>,
}

impl Judge<'_> {
    fn resource(&self, kind: Kind) -> Resource {
        Resource {
            kind,
            subject: None,
            usage: None,
            bound: None,
            counters: Vec::new(),
            findings: Vec::new(),
            remark: None,
        }
    }

    fn counter(&self, name: &str) -> Counter {
        Counter {
            name: name.to_owned(),
            total: self.facts.counter(name),
            rise: self.difference.and_then(|difference| difference.rise(name)),
        }
    }

    fn counters(&self, names: &[&str]) -> Vec<Counter> {
        names.iter().map(|name| self.counter(name)).collect()
    }

    /// A setting's number as a bound.
    fn setting(&self, name: &str, place: usize) -> Option<Bound> {
        let from = match place {
            0 => name.to_owned(),
            place => format!("{name}[{place}]"),
        };
        Some(Bound { value: self.facts.number(name, place)?, from })
    }

    /// `12 times since boot, 3 of them in the last 5 s`
    fn times(&self, counter: &Counter, what: &str) -> String {
        let total = syncookie_terminal::count(counter.total.unwrap_or(0), what);
        match counter.rise {
            Some(0) => format!("{total} since boot, none of them {}", self.lately()),
            Some(rise) if Some(rise) == counter.total => format!("{total}, {}", self.lately()),
            Some(rise) => {
                format!("{total} since boot, {} of them {}", syncookie_terminal::grouped(rise), self.lately())
            }
            None => format!("{total} since boot"),
        }
    }

    /// When the last look was.
    fn lately(&self) -> String {
        match self.difference.and_then(|difference| difference.time()) {
            Some(time) if time.as_secs() >= 120 => format!("in the last {} min", time.as_secs() / 60),
            Some(time) if time.as_millis() >= 1000 => format!("in the last {} s", time.as_secs()),
            _ => "since the earlier look".into(),
        }
    }

    /// Whether this rose, was above zero before, or neither.
    fn level(&self, counter: &Counter) -> Option<Level> {
        match (counter.rise, counter.total) {
            (Some(rise), _) if rise > 0 => Some(Level::Rising),
            (_, Some(total)) if total > 0 => Some(Level::Past),
            _ => None,
        }
    }
}

impl Resource {
    /// How much is left.
    pub fn headroom(&self) -> Option<u64> {
        Some(self.bound.as_ref()?.value.saturating_sub(self.usage?))
    }

    /// The worst of what is worth saying.
    pub fn level(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).min()
    }

    /// Whether anything at all is known of it.
    pub fn is_known(&self) -> bool {
        self.usage.is_some() || self.counters.iter().any(|counter| counter.total.is_some())
    }

    /// Short fixed name of how it stands.
    pub fn status(&self) -> &'static str {
        match self.level() {
            Some(level) => level.name(),
            None if self.is_known() => "calm",
            None => "unknown",
        }
    }

    fn of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    fn say(&mut self, level: Level, sentence: String) {
        self.findings.push(Finding { level, sentence });
    }

    /// Whether nine tenths of it are used; of very small ones nothing can be said so.
    fn is_nearly_full(&self) -> bool {
        match (self.usage, &self.bound) {
            (Some(usage), Some(bound)) => {
                bound.value >= 10 && usage.saturating_mul(10) >= bound.value.saturating_mul(9)
            }
            _ => false,
        }
    }

    /// Usage and bound when there is no more.
    fn full(&self) -> Option<(u64, u64)> {
        let (usage, bound) = (self.usage?, self.bound.as_ref()?.value);
        (usage >= bound).then_some((usage, bound))
    }
}
