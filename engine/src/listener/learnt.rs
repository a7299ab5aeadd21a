//! Facts about a listener that remain after its handshakes were judged early and forgotten.

use super::Listener;
use super::retransmission;
use crate::connection::handshake::Handshake;
use crate::listener::clock::Clock;

/// Facts about a listener that do not change from one handshake to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learnt {
    /// Clock of the listener, where its rate was measured.
    pub clock: Option<Clock>,
    /// Number of forgotten handshakes in which the server retransmitted the SYN-ACK on timeout.
    pub rto_retransmissions: usize,
}

impl Learnt {
    /// Adds what a listener shows and what those of its handshakes show that are forgotten now.
    pub(crate) fn add<'a>(&mut self, listener: &Listener<'_>, forgotten: impl Iterator<Item = &'a Handshake>) {
        if listener.clock.rate.is_some() {
            self.clock = Some(listener.clock);
        }
        self.rto_retransmissions += forgotten.filter(|handshake| retransmission::by_timer(handshake).is_some()).count();
    }

    /// Returns the clock to be used: the one that was measured now, else the earlier one.
    pub(super) fn clock(&self, measured: Clock) -> Clock {
        self.clock.filter(|_| measured.rate.is_none()).unwrap_or(measured)
    }

    /// Returns whether nothing was learnt.
    pub(crate) const fn is_empty(&self) -> bool {
        self.clock.is_none() && self.rto_retransmissions == 0
    }
}
