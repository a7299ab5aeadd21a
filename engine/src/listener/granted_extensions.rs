//! ECN and Fast Open: whether a listener grants them to clients that ask.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::packet::options::{FAST_OPEN, tcp_options};
use crate::packet::segment::Flags;

/// Handshakes in which a listener granted an extension.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GrantedExtensions {
    pub ecn: usize,
    pub fast_open: usize,
}

impl GrantedExtensions {
    /// Counts one handshake.
    pub(crate) fn add(&mut self, handshake: &Handshake) {
        self.ecn += usize::from(ecn(handshake) == Some(true));
        self.fast_open += usize::from(fast_open(handshake) == Some(true));
    }
}

/// Returns whether ECN was granted to a client without timestamps that asked for it (RFC 3168
/// section 6.1.1); `None` where the client did not, or the capture cut its options off.
pub(crate) fn ecn(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let asked = syn.flags.has(Flags::ECE | Flags::CWR) && syn.options.lacks_timestamps();
    asked.then(|| syn_ack.flags.has(Flags::ECE) && !syn_ack.flags.has(Flags::CWR))
}

/// Returns whether Fast Open was granted, by a cookie or by accepting the SYN's payload (RFC 7413
/// section 4.2.2); `None` where it was not asked for, where the SYN has a cookie and no payload, to
/// which a server that accepts the cookie need not reply, where the SYN was retransmitted, because
/// clients do not ask again, and where the capture cut off the options that would show it.
pub(crate) fn fast_open(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let granted = syn_ack.options.fast_open || handshake.syn_payload_accepted();
    let expects = || handshake.syn_retransmissions == 0 && (syn.payload > 0 || requests_cookie(syn));
    (syn.options.fast_open && (granted || (expects() && !syn_ack.options.incomplete))).then_some(granted)
}

/// Returns whether the Fast Open option of a SYN is empty: it requests a cookie.
fn requests_cookie(syn: &SynHeader) -> bool {
    tcp_options(syn.layout()).any(|option| option.kind == FAST_OPEN && option.length == 2)
}
