//! What only the earlier of two samples has.

use std::collections::BTreeSet;

use super::Facts;

/// Usages that `sysctl` prints among the settings.
const USAGES: [&str; 2] = ["net.netfilter.nf_conntrack_count", "fs.file-nr"];

/// Returns whether a setting of `sysctl` is a usage, which holds for one sample only.
fn is_usage(setting: &str) -> bool {
    USAGES.contains(&setting)
}

impl Facts {
    /// Returns the facts that a later sample lacks, with the settings of both. A counter that
    /// decreased is one, because the later value does not include the earlier one. The log and
    /// traced packets are left out: [`Self::add_history`] adds them to the later sample.
    pub(crate) fn without(&self, later: &Self) -> Self {
        let mut rest = self.clone();
        rest.counters.retain(|name, value| later.counter(name).is_none_or(|after| after < *value));
        rest.gauges.retain(|name, _| !later.gauges.contains_key(name));
        rest.settings.retain(|name, _| !later.settings.contains_key(name));
        rest.inherit_settings(later);
        rest.events.clear();
        rest.traced.clear();
        // A list is complete: what is in the earlier one only has ended.
        if !later.listeners.is_empty() {
            rest.listeners.clear();
        }
        if later.is_half_open_listed {
            rest.half_open.clear();
            rest.is_half_open_listed = false;
        }
        if !later.processes.is_empty() {
            rest.processes.clear();
        }
        if later.has_connections || !later.destinations.is_empty() {
            rest.destinations.clear();
        }
        rest
    }

    /// Copies the settings that only the other sample has: they are saved once and hold for both. A
    /// usage holds for one.
    pub(crate) fn inherit_settings(&mut self, other: &Self) {
        for (name, value) in other.settings.iter().filter(|(name, _)| !is_usage(name)) {
            self.settings.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.kernel = self.kernel.take().or_else(|| other.kernel.clone());
    }

    /// Adds what a sample between the earlier and the later one has and the later one lacks.
    pub(crate) fn add_between(&mut self, between: &Self, later: &Self) {
        let lacking = between.without(later);
        self.counters.extend(lacking.counters);
        self.gauges.extend(lacking.gauges);
        self.settings.extend(lacking.settings.into_iter().filter(|(name, _)| is_usage(name)));
        if !lacking.listeners.is_empty() {
            self.listeners = lacking.listeners;
        }
        if lacking.is_half_open_listed {
            self.half_open = lacking.half_open;
            self.is_half_open_listed = true;
        }
        if !lacking.processes.is_empty() {
            self.processes = lacking.processes;
        }
        if !lacking.destinations.is_empty() {
            self.destinations = lacking.destinations;
        }
        self.add_history(between);
    }

    /// Adds the lines of the log and the traced packets of an earlier sample, which report what
    /// happened before.
    pub(crate) fn add_history(&mut self, earlier: &Self) {
        let mut known: BTreeSet<String> = self.events.iter().map(|event| event.text.clone()).collect();
        for event in &earlier.events {
            if known.insert(event.text.clone()) {
                self.add_event(event.clone());
            }
        }
        for (traced, number) in &earlier.traced {
            self.add_traced(traced.clone(), *number);
        }
    }
}
