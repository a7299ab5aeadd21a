//! Lists the causes, one file for each, and selects the causes to consider for each outcome of a
//! handshake.
//!
//! A new cause needs its file, its rows here, its word in [`CauseKind`], and its row in
//! `docs/evidence.md`.

mod accept_queue_overflow;
mod ack_lost;
mod answered_elsewhere;
mod application_abort;
mod backlog_refused;
mod bad_checksum;
mod challenge_reset;
mod client_abort;
mod closed_port;
mod cookie_rejected;
mod deferred_accept;
mod firewall_reset;
mod health_check;
mod icmp_rejected;
mod injected_reset;
mod listener_gone;
mod path_mtu;
mod proxy_backend_refused;
mod proxy_backend_silent;
mod proxy_leaked_ack;
mod served_nothing;
mod silent_drop;
mod source_ports_exhausted;
mod stale_connection;
mod syn_flood;
mod syn_lost;
mod timestamps_rejected;
mod wrong_acknowledgment;
mod wrong_host;

use super::case::Case;
use super::counters::{self, CounterStatus, KernelEvidence};
use super::full_queue::FullQueue;
use super::host::AcceptQueue;
use super::hypothesis::{Hypothesis, MODERATE, STRONG, VERY_STRONG, WEAK, plural};
use super::info::{AckAtServer, CauseInfo, ResetSender};
use super::meanwhile::Meanwhile;
use super::nearby::{NEARBY_HANDSHAKES, NEARBY_SECONDS, NearbyHandshakes, nearby};
use super::not_observable::{
    ACK_REACHED_SERVER, AT_SERVER_SHOWS, CLIENT_RECEIVED_RESET, SERVER_SENT_RESET, SYN_ACK_REACHED_CLIENT,
    SYN_AT_SERVER, SYN_REACHED_SERVER, WHAT_CLIENT_DID, WHAT_CLIENT_SENT, WHAT_WAS_LOST, WHO_SENT_RESET,
};
use super::path_drops;
use super::refused_syn::RefusedSyn;
use super::reset_context::{ResetContext, server_closed_after};
use super::stall::Stall;
use crate::connection::handshake::{Handshake, Retransmission, SegmentFacts, Side};
use crate::evidence::reset::Shape;
use crate::narrative::shows::span;
use crate::packet::segment::Flags;
use crate::{CauseKind, Counter, Outcome, Timestamp, Verdict};

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
    syn_lost::INFO,
    syn_flood::INFO,
    health_check::INFO,
    stale_connection::INFO,
    source_ports_exhausted::INFO,
    timestamps_rejected::INFO,
    backlog_refused::INFO,
    injected_reset::INFO,
    deferred_accept::INFO,
    ack_lost::INFO,
    served_nothing::INFO,
    icmp_rejected::INFO,
    answered_elsewhere::INFO,
    bad_checksum::INFO,
    path_mtu::INFO,
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

/// Shortest delay of a handshake that is reported, in seconds: the shortest retransmission timer in
/// use (Linux `TCP_RTO_MIN`).
pub const DELAY_SECONDS: f64 = 0.2;

/// Number of retransmissions of the client's first data that loss on the path does not explain.
const IGNORED_DATA: u32 = 4;

const SERVED: &str = "the server's TCP had established the connection before";
const RESET_BEFORE: &str = "the client's host reset the retransmitted SYN-ACK, but not the first one: something else had ended its connection meanwhile";
const CLIENT_FORGOT: &str =
    "the client's host no longer knew the connection, and had not closed it: something else had reset it";
const OTHERS_OUTLIVED: &str = "the server retransmitted SYN-ACKs of other handshakes after such resets: it still had their entries in its SYN queue";
const DATA_RESETS: &str = "most resets at that time answered data, and not the ACK before it";
const BOTH_RESET: &str =
    "two resets arrived, one for the ACK and one for the data: their sender did not know the connection";
const WRONG_ACK: &str = "the client acknowledged another number than the SYN-ACK requires";
const IP_ID_CONTINUES: &str = "the reset's IP identification continues that of the server's segments";
const NOT_A_KERNELS_RESET: &str =
    "the reset has an ACK flag; a kernel's reset that answers the ACK of a handshake has none";
const WINDOW_NEVER_OPENED: &str = "the SYN-ACK came from a proxy and its window had not opened before the reset: by then, the proxy had not completed its own connection to the server";
const WINDOW_OPENED: &str = "the window opened: the server had answered the proxy";
const PROXYS_SYN: &str = "the SYN has a non-zero acknowledgment number: Netfilter's SYNPROXY sent it for a client that had completed its handshake";
const ICMP_ANSWERED: &str = "the SYN was rejected with an ICMP error, so it was not dropped silently";
const OTHERS_ANSWERED: &str = "the listener answered other SYNs around that time";
const SYNS_DROPPED: &str = "other SYNs were not answered meanwhile, as with a full accept queue";
const REFUSAL_WITHOUT_ACK_FLAG: &str = "the reset has no ACK flag; the reset of a closed port has one";

/// Returns the causes to consider for a handshake, in the order that equally probable causes keep.
/// Empty for a handshake that neither failed nor was delayed.
pub(super) fn hypotheses(case: &Case<'_, '_>, outcome: Outcome) -> Vec<Hypothesis> {
    let mut all = Vec::from_iter(wrong_acknowledgment::challenged(case));
    all.extend(answered_elsewhere::not_accepted(case));
    all.extend(path_mtu::stuck(case));
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
        Outcome::Refused => RefusedSyn::of(case).map_or_else(Vec::new, |refused| refused_syn(case, &refused)),
        Outcome::Unanswered => unanswered(case),
        Outcome::Unacknowledged => unacknowledged(case),
        Outcome::Established => match Stall::at(case, case.listener.now) {
            Some(stall) => stalled(case, stall),
            None => established(case),
        },
        Outcome::Incomplete => Stall::at(case, case.listener.now).map_or_else(Vec::new, |stall| stalled(case, stall)),
    }
}

/// Returns the causes of a delay, or of what became of the connection right after the handshake;
/// empty for a connection that worked.
fn established(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let handshake = case.handshake;
    let mut all = delayed_syn(case);
    all.extend(stale_connection::challenged(case));
    all.extend(ack_lost::late_ack(case));
    if let Some(repeat) = late_acceptance(handshake) {
        all.extend(ignored_ack(case, repeat));
    }
    if handshake.client_data_retransmissions >= IGNORED_DATA
        && let Some(accepted) = handshake.server_segments.first()
    {
        all.extend(ignored_data(case, accepted.time, true));
    }
    // A reset before the server's data, in a connection that the server continued.
    let ignored = handshake.reset.as_deref().filter(|(side, reset)| {
        *side == Side::Server && handshake.early_reset().is_none() && handshake.server_data > Some(reset.frame)
    });
    if let Some((_, reset)) = ignored {
        all.push(injected_reset::server_went_on(case, &ResetContext::of_reset(handshake, reset)));
    }
    if handshake.server_fin {
        all.extend(served_nothing::closed_at_once(server_closed_after(handshake)));
    }
    all.extend(health_check::periodic(case));
    all
}

/// Returns the causes of a SYN that was answered only after it was retransmitted.
fn delayed_syn(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let waited = case.handshake.seconds_to_answered_syn();
    if waited < DELAY_SECONDS {
        return Vec::new();
    }
    let mut all = vec![syn_lost::answered_late(case, waited)];
    all.extend(icmp_rejected::delayed(case));
    if case.handshake.early_reset().is_some_and(|(side, _)| *side == Side::Server)
        && let Some(refused) = RefusedSyn::of(case)
    {
        all.extend([backlog_refused::refused_syn(&refused), firewall_reset::refused_syn(&refused)]);
    }
    all.push(accept_queue_overflow::delayed_syn(case, &NearbyHandshakes::of(case)));
    all.extend(timestamps_rejected::unanswered(case));
    all
}

/// Returns the SYN-ACK that was retransmitted after its acknowledgment must have arrived, in a
/// connection that was accepted later. Returns nothing if the SYN was retransmitted, because each
/// SYN-ACK may then answer one of the SYNs.
fn late_acceptance(handshake: &Handshake) -> Option<&Retransmission> {
    let repeat = handshake.repeated_after_ack().filter(|_| handshake.syn_retransmissions == 0)?;
    let ack = handshake.ack?;
    let round_trip = handshake.round_trip().unwrap_or(DELAY_SECONDS);
    (repeat.time.seconds_since(ack.time) > round_trip + DELAY_SECONDS).then_some(repeat)
}

/// Returns the causes of a reset by the server's side after a SYN-ACK that did not come from a
/// proxy.
fn server_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Vec<Hypothesis> {
    match reset.shape {
        Shape::Owner => vec![
            application_abort::owners_reset(reset),
            firewall_reset::owners_reset(reset),
            injected_reset::server_went_on(case, reset),
            accept_queue_overflow::flagged_reset(reset),
            cookie_rejected::flagged_reset(reset),
        ],
        Shape::Refusal => vec![
            application_abort::refusing_reset(reset),
            firewall_reset::refusing_reset(reset),
            injected_reset::server_went_on(case, reset),
            proxy_backend_refused::refusing_reset(case, reset),
            accept_queue_overflow::flagged_reset(reset),
            cookie_rejected::flagged_reset(reset),
        ],
        // RFC 9293 section 3.10.7.1: a host without such a connection answers in this form, and so
        // does a packet filter.
        Shape::Stateless => {
            let nearby = NearbyHandshakes::of(case);
            let mut all = vec![
                cookie_rejected::stateless_reset(case, reset),
                accept_queue_overflow::stateless_reset(case, reset, &nearby),
                firewall_reset::stateless_reset(reset, &nearby),
                wrong_host::stateless_reset(case, reset, &nearby),
                listener_gone::stateless_reset(reset, &nearby),
                challenge_reset::stateless_reset(case),
                application_abort::stateless_reset(case, reset),
                injected_reset::server_went_on(case, reset),
            ];
            all.extend(served_nothing::closed_at_once(reset.server_closed_after));
            all.extend(proxy_leaked_ack::behind_proxy(case, reset));
            all
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
    all.extend(health_check::periodic(case));
    all.extend(stale_connection::challenged(case));
    all.push(client_abort::client_reset(case, reset, stall.is_some()));
    if stall.is_none() {
        all.push(firewall_reset::client_reset(case, reset));
        all.push(injected_reset::client_reset(case, reset));
        all.extend(wrong_host::client_reset(case, reset));
    }
    all
}

fn refused_syn(case: &Case<'_, '_>, refused: &RefusedSyn) -> Vec<Hypothesis> {
    let mut all = vec![
        closed_port::refused_syn(refused),
        firewall_reset::refused_syn(refused),
        backlog_refused::refused_syn(refused),
    ];
    all.extend(proxy_backend_refused::refused_syn(case));
    all.extend(silent_drop::given_up(refused));
    all
}

fn unanswered(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let nearby = NearbyHandshakes::of(case);
    let mut all = vec![silent_drop::unanswered(case), accept_queue_overflow::unanswered(case, &nearby)];
    all.extend(icmp_rejected::unanswered(case));
    all.extend(bad_checksum::unanswered(case));
    all.extend(stale_connection::challenged(case));
    all.extend(timestamps_rejected::unanswered(case));
    all.extend(source_ports_exhausted::unanswered(case));
    all.extend(proxy_backend_silent::unanswered(case));
    all.extend(syn_flood::unanswered(case));
    all
}

fn unacknowledged(case: &Case<'_, '_>) -> Vec<Hypothesis> {
    let mut all = Vec::from_iter(cookie_rejected::unacknowledged(case));
    all.extend(icmp_rejected::later_packet(case));
    all.extend(bad_checksum::unacknowledged(case));
    all.extend([silent_drop::unacknowledged(case), client_abort::unacknowledged(case), ack_lost::unacknowledged(case)]);
    all.extend(syn_flood::never_completed(case));
    all
}

fn stalled(case: &Case<'_, '_>, stall: Stall) -> Vec<Hypothesis> {
    let mut all = of_stall(case, stall);
    all.extend(icmp_rejected::later_packet(case));
    all
}

fn of_stall(case: &Case<'_, '_>, stall: Stall) -> Vec<Hypothesis> {
    match stall {
        Stall::AckIgnored => case.handshake.repeated_after_ack().map_or_else(Vec::new, |r| ignored_ack(case, r)),
        Stall::WindowClosed { silent, waited } => vec![
            proxy_backend_silent::closed_window(case, silent, waited),
            proxy_backend_refused::closed_window(),
            silent_drop::closed_window(),
            accept_queue_overflow::closed_window(),
        ],
        Stall::DataIgnored => ignored_data(case, case.listener.now, false),
    }
}

/// Returns the causes of data that the server ignored until a time, and whether it accepted it
/// then.
fn ignored_data(case: &Case<'_, '_>, until: Timestamp, was_accepted: bool) -> Vec<Hypothesis> {
    let from = case.handshake.ack.map_or(case.handshake.time, |ack| ack.time);
    let meanwhile = Meanwhile::between(case, from, until);
    vec![
        accept_queue_overflow::ignored_data(case, &meanwhile, was_accepted),
        silent_drop::ignored_data(case, &meanwhile, was_accepted),
    ]
}

/// Returns the causes of a SYN-ACK that was retransmitted after it was acknowledged.
fn ignored_ack(case: &Case<'_, '_>, repeat: &Retransmission) -> Vec<Hypothesis> {
    let until = case.handshake.last_syn_ack.unwrap_or(repeat.time);
    let from = case.handshake.ack.map_or(repeat.time, |ack| ack.time);
    let meanwhile = Meanwhile::between(case, from, until);
    vec![
        accept_queue_overflow::ignored_ack(case, &meanwhile),
        ack_lost::ignored_ack(case, repeat, &meanwhile),
        deferred_accept::silent_client(case, repeat, &meanwhile),
    ]
}
