//! An appliance resets the first connection on purpose and lets the retry through.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ChallengeReset,
    clause: "an appliance resets on purpose and lets the retry through",
    counters: &[],
    check: "from the client: connect twice within a few seconds (the second attempt gets another SYN-ACK and works)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn bare_reset(case: &Case<'_, '_>) -> Hypothesis {
    let again = case.listener.retry(case.index).is_some();
    Hypothesis::new(INFO.kind, 0.1, "some appliances reset the first connection of a client on purpose")
        .supported_by(again, 5.5, "the client's next connection got another SYN-ACK and worked")
        .not_observable(!again, "a second attempt of the client within a minute: it would get another SYN-ACK and work")
}

pub(super) fn proxied_reset(case: &Case<'_, '_>) -> Hypothesis {
    bare_reset(case).supported_by(true, MODERATE, "the SYN was answered by something in front of the server")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, "the proxy itself may reset what it answered")
        .supported_by(reset.window_never_opened, STRONG, WINDOW_NEVER_OPENED)
        .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
}
