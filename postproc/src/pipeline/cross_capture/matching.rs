//! Which handshakes of a four-tuple are one.

use syncookie_engine::Timestamp;

use super::Noted;

/// Seconds between the clocks of two captures, and on the way between them, where a sequence number does not tell that
/// two SYNs are one.
const CLOCKS: f64 = 2.0;

/// Seconds after which the same sequence number on the same four-tuple is chance.
const DAY: f64 = 86_400.0;

/// Handshakes of one number and about one time that are looked at for each: more than captures are taken of one path. Whoever
/// makes a capture may put as many into it as there is room for.
pub(super) const MOST: usize = 64;

/// Handshakes of one four-tuple, in the order of their distance from the client, in pairs of neighbours: each with the next
/// one that is the same handshake in another capture.
pub(super) fn pairs<'a>(flow: &[&'a Noted]) -> Vec<(&'a Noted, &'a Noted)> {
    let by_isn = ByNumber::of(flow, |noted| noted.openings.client_isn);
    let by_identification = ByNumber::of(flow, |noted| identification(noted).map(u32::from));
    let mut pairs = Vec::new();
    for (place, near) in flow.iter().enumerate() {
        // Two by the sequence number go before two by the identification.
        let found = by_isn.behind(place, DAY, is_same);
        pairs.extend(found.or_else(|| by_identification.behind(place, CLOCKS, is_rewritten)).map(|far| (*near, far)));
    }
    pairs
}

/// A flow's handshakes by a number that those which are one have in common.
struct ByNumber<'f, 'a> {
    flow: &'f [&'a Noted],
    /// The number of each, where it has one.
    numbers: Vec<Option<u32>>,
    /// Numbers, times and places, sorted.
    places: Vec<(u32, Timestamp, usize)>,
}

impl<'f, 'a> ByNumber<'f, 'a> {
    fn of(flow: &'f [&'a Noted], number: impl Fn(&Noted) -> Option<u32>) -> Self {
        let numbers: Vec<_> = flow.iter().map(|noted| number(noted)).collect();
        let numbered = numbers.iter().zip(flow).zip(0..);
        let mut places: Vec<_> =
            numbered.filter_map(|((number, noted), place)| Some(((*number)?, noted.time, place))).collect();
        places.sort_unstable();
        Self { flow, numbers, places }
    }

    /// The next one behind that place, of the same number and within so many seconds, that is it.
    fn behind(&self, place: usize, seconds: f64, is_it: impl Fn(&Noted, &Noted) -> bool) -> Option<&'a Noted> {
        let (near, number) = (self.flow[place], self.numbers[place]?);
        let from = Timestamp::from_nanos(near.time.as_nanos().saturating_sub((seconds * 1e9) as i64));
        let start = self.places.partition_point(|&(other, time, _)| (other, time) < (number, from));
        let around = self.places[start..]
            .iter()
            .take_while(|(other, time, _)| *other == number && time.seconds_since(near.time) <= seconds)
            .take(MOST);
        let behind = around.map(|&(.., far)| far).filter(|&far| far > place && is_it(near, self.flow[far]));
        behind.min().map(|far| self.flow[far])
    }
}

/// The client chose its sequence number once.
pub(super) fn is_same(a: &Noted, b: &Noted) -> bool {
    a.capture != b.capture && a.openings.client_isn == b.openings.client_isn && a.time.seconds_since(b.time).abs() < DAY
}

/// A firewall may put another sequence number into the SYN; the identification of its IP header stays.
fn is_rewritten(a: &Noted, b: &Noted) -> bool {
    a.capture != b.capture
        && identification(a).is_some()
        && identification(a) == identification(b)
        && a.time.seconds_since(b.time).abs() < CLOCKS
}

/// Of the SYN's IP header; 0 is none.
fn identification(noted: &Noted) -> Option<u16> {
    noted.openings.syn.and_then(|syn| syn.identification).filter(|&id| id != 0)
}
