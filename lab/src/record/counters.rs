//! The kernel's counters of the namespaces.

use super::net::{Net, Node};
use std::collections::BTreeMap;
use std::io;

/// Counters of the server that concern handshakes.
const KEPT: &[&str] = &[
    "SyncookiesSent",
    "SyncookiesRecv",
    "SyncookiesFailed",
    "ListenOverflows",
    "ListenDrops",
    "TCPReqQFullDoCookies",
    "TCPReqQFullDrop",
    "TCPAbortOnData",
    "TCPAbortOnClose",
    "EmbryonicRsts",
    "PassiveOpens",
    "OutRsts",
    "AttemptFails",
    "EstabResets",
    "TCPDeferAcceptDrop",
    "PAWSPassive",
    "InCsumErrors",
];

/// Counters at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters(BTreeMap<String, i64>);

impl Counters {
    /// Reads the TCP counters of both servers, summed, those of the router's SYNPROXY, and the
    /// matches of reject rules.
    pub(super) fn read(net: &Net) -> io::Result<Self> {
        let mut sums = BTreeMap::new();
        for node in [Node::Server, Node::Server2] {
            let text = net.sh(node, "cat /proc/net/netstat /proc/net/snmp")?;
            for (name, value) in pairs(&text).filter(|(name, _)| KEPT.contains(name)) {
                *sums.entry(name.to_owned()).or_default() += value;
            }
        }
        // One row per processor, hexadecimal; there is no file while no SYNPROXY was ever used.
        let text = net.sh(Node::Router, "cat /proc/net/stat/synproxy 2>/dev/null || true")?;
        let mut lines = text.lines();
        let names: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
        for line in lines {
            for (name, value) in names.iter().zip(line.split_whitespace()) {
                *sums.entry(format!("synproxy_{name}")).or_default() += i64::from_str_radix(value, 16).unwrap_or(0);
            }
        }
        let rules = net.sh(Node::Router, "iptables -nvxL FORWARD 2>/dev/null || true")?;
        let fired = |line: &str| line.split_whitespace().next().and_then(|n| n.parse::<i64>().ok());
        let rejected = rules.lines().filter(|l| l.contains("REJECT")).filter_map(fired).sum();
        sums.insert("router_rejected".into(), rejected);
        let rules = net.sh(Node::Server, "iptables -nvxL INPUT 2>/dev/null || true")?;
        let rejected = rules.lines().filter(|l| l.contains("REJECT")).filter_map(fired).sum();
        sums.insert("server_rejected".into(), rejected);
        Ok(Self(sums))
    }

    /// Reads the TCP counters of the first server.
    pub(super) fn of_server(net: &Net) -> io::Result<Self> {
        let text = net.sh(Node::Server, "cat /proc/net/netstat /proc/net/snmp")?;
        let mut sums = BTreeMap::new();
        // Several protocols count checksum errors.
        for (name, value) in pairs(&text).filter(|(name, _)| KEPT.contains(name)) {
            *sums.entry(name.to_owned()).or_default() += value;
        }
        Ok(Self(sums))
    }

    /// Returns the differences since an earlier reading.
    pub(super) fn since(&self, before: &Self) -> BTreeMap<String, i64> {
        let earlier = |name: &String| before.0.get(name).copied().unwrap_or(0);
        self.0.iter().map(|(name, value)| (name.clone(), value - earlier(name))).collect()
    }
}

/// Parses names and values of `/proc/net/netstat` and `snmp`: a line of names, then a line of
/// values.
fn pairs(text: &str) -> impl Iterator<Item = (&str, i64)> {
    let lines: Vec<&str> = text.lines().collect();
    let rows = lines.chunks(2).map(<[&str]>::to_vec).collect::<Vec<_>>();
    rows.into_iter().filter(|row| row.len() == 2).flat_map(|row| {
        let names = row[0].split_whitespace().skip(1);
        names.zip(row[1].split_whitespace().skip(1).map(|v| v.parse().unwrap_or(0))).collect::<Vec<_>>()
    })
}
