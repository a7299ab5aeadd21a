//! Orders captures of one handshake by their distance from the client: a SYN loses hop limit on its
//! way, and so does a SYN-ACK on the way back. Without a router in between, the time from SYN to
//! SYN-ACK is longer nearer to the client, because it includes the way between the captures. Each
//! capture measures it with its own clock, so the clocks need not agree.

use std::cmp::{Ordering, Reverse};

use crate::{SynFields, SynPair};

/// Smallest difference of two times that counts, in nanoseconds: captures with microseconds round.
const CLOCK_NANOS: i64 = 4_000;

/// Returns a key that sorts captures of one handshake from the client to the server. A total order,
/// which includes captures whose hop limits are not known; [`is_nearer_to_client`] says whether the
/// order is certain.
#[must_use]
pub fn distance_from_client(pair: &SynPair) -> impl Ord + use<> {
    let is_proxys = pair.syn.is_some_and(|syn| syn.acknowledgment != 0);
    (is_proxys, Reverse(hop_limit(pair.syn)), hop_limit(pair.syn_ack), Reverse(pair.answer_nanos))
}

/// Returns whether the SYN of a SYNPROXY, hop limits, or the times until the SYN-ACK show that the
/// first capture was taken nearer to the client than the second.
#[must_use]
pub fn is_nearer_to_client(near: &SynPair, far: &SynPair) -> bool {
    if is_behind_proxy(near, far) || is_behind_proxy(far, near) {
        return is_behind_proxy(near, far);
    }
    let by_hops = compare(hop_limit(far.syn), hop_limit(near.syn))
        .then_with(|| compare(hop_limit(near.syn_ack), hop_limit(far.syn_ack)));
    match by_hops {
        Ordering::Less => true,
        Ordering::Greater => false,
        Ordering::Equal => {
            near.answer_nanos.zip(far.answer_nanos).is_some_and(|(a, b)| a.saturating_sub(b) > CLOCK_NANOS)
        }
    }
}

/// Returns whether the SYN of the second capture is the one that the sender of the first capture's
/// SYN-ACK, a SYNPROXY, sent to the server. Its hop limit starts there.
fn is_behind_proxy(near: &SynPair, far: &SynPair) -> bool {
    let (proxys, answer) = (far.syn.map_or(0, |syn| syn.acknowledgment), near.syn_ack.map(|syn_ack| syn_ack.isn));
    proxys != 0 && answer == Some(proxys)
}

fn hop_limit(fields: Option<SynFields>) -> Option<u8> {
    fields.and_then(|fields| fields.hop_limit)
}

/// Compares two hop limits; equal where one is not known.
fn compare(a: Option<u8>, b: Option<u8>) -> Ordering {
    a.zip(b).map_or(Ordering::Equal, |(a, b)| a.cmp(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(syn: Option<u8>, syn_ack: Option<u8>) -> SynPair {
        let fields = |hop_limit| Some(SynFields { hop_limit, ..SynFields::default() });
        SynPair { syn: fields(syn), syn_ack: fields(syn_ack), client_isn: Some(1), ..SynPair::default() }
    }

    #[test]
    fn the_syn_decides_before_the_syn_ack_and_the_time_between_them_last() {
        assert!(is_nearer_to_client(&pair(Some(64), Some(60)), &pair(Some(60), Some(64))));
        assert!(!is_nearer_to_client(&pair(Some(60), Some(60)), &pair(Some(64), Some(64))));
        assert!(is_nearer_to_client(&pair(None, Some(60)), &pair(Some(64), Some(64))));
        assert!(!is_nearer_to_client(&pair(None, None), &pair(Some(64), Some(64))));
        let answered = |nanos| SynPair { answer_nanos: Some(nanos), ..pair(Some(64), Some(64)) };
        assert!(is_nearer_to_client(&answered(200_000), &answered(30_000)));
        assert!(!is_nearer_to_client(&answered(31_000), &answered(30_000)), "captures round times");
        assert!(is_nearer_to_client(&answered(i64::MAX), &answered(-1)), "a capture may contain any time");
        assert!(distance_from_client(&pair(Some(64), None)) < distance_from_client(&pair(Some(60), None)));
        assert!(distance_from_client(&pair(Some(60), None)) < distance_from_client(&pair(None, None)));
    }

    #[test]
    fn the_syn_of_a_synproxy_is_behind_the_syn_ack_of_that_proxy() {
        let client = pair(Some(64), Some(64));
        let front = SynPair { syn_ack: client.syn_ack.map(|fields| SynFields { isn: 77, ..fields }), ..client };
        let back = SynPair { syn: client.syn.map(|fields| SynFields { acknowledgment: 77, ..fields }), ..client };
        assert!(is_nearer_to_client(&front, &back) && !is_nearer_to_client(&back, &front));
        assert!(distance_from_client(&front) < distance_from_client(&back));
        let other = SynPair { syn: client.syn.map(|fields| SynFields { acknowledgment: 78, ..fields }), ..client };
        assert!(!is_nearer_to_client(&front, &other), "a SYN that another proxy sent");
    }
}
