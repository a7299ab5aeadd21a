//! Name of a connection that is the same in every capture that shows it.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use syncookie_engine::Finding;

/// First bytes of the digest, which are used: among a million connections, two have the same name
/// with a chance of 1 in 37 million.
type Start = [u8; 8];

const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Returns a digest of both addresses, both ports and the client's initial sequence number, in
/// hexadecimal; `None` if the capture does not show that number. A device on the path that rewrites
/// one of them changes the name.
pub fn connection_id(finding: &Finding) -> Option<String> {
    let isn = finding.syn_pair?.client_isn?;
    let mut hash = Sha256::new();
    for endpoint in [finding.client, finding.server] {
        match endpoint.ip {
            IpAddr::V4(ip) => hash.update(ip.octets()),
            IpAddr::V6(ip) => hash.update(ip.octets()),
        }
        hash.update(endpoint.port.to_be_bytes());
    }
    hash.update(isn.to_be_bytes());
    let digest = hash.finalize();
    let start: &Start = digest.first_chunk()?;
    let mut id = String::with_capacity(2 * size_of::<Start>());
    id.extend(
        start.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(|digit| char::from(DIGITS[usize::from(digit)])),
    );
    Some(id)
}

#[cfg(test)]
mod tests {
    use syncookie_engine::SynPair;

    use super::*;
    use crate::report::tests::leaked;

    #[test]
    fn the_name_depends_on_the_four_tuple_and_the_sequence_number_alone() {
        let with = |isn| Finding { syn_pair: Some(SynPair { client_isn: isn, ..SynPair::default() }), ..leaked(3) };
        let name = connection_id(&with(Some(7))).expect("there is a number");
        assert_eq!(name.len(), 2 * size_of::<Start>());
        let mut elsewhere = with(Some(7));
        (elsewhere.frames, elsewhere.causes) = (leaked(99).frames, Vec::new());
        assert_eq!(connection_id(&elsewhere).as_ref(), Some(&name));
        let mut reused = with(Some(7));
        reused.client.port += 1;
        for other in [with(Some(8)), reused] {
            assert_ne!(connection_id(&other), Some(name.clone()));
        }
        assert_eq!(connection_id(&with(None)), None);
        assert_eq!(connection_id(&leaked(3)), None);
    }
}
