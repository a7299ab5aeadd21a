//! A packet filter rejected the connection with a TCP reset.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::FirewallReset,
    clause: "a packet filter rejected it with a TCP reset",
    counters: &[Counter::OutRsts],
    check: "on the server: tcpdump -ni any 'tcp port {port} and tcp[tcpflags] & tcp-rst != 0' (the reset is not sent there); then the counters of each firewall on the way: iptables -vnL, nft list ruleset",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: None,
};

const SERVER_WENT_ON: &str = "the server went on after the reset: it had not sent it";
const IP_ID_COPIED: &str = "its IP identification is copied from the segment it answers";
const UNACKNOWLEDGED_SEQ: &str = "its sequence number is not what the client acknowledged: no stack answers so";
const INJECTED_FORM: &str = "an injected reset can take this form";

pub(super) fn owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    injected(reset, WEAK, INJECTED_FORM)
}

pub(super) fn refusing_reset(reset: &ResetContext<'_>) -> Hypothesis {
    injected(reset, MODERATE, "devices reset in this form, too")
}

/// Weighs that a device on the path wrote the reset.
fn injected(reset: &ResetContext<'_>, prior: f64, why: &str) -> Hypothesis {
    let other_ttl = if reset.is_from_elsewhere() { 3.0 } else { MODERATE };
    Hypothesis::new(INFO.kind, prior, why)
        .supported_by(reset.has_other_ttl(), other_ttl, reset.ttl_sentence())
        .supported_by(reset.server_went_on, STRONG, SERVER_WENT_ON)
        .supported_by(reset.ip_id_copied, STRONG, IP_ID_COPIED)
        .opposed_by(reset.has_same_ttl(), MODERATE, reset.ttl_sentence())
        .opposed_by(reset.ip_id_continues, MODERATE, IP_ID_CONTINUES)
        .not_observable(reset.lacks_ttl(), MISSING_TTL)
        .not_observable(true, "whether the server sent the reset: a capture there shows it")
}

pub(super) fn bare_reset(reset: &ResetContext<'_>) -> Hypothesis {
    let other_ttl = if reset.is_from_nearer() { 3.0 } else { 1.5 };
    Hypothesis::new(INFO.kind, 1.0, "a packet filter that rejects with a TCP reset answers in this form")
        .supported_by(reset.has_other_ttl(), other_ttl, reset.ttl_sentence())
        .supported_by(
            reset.took_ack,
            STRONG,
            "the ACK was not reset, only the data after it: as a rule on content does",
        )
        .supported_by(reset.after_data && !reset.took_ack, 0.3, "it came after the client's first data")
        .supported_by(
            reset.entry_outlived_it,
            1.5,
            "the SYN-ACK came again after the reset: the ACK had not reached the server",
        )
        .supported_by(reset.served, MODERATE, "the server had taken the connection: what reset it stands in between")
        .supported_by(reset.server_went_on, STRONG, SERVER_WENT_ON)
        .supported_by(reset.ip_id_copied, STRONG, IP_ID_COPIED)
        .supported_by(reset.has_unacknowledged_seq(), STRONG, UNACKNOWLEDGED_SEQ)
        .supported_by(
            reset.wrong_ack,
            MODERATE,
            "the client acknowledged another number than the SYN-ACK's: something on the way rewrites sequence numbers",
        )
        .not_observable(reset.lacks_ttl(), MISSING_TTL)
        .not_observable(
            reset.has_same_ttl() && reset.is_as_a_kernel_writes(),
            "who wrote it: a rule on the server itself writes, bit for bit, what its kernel writes",
        )
}

pub(super) fn proxied_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, "a rule behind the proxy, or on it, may reject the ACK with a reset")
        .supported_by(reset.is_bare() && reset.has_same_ttl(), WEAK, reset.ttl_sentence())
        .supported_by(reset.is_from_nearer(), MODERATE, reset.ttl_sentence())
        .supported_by(reset.has_unacknowledged_seq(), STRONG, UNACKNOWLEDGED_SEQ)
        .opposed_by(!reset.is_bare(), STRONG, "a rejected ACK is answered without ACK flag")
        .not_observable(true, "the rules of the proxy and of what stands behind it")
}

pub(super) fn proxied_owners_reset(reset: &ResetContext<'_>) -> Hypothesis {
    Hypothesis::new(INFO.kind, WEAK, INJECTED_FORM).supported_by(reset.server_went_on, STRONG, SERVER_WENT_ON)
}

pub(super) fn refused_syn(refused: &RefusedSyn) -> Hypothesis {
    Hypothesis::new(INFO.kind, 1.5, "a packet filter that rejects with a TCP reset looks the same")
        .supported_by(refused.is_bare, STRONG, BARE_REFUSAL)
        .supported_by(refused.has_other_ttl(), 3.0, refused.ttl_sentence())
        .supported_by(refused.others_answered, WEAK, OTHERS_ANSWERED)
        .not_observable(refused.ttls.is_none(), "a SYN-ACK of this listener to compare the reset's hop limit with")
        .not_observable(
            !refused.has_other_ttl(),
            "who wrote it: a rule on the server itself writes what its kernel writes",
        )
}

/// A device can send the reset in the client's name.
pub(super) fn client_reset(case: &Case<'_, '_>, reset: &SegmentFacts) -> Hypothesis {
    let syn_ttl = case.handshake.syn.and_then(|s| s.ip.ttl);
    let differs = syn_ttl.zip(reset.ip.ttl).is_some_and(|(syn, reset)| syn != reset);
    Hypothesis::new(INFO.kind, 0.0, "a device on the client's side can send it in the client's name")
        .supported_by(differs, VERY_STRONG, "its hop limit is not that of the client's other segments")
        .not_observable(syn_ttl.is_none(), "hop limits of the client's segments")
}
