//! What is known about a capture because we made it: the format of `truth.json`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Who answered a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The host, from a half-open entry.
    Ordinary,
    /// The host, without keeping state.
    SynCookie,
    /// Something in front of the host.
    SynProxy,
}

/// The truth about one handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueHandshake {
    /// Who sent the SYN.
    pub client: SocketAddr,
    /// Who was asked.
    pub server: SocketAddr,
    /// 1-based number of the first SYN-ACK in the capture; `None` when it was lost.
    pub syn_ack_frame: Option<u32>,
    /// Every SYN-ACK of it.
    #[serde(default)]
    pub syn_ack_frames: Vec<u32>,
    /// Who answered.
    pub verdict: Verdict,
    /// Which implementation, where the product has a word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementation: Option<String>,
    /// Causes that would be a right answer to why it failed; empty where nothing failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cause: Vec<String>,
    /// Nothing on the wire tells it from an ordinary one: missing it is no fault. A false alarm stays one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undecidable: bool,
}

/// The truth about a capture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the scenario.
    pub name: String,
    /// What its handshakes are, in one word.
    pub label: String,
    /// What was made, and from which source.
    #[serde(default)]
    pub note: String,
    /// The kernel that made it, or `synthetic`.
    #[serde(default)]
    pub kernel: String,
    /// Phases: start (seconds since the epoch) and what was configured then.
    #[serde(default)]
    pub phases: Vec<(f64, BTreeMap<String, serde_json::Value>)>,
    /// Differences of kernel counters over the run.
    #[serde(default)]
    pub counters: BTreeMap<String, i64>,
    /// Every handshake, where they are known one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshakes: Vec<TrueHandshake>,
    /// Everything else a recording wrote down.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}
