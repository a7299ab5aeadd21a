//! The IP identifications of a listener's SYN-ACKs.

use crate::connection::handshake::{Handshake, SynHeader};

/// The IP identifications of a listener's SYN-ACKs, in ascending order. Empty if no SYN-ACK repeats
/// the identification of its SYN, because nothing reads them then.
#[derive(Debug)]
pub(crate) struct IpIdentifications {
    all: Vec<u16>,
    /// Number of SYN-ACKs that repeat the identification of their SYN.
    repeated: usize,
}

/// Number of values of an identification.
const VALUES: f64 = 65_536.0;

/// Returns the identification of a SYN or SYN-ACK, where its sender counts one.
fn counted(header: Option<&SynHeader>) -> Option<u16> {
    header?.ip.identification().filter(|&id| id != 0)
}

/// Returns the identification that a SYN-ACK repeats from its SYN.
pub(crate) fn repeated(handshake: &Handshake) -> Option<u16> {
    counted(handshake.syn.as_ref()).filter(|&asked| counted(handshake.syn_ack.as_ref()) == Some(asked))
}

impl IpIdentifications {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let repeated = handshakes.iter().filter(|handshake| repeated(handshake).is_some()).count();
        if repeated == 0 {
            return Self { all: Vec::new(), repeated };
        }
        let mut all: Vec<u16> = handshakes.iter().filter_map(|h| counted(h.syn_ack.as_ref())).collect();
        all.sort_unstable();
        Self { all, repeated }
    }

    /// Returns the nats by which more SYN-ACKs repeat an identification than chance gives among all
    /// with an identification; not negative.
    pub(crate) fn against_chance(&self) -> f64 {
        (VALUES * self.repeated as f64 / self.all.len().max(1) as f64).ln().max(0.0)
    }

    /// Returns the number of SYN-ACKs with this identification; 0 if no SYN-ACK repeats its SYN's.
    pub(crate) fn count(&self, identification: u16) -> usize {
        self.all.partition_point(|&id| id <= identification) - self.all.partition_point(|&id| id < identification)
    }
}
