//! Weighs the causes of failures with the other captures of their connections: one at the client
//! and one at the server show together what was lost or sent between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use syncookie_engine::compare::{MatchKey, is_nearer_to_client};
use syncookie_engine::{Cause, Crossing, Endpoint, Finding, OtherCapture, OtherSide, Timestamp};

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

/// Capture, client address and listener.
type Local = (u32, IpAddr, Endpoint);

/// Connections that two captures contain.
#[derive(Clone, Copy, Debug)]
struct Beyond {
    /// Times of the first and the last of them, in the capture nearer to the client.
    period: (Timestamp, Timestamp),
    all: u64,
}

/// Numbers of packets that should be in two captures.
#[derive(Clone, Copy, Debug, Default)]
struct Crossings {
    all: u64,
    /// Number of those that one of the captures lacks.
    missing: u64,
}

impl Crossings {
    fn add(&mut self, is_in_both: bool) {
        self.all += 1;
        self.missing += u64::from(!is_in_both);
    }

    /// Returns whether the captures cannot have lost all of the missing ones.
    fn is_credible(self, least: u64) -> bool {
        self.missing >= least && self.missing as f64 >= MISSING * self.all as f64
    }
}

/// Share of missing packets above which they are not missing by chance: captures on busy machines
/// lose a few percent.
const MISSING: f64 = 0.2;

/// Minimum number of missing packets of each kind. Devices that reset only the server are rare, so
/// one reset says nothing.
const LEAST: [u64; Crossing::ALL.len()] = [1, 2];

/// What all handshakes together show about the captures.
struct Sides {
    /// Routes whose first capture is nearer to the client, with what their handshakes show.
    nearer: HashMap<Route, [Crossings; Crossing::ALL.len()]>,
    /// Captures nearer to the server that also contain connections of a client address and listener
    /// of a capture.
    beyond: HashMap<Local, BTreeMap<u32, Beyond>>,
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
        self.with_each_other(&sides, captures, failures, &others, OtherCapture::weigh);
        self.weigh_missing(&sides, captures, failures, &others, is_counted);
        for failure in &*failures {
            self.seen[failure.place.0].first_cause =
                Cause::most_likely(&failure.finding.causes).map(|cause| cause.kind);
        }
        self.with_each_other(&sides, captures, failures, &others, OtherCapture::adopt);
    }

    /// Calls a function with each failure and each capture that has its handshake, too.
    fn with_each_other<'c>(
        &self,
        sides: &Sides,
        captures: &[&'c str],
        failures: &mut [Failure],
        others: &[Vec<usize>],
        weigh: fn(&OtherCapture<'c>, &mut Finding),
    ) {
        for (failure, others) in failures.iter_mut().zip(others) {
            let own = &self.seen[failure.place.0];
            let others = others.iter().filter_map(|&other| self.other_capture(sides, captures, own, other));
            others.for_each(|other| weigh(&other, &mut failure.finding));
        }
    }

    /// Weighs the causes of failures that a capture nearer to the server does not contain.
    fn weigh_missing(
        &self,
        sides: &Sides,
        captures: &[&str],
        failures: &mut [Failure],
        others: &[Vec<usize>],
        is_counted: impl Fn(Endpoint) -> bool,
    ) {
        // Those that were not compared may be in the other captures.
        if self.not_compared > 0 {
            return;
        }
        let mut missing = Vec::new();
        let mut numbers: HashMap<(Local, u32), u64> = HashMap::new();
        for (at, (failure, others)) in failures.iter_mut().zip(others).enumerate() {
            let own = &self.seen[failure.place.0];
            if is_counted(own.server) {
                continue;
            }
            let with = others.iter().map(|&other| self.seen[other].capture).collect();
            for name in sides.lacking(own, &with).filter_map(|capture| captures.get(capture as usize)) {
                OtherCapture::name_absence(&mut failure.finding, name);
            }
            for capture in sides.without(own, &with) {
                *numbers.entry((own.local(), capture)).or_default() += 1;
                missing.push((at, capture));
            }
        }
        for (at, capture) in missing {
            let local = self.seen[failures[at].place.0].local();
            let there = sides.beyond.get(&local).and_then(|beyond| beyond.get(&capture)).map_or(0, |beyond| beyond.all);
            let missing = numbers[&(local, capture)];
            let is_credible = Crossings { all: there + missing, missing }.is_credible(1);
            if let Some(name) = captures.get(capture as usize) {
                OtherCapture::weigh_missing(&mut failures[at].finding, name, is_credible);
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
        let side = sides.side(own, other)?;
        Some(OtherCapture {
            location: (name(captures, other), other.frame),
            side,
            seen: other.seen_at(),
            first_cause: other.first_cause,
            is_credible: sides.is_credible(own, other, side),
        })
    }
}

impl Sides {
    fn of(pairs: &[(&SeenHandshake, &SeenHandshake)]) -> Self {
        let mut sides = Self { nearer: HashMap::new(), beyond: HashMap::new() };
        for (near, far) in pairs.iter().filter(|(near, far)| is_nearer_to_client(&near.openings, &far.openings)) {
            let crossings = sides.nearer.entry((near.capture, far.capture, near.server)).or_default();
            let seen = (near.seen_at(), far.seen_at());
            for (crossings, crossing) in crossings.iter_mut().zip(Crossing::ALL) {
                crossing.is_in_both(&seen.0, &seen.1).into_iter().for_each(|is_in_both| crossings.add(is_in_both));
            }
            let beyond = sides.beyond.entry(near.local()).or_default();
            let beyond = beyond.entry(far.capture).or_insert(Beyond { period: (near.time, near.time), all: 0 });
            let (first, last) = beyond.period;
            beyond.period = (first.min(near.time), last.max(near.time));
            beyond.all += 1;
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
        let shows = |near: u32, far: u32| self.nearer.contains_key(&(near, far, own.server));
        match (shows(own.capture, other.capture), shows(other.capture, own.capture)) {
            (true, false) => Some(OtherSide::Server),
            (false, true) => Some(OtherSide::Client),
            _ => None,
        }
    }

    /// Returns for each packet whether the handshakes of the listener show that it is not missing
    /// by chance.
    fn is_credible(&self, own: &SeenHandshake, other: &SeenHandshake, side: OtherSide) -> [bool; Crossing::ALL.len()] {
        let (near, far) = match side {
            OtherSide::Client => (other, own),
            OtherSide::Server => (own, other),
        };
        let crossings = self.nearer.get(&(near.capture, far.capture, own.server)).copied().unwrap_or_default();
        std::array::from_fn(|at| crossings[at].is_credible(LEAST[at]))
    }

    /// Returns the captures nearer to the server that do not contain a handshake, although they
    /// contain connections of the same client and listener.
    fn lacking(&self, own: &SeenHandshake, with: &BTreeSet<u32>) -> impl Iterator<Item = u32> {
        let beyond = self.beyond.get(&own.local()).into_iter().flatten();
        beyond.map(|(capture, _)| *capture).filter(|capture| !with.contains(capture))
    }

    /// Returns those that contain connections before and after the handshake.
    fn without(&self, own: &SeenHandshake, with: &BTreeSet<u32>) -> impl Iterator<Item = u32> {
        let (time, beyond) = (own.time, self.beyond.get(&own.local()));
        let is_around = move |capture: &u32| {
            let beyond = beyond.and_then(|beyond| beyond.get(capture));
            beyond.is_some_and(|beyond| (beyond.period.0..=beyond.period.1).contains(&time))
        };
        self.lacking(own, with).filter(is_around)
    }
}
