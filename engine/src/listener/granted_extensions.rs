//! ECN and Fast Open: whether a listener grants them to clients that ask.

use crate::connection::handshake::Handshake;
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

/// Returns whether a Fast Open request was answered; `None` where there was none, or the capture
/// cut off the options that would show it.
pub(crate) fn fast_open(handshake: &Handshake) -> Option<bool> {
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let granted = syn_ack.options.fast_open;
    (syn.options.fast_open && (granted || !syn_ack.options.incomplete)).then_some(granted)
}
