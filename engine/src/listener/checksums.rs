//! Checksums of a listener's SYNs and SYN-ACKs, beside what became of them. A wrong checksum that
//! the receiver accepts shows that checksums mean nothing where the capture was taken.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::packet::checksum::Checksum;

/// Numbers of SYNs and SYN-ACKs, by checksum and by whether the other side accepted them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checksums {
    pub wrong_accepted: usize,
    pub wrong_ignored: usize,
    pub right_accepted: usize,
}

impl Checksums {
    /// Counts the SYN and the SYN-ACK of a handshake.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        self.add_one(handshake.syn.as_ref(), handshake.syn_ack.is_some());
        self.add_one(handshake.syn_ack.as_ref(), handshake.ack.is_some());
    }

    fn add_one(&mut self, header: Option<&SynHeader>, is_accepted: bool) {
        match (header.map(|header| header.checksum), is_accepted) {
            (Some(Checksum::Wrong), true) => self.wrong_accepted += 1,
            (Some(Checksum::Wrong), false) => self.wrong_ignored += 1,
            (Some(Checksum::Right), true) => self.right_accepted += 1,
            _ => {}
        }
    }
}
