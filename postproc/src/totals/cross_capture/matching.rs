//! Finds the handshakes of a four-tuple that are the same in several captures.

use syncookie_engine::Timestamp;
use syncookie_engine::compare::{MatchKey, is_same_handshake};

use super::SeenHandshake;

/// Maximum number of handshakes with one number at about one time that are examined for each one:
/// more than there are captures of one path. A malicious capture can contain any number of them.
pub(super) const CANDIDATES: usize = 64;

/// Returns pairs of neighbours: each handshake of a four-tuple with the next one that is the same
/// in another capture. `flow` is sorted by the distance from the client.
pub(super) fn pairs<'a>(flow: &[&'a SeenHandshake]) -> Vec<(&'a SeenHandshake, &'a SeenHandshake)> {
    let by_isn = ByNumber::new(flow, MatchKey::ClientIsn);
    let by_identification = ByNumber::new(flow, MatchKey::IpIdentification);
    let mut pairs = Vec::new();
    for (place, near) in flow.iter().enumerate() {
        let found = by_isn.next_after(place).or_else(|| by_identification.next_after(place));
        pairs.extend(found.map(|far| (*near, far)));
    }
    pairs
}

/// Returns whether two handshakes of one four-tuple are the same by this number, in two captures.
pub(super) fn is_same(key: MatchKey, a: &SeenHandshake, b: &SeenHandshake) -> bool {
    a.capture != b.capture && is_same_handshake(key, (&a.openings, a.time), (&b.openings, b.time))
}

/// Handshakes of a flow, indexed by a number that the same handshake has in every capture.
struct ByNumber<'f, 'a> {
    flow: &'f [&'a SeenHandshake],
    key: MatchKey,
    /// Number of each handshake, if it has one.
    numbers: Vec<Option<u32>>,
    /// Numbers, times and indexes in the flow, sorted.
    places: Vec<(u32, Timestamp, usize)>,
}

impl<'f, 'a> ByNumber<'f, 'a> {
    fn new(flow: &'f [&'a SeenHandshake], key: MatchKey) -> Self {
        let numbers: Vec<_> = flow.iter().map(|seen| key.number(&seen.openings)).collect();
        let numbered = numbers.iter().zip(flow).zip(0..);
        let mut places: Vec<_> =
            numbered.filter_map(|((number, seen), place)| Some(((*number)?, seen.time, place))).collect();
        places.sort_unstable();
        Self { flow, key, numbers, places }
    }

    /// Returns the first handshake after this index that is the same one in another capture.
    fn next_after(&self, place: usize) -> Option<&'a SeenHandshake> {
        let (near, number) = (self.flow[place], self.numbers[place]?);
        let seconds = self.key.max_seconds();
        let from = Timestamp::from_nanos(near.time.as_nanos().saturating_sub((seconds * 1e9) as i64));
        let start = self.places.partition_point(|&(other, time, _)| (other, time) < (number, from));
        let around = self.places[start..]
            .iter()
            .take_while(|(other, time, _)| *other == number && time.seconds_since(near.time) <= seconds)
            .take(CANDIDATES);
        let after = around.map(|&(.., far)| far).filter(|&far| far > place && is_same(self.key, near, self.flow[far]));
        after.min().map(|far| self.flow[far])
    }
}
