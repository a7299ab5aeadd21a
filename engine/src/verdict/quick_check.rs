//! The quick check of a SYN-ACK: whether a preview of its handshake may be cookie-style.
//!
//! For front ends that cannot preview every SYN-ACK when it is captured. Most SYN-ACKs are settled
//! because no row of the table of signals can favour a cookie or a proxy, on them or on the listener's
//! handshakes before them. The check is derived from that table. What a handshake alone shows is
//! remembered until its next packet: each is looked at for several SYN-ACKs.

use crate::HandshakeId;
use crate::connection::handshake::Handshake;
use crate::evidence::{Preview, may_favour_alone, may_favour_among};

/// Number of handshakes to remember.
const REMEMBERED: usize = 1024;

/// The quick check, with handshakes that favour neither a cookie nor a proxy by themselves.
#[derive(Debug, Default)]
pub(crate) struct QuickCheck {
    /// By the low bits of their ids; empty until the first check.
    harmless: Vec<Option<HandshakeId>>,
}

impl QuickCheck {
    /// Returns whether a preview of a handshake that looks at `recent` ones of its listener, itself
    /// included, may be cookie-style.
    pub(crate) fn may_be_cookie_style(&mut self, id: HandshakeId, recent: &[&Handshake]) -> bool {
        let preview = Preview { handshakes: recent, judged: id };
        recent.iter().any(|handshake| self.may_favour_alone(handshake, &preview))
            || preview.any(|handshake| may_favour_among(handshake, &preview))
    }

    fn may_favour_alone(&mut self, handshake: &Handshake, preview: &Preview<'_, '_>) -> bool {
        if preview.judges(handshake) {
            return may_favour_alone(handshake, true);
        }
        if self.harmless.is_empty() {
            self.harmless = vec![None; REMEMBERED];
        }
        let slot = &mut self.harmless[slot(handshake.id)];
        if *slot == Some(handshake.id) {
            return false;
        }
        let may_favour = may_favour_alone(handshake, false);
        if !may_favour {
            *slot = Some(handshake.id);
        }
        may_favour
    }

    /// Forgets a handshake that got another packet.
    #[inline(always)]
    pub(crate) fn forget(&mut self, id: HandshakeId) {
        if let Some(slot) = self.harmless.get_mut(slot(id)).filter(|slot| **slot == Some(id)) {
            *slot = None;
        }
    }
}

const fn slot(id: HandshakeId) -> usize {
    id.0 as usize % REMEMBERED
}
