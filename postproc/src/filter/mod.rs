//! Filters for findings. All packets are analysed regardless of them, because a handshake is judged
//! together with the others of its listener.

mod admission;
mod baseline;
mod endpoint;
mod hosts;
mod likeness;
mod time;

use std::str::FromStr;

use syncookie_engine::{Endpoint, Episode, Finding, Timestamp};

pub use admission::{Admission, Decision, Rules};
pub use baseline::{Baseline, BaselineError};
pub use endpoint::EndpointPattern;
pub use hosts::Hosts;
pub use likeness::Likeness;

/// Condition of `--filter`, as given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `server=…`
    Server(Hosts),
    /// `client=…`
    Client(Hosts),
    /// `since=…`
    Since(Timestamp),
    /// `until=…`
    Until(Timestamp),
}

/// All conditions of `--filter`. Repeated conditions of one kind are ORed; different kinds are
/// ANDed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    servers: Vec<Hosts>,
    clients: Vec<Hosts>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Error for a condition that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid filter; expected {expected}")]
pub struct InvalidFilter {
    expected: &'static str,
}

impl Filter {
    /// Combines conditions. Of several times, the narrowest range applies.
    #[must_use]
    pub fn new(conditions: &[Condition]) -> Self {
        let mut filter = Self::default();
        for condition in conditions {
            match *condition {
                Condition::Server(hosts) => filter.servers.push(hosts),
                Condition::Client(hosts) => filter.clients.push(hosts),
                Condition::Since(time) => filter.since = filter.since.max(Some(time)),
                Condition::Until(time) => {
                    filter.until = Some(filter.until.map_or(time, |until| until.min(time)));
                }
            }
        }
        filter
    }

    /// Returns whether there is a condition.
    #[must_use]
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    /// Returns whether a finding matches.
    #[must_use]
    pub fn admits(&self, finding: &Finding) -> bool {
        holds(&self.servers, finding.server)
            && holds(&self.clients, finding.client)
            && self.since.is_none_or(|since| finding.time >= since)
            && self.until.is_none_or(|until| finding.time < until)
    }

    /// Returns whether an episode matches: its server does, and it overlaps the time range.
    #[must_use]
    pub fn admits_episode(&self, episode: &Episode) -> bool {
        holds(&self.servers, episode.server)
            && self.since.is_none_or(|since| episode.end >= since)
            && self.until.is_none_or(|until| episode.start < until)
    }
}

fn holds(wanted: &[Hosts], endpoint: Endpoint) -> bool {
    wanted.is_empty() || wanted.iter().any(|hosts| hosts.contains(endpoint))
}

impl FromStr for Condition {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        let invalid = |expected| InvalidFilter { expected };
        let hosts = |text| Hosts::parse(text).ok_or(invalid(hosts::FORM));
        let time = |text| time::parse(text).ok_or(invalid(time::FORM));
        match text.split_once('=') {
            Some(("server", value)) => hosts(value).map(Self::Server),
            Some(("client", value)) => hosts(value).map(Self::Client),
            Some(("since", value)) => time(value).map(Self::Since),
            Some(("until", value)) => time(value).map(Self::Until),
            _ => Err(invalid("server=…, client=…, since=… or until=…")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_time_range_applies() {
        let condition = |text: &str| text.parse::<Condition>().unwrap();
        let filter = Filter::new(&["since=@5", "since=@7", "until=@20", "until=@10"].map(condition));
        assert_eq!(filter, Filter::new(&["since=@7", "until=@10"].map(condition)));
        assert!(filter.is_active() && !Filter::new(&[]).is_active());
    }

    #[test]
    fn an_invalid_condition_is_reported_with_what_is_expected() {
        let said = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
        assert!(said("10.0.0.1").contains("expected server=…"));
        assert!(said("server=www.example.com").contains("an address"));
        assert!(said("since=yesterday").contains("2026-11-22"));
    }
}
