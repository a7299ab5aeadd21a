//! A glance at a SYN-ACK: is there a reason to judge it before more is known?
//!
//! For those who cannot judge every SYN-ACK when it comes. What is looked at are the signals that a SYN-ACK can show by itself;
//! what only later segments or other handshakes show is not there yet.

use crate::connection::handshake::Handshake;
use crate::evidence::bits;
use crate::packet::segment::Flags;

/// Whether some signal that a SYN-ACK can show by itself may be there.
pub(crate) fn needs_preview(handshake: &Handshake) -> bool {
    let Some(syn_ack) = handshake.syn_ack else { return false };
    let Some(syn) = handshake.syn else { return syn_ack.window == 0 };
    let (offered, answered) = (syn.options, syn_ack.options);
    let stamps_lost = offered.timestamps.is_some() && answered.timestamps.is_none();
    let others_lost = offered.offers_scale_or_sack() && !answered.offers_scale_or_sack();
    let ecn_refused = syn.flags.has(Flags::ECE | Flags::CWR) && !syn_ack.flags.has(Flags::ECE);
    let fast_open_refused = offered.fast_open && !answered.fast_open;
    let identification = syn.ip.identification.filter(|id| *id != 0);
    syn_ack.window == 0
        || stamps_lost
        || others_lost
        || ecn_refused
        || fast_open_refused
        || syn.ack.0 != 0
        || (identification.is_some() && identification == syn_ack.ip.identification)
        || handshake.previous.is_some()
        || bits::stand_bare(handshake)
}
