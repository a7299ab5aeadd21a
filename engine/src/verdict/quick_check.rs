//! The quick check of a SYN-ACK: whether a preview of its handshake would be cookie-style.
//!
//! For front ends that cannot preview every SYN-ACK when it is captured. Most SYN-ACKs are settled
//! by the rows of the table of signals that need SYN and SYN-ACK only; the others are weighed as a
//! preview weighs them, without causes and sentences.

use crate::connection::handshake::Handshake;
use crate::evidence::may_favour;
use crate::listener::Listener;
use crate::verdict::Judge;
use crate::verdict::judgement::sort_by_time;
use crate::{HandshakeId, Timestamp};

/// Returns whether a preview of a handshake that looks at `recent` ones of its listener, itself
/// included, is cookie-style. `now` is the time of the last packet.
pub(crate) fn needs_preview(id: HandshakeId, mut recent: Vec<&Handshake>, now: Timestamp) -> bool {
    if !recent.iter().any(|handshake| may_be_cookie_style(handshake)) {
        return false;
    }
    sort_by_time(&mut recent);
    let listener = Listener::new(recent, now);
    let index = listener.handshakes.iter().position(|handshake| handshake.id == id);
    index.is_some_and(|index| Judge::new(&listener).assess(index).verdict.is_cookie_style())
}

/// Returns false only where no signal can favour a cookie or a proxy: neither by what SYN and
/// SYN-ACK show nor, as there are none, by later segments. (Silence alone outweighs no prior.)
fn may_be_cookie_style(handshake: &Handshake) -> bool {
    !handshake.server_segments.is_empty() || handshake.reset.is_some() || may_favour(handshake)
}
