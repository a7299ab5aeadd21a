//! Finds handshakes that several captures of the same traffic contain, and keeps the changes that
//! the path made to their packets.
//!
//! Two captures can contain exactly the same packets, which only shows that the handshake was
//! counted twice, or packets that were changed on the way. No verdict depends on it: a handshake is
//! judged by its own capture, as in Wireshark. The engine decides whether two handshakes are the
//! same and what a difference means ([`syncookie_engine::compare`]). The causes of a failure are
//! weighed with all captures of the connection (*sides*).

mod connections;
mod lone_resets;
mod matching;
mod sides;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

pub use connections::{Disagreement, Reason};
pub use lone_resets::LoneReset;
pub use sides::Failure;

use super::second_view::{Counted, SecondView};
use syncookie_engine::compare::{Difference, MatchKey, differences, distance_from_client, is_nearer_to_client};
use syncookie_engine::{Cause, CauseKind, Endpoint, Finding, Outcome, SeenAt, SynPair, Timestamp};

/// Maximum number of handshakes that are kept for the comparison.
const MAX_HANDSHAKES: usize = 1 << 17;

/// Maximum number of handshakes whose differences are reported individually.
const MAX_PAIRS: usize = 1000;

/// Handshakes of all captures, with the data for the comparison.
#[derive(Clone, Debug, Default)]
pub struct CrossCapture {
    seen: Vec<SeenHandshake>,
    /// How the handshakes in `seen` were counted.
    counted: Vec<Counted>,
    /// Indexes in `seen` by server, client and the client's sequence number, to find duplicates
    /// without a search.
    by_isn: HashMap<(Endpoint, Endpoint, u32), Vec<usize>>,
    not_compared: u64,
    /// Whether the caller drops duplicates, so that each is counted once.
    drops_duplicates: bool,
}

/// Handshake of one capture.
#[derive(Clone, Copy, Debug)]
struct SeenHandshake {
    client: Endpoint,
    server: Endpoint,
    /// Number of the capture of the SYN-ACK, otherwise of the SYN; the same applies to `frame`.
    capture: u32,
    frame: u32,
    time: Timestamp,
    openings: SynPair,
    outcome: Outcome,
    /// First cause that is not ruled out.
    first_cause: Option<CauseKind>,
    /// Whether the handshake is reported, so that it is compared.
    is_admitted: bool,
    /// Index in `counted`, if it was counted.
    counted: Option<u32>,
}

/// Handshake that was added to the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Place(usize);

/// Result of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Number of handshakes with exactly the same packets in another capture.
    pub same_packets: u64,
    /// Number of handshakes with different packets in another capture.
    pub differing: u64,
    /// First handshakes that differ, by listener and client.
    pub pairs: Vec<Pair>,
    /// Number of handshakes that were not kept for the comparison.
    pub not_compared: u64,
    /// Whether handshakes with exactly the same packets were counted once (`--once`).
    pub is_counted_once: bool,
    /// Handshakes by which connections are counted twice.
    pub second_views: Vec<SecondView>,
    /// Number of these by the names of both captures, sorted.
    pub shared: BTreeMap<(String, String), u64>,
    /// Connections about which the captures disagree, the first of each kind.
    pub disagreements: Vec<Disagreement>,
    /// Connections whose reset only one of two captures contains, the first of each kind.
    pub lone_resets: Vec<LoneReset>,
}

/// Handshake in two captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Endpoint that sent the SYN.
    pub client: Endpoint,
    /// Endpoint that the SYN was sent to.
    pub server: Endpoint,
    /// Names of the captures and frames in them. The capture nearer to the client is first, if that
    /// is known.
    pub locations: [(String, u32); 2],
    /// Whether the TTLs show which capture is nearer to the client.
    pub is_direction_known: bool,
    /// Differences between them; at least one.
    pub differences: Vec<Difference>,
}

impl CrossCapture {
    /// Adds a handshake, to be compared if it is admitted. Returns `None` if it cannot be compared.
    pub fn add(&mut self, finding: &Finding) -> Option<Place> {
        let new = SeenHandshake::of(finding)?;
        if self.seen.len() >= MAX_HANDSHAKES {
            self.not_compared += 1;
            return None;
        }
        self.seen.push(new);
        Some(Place(self.seen.len() - 1))
    }

    /// Compares a handshake with the others. If `finds_duplicates`, returns whether another capture
    /// has exactly the same packets.
    pub fn admit(&mut self, place: Place, finds_duplicates: bool) -> bool {
        self.drops_duplicates |= finds_duplicates;
        self.seen[place.0].is_admitted = true;
        finds_duplicates && self.find_duplicate(place)
    }

    /// Records how a handshake was counted.
    pub fn count(&mut self, place: Place, finding: &Finding) {
        self.seen[place.0].counted = Some(self.counted.len() as u32);
        self.counted.push(finding.into());
    }

    /// Returns whether a handshake that was admitted before has the same packets as this one.
    fn find_duplicate(&mut self, place: Place) -> bool {
        let new = self.seen[place.0];
        let Some(isn) = new.openings.client_isn else { return false };
        let before = self.by_isn.entry((new.server, new.client, isn)).or_default();
        let is_duplicate = before.iter().take(matching::CANDIDATES).map(|&place| &self.seen[place]).any(|seen| {
            matching::is_same(MatchKey::ClientIsn, seen, &new) && differences(&seen.openings, &new.openings).is_empty()
        });
        before.push(place.0);
        is_duplicate
    }

    /// Compares the handshakes that several captures contain; `captures` are the names of the
    /// captures. The result does not depend on the order in which the captures were read.
    pub fn compare(&self, captures: &[&str]) -> Comparison {
        let mut comparison = Comparison {
            not_compared: self.not_compared,
            is_counted_once: self.drops_duplicates,
            ..Comparison::default()
        };
        let mut pairs = self.pairs(captures);
        pairs.retain(|(a, b)| a.is_admitted && b.is_admitted);
        for (near, far) in &pairs {
            comparison.add(near, far, [near, far].map(|seen| (name(captures, seen).to_owned(), seen.frame)));
        }
        self.connections(&pairs, captures, &mut comparison);
        comparison
    }

    /// Returns the handshakes that several captures contain, in pairs of captures, by listener and
    /// client. The first of a pair is nearer to the client, if that is known.
    fn pairs(&self, captures: &[&str]) -> Vec<(&SeenHandshake, &SeenHandshake)> {
        let mut sorted = self.in_several_captures();
        sorted.sort_by(|a, b| {
            let flow = |seen: &SeenHandshake| (seen.server, seen.client);
            let distance = |seen: &SeenHandshake| distance_from_client(&seen.openings);
            flow(a)
                .cmp(&flow(b))
                .then_with(|| distance(a).cmp(&distance(b)))
                .then_with(|| name(captures, a).cmp(name(captures, b)))
                .then(a.frame.cmp(&b.frame))
        });
        let flows = sorted.chunk_by(|a, b| (a.server, a.client) == (b.server, b.client));
        flows.flat_map(matching::pairs).collect()
    }

    /// Returns the handshakes of connections that several captures may contain. They are few, so
    /// that few have to be sorted completely.
    fn in_several_captures(&self) -> Vec<&SeenHandshake> {
        let mut sorted: Vec<(u64, &SeenHandshake)> = self.seen.iter().map(|seen| (seen.digest(), seen)).collect();
        sorted.sort_unstable_by_key(|(digest, _)| *digest);
        let alike = sorted.chunk_by(|a, b| a.0 == b.0);
        let several = alike.filter(|alike| alike.iter().any(|(_, seen)| seen.capture != alike[0].1.capture));
        several.flatten().map(|(_, seen)| *seen).collect()
    }
}

/// Returns the name of the capture that contains a handshake.
fn name<'c>(captures: &[&'c str], seen: &SeenHandshake) -> &'c str {
    captures.get(seen.capture as usize).copied().unwrap_or_default()
}

impl SeenHandshake {
    fn of(finding: &Finding) -> Option<Self> {
        let frame = finding.frames.syn_ack.or(finding.frames.syn)?;
        let openings = finding.syn_pair.filter(|openings| openings.client_isn.is_some())?;
        let Finding { client, server, time, outcome, .. } = *finding;
        let first_cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
        let (capture, frame) = (frame.capture, frame.number);
        Some(Self {
            client,
            server,
            capture,
            frame,
            time,
            openings,
            outcome,
            first_cause,
            is_admitted: false,
            counted: None,
        })
    }

    /// Returns what no other handshake has.
    fn key(&self) -> (u32, u32, Endpoint, Endpoint) {
        (self.capture, self.frame, self.client, self.server)
    }

    /// Returns its capture, client address and listener.
    fn local(&self) -> (u32, IpAddr, Endpoint) {
        (self.capture, self.client.ip, self.server)
    }

    fn seen_at(&self) -> SeenAt {
        SeenAt { packets: self.openings, outcome: self.outcome }
    }

    /// Returns a digest of the connection: equal for all its handshakes, and rarely for others.
    fn digest(&self) -> u64 {
        let low = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_bits().into(),
            IpAddr::V6(ip) => ip.to_bits() as u64,
        };
        let ports = u64::from(self.client.port) << 48 | u64::from(self.server.port) << 32;
        low(self.client.ip) ^ low(self.server.ip).rotate_left(32) ^ ports
    }
}

impl Comparison {
    /// Returns whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        (self.same_packets, self.differing, self.not_compared) == (0, 0, 0)
    }

    fn add(&mut self, near: &SeenHandshake, far: &SeenHandshake, locations: [(String, u32); 2]) {
        self.add_lone_resets(near, far, &locations);
        let differences = differences(&near.openings, &far.openings);
        if differences.is_empty() {
            self.same_packets += 1;
            return;
        }
        self.differing += 1;
        if self.pairs.len() < MAX_PAIRS {
            let is_direction_known = is_nearer_to_client(&near.openings, &far.openings);
            self.pairs.push(Pair {
                client: near.client,
                server: near.server,
                locations,
                is_direction_known,
                differences,
            });
        }
    }
}
