//! Gathers what every hypothesis about one handshake is made from.

use crate::connection::handshake::{Handshake, SynHeader};
use crate::connection::other_answers::OtherAnswers;
use crate::evidence::hop_limit::hops;
use crate::listener::Listener;
use crate::{Assessment, Confidence, Verdict};

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

    /// Returns whether the handshake has the given verdict at `likely` or above.
    pub(super) fn is_reliably(&self, verdict: Verdict) -> bool {
        self.is(verdict) && self.assessment.confidence >= Some(Confidence::Likely)
    }

    /// Returns whether the handshake never completed while its listener was flooded with SYNs.
    pub(super) fn is_of_flood(&self) -> bool {
        self.handshake.never_completed() && self.listener.floods.is_flood(self.handshake.time)
    }

    /// Returns other handshakes of the same client address on this listener, at most `reach` before
    /// and after this one.
    pub(super) fn of_same_client(&self, reach: usize) -> impl Iterator<Item = &'l Handshake> {
        let around = self.listener.clients.around(self.index, reach).iter();
        around
            .map(|&other| other as usize)
            .filter(|&other| other != self.index)
            .map(|other| self.listener.handshakes[other])
    }

    /// Returns the answers that the client got from other listeners meanwhile.
    pub(super) fn other_answers(&self) -> OtherAnswers {
        self.listener.all.map_or_else(OtherAnswers::default, |all| all.other_answers(self.handshake))
    }

    /// Returns whether the hop limits show that the capture was taken at the server or next to it:
    /// the SYN passed routers, and the SYN-ACK did not.
    pub(super) fn is_captured_at_server(&self) -> bool {
        self.passed_no_router() == Some((false, true))
    }

    /// Returns whether the hop limits show that the capture was taken at the client or next to it.
    pub(super) fn is_captured_at_client(&self) -> bool {
        self.passed_no_router() == Some((true, false))
    }

    /// Returns whether the SYN, and whether the SYN-ACK, passed no router before the capture.
    fn passed_no_router(&self) -> Option<(bool, bool)> {
        let is_initial = |header: &SynHeader| header.ip.ttl().map(|ttl| hops(ttl) == 0);
        let (syn, syn_ack) = self.handshake.syn.as_ref().zip(self.handshake.syn_ack.as_ref())?;
        is_initial(syn).zip(is_initial(syn_ack))
    }

    /// Returns whether the client acknowledged only numbers other than the SYN-ACK's.
    pub(super) const fn has_only_wrong_ack(&self) -> bool {
        self.handshake.wrong_ack.is_some() && self.handshake.ack.is_none()
    }
}
