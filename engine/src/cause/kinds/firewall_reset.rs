//! A packet filter rejected the connection with a TCP reset.

use super::*;
use crate::evidence::hop_limit::field_name;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::FirewallReset,
    clause: "a packet filter rejected the connection with a TCP reset",
    counters: &[Counter::OutRsts],
    check: "on the server: tcpdump -ni any 'tcp port {port} and tcp[tcpflags] & tcp-rst != 0' (confirmed if no reset leaves the server; or one does, but nstat -az TcpOutRsts does not rise); on each firewall on the path: iptables -vnL (confirmed if the counter of a reject rule rises); nft list ruleset (counts only in rules with the word counter)",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

const SERVER_WENT_ON: &str = "the server continued after the reset: it did not send the reset";
const REACHED_SERVER: &str =
    "the server sent or acknowledged data after the reset: a packet filter would have dropped what the client sent";
const PASSED: &str =
    "the server had acknowledged the data before the reset: a packet filter would have dropped what it rejects";
const IP_ID_COPIED: &str = "the reset's IP identification is copied from the segment that it answers";
const UNACKNOWLEDGED_SEQ: &str =
    "the reset's sequence number is not the one that the client acknowledged: no TCP stack does this";
const LIKE_THE_KERNELS: &str = "a reset of a firewall rule on the server looks exactly like one of its kernel";
/// Check of a reset that has the client's address: it goes to the server, which sends none.
const CLIENT_CHECK: &str = "on the client: tcpdump -ni any 'tcp port {port} and tcp[tcpflags] & tcp-rst != 0' (confirmed if the client sends no reset, although the server receives one); on each firewall on the path: iptables -vnL (confirmed if the counter of a reject rule rises); nft list ruleset (counts only in rules with the word counter)";
const INJECTED_FORM: &str = "a device on the path can send such a reset";

pub(super) fn owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    injected(reset, WEAK, INJECTED_FORM)
}

pub(super) fn refusing_reset(reset: &ResetContext<'_>) -> Hypothesis {
    injected(reset, MODERATE, "network devices also send such resets")
}

/// Considers a reset that a device on the path sent in the server's name.
fn injected(reset: &ResetContext<'_>, prior: f64, why: &str) -> Hypothesis {
    let other_ttl = if reset.is_from_elsewhere() { 3.0 } else { MODERATE };
    Hypothesis::new(INFO.kind, prior, why)
        .supported_by(reset.has_other_ttl(), other_ttl, reset.ttl_sentence())
        .supported_by(reset.server_went_on, STRONG, SERVER_WENT_ON)
        .opposed_by(reset.server_served_after, STRONG, REACHED_SERVER)
        .opposed_by(reset.answers_passed_data(), STRONG, PASSED)
        .supported_by(reset.ip_id_copied, STRONG, IP_ID_COPIED)
        .opposed_by(reset.has_same_ttl(), MODERATE, reset.ttl_sentence())
        .opposed_by(reset.ip_id_continues, MODERATE, IP_ID_CONTINUES)
        .not_observable(reset.lacks_ttl(), reset.missing_ttl())
        .not_observable(true, format!("{SERVER_SENT_RESET}{AT_SERVER_SHOWS}"))
}

pub(super) fn stateless_reset(reset: &ResetContext<'_>, nearby: &NearbyHandshakes) -> Hypothesis {
    let other_ttl = if reset.is_from_nearer() { 3.0 } else { 1.5 };
    Hypothesis::new(INFO.kind, 1.0, "a packet filter that rejects a connection sends such a reset")
        .supported_by(reset.has_other_ttl(), other_ttl, reset.ttl_sentence())
        .supported_by(
            reset.took_ack,
            STRONG,
            "the reset answered the data, not the ACK before it, as a rule that inspects content does",
        )
        .supported_by(nearby.reset_data_only() && !reset.took_ack && reset.after_data, 1.5, DATA_RESETS)
        .supported_by(reset.after_data && !reset.took_ack, 0.3, "the reset came after the client's first data")
        .supported_by(
            reset.entry_outlived_it && !reset.wrong_ack,
            1.5,
            "the SYN-ACK was retransmitted after the reset: the ACK had not reached the server",
        )
        .supported_by(nearby.outlived_reset && !reset.entry_outlived_it, 1.5, OTHERS_OUTLIVED)
        .supported_by(reset.served, MODERATE, "the server's TCP had established the connection: a packet filter can reset it even then")
        .supported_by(reset.server_went_on && !reset.wrong_ack, STRONG, SERVER_WENT_ON)
        .opposed_by(reset.server_served_after, STRONG, REACHED_SERVER)
        .opposed_by(reset.answers_passed_data(), STRONG, PASSED)
        .supported_by(reset.ip_id_copied, STRONG, IP_ID_COPIED)
        .supported_by(reset.has_unacknowledged_seq(), STRONG, UNACKNOWLEDGED_SEQ)
        .opposed_by(
            reset.wrong_ack && reset.is_as_a_kernel_writes(),
            STRONG,
            "the client acknowledged another number than the SYN-ACK requires: the server's own stack resets that (RFC 9293 section 3.10.7.4)",
        )
        .not_observable(reset.lacks_ttl(), reset.missing_ttl())
        .not_observable(
            reset.has_same_ttl() && reset.is_as_a_kernel_writes(),
            format!("{WHO_SENT_RESET} ({LIKE_THE_KERNELS})"),
        )
}

pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(
        INFO.kind,
        1.5,
        "the ACK was answered with a reset, as by a firewall rule on the proxy or behind it",
    )
    .supported_by(reset.lacks_ack_flag() && reset.has_same_ttl(), WEAK, reset.ttl_sentence())
    .supported_by(reset.is_from_nearer(), MODERATE, reset.ttl_sentence())
    .supported_by(reset.has_unacknowledged_seq(), STRONG, UNACKNOWLEDGED_SEQ)
    .opposed_by(!reset.lacks_ack_flag(), STRONG, "a reset that rejects an ACK has no ACK flag")
    .not_observable(true, "the firewall rules on the proxy and behind it")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, INJECTED_FORM).supported_by(reset.server_went_on, STRONG, SERVER_WENT_ON)
}

pub(super) fn refused_syn(refused: &RefusedSyn) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, "the SYN was answered with a reset, as by a packet filter that rejects it")
        .supported_by(refused.lacks_ack_flag, STRONG, REFUSAL_WITHOUT_ACK_FLAG)
        .supported_by(refused.has_other_ttl(), 3.0, refused.ttl_sentence())
        .supported_by(refused.others_answered, WEAK, OTHERS_ANSWERED)
        .opposed_by(refused.ip_id_near, MODERATE, "the reset's IP identification is near those of the SYN-ACKs")
        .opposed_by(refused.retry_answered, MODERATE, "the client's retransmitted SYN was answered")
        .supported_by(refused.late.is_some(), MODERATE, refused.late_sentence())
        .not_observable(refused.ttls.is_none(), "a SYN-ACK of this listener with which to compare the reset")
        .not_observable(!refused.has_other_ttl(), format!("{WHO_SENT_RESET} ({LIKE_THE_KERNELS})"))
}

/// Considers a reset that a device sent in the client's name.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts) -> Hypothesis {
    let field = field_name(case.handshake.client.ip);
    let syn_ttl = case.handshake.syn.and_then(|s| s.ip.ttl());
    let differs = syn_ttl.zip(reset.ip.ttl()).is_some_and(|(syn, reset)| syn != reset);
    // If a tool, or another host under this address, sent the SYN, its TTL need not be that of the
    // host's kernel, which sent the reset.
    let nats = if client_abort::is_unknown_to_client(case, reset) { WEAK } else { VERY_STRONG };
    Hypothesis::new(
        INFO.kind,
        0.0,
        "the reset has the client's address, and a device on the client's side can send such a reset",
    )
    .supported_by(differs, nats, format!("the {field} of the reset differs from that of the client's SYN"))
    .supported_by(client_abort::was_reset_before(case, reset), VERY_STRONG, RESET_BEFORE)
    .checked_by(CLIENT_CHECK)
    .not_observable(syn_ttl.is_none(), format!("the {field} of the client's segments"))
}

fn kernel(evidence: &mut KernelEvidence<'_>) {
    evidence.supported_by_rise(
        Counter::PacketFilterDrops,
        STRONG,
        "rules of the packet filter rejected or dropped packets at that time",
    );
}
