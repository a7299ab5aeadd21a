//! The definition of a recording.

use super::net::Node;
use super::proof::Proof;
use serde_json::Value;
use std::collections::BTreeMap;

/// A phase as in `truth.json`: its begin in seconds since the epoch, and the settings.
pub type Phase = (f64, BTreeMap<String, Value>);
/// sysctl settings.
pub type Settings = &'static [(&'static str, &'static str)];

/// A bounded flood of SYNs from random sources.
#[derive(Clone, Copy, Debug)]
pub struct FloodPlan {
    /// SYNs per second.
    pub rate: u64,
    /// Duration in seconds.
    pub seconds: u64,
}

/// The definition of a recording.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// Name, also of the folder.
    pub name: &'static str,
    /// Kind of its handshakes.
    pub label: &'static str,
    /// What the recording is for.
    pub note: &'static str,
    /// Whether the connections use IPv6.
    pub v6: bool,
    /// Connections in every phase.
    pub visits: u64,
    /// Connections at the same time.
    pub at_once: u64,
    /// Pause between connections, in milliseconds.
    pub pause_ms: u64,
    /// Port of the client for all connections; 0 for any.
    pub source_port: u64,
    /// Whether the client closes with a reset.
    pub client_resets: bool,
    /// Whether the client closes with a reset before its request.
    pub client_aborts: bool,
    /// Whether a server listens.
    pub listens: bool,
    /// Behaviour of the server program: http, linger, unread, noaccept, flicker (the listener opens
    /// and closes in turns).
    pub mode: &'static str,
    /// Backlog of the listener.
    pub backlog: u64,
    /// Bytes of a response.
    pub size: u64,
    /// Settings of the server.
    pub server_sysctl: Settings,
    /// Settings of the client.
    pub client_sysctl: Settings,
    /// Commands in the client's namespace.
    pub client_commands: &'static [&'static str],
    /// Commands in the server's namespace.
    pub server_commands: &'static [&'static str],
    /// Commands in the router's namespace.
    pub router: &'static [&'static str],
    /// Arguments of netem for both directions.
    pub wan: Option<&'static str>,
    /// A flood during the recording.
    pub flood: Option<FloodPlan>,
    /// Handshakes acknowledged with a wrong number.
    pub wrong_acks: u64,
    /// Handshakes in each of two rounds that are acknowledged after all their SYNs were answered.
    pub late_acks: u64,
    /// Handshakes whose listener closes before the ACK arrives.
    pub gone_acks: u64,
    /// Settings at the begin of each phase.
    pub phases: &'static [Settings],
    /// Settings of the second server; empty when there is none.
    pub second_server: Settings,
    /// Commands in the second server's namespace.
    pub second_server_commands: &'static [&'static str],
    /// Settings of the second client; empty when there is none.
    pub second_client: Settings,
    /// Clients that the label describes; empty for the usual ones.
    pub clients: &'static [&'static str],
    /// Whether `client.pcap` is captured behind the router, outside a NAT.
    pub behind_nat: bool,
    /// Whether the packets cannot be distinguished from those of ordinary answers.
    pub undecidable: bool,
    /// Time to wait for late packets, in milliseconds.
    pub settle_ms: u64,
    /// Checks that the counters agree with the label.
    pub proof: fn(&Proof) -> Result<(), String>,
}

impl Recording {
    /// Returns where packets are captured: node, interface and file.
    pub(super) fn captures(&self) -> impl Iterator<Item = (Node, &'static str, &'static str)> {
        let client = if self.behind_nat { (Node::Router, "m1") } else { (Node::Client, "c0") };
        // A capture at one of two servers is not useful: it contains half of the handshakes.
        let server = (self.second_server.is_empty() && !self.behind_nat).then_some((Node::Server, "s0", "server.pcap"));
        [(client.0, client.1, "client.pcap")].into_iter().chain(server)
    }
}
