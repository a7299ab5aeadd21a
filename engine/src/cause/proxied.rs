//! Reset by the server's side after a proxy had answered the SYN.

use super::hypothesis::{HINTS, Hypothesis, LEANS, SPEAKS, STRONG};
use super::reset::challenged;
use super::sight::Sight;
use super::{NO_TTL, plural};
use crate::CauseKind;
use crate::connection::handshake::Side;
use crate::evidence::reset::Shape;
use crate::listener::Listener;

/// What contradicts a cause that begins with the listener having answered the SYN itself.
const NEVER_ASKED: &str = "the SYN-ACK was a proxy's, with window 0, and nobody opened it: the listener answered no SYN of this connection, so it had no entry to drop";
const NOT_OPENED: &str =
    "the SYN-ACK was a proxy's, and its window was never opened: the proxy did not reach the server";
const OPENED: &str = "the window was opened: the server had answered the proxy";

pub(super) fn reset(listener: &Listener<'_>, index: usize) -> Vec<Hypothesis> {
    let Some(sight) = Sight::of(listener.handshakes[index]) else { return Vec::new() };
    if sight.shape == Shape::Owner {
        return owner(&sight);
    }
    vec![
        leaked(listener, index, &sight),
        refused(&sight),
        filtered(&sight),
        challenged(listener, index).and(true, LEANS, "the SYN was answered by something in front of the server"),
        rejected(&sight),
        overflow(&sight),
    ]
}

/// Behind a proxy that reached its server, a reset of a living connection is the server's.
fn owner(sight: &Sight<'_>) -> Vec<Hypothesis> {
    vec![
        Hypothesis::new(CauseKind::ApplicationAbort, STRONG, sight.shape.describe())
            .and(!sight.never_opened, HINTS, OPENED)
            .and(sight.id_goes_on, LEANS, "its IP identification goes on from the server's own segments"),
        Hypothesis::new(CauseKind::ChallengeReset, HINTS, "the proxy itself may reset what it answered")
            .and(sight.never_opened, SPEAKS, NOT_OPENED)
            .and(sight.same_ttl(), HINTS, sight.ttl_sentence()),
        Hypothesis::new(CauseKind::FirewallReset, HINTS, "an injected reset can take this form").and(
            sight.went_on,
            SPEAKS,
            "the server went on after the reset: it had not sent it",
        ),
    ]
}

/// Netfilter's SYNPROXY with `nf_conntrack_tcp_loose=1`, a rule that misses the ACK, or a path around the proxy: the
/// ACK meets a listener that has no entry for it (RFC 9293 section 3.10.7.2).
fn leaked(listener: &Listener<'_>, index: usize, sight: &Sight<'_>) -> Hypothesis {
    let bare = sight.shape == Shape::Stateless;
    let others = alike(listener, index);
    Hypothesis::new(CauseKind::ProxyLeakedAck, SPEAKS, "the SYN was answered by a proxy")
        .and(bare, STRONG, sight.shape.describe())
        .and(sight.never_opened, LEANS, NOT_OPENED)
        .and(sight.other_ttl(), LEANS, sight.ttl_sentence())
        .and(sight.later(), HINTS, sight.later_sentence())
        .and(
            bare && sight.is_written_by_a_stack(),
            HINTS,
            "its sequence number is what the client acknowledged, and its IP identification 0 or none: a kernel's answer to an unknown ACK",
        )
        .and(others > 0, 0.0, format!("{others} other handshake{} of this listener ended so", plural(others)))
        .but(!bare, STRONG, "the reset carries an ACK flag: whoever sent it had been asked to open a connection")
        .but(!sight.never_opened, 3.0, OPENED)
        .unseen(sight.no_ttl(), NO_TTL)
        .unseen(true, "whether the server got a SYN of this connection: a capture there shows it")
}

/// Other handshakes of the listener with a closed window and a bare reset.
fn alike(listener: &Listener<'_>, index: usize) -> usize {
    let closed = |h: &&&crate::connection::handshake::Handshake| h.syn_ack.is_some_and(|s| s.window == 0);
    let around = listener.handshakes.len().min(index + 50);
    let own = listener.handshakes[index].id;
    let others = listener.handshakes[index.saturating_sub(50)..around].iter().filter(|h| h.id != own);
    let bare = |h: &&&crate::connection::handshake::Handshake| matches!(h.deciding_reset(), Some((Side::Server, r)) if Shape::of(r) == Shape::Stateless);
    others.filter(closed).filter(bare).count()
}

/// Netfilter relays a refused SYN as RST+ACK with window 0 and no options; Jupiter as a bare reset.
fn refused(sight: &Sight<'_>) -> Hypothesis {
    let bare = sight.shape == Shape::Stateless;
    Hypothesis::new(
        CauseKind::ProxyBackendRefused,
        SPEAKS,
        "a server that refuses the proxy's SYN is relayed as a reset",
    )
    .and(!bare, STRONG, sight.shape.describe())
    .and(sight.never_opened, LEANS, NOT_OPENED)
    .but(bare, SPEAKS, "the reset has no ACK flag, a refused SYN's would (but not Jupiter's)")
    .but(!sight.never_opened, 3.0, OPENED)
    .unseen(true, "the proxy's own SYN, and the server's answer to it")
}

fn filtered(sight: &Sight<'_>) -> Hypothesis {
    let bare = sight.shape == Shape::Stateless;
    Hypothesis::new(CauseKind::FirewallReset, 1.5, "a rule behind the proxy, or on it, may reject the ACK with a reset")
        .and(bare && sight.same_ttl(), HINTS, sight.ttl_sentence())
        .and(sight.nearer(), LEANS, sight.ttl_sentence())
        .and(
            sight.other_number(),
            SPEAKS,
            "its sequence number is not what the client acknowledged: no stack answers so",
        )
        .but(!bare, SPEAKS, "a rejected ACK is answered without ACK flag")
        .unseen(true, "the rules of the proxy and of what stands behind it")
}

fn overflow(sight: &Sight<'_>) -> Hypothesis {
    Hypothesis::new(
        CauseKind::AcceptQueueOverflow,
        0.2,
        "a full accept queue resets in this form with tcp_abort_on_overflow=1",
    )
    .but(sight.other_ttl(), LEANS, sight.ttl_sentence())
    .unless(sight.never_opened, NEVER_ASKED)
    .unless(sight.shape != Shape::Stateless, "the reset has an ACK flag; a full accept queue's has none")
}

/// No host's own cookie closes the window: Linux, FreeBSD and gVisor announce their receive buffer in it.
fn rejected(sight: &Sight<'_>) -> Hypothesis {
    Hypothesis::new(CauseKind::CookieRejected, HINTS, "a host that rejects a cookie resets in this form")
        .and(sight.wrong_ack, 6.0, "the client acknowledged another number than the SYN-ACK's")
        .but(!sight.wrong_ack, LEANS, "the client acknowledged the SYN-ACK as it should")
        .unless(
            sight.never_opened && !sight.wrong_ack,
            "the SYN-ACK's window is 0: no host's own cookie closes the window, so this was none of the server's cookies",
        )
}
