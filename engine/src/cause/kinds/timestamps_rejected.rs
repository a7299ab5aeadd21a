//! The server dropped SYNs whose timestamp was older than that of an earlier SYN from the same
//! address.

use super::*;

pub(crate) const INFO: CauseInfo = CauseInfo {
    kind: CauseKind::TimestampsRejected,
    clause: "the server dropped a SYN whose timestamp is older than that of an earlier SYN from the same address, as behind NAT",
    counters: &[Counter::PawsPassive],
    check: "on the server, with Linux before 4.12: nstat -az TcpExtPAWSPassive (confirmed if it rises with each failure); sysctl net.ipv4.tcp_tw_recycle (1 confirms the cause); in front of the server, with a later kernel: look for a device that drops such SYNs",
    reset_sender: ResetSender::Elsewhere,
    ack_at_server: AckAtServer::Irrelevant,
    kernel: Some(kernel),
};

/// Number of handshakes of the client address, before and after this one, that are compared.
const REACH: usize = 24;
/// Time for which a host remembers the timestamp of an address, in seconds (Linux
/// `TCP_PAWS_MSL`).
const REMEMBERED_SECONDS: f64 = 60.0;

/// Smallest number of SYNs that follow the rule for each exception, which loss may explain.
const EXCEPTIONS: usize = 8;

/// Maximum weight of the agreement, in nats.
const MOST: f64 = 6.0;

/// Outcomes of the SYNs of one address, by whether their timestamp was older than the latest
/// accepted one.
#[derive(Default)]
struct Fates {
    older_failed: usize,
    older_worked: usize,
    newer_failed: usize,
    newer_worked: usize,
}

impl Fates {
    fn of(case: &Case<'_, '_>) -> Self {
        let mut fates = Self::default();
        let mut accepted: Option<(Timestamp, u32)> = None;
        let around = case.listener.clients.around(case.index, REACH).iter();
        for handshake in around.map(|&index| case.listener.handshakes[index as usize]) {
            let Some(stamp) = handshake.syn.and_then(|syn| syn.options.timestamps) else { continue };
            let known = accepted.filter(|(at, _)| handshake.time.seconds_since(*at) <= REMEMBERED_SECONDS);
            let is_older = known.is_some_and(|(_, latest)| latest.wrapping_sub(stamp.value).cast_signed() > 1);
            // A SYN that is answered after a retransmission had failed first.
            let worked = handshake.syn_ack.is_some() && handshake.seconds_to_answered_syn() == 0.0;
            // Without an accepted SYN before it, a failed one is neither older nor newer.
            if known.is_none() && !worked {
                continue;
            }
            *match (is_older, worked) {
                (true, false) => &mut fates.older_failed,
                (true, true) => &mut fates.older_worked,
                (false, false) => &mut fates.newer_failed,
                (false, true) => &mut fates.newer_worked,
            } += 1;
            if worked && !is_older {
                accepted = Some((handshake.time, stamp.value));
            }
        }
        fates
    }
}

/// Returns how improbable it is, in nats, that exactly the older SYNs fail if `failed` of all SYNs
/// are lost at random. By Fisher's exact test, the probability is 1 in "`failed` + `worked` choose
/// `failed`".
fn against_chance(failed: usize, worked: usize) -> f64 {
    (1..=failed).map(|n| ((worked + n) as f64 / n as f64).ln()).sum()
}

/// Returns the hypothesis only where an older SYN of the address failed. Linux before 4.12 with
/// `tcp_tw_recycle` drops such SYNs (`tcp_conn_request`), and so do some devices.
pub(super) fn unanswered(case: &Case<'_, '_>) -> Option<Hypothesis> {
    case.handshake.syn.and_then(|syn| syn.options.timestamps)?;
    let Fates { older_failed, older_worked, newer_failed, newer_worked } = Fates::of(case);
    let is_rule = older_worked * EXCEPTIONS <= older_failed && newer_failed * EXCEPTIONS <= newer_worked;
    let exceptions = older_worked + newer_failed;
    let hypothesis = Hypothesis::new(
        INFO.kind,
        -MODERATE,
        format!(
            "{older_failed} unanswered SYN{} from this address had an older timestamp than an earlier SYN that was answered",
            plural(older_failed)
        ),
    )
    .supported_by(
        is_rule,
        (against_chance(older_failed, newer_worked) - MODERATE * exceptions as f64).clamp(0.0, MOST),
        format!(
            "{newer_worked} SYN{} with a newer timestamp than the earlier SYNs of this address got an answer; {} with an older timestamp got one",
            plural(newer_worked),
            if older_worked == 0 { "no SYN".to_owned() } else { format!("only {older_worked}") }
        ),
    )
    .opposed_by(
        older_worked > 0,
        if is_rule { WEAK } else { 3.0 },
        format!("{older_worked} SYN{} with an older timestamp than an earlier SYN of this address got an answer", plural(older_worked)),
    )
    .opposed_by(
        newer_failed > 0,
        if is_rule { WEAK } else { MODERATE },
        format!("{newer_failed} SYN{} with a newer timestamp than the earlier SYNs of this address failed, too", plural(newer_failed)),
    );
    (older_failed > 0).then_some(hypothesis)
}

fn kernel(evidence: &mut KernelEvidence<'_>) {
    let rejected = evidence.status(Counter::PawsPassive);
    if rejected.did_not() {
        let said = counters::clause(Counter::PawsPassive, rejected);
        evidence.ruled_out_by(format!("{said}: the server rejected no SYN because of its timestamp"));
    }
    evidence.supported_by_rise(
        Counter::PawsPassive,
        VERY_STRONG,
        "the server rejected SYNs because of their timestamps",
    );
}
