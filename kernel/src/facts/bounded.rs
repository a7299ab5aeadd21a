//! Adding facts, up to sizes that no honest source exceeds: what a hostile source has beyond them
//! is dropped.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Event, Facts, Listener, LocalAddress, Process, Traced};

/// Maximum number of counters, gauges and settings, each; a kernel has some hundred counters,
/// `sysctl -a` prints some thousand settings.
const MAX_NAMES: usize = 65_536;
/// Maximum number of listeners, log events and entries of other lists, each.
const MAX_ENTRIES: usize = 16_384;

impl Facts {
    /// Sets a counter, with a note if the source already gave it another value.
    pub(crate) fn set_counter(&mut self, name: String, value: u64) {
        if let Some(old) = self.counters.get(&name).copied() {
            if old != value {
                self.add_note(format!("{name} occurs twice, with {old} and then {value}: the later value is used"));
            }
        } else if self.counters.len() >= MAX_NAMES {
            return;
        }
        self.add_name(&name);
        self.counters.insert(name, value);
    }

    /// Adds to a counter, for tables with one line per CPU.
    pub(crate) fn add_to_counter(&mut self, name: &str, value: u64) {
        match self.counters.get_mut(name) {
            Some(old) => *old = old.saturating_add(value),
            None => self.set_counter(name.to_owned(), value),
        }
    }

    /// Removes the counters whose names begin with `prefix`, before another table with them is
    /// read.
    pub(crate) fn clear_counters(&mut self, prefix: &str) {
        self.counters.retain(|name, _| !name.starts_with(prefix));
    }

    /// Sets a gauge.
    pub(crate) fn set_gauge(&mut self, name: String, value: u64) {
        if self.gauges.len() < MAX_NAMES || self.gauges.contains_key(&name) {
            self.add_name(&name);
            self.gauges.insert(name, value);
        }
    }

    /// Records that the format of this line has the counter or gauge.
    fn add_name(&mut self, name: &str) {
        if self.names_by_format.len() < MAX_NAMES {
            self.names_by_format.insert((self.format, name.to_owned()));
        }
    }

    /// Sets a setting.
    pub(crate) fn set_setting(&mut self, name: String, value: String) {
        if self.settings.len() < MAX_NAMES || self.settings.contains_key(&name) {
            self.settings.insert(name, value);
        }
    }

    /// Adds a listening socket.
    pub(crate) fn add_listener(&mut self, listener: Listener) {
        if self.listeners.len() < MAX_ENTRIES {
            self.listeners.push(listener);
        }
    }

    /// Adds a line of the kernel's log.
    pub(crate) fn add_event(&mut self, event: Event) {
        if self.events.len() < MAX_ENTRIES {
            self.events.push(event);
        }
    }

    /// Adds a process that holds a listening socket.
    pub(crate) fn add_process(&mut self, process: Process) {
        if self.processes.len() < MAX_ENTRIES {
            self.processes.push(process);
        }
    }

    /// Adds half-open connections at a local address.
    pub(crate) fn add_half_open(&mut self, local: LocalAddress, number: u64) {
        self.set_half_open_listed();
        count(&mut self.half_open, local, number);
    }

    /// Records that the source lists half-open connections, so that none listed means none there.
    pub(crate) fn set_half_open_listed(&mut self) {
        self.is_half_open_listed = true;
    }

    /// Adds connections from an ephemeral port to a remote address and port.
    pub(crate) fn add_destination(&mut self, address: IpAddr, port: u16, number: u64) {
        count(&mut self.destinations, (address, port), number);
    }

    /// Adds drops or resets that a tracing tool saw.
    pub(crate) fn add_traced(&mut self, traced: Traced, number: u64) {
        count(&mut self.traced, traced, number);
    }

    /// Adds a remark for the reader of the report.
    pub(crate) fn add_note(&mut self, text: String) {
        if self.notes.len() < MAX_ENTRIES {
            self.notes.push(text);
        }
    }
}

/// Adds to the number of a key; a new key only below [`MAX_ENTRIES`].
fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, number: u64) {
    if counts.len() < MAX_ENTRIES || counts.contains_key(&key) {
        let count = counts.entry(key).or_default();
        *count = count.saturating_add(number);
    }
}
