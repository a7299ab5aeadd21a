//! Facts of one time from several files.

use super::Facts;
use crate::kernel::read::is_vague;

impl Facts {
    /// Whether the other tells of the same things in the same form: it is another look, not another part of this one.
    /// `nstat` and `netstat -s` saved side by side are one look.
    pub(super) fn tells_again(&self, other: &Self) -> bool {
        // `ss -s` tells these two, and so does `/proc/net/sockstat`.
        let is_summary = |name: &str| ["TCP.orphan", "TCP.tw"].contains(&name);
        let is_form_shared = self.forms.keys().any(|form| other.forms.contains_key(form) && !is_vague(form));
        is_form_shared
            && (self.counters.keys().any(|name| other.counters.contains_key(name))
                || self.gauges.keys().any(|name| other.gauges.contains_key(name) && !is_summary(name))
                || (!self.listeners.is_empty() && !other.listeners.is_empty()))
    }

    /// Adds what the other tells.
    pub(super) fn join(&mut self, other: Self) {
        self.name = format!("{}, {}", self.name, other.name);
        self.taken_at = self.taken_at.or(other.taken_at);
        self.uptime = self.uptime.or(other.uptime);
        self.kernel = self.kernel.take().or(other.kernel);
        self.namespace = self.namespace.take().or(other.namespace);
        self.listeners.extend(other.listeners);
        self.processes.extend(other.processes);
        self.events.extend(other.events);
        self.notes.extend(other.notes);
        other.forms.into_iter().for_each(|(form, lines)| *self.forms.entry(form).or_default() += lines);
        self.lines_unread += other.lines_unread;
        self.counters.extend(other.counters);
        self.implied.netstat = self.implied.netstat.or(other.implied.netstat);
        self.implied.nstat = self.implied.nstat.or(other.implied.nstat);
        self.gauges.extend(other.gauges);
        self.settings.extend(other.settings);
        self.half_open.extend(other.half_open);
        self.is_half_open_known |= other.is_half_open_known;
        self.towards.extend(other.towards);
    }

    /// Takes over settings that only the earlier look has.
    pub(super) fn inherit(&mut self, earlier: &Self) {
        for (name, value) in &earlier.settings {
            self.settings.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.kernel = self.kernel.take().or_else(|| earlier.kernel.clone());
    }
}
