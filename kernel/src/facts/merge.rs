//! Facts of one sample from several files.

use std::collections::BTreeMap;

use syncookie_terminal::count;

use super::{Facts, Listener};

impl Facts {
    /// Adds the facts of another file of the same sample.
    pub(crate) fn merge(&mut self, other: Self) {
        self.note_differences(&other);
        self.source.push_str(", ");
        self.source.push_str(&other.source);
        self.taken_at = self.taken_at.or(other.taken_at);
        self.uptime = self.uptime.or(other.uptime);
        self.kernel = self.kernel.take().or(other.kernel);
        self.namespace = self.namespace.take().or(other.namespace);
        self.namespace_id = self.namespace_id.or(other.namespace_id);
        self.merge_listeners(other.listeners);
        self.processes.extend(other.processes);
        self.events.extend(other.events);
        self.notes.extend(other.notes);
        other.formats.into_iter().for_each(|(format, lines)| *self.formats.entry(format).or_default() += lines);
        self.unrecognised_lines += other.unrecognised_lines;
        self.merge_counters(other.counters);
        self.names_by_format.extend(other.names_by_format);
        self.omits_zeros.netstat = self.omits_zeros.netstat.or(other.omits_zeros.netstat);
        self.omits_zeros.nstat = self.omits_zeros.nstat.or(other.omits_zeros.nstat);
        self.gauges.extend(other.gauges);
        self.settings.extend(other.settings);
        self.half_open.extend(other.half_open);
        self.is_half_open_listed |= other.is_half_open_listed;
        self.has_connections |= other.has_connections;
        self.destinations.extend(other.destinations);
        other.traced.into_iter().for_each(|(traced, number)| self.add_traced(traced, number));
    }

    /// Adds notes if another file of the sample has other values of the same counters or settings.
    fn note_differences(&mut self, other: &Self) {
        let notes = [
            difference("counter", &self.counters, &other.counters, &other.source, "the larger values are used"),
            difference("setting", &self.settings, &other.settings, &other.source, "the later values are used"),
        ];
        notes.into_iter().flatten().for_each(|note| self.add_note(note));
    }

    /// Adds the counters of another file. They only grow, and the increases that `nstat` prints
    /// without `-a` are smaller, so the larger value of two is the one since boot.
    fn merge_counters(&mut self, others: BTreeMap<String, u64>) {
        for (name, value) in others {
            let counter = self.counters.entry(name).or_default();
            *counter = value.max(*counter);
        }
    }

    /// Adds listeners of another list. A socket that is in both lists stays one listener.
    fn merge_listeners(&mut self, others: Vec<Listener>) {
        let mut known = std::mem::take(&mut self.listeners);
        for other in others {
            match known.iter().position(|listener| listener.is_same_socket(&other)) {
                Some(index) => {
                    let mut both = known.remove(index);
                    both.merge(other);
                    self.listeners.push(both);
                }
                None => self.listeners.push(other),
            }
        }
        self.listeners.append(&mut known);
    }
}

/// Returns a note on names with different values in a file and in those before it; `None` if there
/// are none.
fn difference<V: PartialEq>(
    noun: &str,
    before: &BTreeMap<String, V>,
    file: &BTreeMap<String, V>,
    source: &str,
    used: &str,
) -> Option<String> {
    let differs = |(name, value): &(&String, &V)| file.get(*name).is_some_and(|other| other != *value);
    let mut names = before.iter().filter(differs).map(|(name, _)| name);
    let first = names.next()?;
    let who = match names.count() as u64 {
        0 => format!("{first} has another value"),
        more => format!("{first} and {} have other values", count(more, &format!("other {noun}"))),
    };
    Some(format!("{who} in {source} than in a file before it: {used}"))
}
