//! The IP identifications of a listener's SYN-ACKs.

use crate::connection::handshake::{Handshake, SynHeader};

/// The IP identifications of a listener's SYN-ACKs, in ascending order. Empty if no SYN-ACK repeats
/// the identification of its SYN, because nothing reads them then.
pub(crate) struct IpIdentifications {
    all: Vec<u16>,
}

/// Returns the identification of a SYN or SYN-ACK, where its sender counts one.
fn counted(header: Option<&SynHeader>) -> Option<u16> {
    header?.ip.identification.filter(|&id| id != 0)
}

/// Returns the identification that a SYN-ACK repeats from its SYN.
pub(crate) fn repeated(handshake: &Handshake) -> Option<u16> {
    counted(handshake.syn.as_ref()).filter(|&asked| counted(handshake.syn_ack.as_ref()) == Some(asked))
}

impl IpIdentifications {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        if !handshakes.iter().any(|handshake| repeated(handshake).is_some()) {
            return Self { all: Vec::new() };
        }
        let mut all: Vec<u16> = handshakes.iter().filter_map(|h| counted(h.syn_ack.as_ref())).collect();
        all.sort_unstable();
        Self { all }
    }

    /// Returns the number of SYN-ACKs with this identification; 0 if no SYN-ACK repeats its SYN's.
    pub(crate) fn count(&self, identification: u16) -> usize {
        self.all.partition_point(|&id| id <= identification) - self.all.partition_point(|&id| id < identification)
    }
}
