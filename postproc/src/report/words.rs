//! Clauses for people: verdicts and outcomes. A cause has its own,
//! [`syncookie_engine::CauseKind::clause`].

use syncookie_engine::compare::{Difference, DifferenceKind, FieldValue, Meaning};
use syncookie_engine::{Cause, CauseKind, DELAY_SECONDS, Finding, Outcome, Verdict, span};
use syncookie_terminal::grouped;

use crate::totals::affected::is_delayed;

/// Returns a verdict as a clause.
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ordinary => "the server answered the SYN from its SYN queue",
        Verdict::SynCookie => "the server answered the SYN with a SYN cookie",
        Verdict::SynProxy => "a SYN proxy answered the SYN for the server",
        Verdict::Undetermined => "the capture does not show who answered the SYN",
    }
}

/// Returns who answered a handshake's SYN as a clause; for a SYN without a SYN-ACK, only that.
pub const fn answered_by(verdict: Verdict, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unanswered | Outcome::Refused => "no SYN-ACK was captured",
        _ => self::verdict(verdict),
    }
}

/// Said where the packets rule out every cause.
pub const NO_CAUSE: &str = "no known cause fits, because the packets contradict each of them";

/// Returns an outcome as a clause.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Established => "the client completed the handshake",
        Outcome::ResetByServer => "the server side reset the connection before it sent any data",
        Outcome::ResetByClient => "the client reset the connection before the server sent any data",
        Outcome::Refused => "the SYN was refused with a reset",
        Outcome::Unanswered => "the SYN got no answer",
        Outcome::Unacknowledged => "the SYN-ACK was never acknowledged",
        Outcome::Incomplete => {
            "the capture lacks part of the handshake: it begins or ends in the middle, or has one direction only"
        }
    }
}

/// Returns what became of a handshake as a clause: its outcome, and that its connection got stuck or
/// was delayed.
pub fn course(finding: &Finding) -> String {
    let cause = Cause::most_likely(&finding.causes).map(|cause| cause.kind);
    match finding.outcome {
        Outcome::Established if finding.got_stuck() && cause == Some(CauseKind::InjectedReset) => {
            "the client completed the handshake, and then received a reset, after which the server continued".into()
        }
        Outcome::Established if finding.got_stuck() => {
            "the client completed the handshake, and then the connection got stuck".into()
        }
        Outcome::Established if is_delayed(finding) => match finding.completion.seconds {
            Some(seconds) if seconds >= DELAY_SECONDS => {
                format!("the client completed the handshake late, {seconds:.1} s after its first SYN")
            }
            // The first SYN got another answer than a SYN-ACK that the client can accept.
            Some(seconds) if matches!(cause, Some(CauseKind::WrongAcknowledgment | CauseKind::StaleConnection)) => {
                format!("the client completed the handshake late, {} after its first SYN", span(seconds))
            }
            _ => "the client completed the handshake, and then the connection was delayed".into(),
        },
        Outcome::Unanswered if cause == Some(CauseKind::IcmpRejected) => {
            "the SYN got no TCP answer; an ICMP error rejected it".into()
        }
        Outcome::ResetByClient => match reset_after(finding) {
            Some(after) => format!("the client reset the connection {after}, before the server sent any data"),
            None => outcome(finding.outcome).into(),
        },
        other => outcome(other).into(),
    }
}

/// Returns when the reset came that decided the outcome: `2.00 s after its ACK`; `None` where no
/// packet before it is known.
fn reset_after(finding: &Finding) -> Option<String> {
    let times = finding.measured.as_ref()?.times;
    let (before, what) = match (times.ack, times.syn_ack) {
        (Some(ack), _) => (ack, "its ACK"),
        (None, Some(syn_ack)) => (syn_ack, "the SYN-ACK"),
        (None, None) => (times.syn?, "its SYN"),
    };
    let seconds = times.reset?.seconds_since(before);
    (seconds >= 0.0).then(|| format!("{} after {what}", span(seconds)))
}

/// Returns the verdict that a cause assumes; `None` for a cause that does not depend on one.
pub const fn assumed_by(cause: CauseKind) -> Option<Verdict> {
    match cause {
        CauseKind::CookieRejected => Some(Verdict::SynCookie),
        CauseKind::ProxyLeakedAck | CauseKind::ProxyBackendRefused | CauseKind::ProxyBackendSilent => {
            Some(Verdict::SynProxy)
        }
        _ => None,
    }
}

/// Returns a sentence that says that a cause assumes a verdict that no packet proves.
pub fn assumption(cause: CauseKind, verdict: Verdict) -> String {
    let who = if verdict == Verdict::SynProxy { "a SYN proxy" } else { "a SYN cookie" };
    format!("The cause {cause} assumes {who}, but no packet proves one.")
}

/// Returns how many handshakes with the cause `syn-flood` are not part of the flood.
pub fn hindered(number: u64) -> String {
    match number {
        1 => "1 of them is not part of the flood: its client retransmitted its SYN".to_owned(),
        _ => format!("{} of them are not part of the flood: their clients retransmitted their SYNs", grouped(number)),
    }
}

/// Returns the text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns what differs between two captures of one handshake, as a sentence without a full stop.
pub const fn difference(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::SynAckIsn => "the SYN-ACK's sequence number differs",
        DifferenceKind::SynAck => "only one capture has the SYN-ACK",
        DifferenceKind::SynIsn => "the SYN's sequence number differs",
        DifferenceKind::SynAckMss => "the SYN-ACK's MSS differs",
        DifferenceKind::SynAckOptions => "the SYN-ACK's options differ",
        DifferenceKind::SynAckWindow => "the SYN-ACK's window differs",
        DifferenceKind::SynAckHopLimit => "the SYN-ACK's TTL or hop limit differs",
        DifferenceKind::SynMss => "the SYN's MSS differs",
        DifferenceKind::SynOptions => "the SYN's options differ",
        DifferenceKind::SynWindow => "the SYN's window differs",
        DifferenceKind::SynHopLimit => "the SYN's TTL or hop limit differs",
    }
}

/// Returns the meaning of a difference between two captures of one handshake.
/// `is_direction_known` says whether the first capture is known to be nearer to the client.
pub const fn meaning(difference: &Difference, is_direction_known: bool) -> &'static str {
    match difference.meaning {
        Meaning::SequenceRewritten => "a device between the captures rewrites sequence numbers",
        Meaning::AnsweredBetween => {
            "the client received a SYN-ACK that the server did not send: a device between the captures answered, as a SYN \
             proxy does, or rewrites sequence numbers"
        }
        Meaning::AnsweredBetweenOrLost => match (is_direction_known, &difference.values) {
            (true, [FieldValue::Absent, _]) => {
                "the SYN-ACK was lost or dropped between the captures, it went to another host (the SYN's source was spoofed), \
                 or the capture nearer to the client missed it"
            }
            (true, _) => {
                "a device between the captures sent the SYN-ACK, or the capture nearer to the server missed it"
            }
            (false, _) => {
                "a device between the captures sent or dropped the SYN-ACK, or it was lost on the path or by the capture"
            }
        },
        Meaning::MssClamped => "a device between the captures sets the MSS",
        Meaning::OptionsChanged => match difference.kind {
            DifferenceKind::SynOptions => {
                "a device between the captures removes or adds options, or sends a SYN of its own, as a SYN proxy does"
            }
            _ => "a device between the captures removes or adds options",
        },
        Meaning::WindowChanged => "a device between the captures sets the window, or these are different packets",
        Meaning::Distance => {
            "the difference is the number of routers between the captures; a large one indicates another host"
        }
    }
}

/// Value of a SYN-ACK that a capture lacks.
pub const MISSING: &str = "missing";

/// Returns the two values of a difference as text.
pub fn difference_values(difference: &Difference) -> [String; 2] {
    difference.values.each_ref().map(|value| match (difference.kind, value) {
        (DifferenceKind::SynAck, FieldValue::Absent) => MISSING.to_owned(),
        (DifferenceKind::SynIsn, FieldValue::Absent) => "-".to_owned(),
        (_, FieldValue::Absent) => "none".to_owned(),
        (_, FieldValue::Present) => "present".to_owned(),
        (_, FieldValue::Number(number)) => number.to_string(),
        (_, &FieldValue::Options { window_scale, sack_permitted, timestamps }) => {
            options(window_scale, sack_permitted, timestamps)
        }
    })
}

fn options(window_scale: Option<u8>, sack_permitted: bool, timestamps: bool) -> String {
    let mut present = Vec::new();
    present.extend(window_scale.map(|shift| format!("window scale {shift}")));
    present.extend(sack_permitted.then(|| "SACK".into()));
    present.extend(timestamps.then(|| "timestamps".into()));
    if present.is_empty() { "none".into() } else { present.join(", ") }
}

/// Reasons why a Linux host answers with cookies.
pub const WHY_COOKIES: &str = "Linux sends SYN cookies while the SYN queue of a listener is full, and always if \
                               net.ipv4.tcp_syncookies is 2";

/// Check that shows which of the reasons for cookies applies.
pub const CHECK_COOKIES: &str = "on the server: sysctl net.ipv4.tcp_syncookies (2: every answer is a cookie); nstat -az \
                                 TcpExtTCPReqQFullDoCookies, twice (if it rises, the SYN queue is full); ss -lnt (Send-Q \
                                 is the limit of the accept queue and of the SYN queue)";

#[cfg(test)]
mod tests {
    use syncookie_engine::{Completion, Measured, Times, Timestamp};

    use super::*;
    use crate::report::tests::{leaked, unclear};

    #[test]
    fn a_challenge_delays_the_handshake_and_not_the_connection() {
        let mut finding = unclear();
        finding.causes = leaked(0).causes;
        finding.causes[0].kind = CauseKind::WrongAcknowledgment;
        finding.completion = Completion { syns: 2, seconds: Some(0.0089), has_failed: false };
        assert_eq!(course(&finding), "the client completed the handshake late, 8.9 ms after its first SYN");
        finding.causes[0].kind = CauseKind::DeferredAccept;
        assert_eq!(course(&finding), "the client completed the handshake, and then the connection was delayed");
    }

    #[test]
    fn the_time_of_a_clients_reset_is_named() {
        let mut finding = leaked(0);
        finding.outcome = Outcome::ResetByClient;
        let at = |millis: i64| Some(Timestamp::from_nanos(millis * 1_000_000));
        let times = Times { syn: at(0), syn_ack: at(10), ack: at(20), reset: at(2020) };
        finding.measured = Some(Box::new(Measured { times, ..Measured::default() }));
        assert_eq!(
            course(&finding),
            "the client reset the connection 2.00 s after its ACK, before the server sent any data"
        );
        finding.measured = None;
        assert_eq!(course(&finding), outcome(Outcome::ResetByClient));
    }

    #[test]
    fn a_missing_syn_ack_means_something_else_on_either_side() {
        let missing =
            |values| Difference { kind: DifferenceKind::SynAck, values, meaning: Meaning::AnsweredBetweenOrLost };
        let near = missing([FieldValue::Absent, FieldValue::Present]);
        let far = missing([FieldValue::Present, FieldValue::Absent]);
        assert!(meaning(&near, true).starts_with("the SYN-ACK was lost or dropped"));
        assert!(meaning(&far, true).starts_with("a device between the captures sent the SYN-ACK"));
        assert!(meaning(&near, false).contains("sent or dropped"));
    }
}
