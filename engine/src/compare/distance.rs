//! Orders captures of one handshake by their distance from the client: a SYN loses hop limit on its
//! way, and so does a SYN-ACK on the way back.

use std::cmp::{Ordering, Reverse};

use crate::{SynFields, SynPair};

/// Returns a key that sorts captures of one handshake from the client to the server. A total order,
/// which includes captures whose hop limits are not known; [`is_nearer_to_client`] says whether the
/// order is certain.
#[must_use]
pub fn distance_from_client(pair: &SynPair) -> impl Ord + use<> {
    (Reverse(hop_limit(pair.syn)), hop_limit(pair.syn_ack))
}

/// Returns whether hop limits show that the first capture was taken nearer to the client than the
/// second.
#[must_use]
pub fn is_nearer_to_client(near: &SynPair, far: &SynPair) -> bool {
    let by_syn = compare(hop_limit(far.syn), hop_limit(near.syn));
    by_syn.then_with(|| compare(hop_limit(near.syn_ack), hop_limit(far.syn_ack))) == Ordering::Less
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
        SynPair { syn: fields(syn), syn_ack: fields(syn_ack), client_isn: Some(1) }
    }

    #[test]
    fn the_syn_decides_before_the_syn_ack_and_unknown_ttls_do_not() {
        assert!(is_nearer_to_client(&pair(Some(64), Some(60)), &pair(Some(60), Some(64))));
        assert!(!is_nearer_to_client(&pair(Some(60), Some(60)), &pair(Some(64), Some(64))));
        assert!(is_nearer_to_client(&pair(None, Some(60)), &pair(Some(64), Some(64))));
        assert!(!is_nearer_to_client(&pair(None, None), &pair(Some(64), Some(64))));
        assert!(distance_from_client(&pair(Some(64), None)) < distance_from_client(&pair(Some(60), None)));
        assert!(distance_from_client(&pair(Some(60), None)) < distance_from_client(&pair(None, None)));
    }
}
