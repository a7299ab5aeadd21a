//! Scans: one source tries many ports of a host, or one port of many hosts, and keeps no
//! connection.
//!
//! A client that finds a broken network fails in the same way, and must not be taken for a scan.
//! Its kernel retransmits each SYN, it tries the same ports again, and each connection has a source
//! port of its own. Scanners usually send all SYNs from one source port. Where the source ports
//! differ, more targets are required.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use syncookie_engine::{Finding, Outcome};

use super::affected::Affected;
use super::second_view::SecondView;

/// Minimum number of targets of a scan from one source port.
const TARGETS: usize = 20;
/// Minimum number of targets of a scan from different source ports.
const TARGETS_WITH_PORTS: usize = 100;
/// Maximum number of attempts for each target; who tries again wants a connection.
const ATTEMPTS: u64 = 2;
/// Share of the attempts that a scan's most frequent source port has.
const ONE_PORT: f64 = 0.8;
/// Maximum number of sources that are examined.
const SOURCES: usize = 256;
/// Maximum number of source ports that are counted for each source.
const PORTS: usize = 64;

/// Failures, separated into those that may belong to a scan and all others.
#[derive(Clone, Debug, Default)]
pub struct Scans {
    sources: BTreeMap<IpAddr, Probes>,
    /// Failures that belong to no scan.
    others: Affected,
    /// What [`Self::apart`] returns, once it was asked for.
    apart: OnceCell<(Vec<Scan>, Affected)>,
}

/// Attempts of one source.
#[derive(Clone, Debug, Default)]
struct Probes {
    failures: Affected,
    /// Number of attempts from each source port.
    ports: HashMap<u16, u64>,
}

/// One scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Source.
    pub client: IpAddr,
    /// Number of handshakes.
    pub handshakes: u64,
    /// Hosts that were scanned.
    pub hosts: BTreeSet<IpAddr>,
    /// Ports that were scanned.
    pub ports: BTreeSet<u16>,
}

impl Scans {
    /// Counts a failed handshake.
    pub fn add(&mut self, finding: &Finding) {
        self.apart.take();
        let is_full = self.sources.len() >= SOURCES && !self.sources.contains_key(&finding.client.ip);
        if is_full || !is_probe(finding) {
            return self.others.add(finding);
        }
        let probes = self.sources.entry(finding.client.ip).or_default();
        probes.failures.add(finding);
        if probes.ports.len() < PORTS || probes.ports.contains_key(&finding.client.port) {
            *probes.ports.entry(finding.client.port).or_default() += 1;
        }
    }

    /// Takes a failed handshake out of the counts.
    pub fn remove(&mut self, view: &SecondView) {
        self.apart.take();
        let probes = self.sources.get_mut(&view.client.ip).filter(|_| view.counted.is_probe);
        let Some(probes) = probes else { return self.others.remove(&view.counted) };
        probes.failures.remove(&view.counted);
        if let Some(number) = probes.ports.get_mut(&view.client.port) {
            *number = number.saturating_sub(1);
        }
    }

    /// Returns the scans, the largest first, and the failures that belong to none.
    #[must_use]
    pub fn apart(&self) -> (&[Scan], &Affected) {
        let (scans, others) = self.apart.get_or_init(|| self.separate());
        (scans, others)
    }

    fn separate(&self) -> (Vec<Scan>, Affected) {
        let mut others = self.others.clone();
        let mut scans = Vec::new();
        for (client, probes) in &self.sources {
            match probes.scan(*client) {
                Some(scan) => scans.push(scan),
                None => others.merge(&probes.failures),
            }
        }
        // Stable, so that equal ones stay in the order of their addresses.
        scans.sort_by_key(|scan| std::cmp::Reverse(scan.handshakes));
        (scans, others)
    }
}

impl Probes {
    fn scan(&self, client: IpAddr) -> Option<Scan> {
        let targets = &self.failures.listeners;
        let from_one_port = self.ports.values().copied().max().unwrap_or(0);
        let is_from_one_port = from_one_port as f64 >= ONE_PORT * self.failures.handshakes as f64;
        let least = if is_from_one_port { TARGETS } else { TARGETS_WITH_PORTS };
        let (mut hosts, mut ports) = (BTreeMap::<IpAddr, usize>::new(), BTreeMap::<u16, usize>::new());
        for target in targets {
            *hosts.entry(target.ip).or_default() += 1;
            *ports.entry(target.port).or_default() += 1;
        }
        let most = hosts.values().chain(ports.values()).copied().max().unwrap_or(0);
        let is_scan = most >= least && self.failures.handshakes <= ATTEMPTS * targets.len() as u64;
        is_scan.then(|| Scan {
            client,
            handshakes: self.failures.handshakes,
            hosts: hosts.into_keys().collect(),
            ports: ports.into_keys().collect(),
        })
    }
}

/// Returns whether a handshake failed as those of scans do: refused or unanswered without a
/// retransmission of the SYN, or half open.
pub(super) fn is_probe(finding: &Finding) -> bool {
    let is_open = finding.frames.ack.is_some();
    let fails_so = match finding.outcome {
        Outcome::Refused | Outcome::Unanswered | Outcome::Unacknowledged => !is_open,
        Outcome::ResetByClient => true,
        Outcome::Established | Outcome::ResetByServer | Outcome::Incomplete => false,
    };
    fails_so && !finding.left_by_flood && finding.completion.syns <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::leaked;

    /// Returns a failure of a client, from a source port, at a target.
    fn failure(last: u8, from: u16, host: u8, port: u16, syns: u32) -> Finding {
        let mut finding = leaked(0);
        finding.client = syncookie_engine::Endpoint { ip: [10, 0, 0, last].into(), port: from };
        finding.server = syncookie_engine::Endpoint { ip: [10, 0, 1, host].into(), port };
        finding.outcome = Outcome::Refused;
        finding.frames.ack = None;
        finding.completion.syns = syns;
        finding
    }

    fn apart(findings: impl IntoIterator<Item = Finding>) -> (Vec<Scan>, u64) {
        let mut scans = Scans::default();
        findings.into_iter().for_each(|finding| scans.add(&finding));
        let (scans, others) = scans.apart();
        (scans.to_vec(), others.handshakes)
    }

    #[test]
    fn a_failure_after_the_question_is_counted() {
        let mut scans = Scans::default();
        for number in 1..=3 {
            scans.add(&failure(1, 40_000, 1, 80, 1));
            assert_eq!(scans.apart().1.handshakes, number);
        }
    }

    #[test]
    fn many_ports_of_a_host_and_many_hosts_are_each_one_scan() {
        let ports = (1..=50).map(|port| failure(1, 40_000, 1, port, 1));
        let hosts = (1..=30).map(|host| failure(2, 40_000, host, 22, 1));
        let (scans, others) = apart(ports.chain(hosts).chain([failure(3, 50_000, 1, 80, 1)]));
        let shapes: Vec<_> = scans.iter().map(|scan| (scan.handshakes, scan.hosts.len(), scan.ports.len())).collect();
        assert_eq!((shapes, others), (vec![(50, 1, 50), (30, 30, 1)], 1));
    }

    #[test]
    fn a_client_of_a_broken_network_is_no_scan() {
        let retransmitted = (1..=50).map(|port| failure(1, 40_000, 1, port, 3));
        assert_eq!(apart(retransmitted), (vec![], 50));
        let with_own_ports = (1..=50).map(|port| failure(1, 40_000 + port, 1, port, 1));
        assert_eq!(apart(with_own_ports), (vec![], 50));
        let again_and_again = (0..200).map(|n| failure(1, 40_000, 1, n % 25, 1));
        assert_eq!(apart(again_and_again), (vec![], 200));
        let few = (1..=19).map(|port| failure(1, 40_000, 1, port, 1));
        assert_eq!(apart(few), (vec![], 19));
    }

    #[test]
    fn a_scan_whose_source_ports_differ_needs_more_targets() {
        let scan = (1..=150).map(|port| failure(1, 40_000 + port, 1, port, 1));
        assert_eq!(apart(scan).0.len(), 1);
    }
}
