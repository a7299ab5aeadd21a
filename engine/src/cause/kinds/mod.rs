//! Lists the causes, one file each, and the causes that are considered for each way in which a
//! handshake fails.
//!
//! A new cause needs its file, its rows here, its word in [`CauseKind`], and its row in
//! `docs/evidence.md`.

mod accept_queue_overflow;
mod application_abort;
mod challenge_reset;
mod client_abort;
mod closed_port;
mod cookie_rejected;
mod firewall_reset;
mod listener_gone;
mod proxy_backend_refused;
mod proxy_backend_silent;
mod proxy_leaked_ack;
mod silent_drop;
mod wrong_acknowledgment;
mod wrong_host;

use super::case::Case;
use super::counters::{self, CounterStatus, KernelEvidence};
use super::host::AcceptQueue;
use super::hypothesis::{Hypothesis, MODERATE, STRONG, VERY_STRONG, WEAK, plural};
use super::info::{AckAtServer, CauseInfo, ResetSender};
use super::nearby::NearbyHandshakes;
use super::refused_syn::RefusedSyn;
use super::reset_context::ResetContext;
use super::stall::Stall;
use crate::connection::handshake::{SegmentFacts, Side};
use crate::evidence::reset::Shape;
use crate::{CauseKind, Counter, Outcome, Verdict};

/// Facts about every cause, in the order of [`CauseKind::ALL`].
pub(crate) static CAUSES: [CauseInfo; CauseKind::ALL.len()] = [
    cookie_rejected::INFO,
    proxy_leaked_ack::INFO,
    proxy_backend_refused::INFO,
    proxy_backend_silent::INFO,
    challenge_reset::INFO,
    accept_queue_overflow::INFO,
    application_abort::INFO,
    listener_gone::INFO,
    firewall_reset::INFO,
    wrong_host::INFO,
    closed_port::INFO,
    client_abort::INFO,
    silent_drop::INFO,
    wrong_acknowledgment::INFO,
];

// Each row is found by its kind.
const _: () = {
    let mut at = 0;
    while at < CAUSES.len() {
        assert!(CAUSES[at].kind as usize == at);
        at += 1;
    }
};

impl CauseKind {
    /// Returns the facts that are the same for every cause of this kind.
    pub(crate) const fn info(self) -> &'static CauseInfo {
        &CAUSES[self as usize]
    }

    /// Returns the cause as a clause that completes "most likely".
    #[must_use]
    pub const fn clause(self) -> &'static str {
        self.info().clause
    }
}

const SERVED: &str = "the server had accepted the connection before";
const WRONG_ACK: &str = "the client acknowledged a number other than the SYN-ACK's";
const IP_ID_CONTINUES: &str = "the reset's IP identification continues that of the server's segments";
const NOT_A_KERNELS_RESET: &str = "the reset has an ACK flag; a kernel's reset for a failed handshake has none";
const WINDOW_NEVER_OPENED: &str = "the SYN-ACK came from a proxy and its window never opened: the proxy did not complete its own connection to the server";
const WINDOW_OPENED: &str = "the window opened: the server had answered the proxy";
const OTHERS_ANSWERED: &str = "the listener answered other SYNs around that time";
const BARE_REFUSAL: &str = "the reset has no ACK flag; the reset of a closed port has one";

/// Returns the causes to consider for a handshake, in the order that equally probable causes keep. Empty for a handshake that did not fail.
pub(super) fn hypotheses(case: &Case<'_, '_>, outcome: Outcome) -> Vec<Hypothesis> {
    let mut all = Vec::from_iter(wrong_acknowledgment::challenged(case));
    all.extend(of_outcome(case, outcome));
    all
}

/// Returns the causes to consider for an outcome.
fn of_outcome(case: &Case<'_, '_>, outcome: Outcome) -> Vec<Hypothesis> {
    match outcome {
        Outcome::ResetByServer => ResetContext::of(case.handshake).map_or_else(Vec::new, |reset| {
            if case.is(Verdict::SynProxy) { proxied_reset(case, &reset) } else { server_reset(case, &reset) }
        }),
        Outcome::ResetByClient => client_reset(case),
        Outcome::Refused => RefusedSyn::of(case).map_or_else(Vec::new, |refused| refused_syn(&refused)),
        Outcome::Unanswered => unanswered(case),
        Outcome::Unacknowledged => unacknowledged(case),
        Outcome::Established | Outcome::Incomplete => {
            Stall::at(case, case.listener.now).map_or_else(Vec::new, |stall| stalled(case, stall))
        }
    }
}

/// Returns the causes of a reset by the server's side after a SYN-ACK that did not come from a
/// proxy.
fn server_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Vec<Hypothesis> {
    match reset.shape {
        Shape::Owner => vec![
            application_abort::owners_reset(reset),
            firewall_reset::owners_reset(reset),
            accept_queue_overflow::flagged_reset(reset),
            cookie_rejected::flagged_reset(reset),
        ],
        Shape::Refusal => vec![
            application_abort::refusing_reset(reset),
            firewall_reset::refusing_reset(reset),
            proxy_backend_refused::refusing_reset(case, reset),
            accept_queue_overflow::flagged_reset(reset),
            cookie_rejected::flagged_reset(reset),
        ],
        // RFC 9293 section 3.10.7.1: a host without such a connection answers in this form, and so
        // does a packet filter.
        Shape::Stateless => {
            let nearby = NearbyHandshakes::of(case);
            vec![
                cookie_rejected::bare_reset(case, reset),
                accept_queue_overflow::bare_reset(case, reset, &nearby),
                firewall_reset::bare_reset(reset),
                wrong_host::bare_reset(case, reset, &nearby),
                listener_gone::bare_reset(reset, &nearby),
                challenge_reset::bare_reset(case),
                application_abort::bare_reset(case, reset),
            ]
        }
    }
}

/// Returns the causes of a reset by the server's side after a proxy had answered the SYN.
fn proxied_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Vec<Hypothesis> {
    // Behind a proxy that reached its server, the reset of a living connection is the server's.
    if reset.shape == Shape::Owner {
        return vec![
            application_abort::proxied_owners_reset(reset),
            challenge_reset::proxied_owners_reset(reset),
            firewall_reset::proxied_owners_reset(reset),
        ];
    }
    vec![
        proxy_leaked_ack::proxied_reset(case, reset),
        proxy_backend_refused::proxied_reset(reset),
        firewall_reset::proxied_reset(reset),
        challenge_reset::proxied_reset(case),
        cookie_rejected::proxied_reset(reset),
        accept_queue_overflow::proxied_reset(reset),
    ]
}

/// Returns the causes of a reset by the client, with the reasons for which it may have given up.
fn client_reset(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let Some((Side::Client, reset)) = case.handshake.deciding_reset() else { return Vec::new() };
    let stall = Stall::at(case, reset.time);
    let mut all = stall.map_or_else(Vec::new, |stall| stalled(case, stall));
    all.push(client_abort::client_reset(case, reset, stall.is_some()));
    if stall.is_none() {
        all.push(firewall_reset::client_reset(case, reset));
    }
    all
}

fn refused_syn(refused: &RefusedSyn) -> Vec<Hypothesis> {
    vec![
        closed_port::refused_syn(refused),
        firewall_reset::refused_syn(refused),
        accept_queue_overflow::refused_syn(refused),
    ]
}

fn unanswered(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let nearby = NearbyHandshakes::of(case);
    vec![silent_drop::unanswered(case), accept_queue_overflow::unanswered(case, &nearby)]
}

fn unacknowledged(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let mut all = Vec::from_iter(cookie_rejected::unacknowledged(case));
    all.extend([silent_drop::unacknowledged(case), client_abort::unacknowledged(case)]);
    all
}

fn stalled(case: &Case<'_, '_>, stall: Stall) -> Vec<Hypothesis> {
    match stall {
        Stall::AckIgnored => vec![accept_queue_overflow::ignored_ack(case), silent_drop::ignored_ack()],
        Stall::WindowClosed { silent, waited } => vec![
            proxy_backend_silent::closed_window(case, silent, waited),
            proxy_backend_refused::closed_window(),
            silent_drop::closed_window(),
            accept_queue_overflow::closed_window(),
        ],
        Stall::DataIgnored => vec![accept_queue_overflow::ignored_data(case), silent_drop::ignored_data(case)],
    }
}
