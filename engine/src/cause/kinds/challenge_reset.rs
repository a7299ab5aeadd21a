//! An appliance resets a client's first connection on purpose and lets the retry through.

use super::*;
use crate::listener::retry::OtherAttempt;
use crate::narrative::shows::span;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ChallengeReset,
    clause: "an appliance resets a client's first connection on purpose and lets the retry through",
    counters: &[],
    check: "from the client: connect twice within a few seconds (confirmed if the second attempt gets a different SYN-ACK and succeeds)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

pub(super) fn stateless_reset(case: &Case<'_, '_>) -> Hypothesis {
    let is_let_through = case.listener.retry(case.index).is_some();
    let other = case.listener.other_attempt(case.index).filter(|_| !is_let_through);
    let reset_again = other.and_then(again);
    Hypothesis::new(
        INFO.kind,
        0.1,
        "the connection was reset after its ACK, as by appliances that reset a client's first connection on purpose",
    )
    .supported_by(is_let_through, 5.5, "the client's next connection got a different SYN-ACK and succeeded")
    .opposed_by(reset_again.is_some(), STRONG, reset_again.unwrap_or_default())
    .not_observable(
        !is_let_through && other.is_none(),
        "a second attempt within a minute (with this cause, it gets a different SYN-ACK and succeeds)",
    )
}

/// Describes another attempt of the client that was reset, too; `None` if it was not.
fn again(other: OtherAttempt) -> Option<String> {
    match other {
        OtherAttempt::ResetLater(after) => {
            Some(format!("the client tried again {} later, and that attempt was reset, too", span(after)))
        }
        OtherAttempt::ResetBefore(before) => {
            Some(format!("the client had tried {} before, and that attempt was reset, too", span(before)))
        }
        OtherAttempt::NotReset => None,
    }
}

pub(super) fn proxied_reset(case: &Case<'_, '_>) -> Hypothesis {
    stateless_reset(case).supported_by(true, MODERATE, "a device in front of the server answered the SYN")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, "a proxy answered the SYN, and may itself reset the connection")
        .supported_by(reset.window_never_opened, STRONG, WINDOW_NEVER_OPENED)
        .supported_by(reset.has_same_ttl(), WEAK, reset.ttl_sentence())
}
