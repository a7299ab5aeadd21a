//! An appliance resets a client's first connection on purpose and lets the retry through.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ChallengeReset,
    clause: "an appliance resets a client's first connection on purpose and lets the retry through",
    counters: &[],
    check: "from the client: connect twice within a few seconds (expect: the second attempt gets a different SYN-ACK and succeeds)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn stateless_reset(case: &Case<'_, '_>) -> Hypothesis {
    let again = case.listener.retry(case.index).is_some();
    Hypothesis::new(
        INFO.kind,
        0.1,
        "the connection was reset after its ACK, as by appliances that reset a client's first connection on purpose",
    )
    .supported_by(again, 5.5, "the client's next connection got a different SYN-ACK and succeeded")
    .not_observable(!again, "a second attempt within a minute, which would get a different SYN-ACK and succeed")
}

pub(super) fn proxied_reset(case: &Case<'_, '_>) -> Hypothesis {
    stateless_reset(case).supported_by(true, MODERATE, "a device in front of the server answered the SYN")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, "a proxy answered the SYN, and may itself reset the connection")
        .supported_by(reset.window_never_opened, STRONG, WINDOW_NEVER_OPENED)
        .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
}
