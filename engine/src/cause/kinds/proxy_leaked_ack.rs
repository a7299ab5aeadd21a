//! The client's ACK went past the SYN proxy to the server, which had not sent the SYN-ACK that it
//! acknowledges: the server had not seen a SYN, or had answered the proxy's own SYN with another
//! number.

use super::*;
use crate::Setting;
use crate::connection::handshake::{Handshake, Side};
use crate::evidence::reset::Shape;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::ProxyLeakedAck,
    clause: "the client's ACK went past the SYN proxy to the server, which had not sent that SYN-ACK",
    counters: &[Counter::OutRsts, Counter::SynproxySynReceived, Counter::SynproxyCookieValid],
    check: "on the server: tcpdump -ni any 'tcp port {port}' (confirmed if the ACK arrives without a SYN before it, or acknowledges the proxy's SYN-ACK); on the proxy, if it runs Linux: sysctl net.netfilter.nf_conntrack_tcp_loose (1 confirms the cause; set it to 0; send UNTRACKED and INVALID packets of port {port} to SYNPROXY; only after that rule, drop what is still INVALID); cat /proc/net/stat/synproxy (confirmed if syn_received rises and cookie_valid does not)",
    reset_sender: ResetSender::Server,
    ack_at_server: AckAtServer::Relevant,
    kernel: Some(kernel),
};

/// Number of the listener's handshakes before and after this one among which those with the same
/// form are counted.
const ALIKE_HANDSHAKES: usize = 50;

/// Considers an ACK that reached a listener without an entry for it (RFC 9293 section 3.10.7.2).
/// Reasons are Netfilter's SYNPROXY with `nf_conntrack_tcp_loose=1`, a rule that misses the ACK,
/// and a path around the proxy.
pub(super) fn proxied_reset(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Hypothesis {
    let lacks_ack_flag = reset.lacks_ack_flag();
    let others = alike(case);
    Hypothesis::new(INFO.kind, STRONG, "a proxy answered the SYN")
        .supported_by(lacks_ack_flag, VERY_STRONG, reset.shape.describe())
        .supported_by(reset.window_never_opened, MODERATE, WINDOW_NEVER_OPENED)
        .supported_by(reset.has_other_ttl(), MODERATE, reset.ttl_sentence())
        .supported_by(reset.is_late(), WEAK, reset.late_sentence())
        .supported_by(
            lacks_ack_flag && reset.is_as_a_kernel_writes(),
            WEAK,
            match reset.reset.ip.identification() {
                Some(_) => "the reset's IP identification is 0, as in a Linux kernel's answer to an ACK of an unknown connection",
                None => "the reset is as a kernel's answer to an ACK of an unknown connection",
            },
        )
        .supported_by(
            others > 0,
            0.0,
            format!("{others} other handshake{} of this listener ended the same way", plural(others)),
        )
        .opposed_by(
            !lacks_ack_flag,
            VERY_STRONG,
            "the reset has an ACK flag: its sender had received a SYN",
        )
        .opposed_by(!reset.window_never_opened, 3.0, WINDOW_OPENED)
        .not_observable(reset.lacks_ttl(), reset.missing_ttl())
        .not_observable(true, format!("{SYN_AT_SERVER}{AT_SERVER_SHOWS}"))
}

/// Considers an ACK that passed the proxy unchanged while the proxy was connecting to the server: it
/// acknowledges the proxy's number and not the server's. SYNPROXY's SYN carries the proxy's number in
/// its acknowledgment field (Linux `synproxy_send_server_syn`). Returns nothing for any other ACK.
pub(super) fn behind_proxy(case: &Case<'_, '_>, reset: &ResetContext<'_>) -> Option<Hypothesis> {
    let syn = case.handshake.syn.as_ref().filter(|_| proxy_backend_refused::is_proxys_syn(case))?;
    let wrong = case.handshake.wrong_ack_before(reset.reset).filter(|wrong| wrong.ack == syn.ack.plus(1))?;
    Some(
        Hypothesis::new(INFO.kind, STRONG, PROXYS_SYN).supported_by(
            true,
            VERY_STRONG,
            format!("the ACK acknowledges {}, the proxy's number: it passed the proxy unchanged, and the server had sent another number", wrong.ack),
        ),
    )
}

/// Counts other handshakes of the listener with a closed window and a stateless reset.
fn alike(case: &Case<'_, '_>) -> usize {
    let all = &case.listener.handshakes;
    let end = all.len().min(case.index + ALIKE_HANDSHAKES);
    let around = &all[case.index.saturating_sub(ALIKE_HANDSHAKES)..end];
    let is_closed = |h: &Handshake| h.syn_ack.is_some_and(|s| s.window == 0);
    let is_stateless =
        |h: &Handshake| matches!(h.deciding_reset(), Some((Side::Server, r)) if Shape::of(r) == Shape::Stateless);
    around.iter().filter(|h| h.id != case.handshake.id && is_closed(h) && is_stateless(h)).count()
}

/// Weighs the counters of resets and of SYNPROXY. A stateless reset for an unknown ACK is counted
/// only in OutRsts (`tcp_v4_send_reset`).
fn kernel(evidence: &mut KernelEvidence<'_>) {
    let resets = evidence.status(Counter::OutRsts);
    let others = [
        Counter::ListenOverflows,
        Counter::SyncookiesFailed,
        Counter::EmbryonicRsts,
        Counter::TcpAbortOnData,
        Counter::TcpAbortOnClose,
    ];
    let unmoved = others.iter().filter(|&&counter| evidence.status(counter).did_not());
    let unmoved: Vec<&str> = unmoved.map(|counter| counter.as_str()).collect();
    if matches!(resets, CounterStatus::Rose(_)) && unmoved.len() >= 2 {
        let said = counters::clause(Counter::OutRsts, resets);
        evidence.supported_by(
            STRONG,
            format!(
                "the server sent resets for unknown connections: {said}, and these did not: {}",
                unmoved.join(", ")
            ),
        );
    }
    let syns = evidence.status(Counter::SynproxySynReceived);
    let valid = evidence.status(Counter::SynproxyCookieValid);
    if let (CounterStatus::Rose(_), true) = (syns, valid.did_not()) {
        let said = counters::clause(Counter::SynproxySynReceived, syns);
        let no_ack = counters::clause(Counter::SynproxyCookieValid, valid);
        evidence.supported_by(VERY_STRONG, format!("SYNPROXY received SYNs and no valid ACK: {said}, {no_ack}"));
    }
    if evidence.setting(Setting::ConntrackTcpLoose) == Some(1) && syns != CounterStatus::Unknown {
        evidence.supported_by(
            MODERATE,
            "nf_conntrack_tcp_loose is 1: conntrack accepts the ACK of an unknown connection".to_owned(),
        );
    }
}
