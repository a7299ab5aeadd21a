//! The server rejected the SYN cookie in the client's ACK.

use super::*;
use crate::Setting;
use crate::listener::retransmission;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::CookieRejected,
    clause: "the server rejected the SYN cookie in the client's ACK",
    counters: &[Counter::SyncookiesSent, Counter::SyncookiesFailed],
    check: "on the server: nstat -az 'TcpExtSyncookies*' TcpOutRsts (confirmed if SyncookiesFailed and OutRsts rise; if SyncookiesRecv rises instead, the cookie was valid, but asks for a TCP option, such as SACK or timestamps, that was switched off on the server meanwhile)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

pub(super) fn stateless_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    let keeps_state = retransmission::by_timer(case.handshake).is_some();
    let ignored = case.handshake.client_data_retransmissions > 1;
    let late = reset.late_ack.unwrap_or_default();
    Hypothesis::new(INFO.kind, 0.0, reset.shape.describe())
        .supported_by(
            case.is_reliably(Verdict::SynCookie),
            VERY_STRONG,
            "the SYN-ACK was a SYN cookie, and no packet shows that the server accepted the ACK",
        )
        .supported_by(
            case.is(Verdict::SynCookie) && !case.is_reliably(Verdict::SynCookie),
            STRONG,
            "the SYN-ACK may have been a SYN cookie",
        )
        .supported_by(reset.resets_ack_and_data, WEAK, BOTH_RESET)
        .supported_by(reset.wrong_ack, STRONG, WRONG_ACK)
        .supported_by(
            late > 0.0,
            STRONG,
            format!("the client's ACK came after {late:.0} s; a cookie is valid for 60 to 120 s"),
        )
        .opposed_by(
            reset.took_ack,
            STRONG,
            "the reset answered the data, not the ACK before it; a cookie is checked on the ACK",
        )
        .opposed_by(reset.served, STRONG, SERVED)
        .opposed_by(
            ignored,
            STRONG,
            "the server ignored the client's data before; a cookie that fails the check is answered at once",
        )
        .opposed_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
        .ruled_out_by(
            case.is(Verdict::Ordinary),
            "the server answered from its SYN queue: the SYN-ACK was not a cookie",
        )
        .ruled_out_by(keeps_state || reset.entry_outlived_it, "the server retransmitted its SYN-ACK: it keeps state")
}

/// Considers a reset with an ACK flag, which a kernel does not send for a handshake (Linux
/// tcp_ipv4.c `tcp_v4_send_reset`).
pub(super) fn flagged_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        0.0,
        "the connection was reset, and a cookie that fails the check is answered with a reset",
    )
    .ruled_out_by(true, NOT_A_KERNELS_RESET)
    .opposed_by(reset.served, MODERATE, SERVED)
}

/// Considers a reset after a proxy's SYN-ACK. A host's own cookie never closes the window: Linux,
/// FreeBSD and gVisor announce their receive buffer in it.
pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, "a host that rejects a cookie sends such a reset")
        .supported_by(reset.wrong_ack, 6.0, WRONG_ACK)
        .opposed_by(!reset.wrong_ack, MODERATE, "the client acknowledged the SYN-ACK correctly")
        .ruled_out_by(
            reset.window_never_opened && !reset.wrong_ack,
            "the SYN-ACK's window is 0: a host that sends SYN cookies itself never announces that, so the SYN-ACK is not the server's cookie",
        )
}

/// Returns the hypothesis only where the client acknowledged another number than the SYN-ACK requires.
pub(super) fn unacknowledged(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let hypothesis = Hypothesis::new(
        INFO.kind,
        STRONG,
        "the client acknowledged another number than the SYN-ACK requires, and got no answer",
    )
    .supported_by(case.is(Verdict::SynProxy), MODERATE, "a SYN proxy drops an ACK whose cookie fails the check")
    .supported_by(case.is(Verdict::SynCookie), WEAK, "the SYN-ACK was a SYN cookie");
    case.has_only_wrong_ack().then_some(hypothesis)
}

/// Weighs the counters of cookies. The kernel counts SyncookiesSent for each cookie, SyncookiesRecv
/// for a valid one and SyncookiesFailed for an invalid one, the last only in the two minutes
/// after the listener sent a cookie (`cookie_init_sequence`, `tcp_synq_no_recent_overflow`).
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let sent = evidence.status(Counter::SyncookiesSent);
    if sent.did_not() {
        let said = counters::clause(Counter::SyncookiesSent, sent);
        evidence.ruled_out_by(format!("{said}: the server sent no SYN cookie"));
    }
    if evidence.setting(Setting::Syncookies) == Some(0) {
        evidence.ruled_out_by("tcp_syncookies is 0: the server neither sends nor accepts SYN cookies".to_owned());
    }
    let failed = evidence.status(Counter::SyncookiesFailed);
    let said = counters::clause(Counter::SyncookiesFailed, failed);
    match failed {
        CounterStatus::Rose(_) => {
            evidence.supported_by(VERY_STRONG, format!("{said}: cookies failed the check at that time"))
        }
        CounterStatus::NeverCounted | CounterStatus::Unchanged(_) => evidence.opposed_by(
            MODERATE,
            format!(
                "{said}; the kernel counts rejected cookies only in the two minutes after the listener sent a SYN cookie"
            ),
        ),
        CounterStatus::NonZeroSinceBoot(_) => evidence.supported_by(0.3, said),
        CounterStatus::Unknown => {}
    }
    let (received, resets) = (evidence.status(Counter::SyncookiesRecv), evidence.status(Counter::OutRsts));
    if let (CounterStatus::Rose(_), CounterStatus::Rose(_), true) = (received, resets, failed.did_not()) {
        let said = counters::clause(Counter::SyncookiesRecv, received);
        evidence.supported_by(
            STRONG,
            format!("{said} together with OutRsts: cookies were valid, and an option that they encode may be off now"),
        );
    }
}
