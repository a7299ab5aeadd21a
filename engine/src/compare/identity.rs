//! Recognises one handshake in two captures.

use crate::{SynPair, Timestamp};

/// Largest difference in time, in seconds, with equal IP identifications: that of the clocks of two
/// captures, and of the way between them.
const CLOCK_SECONDS: f64 = 2.0;

/// Largest difference in time, in seconds, with equal sequence numbers: beyond it the same number
/// on the same four-tuple is chance.
const DAY_SECONDS: f64 = 86_400.0;

/// Number by which one handshake of a four-tuple is recognised in two captures; the more reliable
/// one is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchKey {
    /// Initial sequence number of the client, which it chose once.
    ClientIsn,
    /// IP identification of the SYN, which stays when a firewall rewrites the sequence number.
    IpIdentification,
}

impl MatchKey {
    /// Returns the number of a handshake; `None` where it is not known. IP identification 0 counts
    /// as not known.
    #[must_use]
    pub fn number(self, pair: &SynPair) -> Option<u32> {
        match self {
            Self::ClientIsn => pair.client_isn,
            Self::IpIdentification => pair.syn.and_then(|syn| syn.identification).filter(|&id| id != 0).map(u32::from),
        }
    }

    /// Returns the time, in seconds, within which the same number is the same handshake.
    #[must_use]
    pub const fn max_seconds(self) -> f64 {
        match self {
            Self::ClientIsn => DAY_SECONDS,
            Self::IpIdentification => CLOCK_SECONDS,
        }
    }
}

/// Returns whether two handshakes of one four-tuple, with the times of their first frames, are the
/// same by this number.
#[must_use]
pub fn is_same_handshake(key: MatchKey, a: (&SynPair, Timestamp), b: (&SynPair, Timestamp)) -> bool {
    let number = key.number(a.0);
    number.is_some() && number == key.number(b.0) && a.1.seconds_since(b.1).abs() < key.max_seconds()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SynFields;

    #[test]
    fn packets_match_only_with_equal_known_numbers_and_close_times() {
        let pair = |isn, identification| SynPair {
            syn: Some(SynFields { identification, ..SynFields::default() }),
            syn_ack: None,
            client_isn: isn,
            ..SynPair::default()
        };
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let same = |key, a: &SynPair, b: &SynPair, seconds| is_same_handshake(key, (a, at(0)), (b, at(seconds)));
        let one = pair(Some(1), Some(7));
        assert!(same(MatchKey::ClientIsn, &one, &pair(Some(1), None), 3600));
        assert!(!same(MatchKey::ClientIsn, &one, &one, 86_400));
        assert!(!same(MatchKey::ClientIsn, &pair(None, None), &pair(None, None), 0));
        assert!(same(MatchKey::IpIdentification, &one, &pair(Some(2), Some(7)), 1));
        assert!(!same(MatchKey::IpIdentification, &one, &one, 2));
        assert!(!same(MatchKey::IpIdentification, &pair(Some(1), Some(0)), &pair(Some(1), Some(0)), 0));
    }
}
