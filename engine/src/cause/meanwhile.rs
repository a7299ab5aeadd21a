//! What a listener did while it ignored a client's SYN, ACK or data: a full accept queue drops SYNs
//! (Linux `tcp_conn_request`: `sk_acceptq_is_full`).

use super::case::Case;
use crate::Timestamp;
use crate::connection::handshake::Handshake;

/// Maximum handshakes that are examined: enough for a rule, few enough for floods.
const MOST: usize = 32;
/// Share of SYNs without an answer that loss on the path may explain.
const LOSS: f64 = 0.2;

/// Other handshakes of the listener that began while it ignored a client.
#[derive(Default)]
pub(super) struct Meanwhile {
    /// Number of SYNs that were answered at once.
    pub answered: usize,
    /// Number of SYNs that were not answered, or only after a retransmission.
    pub unanswered: usize,
    /// Number of SYNs that got no answer, retransmitted or not.
    pub ignored: usize,
    /// Number of connections whose client sent data and was served.
    pub served: usize,
}

impl Meanwhile {
    /// Examines the time between two moments.
    pub(super) fn between(case: &Case<'_, '_>, from: Timestamp, until: Timestamp) -> Self {
        let mut seen = Self::default();
        let all = &case.listener.handshakes;
        let first = all.partition_point(|other| other.time <= from);
        let during = all[first..].iter().take_while(|other| other.time < until).take(MOST);
        during.filter(|other| other.syn.is_some()).for_each(|other| seen.add(other));
        seen
    }

    fn add(&mut self, other: &Handshake) {
        let at_once = other.syn_ack.is_some() && other.seconds_to_answered_syn() == 0.0;
        self.answered += usize::from(at_once);
        self.unanswered += usize::from(!at_once && other.syn_retransmissions > 0);
        self.ignored += usize::from(other.syn_ack.is_none() && other.never_completed());
        self.served += usize::from(other.client_data.is_some() && other.server_data.is_some());
    }

    /// Returns whether the listener answered SYNs as usual: its accept queue had room.
    pub(super) fn had_room(&self) -> bool {
        self.answered > 0 && self.unanswered as f64 <= LOSS * self.answered as f64
    }

    /// Returns whether the listener ignored at least half of the SYNs, which loss does not explain.
    pub(super) const fn drops_syns(&self) -> bool {
        self.unanswered > 0 && self.unanswered >= self.answered
    }
}
