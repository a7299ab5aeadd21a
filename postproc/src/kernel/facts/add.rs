//! How parsers add what they found. What is beyond any honest size is let go.

use std::net::IpAddr;

use super::{Event, Facts, Implied, Listener, Local, Process};

/// Names of one sort that are kept of one source; a kernel has some hundreds, `sysctl -a` some thousands.
const NAMES: usize = 65_536;
/// Listeners, log events and other lists.
const ENTRIES: usize = 16_384;

impl Facts {
    pub(in crate::kernel) fn set_counter(&mut self, name: String, value: u64) {
        if let Some(old) = self.counters.get(&name).copied() {
            if old != value {
                self.note(format!("{name} is there twice ({old}, then {value}): the later one is used"));
            }
        } else if self.counters.len() >= NAMES {
            return;
        }
        self.counters.insert(name, value);
    }

    /// Adds to a counter: tables with a line for each processor.
    pub(in crate::kernel) fn add_to_counter(&mut self, name: &str, value: u64) {
        match self.counters.get_mut(name) {
            Some(old) => *old = old.saturating_add(value),
            None => self.set_counter(name.to_owned(), value),
        }
    }

    /// Forgets the counters of a group: another table of it follows.
    pub(in crate::kernel) fn clear_counters(&mut self, prefix: &str) {
        self.counters.retain(|name, _| !name.starts_with(prefix));
    }

    pub(in crate::kernel) fn set_gauge(&mut self, name: String, value: u64) {
        if self.gauges.len() < NAMES || self.gauges.contains_key(&name) {
            self.gauges.insert(name, value);
        }
    }

    pub(in crate::kernel) fn set_setting(&mut self, name: String, value: String) {
        if self.settings.len() < NAMES || self.settings.contains_key(&name) {
            self.settings.insert(name, value);
        }
    }

    pub(in crate::kernel) fn add_listener(&mut self, listener: Listener) {
        if self.listeners.len() < ENTRIES {
            self.listeners.push(listener);
        }
    }

    pub(in crate::kernel) fn add_event(&mut self, event: Event) {
        if self.events.len() < ENTRIES {
            self.events.push(event);
        }
    }

    pub(in crate::kernel) fn add_process(&mut self, process: Process) {
        if self.processes.len() < ENTRIES {
            self.processes.push(process);
        }
    }

    pub(in crate::kernel) fn add_half_open(&mut self, local: Local, number: u64) {
        self.is_half_open_known = true;
        if self.half_open.len() < ENTRIES || self.half_open.contains_key(&local) {
            let count = self.half_open.entry(local).or_default();
            *count = count.saturating_add(number);
        }
    }

    /// The source lists half-open connections, if there are any.
    pub(in crate::kernel) fn knows_half_open(&mut self) {
        self.is_half_open_known = true;
    }

    pub(in crate::kernel) fn add_towards(&mut self, address: IpAddr, port: u16, number: u64) {
        if self.towards.len() < ENTRIES || self.towards.contains_key(&(address, port)) {
            let count = self.towards.entry((address, port)).or_default();
            *count = count.saturating_add(number);
        }
    }

    pub(in crate::kernel) fn note(&mut self, text: String) {
        if self.notes.len() < ENTRIES {
            self.notes.push(text);
        }
    }

    pub(in crate::kernel) fn implied(&mut self) -> &mut Implied {
        &mut self.implied
    }
}
