//! S1, S14: a SYN-ACK that offers no window, and the pure ACK that opens it.
//!
//! A proxy must keep the client from sending before the server behind it is reached, so Netfilter
//! and XDP SYNPROXY, pf synproxy, pf syncookies and HPE Comware close the window in the SYN-ACK
//! (nf_synproxy_core.c `synproxy_send_client_synack`: `nth->window = 0`). A listener that answers
//! itself takes the window from its receive buffer, also when it sends a cookie. In 8,738 public
//! captures all 23 zero-window SYN-ACKs were proxies.
//!
//! Fooled by: a stack without a buffer, a tarpit.

use super::{Detail, Reading, detail};
use crate::connection::handshake::Handshake;
use crate::text::joined;

/// None of 67,938 ordinary handshakes in public captures: P(window 0 | ordinary) < 5e-5 (8.5 nats).
/// The rest was chosen: no listener is known that closes its window.
const CLOSED_PROXY: f64 = 10.0;
/// A host's own cookie never closes the window.
const CLOSED_COOKIE: f64 = -7.0;
/// P(window not 0 | proxy) = 0.75: the LVS family, F5 and others leave it open, and are common.
const OPEN_PROXY: f64 = -0.3;

pub(super) fn observe<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let syn_ack = handshake.syn_ack.as_ref()?;
    let closed = syn_ack.window == 0;
    Some(Reading {
        cookie: if closed { CLOSED_COOKIE } else { 0.0 },
        proxy: if closed { CLOSED_PROXY } else { OPEN_PROXY },
        systematic: true,
        frames: D::frames([syn_ack.frame]),
        text: if closed {
            detail!(D, "the SYN-ACK announces a window of 0: the client may connect but not send data")
        } else {
            D::text(|| joined!["the SYN-ACK announces a window of ", syn_ack.window, " bytes"])
        },
    })
}

/// P(pure ACK that opens a closed window before any client data | ordinary) = 0.03, given the
/// closed window.
const OPENED_PROXY: f64 = 3.5;

pub(super) fn opened<D: Detail>(handshake: &Handshake) -> Option<Reading<D>> {
    let syn_ack = handshake.syn_ack.as_ref().filter(|s| s.window == 0)?;
    let update = window_update(handshake)?;
    Some(Reading {
        cookie: 0.0,
        proxy: OPENED_PROXY,
        systematic: true,
        frames: D::frames([syn_ack.frame, update]),
        text: detail!(D, "a pure ACK opened the closed window before the client had sent any data"),
    })
}

/// Returns the pure ACK of the server that opened the window before client data was acknowledged.
fn window_update(handshake: &Handshake) -> Option<crate::Frame> {
    let start = handshake.client_isn()?.plus(1);
    let opened = handshake.server_segments.iter().find(|l| l.window > 0)?;
    (opened.payload == 0 && opened.ack == start).then_some(opened.frame)
}
