//! S7, S17: sequence numbers that reveal which implementation chose them.
//!
//! A Linux cookie is client ISN + hash(four-tuple) + minute·2^24 + hash'(…)+MSS index (syncookies.c
//! `secure_tcp_syn_cookie`), so on the same four-tuple within the same minute the difference of the
//! two ISNs repeats up to the MSS index. Netfilter's SYNPROXY uses the same function; gVisor has
//! the same form with 64 s. Behind SYNPROXY the SYN carries the ISN the client was promised in its
//! acknowledgment field (nf_synproxy_core.c `synproxy_send_server_syn`), which RFC 9293 says is not
//! used in a SYN.
//!
//! Fooled by: NAT that changes ports, firewalls that rewrite ISNs (the difference is then random:
//! nothing is said); a stack whose ISN is a constant added to the client's would repeat it on every
//! four-tuple.

use super::{Detail, Observed, detail};
use crate::connection::handshake::Handshake;

/// A minute of cookies, in seconds (syncookies.h `COOKIE_TIME`).
const PERIOD: f64 = 60.0;
/// MSS table entries: the difference moves by less (syncookies.c `msstab`).
const MSS_ENTRIES: u32 = 4;
/// Chance agreement is 7 in 2^32.
const REPEATS: f64 = 14.0;
/// A miss within ten seconds: P(period changed in between) = 1/6.
const DIFFERS: f64 = -1.8;

pub(super) fn algebra<D: Detail>(handshake: &Handshake) -> Option<Observed<D>> {
    let (syn_ack, previous) = (handshake.syn_ack.as_ref()?, handshake.previous.as_deref()?);
    let client = handshake.client_isn()?;
    let elapsed = syn_ack.time.seconds_since(previous.time);
    if client == previous.client_isn || !(0.0..PERIOD).contains(&elapsed) {
        return None;
    }
    let difference = |server: u32, client: u32| server.wrapping_sub(client);
    let now = difference(syn_ack.isn.0, client.0);
    let before = difference(previous.server_isn.0, previous.client_isn.0);
    let moved = now.wrapping_sub(before).cast_signed();
    let repeats = moved.unsigned_abs() < MSS_ENTRIES;
    if !repeats && elapsed > PERIOD / 6.0 {
        return None;
    }
    let weight = if repeats { REPEATS } else { DIFFERS };
    let closed = syn_ack.window == 0;
    Some(Observed {
        cookie: weight,
        proxy: if closed || !repeats { weight } else { weight - 4.0 },
        systematic: false,
        frames: D::frames([previous.syn_ack, syn_ack.frame]),
        text: detail!(
            D,
            "server ISN minus client ISN {} the connection {elapsed:.1} s earlier on the same four-tuple",
            if repeats {
                format!("differs by only {moved} from that of")
            } else {
                "is unrelated to that of".to_owned()
            }
        ),
    })
}

pub(super) fn backend_syn<D: Detail>(handshake: &Handshake) -> Option<Observed<D>> {
    let syn = handshake.syn.as_ref().filter(|s| s.ack.0 != 0)?;
    Some(Observed {
        cookie: 0.0,
        proxy: -1.0,
        systematic: true,
        frames: D::frames([syn.frame]),
        text: detail!(
            D,
            "the SYN has {} in its unused acknowledgment field, as SYNPROXY's own SYN to the server does: the capture \
             was taken behind a SYN proxy",
            syn.ack
        ),
    })
}
