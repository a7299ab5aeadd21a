//! The listener's accept queue was full.

use super::*;
use crate::{Outcome, Setting};

const SYNS_ANSWERED: &str =
    "the listener answered other SYNs meanwhile: with a full accept queue it would have dropped these SYNs";

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::AcceptQueueOverflow,
    clause: "the listener's accept queue was full",
    counters: &[Counter::ListenOverflows, Counter::EmbryonicRsts],
    check: "on the server: nstat -az TcpExtListenOverflows (confirmed if it rises with each failure); ss -Htln 'sport = :{port}' (confirmed if Recv-Q is above Send-Q during a failure)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Share of time in which a task waits for a CPU, in percent, above which programs run late.
const HIGH_CPU_PRESSURE: u64 = 50;

/// Step that confirms a reset of the ACK. A queue that ignores the ACK can have either value.
const RESETS_IF_SET: &str = "sysctl net.ipv4.tcp_abort_on_overflow (1 confirms the cause)";

const RESETS_ACK: &str = "a listener with a full accept queue sends such a reset if tcp_abort_on_overflow=1";
const RESETS_LATER: &str = "a listener with a full accept queue ignores the ACK and the data, and resets a later packet that fits neither an entry of its SYN queue nor its SYN cookie";
const IGNORED: &str = "the server ignored the client's data several times before the reset";
const FULL_QUEUES_DROP: &str = "a SYN got no answer, and a listener with full queues silently drops SYNs";
const NEARBY_IGNORED: &str = "the listener ignored other ACKs at that time and retransmitted its SYN-ACK";
const NEARBY_UNSERVED: &str =
    "other connections at that time were open but got no reply: they wait in the accept queue";

/// Considers a stateless reset. If `tcp_abort_on_overflow` is set, Linux drops the SYN queue entry
/// and resets the ACK (`tcp_check_req`). Otherwise it ignores the ACK and the data, as it does after a
/// cookie (syncookies.c `tcp_get_cookie_sock`). A later packet is reset if the entry has timed out, or
/// if its number does not fit the cookie, as that of a FIN after the data.
pub(super) fn stateless_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let ignored = case.handshake.client_data_retransmissions > 1;
    let queue = FullQueue::at_reset(case, reset);
    Hypothesis::new(INFO.kind, MODERATE, if ignored { RESETS_LATER } else { RESETS_ACK })
        .confirmed_by(!ignored, RESETS_IF_SET)
        .supported_by(
            case.listener.ignores_acks || nearby.ignored,
            STRONG,
            "the listener ignored other ACKs: it retransmitted its SYN-ACK",
        )
        .supported_by(ignored, 3.0, IGNORED)
        .supported_by(nearby.unserved && !queue.is_likely(), MODERATE, NEARBY_UNSERVED)
        .supported_by(nearby.unanswered, MODERATE, "other SYNs at that time got no answer, as with a full queue")
        .supported_by(queue.is_likely(), STRONG, queue.waits())
        .opposed_by(
            queue.waiting == 0 && !nearby.show_full_queue() && nearby.worked,
            STRONG,
            "no connection waited to be served, and others worked at that time",
        )
        .supported_by(
            nearby.resets > 0,
            WEAK,
            format!("{} other handshake{} at that time ended the same way", nearby.resets, plural(nearby.resets)),
        )
        .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
        .opposed_by(reset.has_other_ttl(), 2.5, reset.ttl_sentence())
        .opposed_by(
            reset.took_ack,
            STRONG,
            "the reset answered the data, not the ACK before it; a full queue resets the ACK",
        )
        .opposed_by(nearby.reset_data_only() && !reset.took_ack && reset.after_data, 1.5, DATA_RESETS)
        .opposed_by(reset.served, 3.0, SERVED)
        .opposed_by(nearby.outlived_reset, STRONG, OTHERS_OUTLIVED)
        .opposed_by(reset.wrong_ack, STRONG, WRONG_ACK)
        .opposed_by(
            case.is_reliably(Verdict::SynCookie) && !ignored,
            3.0,
            "with a SYN cookie the kernel drops the ACK silently instead of resetting",
        )
        .ruled_out_by(
            reset.entry_outlived_it,
            "the SYN-ACK was retransmitted after the reset: its SYN queue entry was not dropped",
        )
}

/// Considers a reset with an ACK flag, which a kernel does not send for a handshake (Linux
/// tcp_minisocks.c `tcp_check_req`).
pub(super) fn flagged_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        0.0,
        "the connection was reset, and a full accept queue sends resets if tcp_abort_on_overflow=1",
    )
    .ruled_out_by(true, NOT_A_KERNELS_RESET)
    .opposed_by(reset.served, MODERATE, SERVED)
}

/// Considers a reset after a proxy's SYN-ACK: a listener that never saw the SYN has no entry to
/// drop.
pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.2, RESETS_ACK)
        .confirmed_by(true, RESETS_IF_SET)
        .opposed_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
        .ruled_out_by(
            reset.window_never_opened,
            "the SYN-ACK came from a proxy and its window had not opened before the reset: no packet shows that the listener had an entry of this connection to drop",
        )
        .ruled_out_by(!reset.lacks_ack_flag(), "the reset has an ACK flag; the reset of a full accept queue has none")
}

/// Considers a SYN that was answered after it was retransmitted.
pub(super) fn delayed_syn(case: &Case<'_, '_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let queue = FullQueue::during_unanswered_syns(case);
    let hypothesis = Hypothesis::new(INFO.kind, 0.0, FULL_QUEUES_DROP)
        .supported_by(nearby.ignored, 3.0, NEARBY_IGNORED)
        .supported_by(nearby.unserved && queue.waiting == 0, STRONG, NEARBY_UNSERVED);
    while_unanswered(hypothesis, &queue)
}

pub(super) fn unanswered(case: &Case<'_, '_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let others = case.listener.answers;
    let queue = FullQueue::during_unanswered_syns(case);
    let hypothesis = Hypothesis::new(INFO.kind, 0.0, FULL_QUEUES_DROP)
        .supported_by(others, MODERATE, "the listener answered other SYNs before or after")
        .supported_by(nearby.ignored, STRONG, NEARBY_IGNORED)
        .supported_by(
            !nearby.ignored && case.listener.ignores_acks,
            MODERATE,
            "the listener ignored other ACKs: it retransmitted its SYN-ACK",
        )
        .supported_by(nearby.unserved && queue.waiting == 0, STRONG, NEARBY_UNSERVED)
        .supported_by(nearby.resets > 0, WEAK, "other connections at that time were reset after their SYN-ACK")
        .opposed_by(!others, MODERATE, "the listener answered no SYN at any time in this capture; a full queue answers again when the program accepts")
        .ruled_out_by(case.handshake.rejected_syn().is_some(), ICMP_ANSWERED);
    while_unanswered(hypothesis, &queue)
}

/// Adds what the listener's other connections show about its accept queue.
fn while_unanswered(hypothesis: Hypothesis, queue: &FullQueue) -> Hypothesis {
    let answered = queue.meanwhile.answered;
    hypothesis
        .supported_by(queue.is_likely(), STRONG, queue.waits())
        .supported_by(
            queue.is_likely() && queue.drops_every_syn(),
            STRONG,
            "no other SYN was answered meanwhile: a full accept queue drops every SYN",
        )
        .opposed_by(
            queue.had_room_for_more,
            STRONG,
            "the listener answered SYNs while more connections waited for a reply",
        )
        .opposed_by(
            queue.meanwhile.had_room() || (!queue.is_likely() && answered > 0),
            STRONG,
            format!(
                "the listener answered {answered} other SYN{} meanwhile; a full accept queue drops every SYN",
                plural(answered)
            ),
        )
}

/// Considers an ACK that the server ignores. Linux ignores it while the accept queue is full
/// (tcp_minisocks.c `tcp_check_req`: `inet_rsk(req)->acked`), and its timer retransmits the
/// SYN-ACK.
pub(super) fn ignored_ack(case: &Case<'_, '_>, meanwhile: &Meanwhile) -> Hypothesis {
    let queue = FullQueue::at_ack(case);
    Hypothesis::new(
        INFO.kind,
        STRONG,
        "the SYN-ACK was retransmitted after it was acknowledged, as if the server ignored the ACK",
    )
    .supported_by(case.handshake.client_data_retransmissions > 0, WEAK, "the server ignores the client's data, too")
    .supported_by(meanwhile.drops_syns(), STRONG, SYNS_DROPPED)
    .supported_by(queue.is_likely(), WEAK, queue.waits())
    .opposed_by(meanwhile.had_room(), 3.0, SYNS_ANSWERED)
    .opposed_by(case.is(Verdict::SynCookie), STRONG, "a SYN cookie is never retransmitted by a timer")
}

/// Considers data that the server ignores. If the accept queue is full when the ACK of a cookie or
/// of a SYN queue entry arrives, the kernel drops the data that follows (syncookies.c
/// `tcp_get_cookie_sock`).
pub(super) fn ignored_data(case: &Case<'_, '_>, meanwhile: &Meanwhile, was_accepted: bool) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        STRONG,
        "the client's data is retransmitted and not acknowledged: a server with a full accept queue ignores it",
    )
    .supported_by(case.listener.ignores_acks, STRONG, "the listener ignored other ACKs: it retransmitted its SYN-ACK")
    .supported_by(
        case.is(Verdict::SynCookie),
        WEAK,
        "after a SYN cookie the kernel ignores the data and does not retransmit the SYN-ACK",
    )
    .supported_by(meanwhile.drops_syns(), STRONG, SYNS_DROPPED)
    .supported_by(was_accepted, STRONG, "the server finally accepted the data, as when the queue has room again")
    .opposed_by(
        !case.is(Verdict::SynCookie) && case.handshake.syn_acks == 1,
        WEAK,
        "the SYN-ACK was not retransmitted, so the server had received the ACK",
    )
    .opposed_by(meanwhile.had_room(), if was_accepted { MODERATE } else { 3.0 }, SYNS_ANSWERED)
}

pub(super) fn closed_window() -> Hypothesis {
    Hypothesis::new(INFO.kind, 0.0, "the window stayed closed, and a server with full queues ignores the proxy's SYN")
}

/// Weighs `ListenOverflows`, in which `tcp_v4_syn_recv_sock` and `tcp_conn_request` count every
/// packet that a full accept queue rejects.
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let overflows = evidence.status(Counter::ListenOverflows);
    let said = counters::clause(Counter::ListenOverflows, overflows);
    match overflows {
        CounterStatus::Unknown => {}
        CounterStatus::NeverCounted | CounterStatus::Unchanged(_) => {
            evidence.ruled_out_by(format!("{said}: no accept queue overflowed on the server"));
        }
        CounterStatus::Rose(_) => {
            evidence.supported_by(VERY_STRONG, format!("{said}: an accept queue overflowed at that time"));
        }
        CounterStatus::NonZeroSinceBoot(_) => {
            evidence.supported_by(0.3, format!("{said}: an accept queue overflowed at an unknown time"));
        }
    }
    if evidence.outcome() == Outcome::ResetByServer && !evidence.is_supported_by(IGNORED) {
        weigh_reset_ack(evidence);
    }
    if let Some(pressure) = evidence.cpu_pressure().filter(|pressure| *pressure >= HIGH_CPU_PRESSURE) {
        evidence.supported_by(
            0.3,
            format!("a task waited for a CPU in {pressure} % of the time when read: programs accept connections late"),
        );
    }
    let Some(AcceptQueue { port, length, bound }) = evidence.accept_queue() else { return };
    if length > bound {
        let why = format!("the accept queue of port {port} was full when read (length {length}, limit {bound})");
        evidence.supported_by(STRONG, why);
    } else {
        evidence.opposed_by(
            0.3,
            format!("the accept queue of port {port} had room when read (length {length}, limit {bound})"),
        );
    }
}

/// Weighs what Linux counts and needs to reset an ACK because of a full accept queue: `EmbryonicRsts`,
/// in which `tcp_check_req` counts each SYN queue entry that it drops with a reset, and
/// `tcp_abort_on_overflow`.
fn weigh_reset_ack(evidence: &mut KernelEvidence<'_>) {
    let embryonic = evidence.status(Counter::EmbryonicRsts);
    if embryonic.did_not() {
        let said = counters::clause(Counter::EmbryonicRsts, embryonic);
        evidence.ruled_out_by(format!("{said}: no entry of the SYN queue was reset"));
    }
    evidence.supported_by_rise(Counter::EmbryonicRsts, STRONG, "entries of the SYN queue were reset at that time");
    match evidence.setting(Setting::AbortOnOverflow) {
        Some(0) => {
            evidence.ruled_out_by(
                "tcp_abort_on_overflow is 0: a full accept queue drops the ACK and sends no reset".to_owned(),
            );
        }
        Some(value) => {
            evidence
                .supported_by(MODERATE, format!("tcp_abort_on_overflow is {value}: a full accept queue sends resets"));
        }
        None => {}
    }
}
