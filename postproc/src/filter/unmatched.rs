//! Conditions on servers that no listener of the captures meets.

use std::collections::BTreeSet;
use std::fmt;

use syncookie_engine::Endpoint;

use super::Hosts;

/// Maximum number of listeners that are named instead.
const EXAMPLES: usize = 3;

/// Conditions `server=…` that no listener has met so far, and listeners that met none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    conditions: Vec<Hosts>,
    has_matched: bool,
    /// The first of the other listeners, by address and port.
    others: BTreeSet<Endpoint>,
    has_more: bool,
}

impl Unmatched {
    /// Begins with these conditions, before any listener was seen.
    pub fn new(conditions: &[Hosts]) -> Self {
        Self { conditions: conditions.to_vec(), ..Self::default() }
    }

    /// Adds the listener of a handshake; `is_met` says whether it meets one of all conditions.
    pub fn add(&mut self, listener: Endpoint, is_met: bool) {
        if is_met {
            self.has_matched = true;
            self.conditions.retain(|condition| !condition.contains(listener));
        } else if self.others.insert(listener) && self.others.len() > EXAMPLES {
            self.has_more = true;
            self.others.pop_last();
        }
    }

    /// Returns whether there are such conditions, and listeners that could have met them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() || (self.others.is_empty() && !self.has_matched)
    }

    /// Returns whether no listener met any of the conditions.
    #[must_use]
    pub fn is_every_condition(&self) -> bool {
        !self.is_empty() && !self.has_matched
    }
}

impl fmt::Display for Unmatched {
    /// Writes a sentence without its period.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conditions: Vec<String> = self.conditions.iter().map(|hosts| format!("server={hosts}")).collect();
        write!(f, "no listener of the captures matches {}", conditions.join(" or "))?;
        let others: Vec<String> = self.others.iter().map(ToString::to_string).collect();
        match (others.is_empty(), self.has_more) {
            (true, _) => Ok(()),
            (false, false) => write!(f, "; their listeners: {}", others.join(", ")),
            (false, true) => write!(f, "; examples of their listeners: {}", others.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_without_a_listener_are_reported_with_the_listeners_there_are() {
        let conditions: Vec<Hosts> = ["10.0.0.1", ":443"].iter().map(|text| Hosts::parse(text).unwrap()).collect();
        let listener = |port| Endpoint { ip: "192.0.2.2".parse().unwrap(), port };
        let mut unmatched = Unmatched::new(&conditions);
        assert!(unmatched.is_empty() && !unmatched.is_every_condition());
        unmatched.add(listener(80), false);
        assert!(unmatched.is_every_condition());
        let text = "no listener of the captures matches server=10.0.0.1 or server=:443; their listeners: 192.0.2.2:80";
        assert_eq!(unmatched.to_string(), text);
        unmatched.add(listener(443), true);
        (90..95).for_each(|port| unmatched.add(listener(port), false));
        assert!(!unmatched.is_empty() && !unmatched.is_every_condition());
        let text = "no listener of the captures matches server=10.0.0.1; examples of their listeners: 192.0.2.2:80, \
                    192.0.2.2:90, 192.0.2.2:91";
        assert_eq!(unmatched.to_string(), text);
    }
}
