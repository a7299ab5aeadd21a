//! Connections of health checks: one client, a constant period, nothing sent.

use crate::connection::handshake::{Handshake, Side};
use crate::listener::clients::Clients;

/// Minimum number of connections of one client that show a period. Fewer independent connections
/// would look periodic too often (chosen: with exponential intervals, one in 6,000 clients does).
const ENOUGH: usize = 6;
/// Largest relative difference from the period, and the share of intervals that keep it.
const TOLERANCE: f64 = 0.05;
const REGULAR: f64 = 0.7;
/// Shortest period, in seconds. Health checks are configured in seconds; benchmarks and scans are
/// faster.
const SHORTEST_PERIOD: f64 = 0.5;

/// Health checks among the handshakes of a listener.
#[derive(Debug, Default)]
pub(crate) struct HealthChecks {
    /// Index of each handshake, in ascending order, and the period in seconds.
    checks: Vec<(u32, f64)>,
}

impl HealthChecks {
    /// Finds the health checks. `candidates` is the number of handshakes for which
    /// [`is_candidate`] holds.
    pub(crate) fn of(handshakes: &[&Handshake], clients: &Clients, candidates: usize) -> Self {
        let mut checks = Vec::new();
        if candidates >= ENOUGH {
            for group in clients.groups().filter(|group| group.len() >= ENOUGH) {
                let is_candidate = |&index: &u32| is_candidate(handshakes[index as usize]);
                let candidates: Vec<u32> = group.iter().copied().filter(is_candidate).collect();
                let times = candidates
                    .windows(2)
                    .map(|two| handshakes[two[1] as usize].time.seconds_since(handshakes[two[0] as usize].time));
                let intervals: Vec<f64> = times.collect();
                if let Some(period) = period(intervals.clone()) {
                    let on_time = (0..candidates.len()).filter(|&at| keeps(&intervals, at, period));
                    checks.extend(on_time.map(|at| (candidates[at], period)));
                }
            }
            checks.sort_unstable_by_key(|&(index, _)| index);
        }
        Self { checks }
    }

    /// Returns the period in seconds if the handshake with that index is a health check.
    pub(crate) fn period(&self, index: usize) -> Option<f64> {
        let at = self.checks.binary_search_by_key(&index, |&(check, _)| check as usize).ok()?;
        Some(self.checks[at].1)
    }
}

/// Returns whether a connection may be a health check: the server answered, and the client ended
/// the connection without having sent data.
pub(crate) fn is_candidate(handshake: &Handshake) -> bool {
    let is_ended = handshake.client_fin || matches!(handshake.reset.as_deref(), Some((Side::Client, _)));
    is_ended && handshake.client_data.is_none() && handshake.syn_ack.is_some() && !handshake.has_uncaptured_data()
}

/// Returns whether the connection at a place came one period after the one before it, or before the
/// next one.
fn keeps(intervals: &[f64], at: usize, period: f64) -> bool {
    let around = [at.checked_sub(1).and_then(|before| intervals.get(before)), intervals.get(at)];
    around.into_iter().flatten().any(|interval| is_regular(*interval, period))
}

fn is_regular(interval: f64, period: f64) -> bool {
    (interval - period).abs() <= TOLERANCE * period
}

/// Returns the period of intervals in seconds, if they are regular.
fn period(mut intervals: Vec<f64>) -> Option<f64> {
    if intervals.len() + 1 < ENOUGH {
        return None;
    }
    intervals.sort_unstable_by(f64::total_cmp);
    let period = intervals[intervals.len() / 2];
    let regular = intervals.iter().filter(|&&interval| is_regular(interval, period)).count();
    (period >= SHORTEST_PERIOD && regular as f64 >= REGULAR * intervals.len() as f64).then_some(period)
}
