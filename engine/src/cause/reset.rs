//! Reset by the server's side after a SYN-ACK that was not a proxy's.

use super::hypothesis::{HINTS, Hypothesis, LEANS, SPEAKS, STRONG};
use super::sight::{Neighbours, Sight};
use super::{NO_TTL, plural};
use crate::evidence::reset::Shape;
use crate::listener::{Listener, retransmission};
use crate::{Assessment, CauseKind, Verdict};

pub(super) fn by_server(listener: &Listener<'_>, index: usize, assessment: &Assessment) -> Vec<Hypothesis> {
    let handshake = listener.handshakes[index];
    let Some(sight) = Sight::of(handshake) else { return Vec::new() };
    match sight.shape {
        Shape::Owner => owner(&sight),
        Shape::Refusal => refusal(&sight, assessment),
        Shape::Stateless => stateless(listener, index, assessment, &sight),
    }
}

/// RFC 9293 section 3.10.5: who aborts a connection sends its own sequence number, and an ACK flag.
fn owner(sight: &Sight<'_>) -> Vec<Hypothesis> {
    let mut all = vec![
        Hypothesis::new(CauseKind::ApplicationAbort, STRONG, sight.shape.describe())
            .and(sight.same_ttl(), HINTS, sight.ttl_sentence())
            .and(sight.id_goes_on, LEANS, "its IP identification goes on from the server's own segments")
            .and(sight.served && sight.after_data, HINTS, "the server had taken the client's data before")
            .but(sight.foreign(), SPEAKS, sight.ttl_sentence())
            .but(sight.went_on, LEANS, "the server went on after it")
            .unseen(true, "what the program did: closed with SO_LINGER 0, or with data unread"),
        injected(sight, HINTS, "an injected reset can take this form"),
    ];
    all.extend(no_kernel_reset(sight));
    all
}

fn refusal(sight: &Sight<'_>, assessment: &Assessment) -> Vec<Hypothesis> {
    let mut all = vec![
        Hypothesis::new(CauseKind::ApplicationAbort, 1.5, sight.shape.describe())
            .and(true, 0.0, "Windows aborts connections in this form, Linux does not")
            .and(sight.after_data, HINTS, "it came after the client's data")
            .and(sight.served, LEANS, "the server had answered after its SYN-ACK")
            .but(sight.foreign(), SPEAKS, sight.ttl_sentence()),
        injected(sight, LEANS, "devices reset in this form, too"),
        Hypothesis::new(
            CauseKind::ProxyBackendRefused,
            if assessment.verdict == Verdict::Ordinary { 0.0 } else { HINTS },
            "a proxy that is not told from the server passes on a refused SYN in this form",
        )
        .and(sight.never_opened, STRONG, "the window of the SYN-ACK was never opened")
        .but(sight.served, SPEAKS, "the server had answered after its SYN-ACK")
        .unseen(true, "the way behind whoever sent the SYN-ACK"),
    ];
    all.extend(no_kernel_reset(sight));
    all
}

/// A reset that something on the way wrote.
fn injected(sight: &Sight<'_>, prior: f64, why: &str) -> Hypothesis {
    Hypothesis::new(CauseKind::FirewallReset, prior, why)
        .and(sight.other_ttl(), if sight.foreign() { 3.0 } else { LEANS }, sight.ttl_sentence())
        .and(sight.went_on, SPEAKS, "the server went on after the reset: it had not sent it")
        .and(sight.copied_id, SPEAKS, "its IP identification is copied from the segment it answers")
        .but(sight.same_ttl(), LEANS, sight.ttl_sentence())
        .but(sight.id_goes_on, LEANS, "its IP identification goes on from the server's own segments")
        .unseen(sight.no_ttl(), NO_TTL)
        .unseen(true, "whether the server sent the reset: a capture there shows it")
}

/// What a kernel sends of its own accord for a handshake has no ACK flag (Linux tcp_minisocks.c `tcp_check_req`,
/// tcp_ipv4.c `tcp_v4_send_reset`; RFC 9293 section 3.10.7).
fn no_kernel_reset(sight: &Sight<'_>) -> [Hypothesis; 2] {
    let form = "the reset has an ACK flag; what a kernel sends for a handshake it does not take has none";
    [
        Hypothesis::new(CauseKind::AcceptQueueOverflow, 0.0, "a full accept queue resets with tcp_abort_on_overflow=1")
            .unless(true, form)
            .but(sight.served, LEANS, "the server had taken the connection before"),
        Hypothesis::new(CauseKind::CookieRejected, 0.0, "a cookie that fails its check is answered by a reset")
            .unless(true, form)
            .but(sight.served, LEANS, "the server had taken the connection before"),
    ]
}

/// RFC 9293 section 3.10.7.1: who knows of no such connection answers in this form; so does a packet filter.
fn stateless(listener: &Listener<'_>, index: usize, assessment: &Assessment, sight: &Sight<'_>) -> Vec<Hypothesis> {
    let around = Neighbours::of(listener, index);
    vec![
        rejected(listener, index, assessment, sight),
        overflow(listener, index, assessment, sight, &around),
        filtered(sight),
        wrong_host(listener, index, sight, &around),
        gone(sight, &around),
        challenged(listener, index),
        closed(listener, index, sight),
    ]
}

fn rejected(listener: &Listener<'_>, index: usize, assessment: &Assessment, sight: &Sight<'_>) -> Hypothesis {
    let handshake = listener.handshakes[index];
    let keeps_state = retransmission::by_timer(handshake).is_some();
    let ignored = handshake.client_data_retransmissions > 1;
    let late = sight.late_ack.unwrap_or_default();
    Hypothesis::new(CauseKind::CookieRejected, 0.0, sight.shape.describe())
        .and(
            assessment.verdict == Verdict::SynCookie,
            STRONG,
            "the SYN-ACK was a cookie, and nothing shows that the ACK was taken",
        )
        .and(sight.wrong_ack, SPEAKS, "the client acknowledged another number than the SYN-ACK's")
        .and(
            late > 0.0,
            SPEAKS,
            format!("the client acknowledged only after {late:.0} s; a cookie lives for 60 to 120 s"),
        )
        .but(sight.took_ack, SPEAKS, "the ACK was not reset, only the data after it: a cookie is checked on the ACK")
        .but(sight.served, SPEAKS, "the server had taken the connection before")
        .but(ignored, SPEAKS, "the client's data was ignored before: a cookie that fails is answered at once")
        .but(sight.other_ttl(), LEANS, sight.ttl_sentence())
        .unless(
            assessment.verdict == Verdict::Ordinary,
            "the SYN-ACK was answered from a half-open entry: it was no cookie",
        )
        .unless(keeps_state || sight.outlived, "the server repeats its SYN-ACK: it keeps state")
}

/// Linux: `tcp_check_req` drops the entry and resets where `tcp_abort_on_overflow` is set; a cookie's ACK it drops
/// silently (syncookies.c `tcp_get_cookie_sock`).
fn overflow(
    listener: &Listener<'_>,
    index: usize,
    assessment: &Assessment,
    sight: &Sight<'_>,
    around: &Neighbours,
) -> Hypothesis {
    let handshake = listener.handshakes[index];
    let ignored = handshake.client_data_retransmissions > 1;
    Hypothesis::new(
        CauseKind::AcceptQueueOverflow,
        1.5,
        "a listener whose accept queue is full resets in this form with tcp_abort_on_overflow=1",
    )
    .and(
        listener.ignores_acks || around.ignored,
        SPEAKS,
        "other ACKs to this listener were ignored: its SYN-ACK came again",
    )
    .and(ignored, 3.0, "the client's data was ignored, again and again, before the reset")
    .and(around.unserved, LEANS, "connections around it were open and nobody served them: they wait in the queue")
    .and(around.unanswered, LEANS, "SYNs around it got no answer, as with a full queue")
    .and(
        around.reset > 0,
        HINTS,
        format!("{} other handshake{} around it ended so", around.reset, plural(around.reset)),
    )
    .and(sight.same_ttl(), HINTS, sight.ttl_sentence())
    .but(sight.other_ttl(), 2.5, sight.ttl_sentence())
    .but(sight.took_ack, SPEAKS, "the ACK was not reset, only the data after it: a full queue resets the ACK")
    .but(sight.served, 3.0, "the server had taken the connection before")
    .but(sight.wrong_ack, SPEAKS, "the client acknowledged another number than the SYN-ACK's")
    .but(assessment.verdict == Verdict::SynCookie, 3.0, "with a cookie the kernel drops the ACK silently instead")
    .unless(sight.outlived, "the SYN-ACK came again after the reset: its half-open entry was not dropped")
}

fn filtered(sight: &Sight<'_>) -> Hypothesis {
    Hypothesis::new(CauseKind::FirewallReset, 1.0, "a packet filter that rejects with a TCP reset answers in this form")
        .and(sight.other_ttl(), if sight.nearer() { 3.0 } else { 1.5 }, sight.ttl_sentence())
        .and(sight.took_ack, SPEAKS, "the ACK was not reset, only the data after it: as a rule on content does")
        .and(sight.after_data && !sight.took_ack, 0.3, "it came after the client's first data")
        .and(sight.outlived, 1.5, "the SYN-ACK came again after the reset: the ACK had not reached the server")
        .and(sight.served, LEANS, "the server had taken the connection: what reset it stands in between")
        .and(sight.went_on, SPEAKS, "the server went on after the reset: it had not sent it")
        .and(sight.copied_id, SPEAKS, "its IP identification is copied from the segment it answers")
        .and(
            sight.other_number(),
            SPEAKS,
            "its sequence number is not what the client acknowledged: no stack answers so",
        )
        .and(
            sight.wrong_ack,
            LEANS,
            "the client acknowledged another number than the SYN-ACK's: something on the way rewrites sequence numbers",
        )
        .unseen(sight.no_ttl(), NO_TTL)
        .unseen(
            sight.same_ttl() && sight.is_written_by_a_stack(),
            "who wrote it: a rule on the server itself writes, bit for bit, what its kernel writes",
        )
}

fn wrong_host(listener: &Listener<'_>, index: usize, sight: &Sight<'_>, around: &Neighbours) -> Hypothesis {
    let handshake = listener.handshakes[index];
    Hypothesis::new(
        CauseKind::WrongHost,
        0.8,
        "a balancer that sends the ACK to another host makes it answer in this form",
    )
    .and(sight.other_ttl() && !sight.nearer(), 2.5, sight.ttl_sentence())
    .and(sight.outlived, SPEAKS, "the SYN-ACK came again after the reset: its host had not seen the ACK")
    .and(handshake.syn_retransmissions > 0, HINTS, "the SYN was repeated: it may have gone to two hosts")
    .and(sight.outlived && around.worked, HINTS, "other connections at that time worked")
    .but(sight.nearer(), LEANS, sight.ttl_sentence())
    .but(sight.took_ack, 1.5, "the ACK was not reset, only the data after it: both go to one host")
    .but(sight.served, SPEAKS, "the server had taken the connection before")
    .but(sight.wrong_ack, LEANS, "the client acknowledged another number than the SYN-ACK's")
    .unseen(sight.no_ttl(), NO_TTL)
    .unseen(true, "which host behind the address got the ACK")
}

fn gone(sight: &Sight<'_>, around: &Neighbours) -> Hypothesis {
    Hypothesis::new(CauseKind::ListenerGone, 0.6, "a listener closed between SYN-ACK and ACK leaves this reset")
        .and(around.refused_next, 3.0, "the next SYNs to this listener were refused")
        .and(
            around.refused_before && !around.refused_next,
            SPEAKS,
            "SYNs shortly before were refused: the listener comes and goes",
        )
        .but(sight.took_ack, LEANS, "the ACK was not reset, only the data after it")
        .but(sight.other_ttl(), LEANS, sight.ttl_sentence())
        .but(sight.served, LEANS, "the server had taken the connection before")
        .unless(sight.outlived, "the SYN-ACK came again after the reset: the listener was still there")
        .unseen(true, "whether the process was restarted")
}

pub(super) fn challenged(listener: &Listener<'_>, index: usize) -> Hypothesis {
    let again = listener.retry(index).is_some();
    Hypothesis::new(CauseKind::ChallengeReset, 0.1, "some appliances reset the first connection of a client on purpose")
        .and(again, 5.5, "the client's next connection got another SYN-ACK and worked")
        .unseen(!again, "a second attempt of the client within a minute: it would get another SYN-ACK and work")
}

fn closed(listener: &Listener<'_>, index: usize, sight: &Sight<'_>) -> Hypothesis {
    let fin = listener.handshakes[index].server_fin;
    Hypothesis::new(CauseKind::ApplicationAbort, 0.3, "data for a socket that was closed is answered in this form")
        .and(fin, 5.0, "the server had closed the connection (FIN) before")
        .but(!fin, LEANS, "no FIN of the server came before it; a program that aborts sets the ACK flag")
        .but(!sight.after_data, HINTS, "the client had sent no data")
}
