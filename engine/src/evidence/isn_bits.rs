//! S8, S9: options written into the ISN itself, readable without any secret.
//!
//! FreeBSD composes its ISNs so for *every* connection while `net.inet.tcp.syncookies=1`, the
//! default, and the packets of its cookie mode are the same: the layout names the stack and makes
//! the rest undecidable. Onload does so for cookies only. The layouts are described in
//! [`crate::listener::isn_layout`].
//!
//! Fooled by: firewalls that rewrite ISNs (nothing is said then); an ISN with a constant low byte,
//! which is why Onload's clock must have been seen to move.

use super::{Detail, Preview, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::listener::Listener;
use crate::listener::isn_layout::{IsnLayout, ONLOAD_STAMPED_ENOUGH, has_onload_timestamp, onload_clock};

/// MSS index and clock agree: chance in 1 of 256, capped for what is not known.
const ONLOAD: f64 = 5.5;
/// MSS index and nine bits of the timestamp agree: chance in 1 of 4096, capped as before.
const ONLOAD_STAMPED: f64 = 8.0;

/// Returns whether a SYN-ACK may favour a cookie: enough of them look like Onload's.
pub(super) fn may_favour(preview: &Preview<'_, '_>) -> bool {
    let fits = |handshake: &&&Handshake| onload_clock(handshake).is_some();
    preview.handshakes.iter().filter(fits).count() >= ONLOAD_STAMPED_ENOUGH
        && preview.any(|handshake| onload_weight(handshake).is_some())
}

/// Returns what an answer of Onload weighs for a cookie; `None` where it does not have the layout.
fn onload_weight(handshake: &Handshake) -> Option<f64> {
    onload_clock(handshake)?;
    match has_onload_timestamp(handshake) {
        Some(true) => Some(ONLOAD_STAMPED),
        Some(false) => None,
        None => Some(ONLOAD),
    }
}

pub(super) fn observe<D: Detail>(listener: &Listener<'_>, index: usize) -> Option<Reading<D>> {
    let handshake = listener.handshakes[index];
    let (syn, syn_ack) = (handshake.syn.as_ref()?, handshake.syn_ack.as_ref()?);
    let (cookie, text) = match listener.isn_layout {
        IsnLayout::Opaque => return None,
        IsnLayout::Freebsd => (
            0.0,
            "the ISN encodes the client's options, as every FreeBSD ISN does: FreeBSD's cookies look like its ordinary SYN-ACKs",
        ),
        IsnLayout::Onload => (
            onload_weight(handshake)?,
            "ISN and timestamp encode MSS index, clock and options, as only Onload's cookies do",
        ),
    };
    Some(Reading {
        cookie,
        proxy: 0.0,
        systematic: false,
        frames: D::frames([syn.frame, syn_ack.frame]),
        text: detail!(D, "{text}"),
    })
}
