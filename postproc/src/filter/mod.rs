//! Filters for findings. All packets are analysed regardless of them, because a handshake is judged
//! together with the others of its listener.

mod admission;
mod ambiguous;
mod baseline;
mod condition;
mod delay;
mod endpoint;
mod hosts;
mod likeness;
mod time;
mod unmatched;

use std::time::Duration;

use syncookie_engine::{Cause, CauseKind, Endpoint, Episode, Finding, Outcome, Timestamp, Verdict};

pub use admission::{Admission, Decision, Rules};
pub use baseline::{Baseline, BaselineError};
pub use condition::{Condition, InvalidFilter};
pub use endpoint::EndpointPattern;
pub use hosts::Hosts;
pub use likeness::Likeness;
pub use unmatched::Unmatched;

/// All conditions of `--filter`. Repeated conditions of one kind are ORed; different kinds are
/// ANDed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    servers: Vec<Hosts>,
    clients: Vec<Hosts>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    verdicts: Vec<Verdict>,
    outcomes: Vec<Outcome>,
    causes: Vec<CauseKind>,
    min_delay: Option<Duration>,
}

impl Filter {
    /// Combines conditions. Of several times, the narrowest range applies, and of several minimum
    /// delays, the longest.
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
                Condition::Verdict(verdict) => filter.verdicts.push(verdict),
                Condition::Outcome(outcome) => filter.outcomes.push(outcome),
                Condition::Cause(cause) => filter.causes.push(cause),
                Condition::MinDelay(delay) => filter.min_delay = filter.min_delay.max(Some(delay)),
            }
        }
        filter
    }

    /// Returns whether there is a condition.
    #[must_use]
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    /// Returns `since` and `until` if no time is between them.
    #[must_use]
    pub fn empty_time_range(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.since?, self.until?)).filter(|(since, until)| since >= until)
    }

    /// Returns whether a listener matches.
    fn admits_server(&self, server: Endpoint) -> bool {
        holds(&self.servers, server)
    }

    /// Returns whether a finding matches.
    #[must_use]
    pub fn admits(&self, finding: &Finding) -> bool {
        self.admits_server(finding.server)
            && holds(&self.clients, finding.client)
            && self.since.is_none_or(|since| finding.time >= since)
            && self.until.is_none_or(|until| finding.time < until)
            && is_one_of(&self.verdicts, finding.assessment.verdict)
            && is_one_of(&self.outcomes, finding.outcome)
            && (self.causes.is_empty()
                || Cause::most_likely(&finding.causes).is_some_and(|cause| self.causes.contains(&cause.kind)))
            && self.min_delay.is_none_or(|delay| finding.completion.seconds >= Some(delay.as_secs_f64()))
    }

    /// Returns whether an episode matches: its server and verdict do, and it overlaps the time
    /// range.
    #[must_use]
    pub fn admits_episode(&self, episode: &Episode) -> bool {
        self.admits_server(episode.server)
            && is_one_of(&self.verdicts, episode.verdict)
            && self.since.is_none_or(|since| episode.end >= since)
            && self.until.is_none_or(|until| episode.start < until)
    }
}

fn holds(wanted: &[Hosts], endpoint: Endpoint) -> bool {
    wanted.is_empty() || wanted.iter().any(|hosts| hosts.contains(endpoint))
}

fn is_one_of<T: PartialEq>(wanted: &[T], value: T) -> bool {
    wanted.is_empty() || wanted.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_time_range_applies() {
        let condition = |text: &str| text.parse::<Condition>().unwrap();
        let filter = Filter::new(&["since=@5", "since=@7", "until=@20", "until=@10"].map(condition));
        assert_eq!(filter, Filter::new(&["since=@7", "until=@10"].map(condition)));
        assert!(filter.empty_time_range().is_none());
        assert!(Filter::new(&["since=@7", "until=@7"].map(condition)).empty_time_range().is_some());
        assert!(filter.is_active() && !Filter::new(&[]).is_active());
    }
}
