//! Which handshakes of a four-tuple are one.

use super::Noted;

/// Seconds between the clocks of two captures, and on the way between them, where a sequence number does not tell that
/// two SYNs are one.
const CLOCKS: f64 = 2.0;

/// Seconds after which the same sequence number on the same four-tuple is chance.
const DAY: f64 = 86_400.0;

/// Handshakes of one four-tuple, in the order of their distance from the client, in pairs of neighbours: each with the next
/// one that is the same handshake in another capture.
pub(super) fn pairs<'a>(flow: &[&'a Noted]) -> Vec<(&'a Noted, &'a Noted)> {
    let mut pairs = Vec::new();
    for (place, near) in flow.iter().enumerate() {
        // Two by the sequence number go before two by the identification.
        let rest = &flow[place + 1..];
        let found =
            rest.iter().find(|far| is_same(near, far)).or_else(|| rest.iter().find(|far| is_rewritten(near, far)));
        if let Some(far) = found {
            pairs.push((*near, *far));
        }
    }
    pairs
}

/// The client chose its sequence number once.
pub(super) fn is_same(a: &Noted, b: &Noted) -> bool {
    a.capture != b.capture && a.openings.client_isn == b.openings.client_isn && a.time.seconds_since(b.time).abs() < DAY
}

/// A firewall may put another sequence number into the SYN; the identification of its IP header stays.
fn is_rewritten(a: &Noted, b: &Noted) -> bool {
    let identification = |noted: &Noted| noted.openings.syn.and_then(|syn| syn.identification).filter(|&id| id != 0);
    a.capture != b.capture
        && identification(a).is_some()
        && identification(a) == identification(b)
        && a.time.seconds_since(b.time).abs() < CLOCKS
}
