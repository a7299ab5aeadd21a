//! Gathers what every hypothesis about one handshake is made from.

use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::{Assessment, Verdict};

/// Handshake that failed or got stuck, among the other handshakes of its listener.
#[derive(Clone, Copy)]
pub(super) struct Case<'a, 'l> {
    pub listener: &'a Listener<'l>,
    /// Index of the handshake among those of the listener.
    pub index: usize,
    pub handshake: &'l Handshake,
    pub assessment: &'a Assessment,
}

impl<'a, 'l> Case<'a, 'l> {
    /// Selects the handshake at `index` of a listener.
    pub(super) fn new(listener: &'a Listener<'l>, index: usize, assessment: &'a Assessment) -> Self {
        Self { listener, index, handshake: listener.handshakes[index], assessment }
    }

    /// Returns whether the handshake has the given verdict.
    pub(super) fn is(&self, verdict: Verdict) -> bool {
        self.assessment.verdict == verdict
    }

    /// Returns whether the client acknowledged only numbers other than the SYN-ACK's.
    pub(super) const fn has_only_wrong_ack(&self) -> bool {
        self.handshake.wrong_ack.is_some() && self.handshake.ack.is_none()
    }
}
