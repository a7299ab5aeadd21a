//! S15: SYNs that are answered sooner than data.
//!
//! A proxy in front answers the SYN itself, while data goes all the way to the server. The shortest of several round
//! trips of each kind are compared, so that a delayed acknowledgment here and there does no harm.
//!
//! Fooled by: servers that acknowledge data only with the answer to it, which takes them time.

use super::{Cited, Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::handshake::Handshake;
use crate::listener::Listener;
use crate::path::data_round_trip;

/// P(data slower | ordinary) = 0.1, for a listener: think time and delayed acknowledgments.
const SLOWER: f64 = 1.5;
/// Connections from one client that must show both round trips.
const ENOUGH: usize = 5;
/// How much slower, as a factor and in seconds.
const FACTOR: f64 = 1.5;
const LEAST: f64 = 0.002;

pub(super) fn observe(listener: &Listener<'_>, handshake: &Handshake, words: Words) -> Option<Signal> {
    let trips = listener.round_trips.get(&handshake.client.ip).filter(|t| t.count >= ENOUGH)?;
    if trips.data < trips.syn.mul_add(FACTOR, LEAST) {
        return None;
    }
    Some(Signal {
        kind: EvidenceKind::SynAnsweredSooner,
        group: Group::Machine,
        cookie: 0.0,
        proxy: SLOWER,
        habitual: true,
        frames: Cited::from([handshake.syn_ack?.frame]),
        detail: say!(
            words,
            "SYNs are answered in {:.1} ms at best, data in {:.1} ms ({} connections)",
            trips.syn * 1e3,
            trips.data * 1e3,
            trips.count
        ),
    })
}

/// The shortest round trips to one client, in seconds, among the connections that show both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrips {
    pub syn: f64,
    pub data: f64,
    pub count: usize,
}

impl RoundTrips {
    /// Adds a connection's round trips, where it shows both.
    pub(crate) fn take(entry: Option<Self>, handshake: &Handshake) -> Option<Self> {
        let Some((syn, data)) = handshake.round_trip().zip(data_round_trip(handshake)) else { return entry };
        let before = entry.unwrap_or(Self { syn: f64::INFINITY, data: f64::INFINITY, count: 0 });
        Some(Self { syn: before.syn.min(syn), data: before.data.min(data), count: before.count + 1 })
    }
}
