//! What is known about a capture because the laboratory made it: the format of `truth.json`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The kind of an answer to a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// From a half-open entry of the host.
    Ordinary,
    /// From the host, without state: a SYN cookie.
    SynCookie,
    /// From a SYN proxy in front of the host.
    SynProxy,
}

/// The truth about one handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueHandshake {
    /// Address and port of the client, which sent the SYN.
    pub client: SocketAddr,
    /// Address and port of the server.
    pub server: SocketAddr,
    /// 1-based number of the first SYN-ACK in the capture; `None` when it was lost.
    pub syn_ack_frame: Option<u32>,
    /// Numbers of all its SYN-ACKs.
    #[serde(default)]
    pub syn_ack_frames: Vec<u32>,
    /// Kind of the answer.
    pub verdict: Verdict,
    /// Implementation, if the product has a word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implementation: Option<String>,
    /// Right causes of a failure; empty without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cause: Vec<String>,
    /// Whether the packets cannot be distinguished from those of an ordinary answer. To miss such a
    /// handshake is not a fault; a false alarm still is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undecidable: bool,
}

/// The truth about a capture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the scenario.
    pub name: String,
    /// Kind of its handshakes in one word.
    pub label: String,
    /// Description and source.
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
    /// The handshakes, if each is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handshakes: Vec<TrueHandshake>,
    /// Everything else that a recording noted.
    #[serde(flatten)]
    pub more: BTreeMap<String, serde_json::Value>,
}
