//! ICMP errors about the packets of a handshake.

use crate::Role;
use crate::connection::handshake::{FIRST_OCTETS, Handshake};
use crate::connection::rare_facts::RejectedPacket;
use crate::packet::icmp::{IcmpError, QuotedSegment};

/// Adds an error that quotes a packet between the two ends. Returns `None` if the quoted packet is
/// of another connection, or if such an error is already known.
pub(super) fn take(handshake: &mut Handshake, error: IcmpError) -> Option<Role> {
    let packet = quoted_packet(handshake, &error.quoted)?;
    handshake.rare_mut().add_error(error, packet).then_some(Role::Other)
}

/// Returns which packet of the handshake is quoted, by its sequence number. Whoever forges an error
/// has to guess that number (RFC 5927 section 4.1).
fn quoted_packet(handshake: &Handshake, quoted: &QuotedSegment) -> Option<RejectedPacket> {
    let is_of_client = (quoted.source, quoted.destination) == (handshake.client, handshake.server);
    let (isn, first, later) = if is_of_client {
        (handshake.client_isn()?, RejectedPacket::Syn, RejectedPacket::OfClient)
    } else {
        (handshake.syn_ack?.isn, RejectedPacket::SynAck, RejectedPacket::OfServer)
    };
    match quoted.seq.ahead_of(isn) {
        0 => Some(first),
        1..FIRST_OCTETS => Some(later),
        _ => None,
    }
}
