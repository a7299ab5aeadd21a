//! S15: SYNs that are answered sooner than data.
//!
//! A proxy in front answers the SYN itself, while data goes all the way to the server. The shortest of several round
//! trips of each kind are compared, so that a delayed acknowledgment here and there does no harm.
//!
//! Fooled by: servers that acknowledge data only with the answer to it, which takes them time.

use super::{Group, Signal, Words, say};
use crate::EvidenceKind;
use crate::listener::Listener;
use crate::listener::path::Trips;

/// P(data slower | ordinary) = 0.1, for a listener: think time and delayed acknowledgments.
const SLOWER: f64 = 1.5;
/// Connections from one client that must show both round trips.
pub(crate) const ENOUGH: usize = 5;
/// How much slower, as a factor and in seconds.
const FACTOR: f64 = 1.5;
const LEAST: f64 = 0.002;

pub(super) fn observe<W: Words>(listener: &Listener<'_>, index: usize) -> Option<Signal<W>> {
    let trips = listener.way(index)?.round_trips?;
    if trips.data < trips.syn.mul_add(FACTOR, LEAST) {
        return None;
    }
    Some(Signal {
        kind: EvidenceKind::SynAnsweredSooner,
        group: Group::Machine,
        cookie: 0.0,
        proxy: SLOWER,
        habitual: true,
        frames: W::cite([listener.handshakes[index].syn_ack.as_ref()?.frame]),
        detail: say!(
            W,
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
    /// Of one client's handshakes; `None` where too few show both.
    pub(crate) fn of(trips: &[Trips]) -> Option<Self> {
        let none = Self { syn: f64::INFINITY, data: f64::INFINITY, count: 0 };
        let both = trips.iter().filter_map(|trips| trips.syn.zip(trips.data));
        let all = both.fold(none, |all, (syn, data)| Self {
            syn: all.syn.min(syn),
            data: all.data.min(data),
            count: all.count + 1,
        });
        (all.count >= ENOUGH).then_some(all)
    }
}
