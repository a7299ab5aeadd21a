//! What a recording is made of.

use super::net::Node;
use super::proof::Proof;
use serde_json::Value;
use std::collections::BTreeMap;

/// A phase as `truth.json` has it: when it began, and what was set.
pub type Phase = (f64, BTreeMap<String, Value>);
/// sysctl settings.
pub type Settings = &'static [(&'static str, &'static str)];

/// A bounded flood of SYNs from made-up sources.
#[derive(Clone, Copy, Debug)]
pub struct FloodPlan {
    /// SYNs a second.
    pub rate: u64,
    /// How long.
    pub seconds: u64,
}

/// One recording.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// Its name: also its folder's.
    pub name: &'static str,
    /// What its handshakes are.
    pub label: &'static str,
    /// What is special about it.
    pub note: &'static str,
    /// Over IPv6.
    pub v6: bool,
    /// Connections, of every phase.
    pub visits: u64,
    /// Connections at the same time.
    pub at_once: u64,
    /// Pause between them.
    pub pause_ms: u64,
    /// The client's port, always the same; 0 for any.
    pub source_port: u64,
    /// The client closes with a reset.
    pub client_resets: bool,
    /// The client closes with a reset before it asks for anything.
    pub client_aborts: bool,
    /// Whether anything listens.
    pub listens: bool,
    /// What the server program does: http, linger, unread, noaccept, flicker (listens and does not, by turns).
    pub mode: &'static str,
    /// Its backlog.
    pub backlog: u64,
    /// Bytes of its response.
    pub size: u64,
    /// The server's settings.
    pub server_sysctl: Settings,
    /// The client's settings.
    pub client_sysctl: Settings,
    /// Commands in the client's namespace.
    pub client_commands: &'static [&'static str],
    /// Commands in the server's namespace.
    pub server_commands: &'static [&'static str],
    /// Commands in the router's namespace.
    pub router: &'static [&'static str],
    /// netem's arguments for both directions.
    pub wan: Option<&'static str>,
    /// A flood beside it.
    pub flood: Option<FloodPlan>,
    /// Handshakes acknowledged with a wrong number.
    pub wrong_acks: u64,
    /// Handshakes of two rounds, each acknowledged only when all of it were answered.
    pub late_acks: u64,
    /// Handshakes of a listener that goes before the ACK comes.
    pub gone_acks: u64,
    /// Phases: what is set before each.
    pub phases: &'static [Settings],
    /// Settings of the second server; empty when there is none.
    pub second_server: Settings,
    /// Commands in the second server's namespace.
    pub second_server_commands: &'static [&'static str],
    /// Settings of the second client; empty when there is none.
    pub second_client: Settings,
    /// Clients the label speaks of; empty for the usual ones.
    pub clients: &'static [&'static str],
    /// Captured behind the router, as `client.pcap`: what a NAT's outside sees.
    pub behind_nat: bool,
    /// Nothing on the wire tells these from ordinary ones.
    pub undecidable: bool,
    /// Time to wait for stragglers.
    pub settle_ms: u64,
    /// Whether the counters agree with the label.
    pub proof: fn(&Proof) -> Result<(), String>,
}

impl Recording {
    /// Where packets are captured, and into which file.
    pub(super) fn captures(&self) -> impl Iterator<Item = (Node, &'static str, &'static str)> {
        let client = if self.behind_nat { (Node::Router, "m1") } else { (Node::Client, "c0") };
        // The server's side of a second server is no use: it sees half of the handshakes.
        let server = (self.second_server.is_empty() && !self.behind_nat).then_some((Node::Server, "s0", "server.pcap"));
        [(client.0, client.1, "client.pcap")].into_iter().chain(server)
    }
}
