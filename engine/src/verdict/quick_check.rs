//! Decides quickly whether a preview of a SYN-ACK's handshake may favour a cookie or a proxy.
//!
//! It is for front ends that cannot preview every SYN-ACK when it is captured. Most SYN-ACKs are
//! ruled out because no row of the table of signals can favour a cookie or a proxy, on them or on
//! the listener's handshakes before them. The check is derived from that table. A handshake is
//! checked for several SYN-ACKs, so the part of the check that uses only the handshake itself is
//! cached until its next packet.

use crate::HandshakeId;
use crate::connection::handshake::Handshake;
use crate::evidence::{Preview, may_favour_alone, may_favour_among};

/// Number of handshakes in the cache.
const REMEMBERED: usize = 1024;

/// Quick check, with a cache of the handshakes that favour neither a cookie nor a proxy on their
/// own.
#[derive(Debug, Default)]
pub(crate) struct QuickCheck {
    /// Harmless handshakes, indexed by the low bits of their ids; empty until the first check.
    harmless: Vec<Option<HandshakeId>>,
}

impl QuickCheck {
    /// Returns whether a preview of the last of a listener's `recent` handshakes may be
    /// cookie-style.
    pub(crate) fn may_be_cookie_style(&mut self, recent: &[&Handshake]) -> bool {
        let Some(preview) = Preview::of_last(recent) else { return false };
        may_favour_alone(preview.judged, true)
            || preview.earlier.iter().any(|handshake| self.may_favour_another(handshake))
            || may_favour_among(&preview)
    }

    /// Returns whether a handshake may favour a cookie or a proxy on a later one.
    fn may_favour_another(&mut self, handshake: &Handshake) -> bool {
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
