//! Weighs the causes of a finding with another capture of the same connections.
//!
//! A packet that one capture contains and the other does not was lost, sent or dropped between the
//! two. This decides between causes that look the same in one capture.

use super::check::{CONFIRMS, Checked, with_arrival, without_capture};
use super::hypothesis::{STRONG, VERY_STRONG, rank};
use super::info::ResetSender;
use super::not_observable::{
    ACK_REACHED_SERVER, AT_SERVER_SHOWS, CLIENT_RECEIVED_RESET, SERVER_SENT_RESET, SYN_ACK_REACHED_CLIENT,
    SYN_AT_SERVER, SYN_REACHED_SERVER, WHAT_CLIENT_DID, WHAT_CLIENT_SENT, WHAT_WAS_LOST, WHERE_ACK_ARRIVED,
    WHO_SENT_RESET,
};
use crate::evidence::hop_limit::hops;
use crate::{Cause, CauseKind, Finding, LaterPackets, Outcome, ResetAcks, SynFields, SynPair, Verdict};

/// Place of another capture, seen from the capture of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSide {
    /// Nearer to the client.
    Client,
    /// Nearer to the server.
    Server,
}

/// Handshake, as one capture shows it.
#[derive(Clone, Copy, Debug)]
pub struct SeenAt {
    /// Packets that the capture contains.
    pub packets: SynPair,
    /// Outcome that the capture shows.
    pub outcome: Outcome,
}

/// Packet that only one of two captures may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Reset from the server's side, which the capture nearer to the client contains.
    ServerReset,
    /// Reset from the client's side, which the capture nearer to the server contains.
    ClientReset,
}

impl Crossing {
    /// All packets.
    pub const ALL: [Self; 2] = [Self::ServerReset, Self::ClientReset];

    /// Returns whether the other capture contains the packet, too; `None` if there is no such
    /// packet, or if the other capture ends in the middle of the handshake.
    #[must_use]
    pub fn is_in_both(self, near: &SeenAt, far: &SeenAt) -> Option<bool> {
        let (early, late) = (near.packets.later, far.packets.later);
        let (is_there, is_in_both, other) = match self {
            Self::ServerReset => (early.server_reset && far.packets.syn.is_some(), late.server_reset, far),
            // The reset of a client that was reset before is not the first.
            Self::ClientReset => (late.client_reset && !early.server_reset, early.client_reset, near),
        };
        (is_there && other.outcome != Outcome::Incomplete).then_some(is_in_both)
    }
}

/// Handshake of a finding, as another capture shows it.
#[derive(Clone, Copy, Debug)]
pub struct OtherCapture<'a> {
    /// Name of the capture, and the number of the handshake's first frame in it.
    pub location: (&'a str, u32),
    /// Place of the other capture.
    pub side: OtherSide,
    /// Handshake as the other capture shows it.
    pub seen: SeenAt,
    /// First cause in the other capture that is not ruled out.
    pub first_cause: Option<CauseKind>,
    /// Whether, for each [`Crossing`], other handshakes show that the packet is not only missing
    /// because a capture lost it.
    pub is_credible: [bool; Crossing::ALL.len()],
}

/// What two captures show together and neither shows alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// A reset from the server's side was sent between the captures. The packet that it answers
    /// passed, or did not pass, the place it was sent from.
    ServerResetBetween { trigger_passed: bool },
    /// A reset in the client's name was sent between the captures.
    ClientResetBetween,
    /// The SYN-ACK did not arrive at the capture nearer to the client.
    AnswerLost,
    /// The ACK did not arrive at the capture nearer to the server.
    AckLost,
    /// The ACK arrived at the server.
    AckArrived,
    /// The ACK passed a proxy unchanged, so that it acknowledges the proxy's number.
    AckPassedProxy,
    /// The server had received a SYN of the connection before its reset.
    SynArrived,
    /// The client acknowledged a number that the server never sent, and the server received this.
    WrongAckArrived,
}

/// Meaning for a kind of cause.
enum Meaning {
    None,
    Supports,
    Opposes,
    RulesOut,
}

impl OtherCapture<'_> {
    /// Weighs and ranks a finding's causes again with what both captures show together; changes
    /// nothing else in the finding. A finding without a cause stays without one.
    pub fn weigh(&self, finding: &mut Finding) {
        self.name_what_passed(finding);
        self.settle_injection(finding);
        self.settle_lost_syn(finding);
        self.settle_arrival(finding);
        self.settle_backend(finding);
        let Some(shown) = self.shown(finding) else { return };
        if finding.causes.is_empty() {
            return;
        }
        let why = self.sentence(shown);
        for cause in &mut finding.causes {
            cause.not_observable.retain(|what| !shown.settles(what));
        }
        if let Some(kind) = shown.new_cause() {
            Cause::of_kind(finding, kind);
        }
        for cause in &mut finding.causes {
            let meaning = shown.means(cause.kind, finding.outcome, finding.completion.has_failed);
            if shown.answers_check(cause.kind) {
                self.note_checked(cause, self.answer(shown, &meaning), BETWEEN);
            }
            match meaning {
                Meaning::None => {}
                Meaning::Supports => cause.add_support(VERY_STRONG, why.clone()),
                Meaning::Opposes => cause.add_opposition(STRONG, why.clone()),
                Meaning::RulesOut => cause.rule_out(why.clone()),
            }
        }
        rank(&mut finding.causes);
    }

    /// Says, of a packet whose sender or arrival one capture cannot show, that this capture, nearer
    /// to the server, contains it. This does not prove that the packet reached the server, which
    /// may be farther away.
    fn name_what_passed(&self, finding: &mut Finding) {
        let SynPair { syn, later, .. } = self.seen.packets;
        if self.side == OtherSide::Server {
            let name = self.location.0;
            let is_reset = |what: &str| is_of_reset(what) && later.server_reset;
            remark(finding, is_reset, &format!("; {name}{NEARER} contains it, too, so it came from there or beyond"));
            let is_syn = |what: &str| what == SYN_REACHED_SERVER && syn.is_some();
            remark(finding, is_syn, &format!(" after it had passed {name}{NEARER}"));
        }
    }

    /// Says, of a handshake whose SYN was retransmitted before it was answered, whether this capture,
    /// nearer to the server, contains the first SYN and an earlier answer.
    fn settle_lost_syn(&self, finding: &mut Finding) {
        let Some(lost) = finding.syn_pair.and_then(|own| lost_before(&own, &self.seen.packets)) else { return };
        if self.side == OtherSide::Client {
            return;
        }
        let place = self.place();
        for cause in finding.causes.iter_mut().filter(|cause| cause.kind == CauseKind::SynLost) {
            let why = match lost {
                Lost::Syn => format!("{place}, does not contain the first SYN: it was lost between the captures"),
                Lost::Answer => format!("{place}, contains an earlier answer: it was lost between the captures"),
                Lost::Beyond => {
                    let what = format!("{WHAT_WAS_LOST} after the SYN had passed {}{NEARER}", self.location.0);
                    let open = |known: &&mut String| known.starts_with(WHAT_WAS_LOST);
                    cause.not_observable.iter_mut().filter(open).for_each(|known| known.clone_from(&what));
                    continue;
                }
            };
            cause.not_observable.retain(|what| !what.starts_with(WHAT_WAS_LOST));
            cause.add_support(0.0, why);
            self.note_checked(cause, CONFIRMS, BETWEEN);
        }
    }

    /// Says in the check of dropped packets that the capture nearer to the server, this one or that of
    /// the finding, contains the SYN, and no answer either.
    fn settle_arrival(&self, finding: &mut Finding) {
        let is_silent = (finding.outcome, self.seen.outcome) == (Outcome::Unanswered, Outcome::Unanswered);
        if !is_silent || self.seen.packets.syn.is_none() {
            return;
        }
        let answer = "the SYN arrives there and gets no answer";
        let own = finding.frames.syn.map(|syn| syn.number);
        let checked = match self.side {
            OtherSide::Server => self.checked(answer),
            OtherSide::Client => Checked { location: ("this capture", own), answer },
        };
        for cause in finding.causes.iter_mut().filter(|cause| cause.kind == CauseKind::SilentDrop) {
            cause.check = with_arrival(&cause.check, checked);
        }
    }

    /// Says in the check of a proxy's server that this capture, behind the proxy, contains the proxy's
    /// SYN, and what became of it.
    fn settle_backend(&self, finding: &mut Finding) {
        let confirmed = match self.seen.outcome {
            Outcome::Refused => CauseKind::ProxyBackendRefused,
            Outcome::Unanswered => CauseKind::ProxyBackendSilent,
            _ => return,
        };
        if self.side == OtherSide::Server && finding.assessment.verdict == Verdict::SynProxy {
            for cause in finding.causes.iter_mut().filter(|cause| cause.kind == confirmed) {
                self.note_checked(cause, CONFIRMS, "on the proxy: ");
            }
        }
    }

    /// Removes what the capture of a client would show, and the captures at both ends that the check
    /// of an injected reset asks for, if both captures contain the reset: they are those captures.
    fn settle_injection(&self, finding: &mut Finding) {
        let Some(own) = finding.syn_pair.map(|packets| packets.later) else { return };
        let other = self.seen.packets.later;
        let is_in_both = own.server_reset && other.server_reset || own.client_reset && other.client_reset;
        if !is_in_both {
            return;
        }
        let near = if self.side == OtherSide::Client { other } else { own };
        for cause in finding.causes.iter_mut().filter(|cause| cause.kind == CauseKind::InjectedReset) {
            cause.not_observable.retain(|what| near.server_reset || !what.starts_with(CLIENT_RECEIVED_RESET));
            self.note_checked(cause, "the capture contains the reset, too", "on the devices on the path: ");
        }
    }

    /// Adds a remark to the facts that the capture cannot show (the sender of a reset, the arrival
    /// of a SYN): a capture nearer to the server does not contain the connection.
    pub fn name_absence(finding: &mut Finding, name: &str) {
        let is_about = |what: &str| is_of_reset(what) || what == SYN_REACHED_SERVER;
        remark(finding, is_about, &format!("; {name}{NEARER} does not contain this connection"));
    }

    /// Makes the other capture's first cause the first one of a finding where only the other
    /// capture can show the cause. To be called after both findings were weighed.
    pub fn adopt(&self, finding: &mut Finding) {
        let Some(kind) = self.first_cause else { return };
        let Some(first) = finding.causes.first().map(|cause| cause.kind) else { return };
        let is_seen_there = match self.side {
            OtherSide::Client => {
                let is_reset_between = matches!(self.shown(finding), Some(Shown::ServerResetBetween { .. }));
                is_reset_between && kind.info().reset_sender == ResetSender::Elsewhere || is_seen_by_client(kind)
            }
            // Nothing answered the SYN at either place. The server's side sees why, or nothing.
            OtherSide::Server => {
                first == CauseKind::SilentDrop
                    && (finding.outcome, self.seen.outcome) == (Outcome::Unanswered, Outcome::Unanswered)
            }
        };
        let is_excluded = finding.causes.iter().any(|cause| cause.kind == kind && cause.ruled_out);
        if first == kind || !is_seen_there || is_excluded {
            return;
        }
        let best = finding.causes.iter().map(|cause| cause.nats).fold(0.0, f64::max);
        let cause = Cause::of_kind(finding, kind);
        cause.nats = best;
        cause.add_support(VERY_STRONG, format!("{}, shows this cause", self.place()));
        rank(&mut finding.causes);
    }

    /// Weighs the causes of an unanswered handshake that is missing in a capture nearer to the
    /// server, and ranks them again. The client retransmitted its SYN, or `is_credible` because
    /// other handshakes are missing, too: one SYN may have been lost in the capture. That capture
    /// contains other connections of the same client and listener, before and after this one, so
    /// that no packet of this one arrived there.
    pub fn weigh_missing(finding: &mut Finding, name: &str, is_credible: bool) {
        let is_refused = finding.outcome == Outcome::Refused;
        let has_no_answer = is_refused || finding.outcome == Outcome::Unanswered;
        if !has_no_answer || !is_credible && finding.completion.syns < 2 {
            return;
        }
        let why = format!(
            "{name}, nearer to the server, contains connections of this client before and after this one, but not this SYN: it was dropped or answered between the captures"
        );
        for cause in &mut finding.causes {
            cause.not_observable.retain(|what| !what.starts_with(SYN_REACHED_SERVER));
            if matches!(cause.kind, CauseKind::SilentDrop | CauseKind::FirewallReset) {
                omit_capture(
                    cause,
                    Checked { location: (name, None), answer: "the capture does not contain the SYN" },
                    BETWEEN,
                );
            }
            let info = cause.kind.info();
            let is_answer_of_server = is_refused && info.reset_sender == ResetSender::Server;
            if is_answer_of_server || !is_refused && is_decided_by_server(cause.kind) {
                cause.rule_out(why.clone());
            } else if is_refused && cause.kind == CauseKind::FirewallReset {
                cause.add_support(STRONG, why.clone());
            } else if cause.kind == CauseKind::SilentDrop {
                // All causes that are left are in front of the server, so it says nothing about
                // them.
                cause.add_support(0.0, why.clone());
            }
        }
        rank(&mut finding.causes);
    }

    /// Adds to the cause [`CauseKind::ProxyLeakedAck`] of a finding that another capture contains
    /// such ACKs: without a SYN, and reset by the same server. The capture may be farther from the
    /// server than the proxy, so the order of the causes stays as it is.
    pub fn name_reset_acks(finding: &mut Finding, name: &str, resets: &ResetAcks) {
        let why = format!(
            "in {name}, this server reset the ACK of {} connection{} without a SYN (first reset: frame {})",
            resets.connections,
            if resets.connections == 1 { "" } else { "s" },
            resets.reset.number
        );
        let leaked = |cause: &&mut Cause| cause.kind == CauseKind::ProxyLeakedAck && !cause.ruled_out;
        for cause in finding.causes.iter_mut().filter(leaked) {
            cause.add_support(0.0, why.clone());
            cause.not_observable.retain(|what| !what.starts_with(SYN_AT_SERVER));
            let location = (name, Some(resets.reset.number));
            omit_capture(cause, Checked { location, answer: CONFIRMS }, BETWEEN);
        }
    }

    /// Compares the packets of both captures. Either may have lost a packet, so that a missing one
    /// counts only with what else shows it.
    fn shown(&self, finding: &Finding) -> Option<Shown> {
        let own = SeenAt { packets: finding.syn_pair?, outcome: finding.outcome };
        let (near, far) = match self.side {
            OtherSide::Client => (self.seen, own),
            OtherSide::Server => (own, self.seen),
        };
        let (early, late) = (near.packets.later, far.packets.later);
        let is_missing = |crossing: Crossing| crossing.is_in_both(&near, &far) == Some(false);
        // The server still waits for an ACK, or the client answers it as one that was reset.
        let trigger_passed = trigger_passed(early, late);
        let is_unaware = late.client_reset || late.repeated_syn_ack && !trigger_passed;
        let is_credible = |crossing: Crossing| self.is_credible[crossing as usize];
        if is_missing(Crossing::ServerReset) && (is_credible(Crossing::ServerReset) || is_unaware) {
            return Some(Shown::ServerResetBetween { trigger_passed });
        }
        if is_missing(Crossing::ClientReset) && is_credible(Crossing::ClientReset) {
            return Some(Shown::ClientResetBetween);
        }
        if near.outcome == Outcome::Unanswered && far.packets.syn_ack.is_some() && late.repeated_syn_ack {
            return Some(Shown::AnswerLost);
        }
        if early.ack && far.outcome == Outcome::Unacknowledged && late.repeated_syn_ack {
            return Some(Shown::AckLost);
        }
        acknowledged(&near.packets, &far.packets)
    }

    /// Replaces what this capture answers in the check of a cause with the answer.
    fn note_checked(&self, cause: &mut Cause, answer: &str, place: &str) {
        omit_capture(cause, self.checked(answer), place);
    }

    /// Returns the answer to the check of a cause, by what both captures show and what it means.
    const fn answer(&self, shown: Shown, meaning: &Meaning) -> &'static str {
        match (meaning, shown, self.side) {
            (Meaning::Opposes, ..) => OPPOSES,
            (Meaning::RulesOut, ..) => RULES_OUT,
            (Meaning::None, Shown::ServerResetBetween { .. }, OtherSide::Server) => NOT_THERE,
            (Meaning::None, Shown::ServerResetBetween { .. }, OtherSide::Client) => ONLY_THERE,
            _ => CONFIRMS,
        }
    }

    fn checked<'c>(&'c self, answer: &'c str) -> Checked<'c> {
        let (name, frame) = self.location;
        Checked { location: (name, Some(frame)), answer }
    }

    /// Names the other capture and its place, as the beginning of a sentence.
    fn place(&self) -> String {
        let (name, frame) = self.location;
        format!("{name} (frame {frame}), nearer to the {}", self.side.as_str())
    }

    fn sentence(&self, shown: Shown) -> String {
        let place = self.place();
        // The packet is only in the capture of that side.
        let contains = |side: OtherSide| if self.side == side { "contains" } else { "does not contain" };
        match shown {
            Shown::ServerResetBetween { trigger_passed } => {
                let reset = match self.side {
                    OtherSide::Client => "a reset from the server's side",
                    OtherSide::Server => "the reset",
                };
                let verb = contains(OtherSide::Client);
                let (passed, arrived) =
                    if trigger_passed { ("although", "arrived") } else { ("and", "did not arrive") };
                format!(
                    "{place}, {verb} {reset}: another machine sent it, {passed} the packet that it answers {arrived} at \
                     the server's side"
                )
            }
            Shown::ClientResetBetween => {
                let reset = match self.side {
                    OtherSide::Client => "the client's reset",
                    OtherSide::Server => "a reset from the client's side",
                };
                let verb = contains(OtherSide::Server);
                format!("{place}, {verb} {reset}: a device between the captures sent it in the client's name")
            }
            Shown::AnswerLost => {
                format!("{place}, {} the SYN-ACK: it was lost between the captures", contains(OtherSide::Server))
            }
            Shown::AckLost => {
                format!("{place}, {} the client's ACK: it was lost between the captures", contains(OtherSide::Client))
            }
            Shown::AckArrived => format!("{place}, contains the client's ACK: it arrived at the server"),
            Shown::AckPassedProxy => match self.side {
                OtherSide::Server => format!(
                    "{place}, contains the client's ACK with the proxy's number, after the proxy's own SYN: it passed \
                     the proxy unchanged, and the server resets it (RFC 9293 section 3.10.7.4)"
                ),
                OtherSide::Client => format!("{place}, contains a SYN-ACK with the number that the ACK acknowledges"),
            },
            Shown::SynArrived => {
                let (here, there) = match self.side {
                    OtherSide::Server => ("the server's", "contains"),
                    OtherSide::Client => ("this", "does not contain"),
                };
                format!("{place}, {there} {here} SYN-ACK: the server had received a SYN of this connection")
            }
            Shown::WrongAckArrived => format!(
                "{place}, contains the same SYN-ACK and the same wrong number in the ACK: one host sent the SYN-ACK and \
                 received the ACK, and a host itself resets such an ACK (RFC 9293 section 3.10.7.4)"
            ),
        }
    }
}

/// What was lost of a SYN that was retransmitted before it was answered.
enum Lost {
    /// The first SYN, between two captures.
    Syn,
    /// The answer to it, between the captures.
    Answer,
    /// The first SYN or the answer to it, beyond the capture nearer to the server.
    Beyond,
}

/// Smallest difference, in nanoseconds, between the times from SYN to SYN-ACK in two captures that is
/// not the time on the path between them: a retransmission comes after a second.
const RETRANSMITTED: i64 = 500_000_000;

/// Returns what was lost, by the packets near the client and near the server; `None` if they do not
/// show whether both captures contain the same first SYN.
fn lost_before(near: &SynPair, far: &SynPair) -> Option<Lost> {
    let (near_nanos, far_nanos) = (near.answer_nanos?, far.answer_nanos?);
    let is_late = near_nanos - far_nanos >= RETRANSMITTED;
    match (is_same_packet(&near.syn?, &far.syn?)?, is_late) {
        (false, true) => Some(Lost::Syn),
        (true, true) => Some(Lost::Answer),
        (true, false) => Some(Lost::Beyond),
        (false, false) => None,
    }
}

/// Returns whether two SYNs of one connection are the same packet, and not the SYN and its
/// retransmission; `None` if they have nothing that differs between these.
fn is_same_packet(a: &SynFields, b: &SynFields) -> Option<bool> {
    let identifications = a.identification.zip(b.identification).filter(|&(a, b)| (a, b) != (0, 0));
    let is_same = |(a, b): (u32, u32)| a == b;
    let times = a.timestamp.zip(b.timestamp);
    times.map(is_same).or_else(|| identifications.map(|(a, b)| a == b))
}

/// Follows the name of a capture in a remark.
const NEARER: &str = " (nearer to the server)";

/// Adds a remark about a capture nearer to the server to what one capture cannot show.
fn remark(finding: &mut Finding, is_about: impl Fn(&str) -> bool, remark: &str) {
    for what in finding.causes.iter_mut().flat_map(|cause| &mut cause.not_observable) {
        // The first of several captures is enough.
        if is_about(what) && !what.contains(NEARER) {
            let open = what.strip_suffix(AT_SERVER_SHOWS).unwrap_or(what);
            *what = format!("{open}{remark}");
        }
    }
}

/// Machines that remain to be checked if a packet is missing in one of two captures.
const BETWEEN: &str = "on the devices between the captures: ";

/// Answers of another capture to a check.
const OPPOSES: &str = "the capture is evidence against this cause";
const RULES_OUT: &str = "the capture rules this cause out";
const ONLY_THERE: &str = "the capture contains the reset, so a device between the captures sent it";
const NOT_THERE: &str = "the capture does not contain the reset, so a device between the captures sent it";

/// Replaces what another capture answers in the check of a cause; `place` names the machines that
/// remain to be checked.
fn omit_capture(cause: &mut Cause, checked: Checked<'_>, place: &str) {
    // Nothing else is worth a check of a cause that is ruled out.
    let is_excluded = checked.answer == RULES_OUT;
    let logs = if is_excluded {
        ""
    } else {
        "the logs of firewalls and of intrusion prevention (confirmed if they have this connection)"
    };
    cause.check = without_capture(&cause.check, checked, place, logs);
}

/// Returns whether something that one capture cannot show is the sender of a reset.
fn is_of_reset(what: &str) -> bool {
    what.starts_with(SERVER_SENT_RESET) || what.starts_with(WHO_SENT_RESET)
}

impl OtherSide {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl Shown {
    /// Returns the cause that this shows, where one capture alone may not have suggested it.
    const fn new_cause(self) -> Option<CauseKind> {
        match self {
            Self::ServerResetBetween { trigger_passed: true } | Self::ClientResetBetween => {
                Some(CauseKind::InjectedReset)
            }
            Self::AnswerLost => Some(CauseKind::SilentDrop),
            Self::AckPassedProxy => Some(CauseKind::ProxyLeakedAck),
            _ => None,
        }
    }

    /// Returns whether another capture shows what one capture could not show.
    fn settles(self, what: &str) -> bool {
        let settled: &[&str] = match self {
            Self::ServerResetBetween { .. } => &[SERVER_SENT_RESET, WHO_SENT_RESET],
            Self::ClientResetBetween => &[CLIENT_RECEIVED_RESET, WHAT_CLIENT_DID],
            Self::AnswerLost => &[SYN_REACHED_SERVER, SYN_ACK_REACHED_CLIENT],
            Self::AckLost => &[ACK_REACHED_SERVER, WHAT_CLIENT_SENT],
            Self::AckArrived => &[ACK_REACHED_SERVER, WHERE_ACK_ARRIVED],
            Self::AckPassedProxy | Self::WrongAckArrived => {
                &[ACK_REACHED_SERVER, WHERE_ACK_ARRIVED, SERVER_SENT_RESET, WHO_SENT_RESET, SYN_AT_SERVER]
            }
            Self::SynArrived => &[SYN_AT_SERVER],
        };
        settled.iter().any(|start| what.starts_with(start))
    }

    /// Returns whether this answers what the check of a cause captures packets for.
    fn answers_check(self, kind: CauseKind) -> bool {
        match self {
            Self::ServerResetBetween { .. } => matches!(kind, CauseKind::FirewallReset | CauseKind::InjectedReset),
            Self::ClientResetBetween => kind == CauseKind::InjectedReset,
            Self::AnswerLost => kind == CauseKind::SilentDrop,
            Self::AckLost => kind == CauseKind::AckLost,
            Self::AckPassedProxy => kind == CauseKind::ProxyLeakedAck,
            Self::WrongAckArrived => kind == CauseKind::WrongHost,
            Self::SynArrived => kind == CauseKind::ProxyLeakedAck,
            Self::AckArrived => false,
        }
    }

    fn means(self, kind: CauseKind, outcome: Outcome, has_failed: bool) -> Meaning {
        use CauseKind::{AckLost, CookieRejected, FirewallReset, InjectedReset, ProxyLeakedAck, SilentDrop, WrongHost};
        let sender = kind.info().reset_sender;
        let is_reset = matches!(outcome, Outcome::ResetByServer | Outcome::Refused | Outcome::ResetByClient);
        match (self, kind) {
            (Self::ServerResetBetween { trigger_passed: true } | Self::ClientResetBetween, InjectedReset) => {
                Meaning::Supports
            }
            (Self::ServerResetBetween { trigger_passed: true }, WrongHost) => Meaning::RulesOut,
            (Self::ServerResetBetween { trigger_passed: true }, FirewallReset) => Meaning::Opposes,
            (Self::ServerResetBetween { trigger_passed: false }, InjectedReset) => Meaning::Opposes,
            (Self::ServerResetBetween { .. }, _) if is_reset && sender == ResetSender::Server => Meaning::RulesOut,
            (Self::ClientResetBetween, _) if is_reset && sender == ResetSender::Client => Meaning::RulesOut,
            (Self::AnswerLost, SilentDrop) | (Self::AckLost, AckLost) => Meaning::Supports,
            (Self::AnswerLost, AckLost) => Meaning::RulesOut,
            (Self::AckLost, SilentDrop) if outcome == Outcome::Unacknowledged => Meaning::RulesOut,
            (Self::AnswerLost | Self::AckLost, _) if needs_what_was_lost(kind) => Meaning::RulesOut,
            (Self::AckArrived, AckLost | WrongHost) if has_failed => Meaning::RulesOut,
            (Self::AckPassedProxy, ProxyLeakedAck) => Meaning::Supports,
            (Self::SynArrived, ProxyLeakedAck) => Meaning::RulesOut,
            // A host that sends SYN cookies rejects a wrong number, too.
            (Self::WrongAckArrived, CookieRejected) => Meaning::None,
            // The reset is the server's own, and what sends others is not needed to explain it.
            (Self::AckPassedProxy | Self::WrongAckArrived, _) if outcome == Outcome::ResetByServer => Meaning::RulesOut,
            _ => Meaning::None,
        }
    }
}

/// Returns what the client's ACK shows, by the packets near the client and near the server.
fn acknowledged(near: &SynPair, far: &SynPair) -> Option<Shown> {
    let (early, late) = (near.later, far.later);
    let answers = near.syn_ack.zip(far.syn_ack);
    let is_one_answer = answers.map(|(near, far)| near.isn == far.isn);
    let is_proxys = |ack: u32| near.syn_ack.is_some_and(|syn_ack| syn_ack.isn.wrapping_add(1) == ack);
    match late.wrong_ack {
        Some(ack) if is_one_answer == Some(false) && is_proxys(ack) => Some(Shown::AckPassedProxy),
        Some(_) if is_one_answer == Some(true) && early.wrong_ack == late.wrong_ack && is_at_server(far) => {
            Some(Shown::WrongAckArrived)
        }
        None if is_one_answer == Some(false) && early.server_reset && late.server_reset => Some(Shown::SynArrived),
        _ => (early.ack && late.ack && is_at_server(far)).then_some(Shown::AckArrived),
    }
}

/// Returns whether the packet that a reset answers arrived at the capture nearer to the server: the
/// client's data, otherwise its ACK.
const fn trigger_passed(near: LaterPackets, far: LaterPackets) -> bool {
    if near.client_data { far.client_data } else { near.ack && far.ack }
}

/// Returns whether the capture was taken at the server: the SYN-ACK passed no router before it.
fn is_at_server(packets: &SynPair) -> bool {
    packets.syn_ack.and_then(|syn_ack| syn_ack.hop_limit).is_some_and(|hop_limit| hops(hop_limit) == 0)
}

/// Returns whether only a capture at the client's side shows the cause.
const fn is_seen_by_client(kind: CauseKind) -> bool {
    matches!(
        kind,
        CauseKind::AnsweredElsewhere
            | CauseKind::WrongAcknowledgment
            | CauseKind::ChallengeReset
            | CauseKind::IcmpRejected
    )
}

/// Returns whether the server alone decides to leave the SYN without an answer.
const fn is_decided_by_server(kind: CauseKind) -> bool {
    matches!(
        kind,
        CauseKind::AcceptQueueOverflow | CauseKind::BadChecksum | CauseKind::TimestampsRejected | CauseKind::SynFlood
    )
}

/// Returns whether the cause is excluded where the server's answer, or the ACK after it, was lost.
const fn needs_what_was_lost(kind: CauseKind) -> bool {
    is_decided_by_server(kind)
        || matches!(
            kind,
            CauseKind::SourcePortsExhausted
                | CauseKind::DeferredAccept
                | CauseKind::ClientAbort
                | CauseKind::CookieRejected
        )
}
