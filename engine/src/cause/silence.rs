//! Completed for the client, and going nowhere: ACKs and data that the server ignores, windows that stay closed.

use super::hypothesis::{HINTS, Hypothesis, LEANS, SPEAKS, STRONG};
use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::listener::Listener;
use crate::{Assessment, CauseKind, Timestamp, Verdict};

/// Silence shorter than this, in seconds, is no silence yet (RFC 6298 section 2: the first timer runs for one).
const PATIENCE: f64 = 1.0;

/// A handshake that was acknowledged, at the end of the capture.
pub(super) fn stuck(listener: &Listener<'_>, handshake: &Handshake, assessment: &Assessment) -> Vec<Hypothesis> {
    until(listener, handshake, assessment, listener.now)
}

/// What it was stuck at until then; empty when it was not.
pub(super) fn until(
    listener: &Listener<'_>,
    handshake: &Handshake,
    assessment: &Assessment,
    end: Timestamp,
) -> Vec<Hypothesis> {
    let (Some(syn_ack), Some(ack)) = (&handshake.syn_ack, &handshake.ack) else { return Vec::new() };
    if handshake.ack_ignored() {
        return ignored_ack(handshake, assessment);
    }
    let waited = end.seconds_since(ack.time);
    let spoke = |later: &SegmentFacts| later.time <= end && !later.flags.has(crate::packet::segment::Flags::RST);
    let quiet = handshake.server_data.is_none() && !handshake.server_fin && waited >= PATIENCE;
    let silent = quiet && !handshake.server_segments.iter().any(spoke);
    let opened = handshake.server_segments.iter().any(|l| l.window > 0);
    if syn_ack.window == 0 && quiet && !opened {
        return closed_window(handshake, silent, waited);
    }
    if silent && handshake.client_data_retransmissions > 0 {
        return ignored_data(listener, handshake, assessment);
    }
    Vec::new()
}

/// Linux ignores the ACK while the accept queue is full (tcp_minisocks.c `tcp_check_req`: `inet_rsk(req)->acked`), and
/// its timer repeats the SYN-ACK.
fn ignored_ack(handshake: &Handshake, assessment: &Assessment) -> Vec<Hypothesis> {
    vec![
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            STRONG,
            "the SYN-ACK was acknowledged and came again: the server ignores the ACK",
        )
        .and(handshake.client_data_retransmissions > 0, HINTS, "and the client's data")
        .but(assessment.verdict == Verdict::SynCookie, SPEAKS, "a cookie is not repeated by a timer"),
        Hypothesis::new(CauseKind::SilentDrop, LEANS, "the ACK may have been lost behind the point of capture")
            .unseen(true, "whether the ACK reached the server"),
    ]
}

fn closed_window(handshake: &Handshake, silent: bool, waited: f64) -> Vec<Hypothesis> {
    let answer = if silent { "nothing" } else { "no window" };
    vec![
        Hypothesis::new(
            CauseKind::ProxyBackendSilent,
            STRONG,
            "the proxy's window stayed closed: it never reached the server",
        )
        .and(true, 0.0, format!("{answer} came from it for {waited:.1} s after the ACK"))
        .and(handshake.client_data_retransmissions > 0, HINTS, "the client's data was repeated into the closed window")
        .unseen(true, "the proxy's own SYN to the server"),
        Hypothesis::new(CauseKind::ProxyBackendRefused, LEANS, "pf drops the reset of a server that refuses")
            .unseen(true, "the server's answer to the proxy"),
        Hypothesis::new(CauseKind::SilentDrop, LEANS, "the ACK, or the proxy's answer to it, may have been dropped")
            .unseen(true, "whether the ACK reached the proxy"),
        Hypothesis::new(CauseKind::AcceptQueueOverflow, 0.0, "a server whose queues are full ignores the proxy's SYN"),
    ]
}

/// Data that nobody acknowledges: the kernel drops what follows a cookie's ACK it could not queue (syncookies.c
/// `tcp_get_cookie_sock`), or a half-open entry's.
fn ignored_data(listener: &Listener<'_>, handshake: &Handshake, assessment: &Assessment) -> Vec<Hypothesis> {
    let cookie = assessment.verdict == Verdict::SynCookie;
    vec![
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            SPEAKS,
            "the client's data is repeated and never acknowledged: with a full accept queue the server ignores it",
        )
        .and(listener.ignores_acks, SPEAKS, "other ACKs to this listener were ignored: its SYN-ACK came again")
        .and(cookie, HINTS, "after a cookie the kernel does so without repeating the SYN-ACK"),
        Hypothesis::new(CauseKind::SilentDrop, 1.5, "what follows the handshake may be dropped on the way")
            .and(handshake.client_data_retransmissions > 2, 0.3, "every repetition of the data, too")
            .unseen(true, "whether the data reached the server"),
    ]
}
