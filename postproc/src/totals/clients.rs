//! Counts of each client address: how long its handshakes took, and how many failed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;

use syncookie_engine::{Durations, Finding};

use super::second_view::SecondView;

/// Maximum number of clients that are counted individually. One takes about 500 bytes.
const MAX_CLIENTS: usize = 1024;

/// Clients: the first `MAX_CLIENTS` individually, and all others together.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    known: HashMap<IpAddr, ClientTotals>,
    /// All other clients, and the sources of floods.
    pub others: ClientTotals,
}

/// Counts of a client.
#[derive(Clone, Debug, Default)]
pub struct ClientTotals {
    /// Number of handshakes.
    pub handshakes: u64,
    /// Number of those that failed.
    pub failed: u64,
    /// Number of SYNs.
    pub syns: u64,
    /// Times that the handshakes took.
    pub durations: Durations,
}

impl Clients {
    /// Counts a handshake. The sources of a flood, which are many and rarely real, are counted
    /// together.
    pub fn add(&mut self, finding: &Finding) {
        let is_full = self.known.len() >= MAX_CLIENTS && !self.known.contains_key(&finding.client.ip);
        let client = if finding.left_by_flood || is_full {
            &mut self.others
        } else {
            self.known.entry(finding.client.ip).or_default()
        };
        client.add(finding);
    }

    /// Takes a handshake out of the numbers of handshakes and failures.
    pub fn remove(&mut self, view: &SecondView) {
        let client = self.known.get_mut(&view.client.ip).unwrap_or(&mut self.others);
        client.handshakes = client.handshakes.saturating_sub(1);
        client.failed = client.failed.saturating_sub(u64::from(view.counted.has_failed));
    }

    /// Returns the clients that are counted individually: those whose handshakes took the longest
    /// come first, by the 95th percentile, and then those with the most failures.
    #[must_use]
    pub fn slowest_first(&self) -> Vec<(IpAddr, &ClientTotals)> {
        let mut clients: Vec<_> = self.known.iter().map(|(ip, client)| (*ip, client)).collect();
        let nanos = |client: &ClientTotals| client.durations.quantile(0.95).map(|seconds| (seconds * 1e9) as u64);
        clients.sort_by_cached_key(|(ip, client)| (Reverse((nanos(client), client.failed)), *ip));
        clients
    }
}

impl ClientTotals {
    fn add(&mut self, finding: &Finding) {
        let completion = &finding.completion;
        self.handshakes += 1;
        self.failed += u64::from(completion.has_failed);
        self.syns += u64::from(completion.syns);
        completion.seconds.into_iter().for_each(|seconds| self.durations.add(seconds));
    }

    /// Adds the counts of another client.
    pub fn merge(&mut self, other: &Self) {
        self.handshakes += other.handshakes;
        self.failed += other.failed;
        self.syns += other.syns;
        self.durations.merge(&other.durations);
    }
}
