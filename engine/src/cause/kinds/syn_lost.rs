//! A SYN, or its answer, was lost, and a retransmission got through.

use super::*;
use crate::listener::Share;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::SynLost,
    clause: "a SYN or its answer was lost, and a retransmission got through",
    counters: &[Counter::ListenDrops],
    check: "on the server: tcpdump -ni any 'tcp port {port} and tcp[tcpflags] & tcp-syn != 0' (does the first SYN arrive? is it answered?); on the devices on the path: conntrack -S (confirmed if insert_failed or drop rises); if only reused ports fail: ipvsadm -lnc (and sysctl net.ipv4.vs.conn_reuse_mode); if only SYNs with ECN fail: sysctl net.ipv4.tcp_ecn",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Smallest number of SYNs with a property that show a rule, and the shares of lost SYNs with and
/// without it that do.
const ENOUGH: usize = 5;
const NEARLY_ALL: f64 = 0.8;
const NEARLY_NONE: f64 = 0.1;

/// Considers a SYN that was answered after it was retransmitted, `waited` seconds after the first.
pub(super) fn answered_late(case: &Case<'_, '_>, waited: f64) -> Hypothesis {
    let lost = &case.listener.lost_syns;
    let syn = case.handshake.syn.as_ref();
    let properties = [
        (lost.reused_port, case.handshake.previous.is_some(), "from a reused port", "from other ports"),
        (lost.ecn, syn.is_some_and(|syn| syn.flags.has(Flags::ECE | Flags::CWR)), "with ECN", "without ECN"),
        (lost.fast_open, syn.is_some_and(|syn| syn.options.fast_open), "with Fast Open", "without Fast Open"),
        (lost.multipath, syn.is_some_and(|syn| syn.options.multipath), "with Multipath TCP", "without Multipath TCP"),
    ];
    let always = lost.all.all >= ENOUGH && lost.all.lost as f64 >= NEARLY_ALL * lost.all.all as f64;
    let hypothesis = Hypothesis::new(
        INFO.kind,
        3.0,
        format!("the SYN was retransmitted before it was answered: a delay of {waited:.1} s"),
    )
    .supported_by(
        always,
        0.0,
        format!("the first SYN was lost in {} of {} handshakes of this listener", lost.all.lost, lost.all.all),
    )
    .opposed_by(case.handshake.stale_answer().is_some(), STRONG, "the server had answered the first SYN with an ACK")
    .opposed_by(case.handshake.early_reset().is_some(), STRONG, "the first SYN was answered with a reset")
    .not_observable(true, format!("{WHAT_WAS_LOST}, and where"));
    properties.into_iter().fold(hypothesis, |hypothesis, (with, holds, name, others)| {
        let decides = holds && !always && is_rule(with, lost.all);
        let (rest, all_rest) = (lost.all.lost - with.lost, lost.all.all - with.all);
        let text =
            format!("{} of {} SYNs {name} were lost, but only {rest} of {all_rest} {others}", with.lost, with.all);
        hypothesis.supported_by(decides, STRONG, text)
    })
}

/// Returns whether nearly all SYNs with a property were lost, and nearly none of the others.
fn is_rule(with: Share, all: Share) -> bool {
    let (rest, all_rest) = (all.lost - with.lost, all.all - with.all);
    let is_enough = with.all >= ENOUGH && all_rest >= ENOUGH;
    is_enough && with.lost as f64 >= NEARLY_ALL * with.all as f64 && rest as f64 <= NEARLY_NONE * all_rest as f64
}

fn kernel(evidence: &mut KernelEvidence<'_>) {
    evidence.supported_by_rise(Counter::ConntrackDrop, STRONG, "conntrack dropped packets at that time");
    path_drops::weigh(evidence);
    let drops = evidence.status(Counter::ListenDrops);
    if drops.did_not() {
        let said = counters::clause(Counter::ListenDrops, drops);
        evidence.supported_by(MODERATE, format!("{said}: no listener dropped the SYN"));
    }
}
