//! The quick check of a SYN-ACK: whether a preview of its handshake would be cookie-style.
//!
//! For front ends that cannot preview every SYN-ACK when it is captured. Most SYN-ACKs are settled
//! because no row of the table of signals can favour a cookie or a proxy, on them or on the listener's
//! handshakes before them; the others are weighed as a preview weighs them, without causes and
//! sentences.

use crate::connection::handshake::Handshake;
use crate::evidence::{Preview, may_favour};
use crate::listener::Listener;
use crate::listener::learnt::Learnt;
use crate::verdict::Judge;
use crate::verdict::judgement::sort_by_time;
use crate::{HandshakeId, Timestamp};

/// Returns whether a preview of a handshake that looks at `recent` ones of its listener, itself
/// included, is cookie-style. `now` is the time of the last packet, `learnt` what earlier
/// handshakes showed.
pub(crate) fn needs_preview(id: HandshakeId, mut recent: Vec<&Handshake>, now: Timestamp, learnt: &Learnt) -> bool {
    let preview = Preview { handshakes: &recent, judged: id };
    if !preview.any(|handshake| may_favour(handshake, &preview)) {
        return false;
    }
    sort_by_time(&mut recent);
    let listener = Listener::new(recent, now, learnt);
    let index = listener.handshakes.iter().position(|handshake| handshake.id == id);
    index.is_some_and(|index| Judge::new(listener).assess(index).verdict.is_cookie_style())
}
