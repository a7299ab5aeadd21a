//! A NAT device had no free source port for the destination.

use super::*;
use crate::connection::other_answers::was_answered_meanwhile;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SourcePortsExhausted,
    clause: "a NAT device (SNAT) had no free source port for this destination",
    counters: &[],
    check: "on the NAT device: conntrack -S (confirmed if insert_failed rises); conntrack -L -d {server} | wc -l (confirmed if it counts as many as the NAT device has ports); in a cloud: its metric of used SNAT ports; from another source address: connect to the same destination (confirmed if it works)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

/// Number of the client's handshakes, before and after this one, that are examined.
const REACH: usize = 160;
/// Time, in seconds, for which a translated port stays in use (the idle timeout of the large clouds
/// is 4 minutes).
const PORT_SECONDS: f64 = 240.0;
/// Smallest number of used ports that suggests a limit, and the smallest limit in wide use
/// (64 ports per machine; one connection each).
const SEVERAL: usize = 8;
const A_LIMIT: usize = 60;

/// Returns the hypothesis only where the client holds several connections to this destination.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    let own = case.handshake;
    let before = |other: &&Handshake| (0.0..PORT_SECONDS).contains(&own.time.seconds_since(other.time));
    let used = || case.of_same_client(REACH).filter(before).filter(|other| other.ack.is_some());
    let (in_use, open) = (used().count(), used().filter(|other| other.was_open_at(own.time)).count());
    if in_use < SEVERAL || own.syn_retransmissions == 0 {
        return None;
    }
    let answered = case.of_same_client(REACH).filter(|other| was_answered_meanwhile(own, other)).count();
    let nearby = answered_others(case);
    let others = case.other_answers();
    let reaches_host = others.of_same_host || was_heard_later(case);
    let elsewhere = usize::from(others.count);
    let is_selective = nearby > 0 || open >= SEVERAL && elsewhere > 0 && reaches_host;
    let hypothesis = Hypothesis::new(
        INFO.kind,
        -0.5,
        format!("the client used {in_use} other ports for this destination in the last 4 minutes"),
    )
    .supported_by(
        is_selective && open >= SEVERAL && answered == 0,
        MODERATE,
        format!("{open} of these connections were open, and no other SYN of the client to this destination was answered meanwhile"),
    )
    .opposed_by(
        answered >= SEVERAL,
        3.0,
        format!("{answered} other SYNs of the client to this destination were answered meanwhile"),
    )
    .supported_by(
        in_use >= A_LIMIT,
        STRONG,
        format!("{in_use} ports are near or above the usual limits for one destination"),
    )
    .supported_by(
        nearby > 0,
        STRONG,
        format!("{nearby} SYN{} of other addresses were answered at that time", plural(nearby)),
    )
    .supported_by(
        nearby == 0 && is_selective,
        STRONG,
        format!(
            "{elsewhere} SYN{} of the client to other destinations were answered meanwhile, and the host of this one was reachable",
            plural(elsewhere)
        ),
    )
    .not_observable(nearby + elsewhere == 0, "whether SYNs of other clients, or to other destinations, were answered");
    Some(hypothesis)
}

/// Returns whether the server sent something on earlier connections of the client after the SYN
/// that it did not answer.
fn was_heard_later(case: &Case<'_, '_>) -> bool {
    let own = case.handshake;
    let mut earlier = case.of_same_client(REACH).filter(|other| other.time < own.time);
    earlier.any(|other| other.server_segments.iter().any(|segment| segment.time > own.time))
}

/// Counts nearby handshakes of other addresses whose SYN was answered.
fn answered_others(case: &Case<'_, '_>) -> usize {
    let own = case.handshake;
    let is_answered_other = |other: &Handshake| {
        let is_near = other.time.seconds_since(own.time).abs() <= NEARBY_SECONDS;
        is_near && other.client.ip != own.client.ip && other.syn_ack.is_some()
    };
    nearby(case).filter(|(_, other)| is_answered_other(other)).count()
}
