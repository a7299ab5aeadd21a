//! SYNs that were refused or not answered, SYN-ACKs that were not acknowledged, and clients that gave up.

use super::hypothesis::{HINTS, Hypothesis, LEANS, SPEAKS, STRONG};
use super::sight::Neighbours;
use super::{acknowledged_wrongly, plural, silence};
use crate::connection::handshake::{Handshake, Side};
use crate::evidence::reset::Shape;
use crate::listener::Listener;
use crate::packet::segment::Flags;
use crate::{Assessment, CauseKind, Verdict};

/// RFC 9293 section 3.10.7.1: a SYN for a port that nobody listens on is answered by RST with ACK flag.
pub(super) fn refused(listener: &Listener<'_>, index: usize) -> Vec<Hypothesis> {
    let handshake = listener.handshakes[index];
    let Some((_, reset)) = handshake.reset.as_deref() else { return Vec::new() };
    let bare = Shape::of(reset) == Shape::Stateless;
    let around = answers_around(listener, index);
    let ttl = around.and_then(|other| other.syn_ack?.ip.ttl).zip(reset.ip.ttl);
    let other_ttl = ttl.is_some_and(|(a, b)| a != b);
    let compared = ttl.map_or_else(String::new, |(a, b)| {
        format!("hop limit {b} in the reset, {a} in the SYN-ACKs of this listener: another machine")
    });
    vec![
        Hypothesis::new(CauseKind::ClosedPort, 3.0, "the SYN was answered by a reset: nothing listens there")
            .but(around.is_some(), LEANS, "the listener answered other SYNs around that time")
            .but(other_ttl, 3.0, compared.clone())
            .but(bare, SPEAKS, "the reset has no ACK flag, a closed port's has"),
        Hypothesis::new(CauseKind::FirewallReset, 1.5, "a packet filter that rejects with a TCP reset looks the same")
            .and(bare, SPEAKS, "the reset has no ACK flag, a closed port's has")
            .and(other_ttl, 3.0, compared)
            .and(around.is_some(), HINTS, "the listener answered other SYNs around that time")
            .unseen(ttl.is_none(), "a SYN-ACK of this listener to compare the reset's hop limit with")
            .unseen(!other_ttl, "who wrote it: a rule on the server itself writes what its kernel writes"),
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            -0.5,
            "Windows refuses SYNs in this form when its backlog is full",
        )
        .and(around.is_some(), LEANS, "the listener answered other SYNs around that time")
        .but(around.is_none(), LEANS, "the listener answered nobody around that time"),
    ]
}

/// A handshake near this one whose SYN was answered.
fn answers_around<'a>(listener: &Listener<'a>, index: usize) -> Option<&'a Handshake> {
    let own = listener.handshakes[index].time;
    let end = listener.handshakes.len().min(index + 9);
    let near = &listener.handshakes[index.saturating_sub(8)..end];
    near.iter().copied().find(|h| h.syn_ack.is_some() && h.time.seconds_since(own).abs() <= 30.0)
}

pub(super) fn unanswered(listener: &Listener<'_>, index: usize) -> Vec<Hypothesis> {
    let handshake = listener.handshakes[index];
    let others = listener.answers;
    let around = Neighbours::of(listener, index);
    let syns = handshake.syn_retransmissions as usize + 1;
    vec![
        Hypothesis::new(CauseKind::SilentDrop, SPEAKS, format!("{syns} SYN{}, no answer", plural(syns)))
            .but(others, HINTS, "the listener answered others")
            .unseen(true, "whether the SYN reached the server"),
        Hypothesis::new(
            CauseKind::AcceptQueueOverflow,
            HINTS,
            "a listener whose queues are full drops SYNs without a word",
        )
        .and(others, LEANS, "the listener answered others")
        .and(around.ignored, SPEAKS, "around it, ACKs were ignored and the SYN-ACK came again")
        .and(around.unserved, SPEAKS, "around it, connections were open and nobody served them: they wait in the queue")
        .and(around.reset > 0, LEANS, "around it, others were reset after their SYN-ACK")
        .but(!others, LEANS, "the listener answered nobody in this capture"),
    ]
}

pub(super) fn unacknowledged(handshake: &Handshake, assessment: &Assessment) -> Vec<Hypothesis> {
    let mut all = Vec::new();
    if acknowledged_wrongly(handshake) {
        let proxy = assessment.verdict == Verdict::SynProxy;
        all.push(
            Hypothesis::new(
                CauseKind::CookieRejected,
                SPEAKS,
                "the client acknowledged another number than the SYN-ACK's, and got no answer",
            )
            .and(proxy, LEANS, "a SYN proxy drops an ACK whose cookie fails its check")
            .and(assessment.verdict == Verdict::SynCookie, HINTS, "the SYN-ACK was a cookie"),
        );
    }
    all.push(
        Hypothesis::new(
            CauseKind::SilentDrop,
            LEANS,
            "the SYN-ACK was never acknowledged: it was lost, or the SYN's source address was not its sender's",
        )
        .and(handshake.rto_retransmission.is_some(), HINTS, "nor were its repetitions")
        .and(
            handshake.unanswered_retransmission || handshake.prompted_retransmission.is_some(),
            LEANS,
            "the client repeated its SYN: the SYN-ACK did not reach it",
        )
        .unseen(true, "whether the SYN-ACK reached the client"),
    );
    all.push(
        Hypothesis::new(CauseKind::ClientAbort, HINTS, "a scanner, or a flood, does not go on after the SYN-ACK")
            .and(handshake.syn_retransmissions == 0, 0.3, "the client did not repeat its SYN")
            .but(handshake.syn_retransmissions > 0, LEANS, "the client repeated its SYN: it meant to connect"),
    );
    all
}

/// Either the client did not want the connection, or it gave up on one that went nowhere.
pub(super) fn reset_by_client(
    listener: &Listener<'_>,
    handshake: &Handshake,
    assessment: &Assessment,
) -> Vec<Hypothesis> {
    let Some((Side::Client, reset)) = handshake.deciding_reset() else { return Vec::new() };
    let unknown = handshake.ack.is_none();
    let bare = !reset.flags.has(Flags::ACK);
    let waited = handshake.ack.map_or(0.0, |ack| reset.time.seconds_since(ack.time));
    let mut all = silence::until(listener, handshake, assessment, reset.time);
    let stuck = !all.is_empty();
    all.push(
        Hypothesis::new(CauseKind::ClientAbort, if stuck { LEANS } else { SPEAKS }, "the client sent the reset")
            .and(
                unknown,
                HINTS,
                "without ever acknowledging the SYN-ACK: a scanner, or a host whose address was used by another",
            )
            .and(unknown && bare, HINTS, "it has no ACK flag: the client's host knew of no such connection")
            .and(
                !unknown && waited < 1.0,
                HINTS,
                format!("{:.0} ms after it had acknowledged the SYN-ACK", waited * 1e3),
            )
            .but(stuck, LEANS, format!("it had waited {waited:.1} s for the server"))
            .unseen(true, "what the client's program did"),
    );
    if stuck {
        return all;
    }
    all.push(
        Hypothesis::new(
            CauseKind::FirewallReset,
            0.0,
            "a device on the client's side can send it in the client's name",
        )
        .and(ttl_differs(handshake), STRONG, "its hop limit is not that of the client's other segments")
        .unseen(handshake.syn.and_then(|s| s.ip.ttl).is_none(), "hop limits of the client's segments"),
    );
    all
}

fn ttl_differs(handshake: &Handshake) -> bool {
    let syn = handshake.syn.and_then(|s| s.ip.ttl);
    let reset = handshake.reset.as_deref().and_then(|(_, r)| r.ip.ttl);
    syn.zip(reset).is_some_and(|(a, b)| a != b)
}
