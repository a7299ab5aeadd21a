//! What is shown: one namespace or one machine, at one time, compared with an earlier one where there is such.

use super::facts::{Difference, Facts, Looks};
use super::resource::{self, Finding, Level, Resource};

/// One namespace, or what files tell of one.
pub struct View {
    /// What is known now.
    pub later: Facts,
    /// What was known before.
    pub earlier: Option<Facts>,
    /// What it means.
    pub resources: Vec<Resource>,
}

impl View {
    pub fn new(later: Facts, earlier: Option<Facts>) -> Self {
        let resources = resource::judge(&later, earlier.as_ref());
        Self { later, earlier, resources }
    }

    /// Everything worth saying, the worst first.
    pub fn findings(&self) -> Vec<(&Resource, &Finding)> {
        resource::findings(&self.resources)
    }

    /// The worst.
    pub fn level(&self) -> Option<Level> {
        self.resources.iter().filter_map(Resource::level).min()
    }

    /// What changed.
    pub fn difference(&self) -> Option<Difference<'_>> {
        Some(Difference::between(self.earlier.as_ref()?, &self.later))
    }

    /// Counters that a resource needs and the source does not have, though it has others of the group.
    pub fn missing(&self) -> Vec<&str> {
        let has_group = |name: &str| {
            let group = name.split('.').next().unwrap_or_default();
            self.later.counters().any(|(known, _)| known.split('.').next() == Some(group))
        };
        let counters = self.resources.iter().flat_map(|resource| &resource.counters);
        let mut missing: Vec<&str> = counters
            .filter(|counter| counter.total.is_none() && has_group(&counter.name))
            .map(|counter| counter.name.as_str())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Resources of which nothing is known, one of each kind.
    pub fn untold(&self) -> Vec<&Resource> {
        let is_told = |wanted: &Resource| self.resources.iter().any(|r| r.kind == wanted.kind && r.is_known());
        let mut untold: Vec<&Resource> = self.resources.iter().filter(|resource| !is_told(resource)).collect();
        untold.dedup_by_key(|resource| resource.kind);
        untold
    }
}

impl From<Looks> for View {
    fn from(looks: Looks) -> Self {
        Self::new(looks.later, looks.earlier)
    }
}
