//! Weighs the causes of failures with the other captures of their connections: one at the client
//! and one at the server show together what was lost or sent between them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use syncookie_engine::compare::{MatchKey, is_nearer_to_client};
use syncookie_engine::{Cause, Endpoint, Finding, OtherCapture, OtherSide, Timestamp};

use super::{CrossCapture, Place, SeenHandshake, matching, name};

/// Failure whose causes are weighed when all captures were read.
#[derive(Debug)]
pub struct Failure {
    /// Place of the handshake in the comparison.
    pub place: Place,
    /// Finding about it.
    pub finding: Finding,
}

/// Captures and listener: whether the first capture is nearer to the client is the same for all
/// connections of a listener.
type Route = (u32, u32, Endpoint);

/// Times of the first and the last connection that two captures contain.
type Period = (Timestamp, Timestamp);

/// What all handshakes together show about the captures.
struct Sides {
    /// Routes whose first capture is nearer to the client.
    nearer: HashSet<Route>,
    /// For a capture, client address and listener: the captures nearer to the server that contain
    /// connections of these, too.
    beyond: HashMap<(u32, IpAddr, Endpoint), HashMap<u32, Period>>,
}

impl CrossCapture {
    /// Weighs the causes of failures with the other captures; `captures` are the names of the
    /// captures. `is_counted` returns whether handshakes of a listener may be missing, because they
    /// were only counted.
    pub fn weigh(&mut self, captures: &[&str], failures: &mut [Failure], is_counted: impl Fn(Endpoint) -> bool) {
        if failures.is_empty() {
            return;
        }
        let sides = Sides::of(&self.pairs(captures));
        let others = self.others(failures);
        for (failure, others) in failures.iter_mut().zip(&others) {
            let own = self.seen[failure.place.0];
            for other in others {
                if let Some(other) = self.other_capture(&sides, captures, &own, *other) {
                    other.weigh(&mut failure.finding);
                }
            }
            let is_complete = self.not_compared == 0 && !is_counted(own.server);
            for capture in sides.without(&own, others.iter().map(|&other| self.seen[other].capture)) {
                if let Some(name) = captures.get(capture as usize).filter(|_| is_complete) {
                    OtherCapture::weigh_missing(&mut failure.finding, name);
                }
            }
        }
        for failure in &*failures {
            self.seen[failure.place.0].first_cause =
                Cause::most_likely(&failure.finding.causes).map(|cause| cause.kind);
        }
        for (failure, others) in failures.iter_mut().zip(&others) {
            let own = self.seen[failure.place.0];
            for other in others {
                if let Some(other) = self.other_capture(&sides, captures, &own, *other) {
                    other.adopt(&mut failure.finding);
                }
            }
        }
    }

    /// Returns, for each failure, the places of the same handshake in other captures.
    fn others(&self, failures: &[Failure]) -> Vec<Vec<usize>> {
        let key = |seen: &SeenHandshake| (seen.server, seen.client, seen.openings.client_isn);
        let mut places: HashMap<_, Vec<usize>> = HashMap::new();
        for failure in failures {
            places.entry(key(&self.seen[failure.place.0])).or_default();
        }
        for (place, seen) in self.seen.iter().enumerate() {
            if let Some(places) = places.get_mut(&key(seen)).filter(|places| places.len() < matching::CANDIDATES) {
                places.push(place);
            }
        }
        let others = |failure: &Failure| {
            let own = &self.seen[failure.place.0];
            let same = places.get(&key(own)).into_iter().flatten().copied();
            same.filter(|&other| matching::is_same(MatchKey::ClientIsn, own, &self.seen[other])).collect()
        };
        failures.iter().map(others).collect()
    }

    /// Describes a handshake in another capture; `None` if it is not known which capture is nearer
    /// to the client.
    fn other_capture<'c>(
        &self,
        sides: &Sides,
        captures: &[&'c str],
        own: &SeenHandshake,
        other: usize,
    ) -> Option<OtherCapture<'c>> {
        let other = &self.seen[other];
        Some(OtherCapture {
            location: (name(captures, other), other.frame),
            side: sides.side(own, other)?,
            packets: other.openings,
            outcome: other.outcome,
            first_cause: other.first_cause,
        })
    }
}

impl Sides {
    fn of(pairs: &[(&SeenHandshake, &SeenHandshake)]) -> Self {
        let mut sides = Self { nearer: HashSet::new(), beyond: HashMap::new() };
        for (near, far) in pairs.iter().filter(|(near, far)| is_nearer_to_client(&near.openings, &far.openings)) {
            sides.nearer.insert((near.capture, far.capture, near.server));
            let beyond = sides.beyond.entry((near.capture, near.client.ip, near.server)).or_default();
            let (first, last) = beyond.entry(far.capture).or_insert((near.time, near.time));
            (*first, *last) = ((*first).min(near.time), (*last).max(near.time));
        }
        sides
    }

    /// Returns the place of the other capture: by the packets of this handshake, otherwise by those
    /// of the listener's other handshakes, if they agree.
    fn side(&self, own: &SeenHandshake, other: &SeenHandshake) -> Option<OtherSide> {
        if is_nearer_to_client(&own.openings, &other.openings) {
            return Some(OtherSide::Server);
        }
        if is_nearer_to_client(&other.openings, &own.openings) {
            return Some(OtherSide::Client);
        }
        let shows = |near: u32, far: u32| self.nearer.contains(&(near, far, own.server));
        match (shows(own.capture, other.capture), shows(other.capture, own.capture)) {
            (true, false) => Some(OtherSide::Server),
            (false, true) => Some(OtherSide::Client),
            _ => None,
        }
    }

    /// Returns the captures nearer to the server that do not contain a handshake, although they
    /// contain connections of the same client and listener before and after it.
    fn without(&self, own: &SeenHandshake, with: impl Iterator<Item = u32>) -> BTreeSet<u32> {
        let with: BTreeSet<u32> = with.collect();
        let beyond = self.beyond.get(&(own.capture, own.client.ip, own.server)).into_iter().flatten();
        let around = beyond.filter(|(_, (first, last))| (*first..=*last).contains(&own.time));
        around.map(|(capture, _)| *capture).filter(|capture| !with.contains(capture)).collect()
    }
}
