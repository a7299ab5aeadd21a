//! Compares a reset with its handshake: hop limits, times, IP identifications, and what came before
//! and after it.

use crate::connection::handshake::{Handshake, SegmentFacts};
use crate::evidence::hop_limit::{field_name, hops, initial};
use crate::evidence::reset::Shape;
use crate::narrative::shows::span;
use crate::packet::segment::{Flags, is_from_elsewhere};

/// Minimum ratio of the reset's travel time to the SYN-ACK's that shows that the reset came from
/// further away; less is jitter.
const LATE_RATIO: f64 = 1.5;
/// Difference of the two travel times, in seconds, that is needed as well: below it only scheduling
/// is measured, as within one host or one rack.
const LATE_SECONDS: f64 = 0.001;
/// Shortest age, in seconds, at which Linux may refuse a cookie; the longest is twice that
/// (syncookies.c `MAX_SYNCOOKIE_AGE`: 2 periods of 60 s).
const COOKIE_SECONDS: f64 = 60.0;
/// Longest time, in seconds, from the client's data to a reset that a device sends because of the
/// data. A device that gives up waiting for the server's answer takes longer.
const AT_ONCE_SECONDS: f64 = 1.0;
/// Largest step between the IP identifications of a server's segments that counts as going on.
const NEXT_IDENTIFICATIONS: u16 = 16;

/// Reset that decided the outcome, beside its handshake.
pub(super) struct ResetContext<'a> {
    pub reset: &'a SegmentFacts,
    pub shape: Shape,
    /// Hop limits of SYN-ACK and reset, where both are known.
    ttls: Option<(u8, u8)>,
    /// Name of the header field that holds them.
    ttl_field: &'static str,
    /// Last segment of the client before the reset, which the reset answers.
    pub trigger: Option<&'a SegmentFacts>,
    pub after_data: bool,
    /// Whether the window of the SYN-ACK was zero and did not open before the reset.
    pub window_never_opened: bool,
    /// Whether the server had sent something after its SYN-ACK.
    pub served: bool,
    /// Whether the data was reset, but not the ACK before it.
    pub took_ack: bool,
    /// Whether the SYN-ACK was retransmitted after the reset: the half-open entry outlived the
    /// reset.
    pub entry_outlived_it: bool,
    /// Whether the server continued the connection after the reset.
    pub server_went_on: bool,
    /// Whether the server then sent data past the reset's number, or acknowledged data: what was
    /// reset had reached it. An application that aborts a connection may still acknowledge data.
    pub server_served_after: bool,
    /// Whether the server had acknowledged the client's data before the reset, which came at once.
    acknowledged_data: bool,
    /// Whether the server sent a second reset, one for the ACK and one for the data.
    pub resets_ack_and_data: bool,
    /// Seconds from the ACK to the server's FIN, where the server closed the connection first and
    /// without data.
    pub server_closed_after: Option<f64>,
    /// Whether an application of the server also sent a reset of its own.
    pub aborted: bool,
    /// Whether the server had neither data nor a FIN to be acknowledged.
    nothing_sent: bool,
    /// Seconds from SYN to SYN-ACK and from the trigger to the reset.
    trips: Option<(f64, f64)>,
    /// Whether the reset's IP identification equals that of the segment it answers.
    pub ip_id_copied: bool,
    /// Whether the reset's IP identification continues those of the server's segments.
    pub ip_id_continues: bool,
    /// Whether the client had acknowledged only another number than the SYN-ACK requires.
    pub wrong_ack: bool,
    /// Seconds from SYN-ACK to ACK, where a cookie may have expired meanwhile.
    pub late_ack: Option<f64>,
}

impl<'a> ResetContext<'a> {
    /// Describes the reset that decided the outcome of a handshake; `None` without one.
    pub(super) fn of(handshake: &'a Handshake) -> Option<Self> {
        handshake.deciding_reset().map(|(_, reset)| Self::of_reset(handshake, reset))
    }

    /// Describes a reset of the server's side.
    pub(super) fn of_reset(handshake: &'a Handshake, reset: &'a SegmentFacts) -> Self {
        let before = |l: &&SegmentFacts| l.time <= reset.time;
        let trigger = [handshake.client_data.as_ref(), handshake.ack.as_ref(), handshake.wrong_ack.as_deref()]
            .into_iter()
            .find_map(|sent| sent.filter(before));
        let served = handshake.server_segments.iter().any(|l| l.frame < reset.frame && !l.flags.has(Flags::SYN));
        let opened = handshake.server_segments.iter().any(|l| l.frame < reset.frame && l.window > 0);
        let pure_ack = handshake.ack.is_some_and(|a| a.payload == 0);
        let id = reset.ip.identification().filter(|&id| id != 0);
        let last = handshake.server_segments.iter().rev().find(|l| l.frame < reset.frame);
        let ids = last.and_then(|l| l.ip.identification()).zip(id);
        let after_data = handshake.client_data.as_ref().is_some_and(|d| before(&d));
        // It is not known which of several transmissions the reset answers.
        let is_repeated = |sent: &SegmentFacts| {
            after_data && handshake.client_data_retransmissions > 0
                // The client acknowledges a retransmitted SYN-ACK again.
                || !after_data && handshake.repeats_ack()
                || handshake.last_syn_ack.is_some_and(|again| sent.time < again && again < reset.time)
        };
        let answered = trigger.filter(|sent| !is_repeated(sent));
        let is_abort = served || Shape::of(reset) == Shape::Owner;
        let took_data = |l: &SegmentFacts| handshake.client_data.is_some_and(|data| l.ack.ahead_of(data.seq) > 0);
        let is_past = |l: &SegmentFacts| {
            l.frame > reset.frame && (l.payload > 0 && l.seq.ahead_of(reset.seq) >= 0 || !is_abort && took_data(l))
        };
        let has_taken = |l: &SegmentFacts| l.frame < reset.frame && took_data(l);
        let is_at_once = trigger.is_some_and(|t| reset.time.seconds_since(t.time) < AT_ONCE_SECONDS);
        Self {
            reset,
            shape: Shape::of(reset),
            ttl_field: field_name(handshake.server.ip),
            ttls: handshake.syn_ack.and_then(|s| s.ip.ttl()).zip(reset.ip.ttl()),
            trigger,
            after_data,
            window_never_opened: handshake.syn_ack.is_some_and(|s| s.window == 0) && !opened,
            served,
            took_ack: took_ack(handshake),
            entry_outlived_it: handshake.outlived_reset(),
            server_went_on: handshake.server_segments.iter().any(|l| l.frame > reset.frame),
            server_served_after: handshake.server_segments.iter().any(is_past),
            acknowledged_data: is_at_once && after_data && handshake.server_segments.iter().any(has_taken),
            resets_ack_and_data: pure_ack && after_data && handshake.server_resets > 1,
            server_closed_after: server_closed_after(handshake),
            aborted: handshake.server_aborted,
            nothing_sent: handshake.server_data.is_none() && !handshake.server_fin,
            trips: handshake.round_trip().zip(answered.map(|t| reset.time.seconds_since(t.time))),
            ip_id_copied: id.is_some() && id == trigger.and_then(|t| t.ip.identification()),
            ip_id_continues: ids.is_some_and(|(last, id)| id.wrapping_sub(last) <= NEXT_IDENTIFICATIONS),
            wrong_ack: handshake.wrong_ack_before(reset).is_some(),
            late_ack: handshake
                .syn_ack
                .zip(handshake.ack)
                .map(|(s, a)| a.time.seconds_since(s.time))
                .filter(|&late| late > COOKIE_SECONDS),
        }
    }

    /// Returns whether the reset has no ACK flag.
    pub(super) fn lacks_ack_flag(&self) -> bool {
        self.shape == Shape::Stateless
    }

    /// Returns whether the hop limits are known and equal.
    pub(super) fn has_same_ttl(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| a == b)
    }

    /// Returns whether the hop limits are known and differ.
    pub(super) fn has_other_ttl(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| a != b)
    }

    /// Returns whether the hop limits differ by more than load-balanced paths explain.
    pub(super) fn is_from_elsewhere(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| is_from_elsewhere(a, b))
    }

    /// Returns whether another machine reset data at once that the server had acknowledged: a copy
    /// of the data had reached that machine.
    pub(super) fn answers_passed_data(&self) -> bool {
        self.acknowledged_data && self.is_from_elsewhere() && !self.server_served_after
    }

    /// Returns whether the reset took fewer hops than the SYN-ACK, each from its most likely
    /// initial hop limit: a device on the path sent it.
    pub(super) fn is_from_nearer(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| hops(b) < hops(a))
    }

    /// Returns whether a hop limit is missing.
    pub(super) fn lacks_ttl(&self) -> bool {
        self.ttls.is_none()
    }

    /// Compares the hop limits in a sentence; empty where they are not known.
    pub(super) fn ttl_sentence(&self) -> String {
        let Some((a, b)) = self.ttls else { return String::new() };
        let field = self.ttl_field;
        if a == b {
            return format!("{field} {a} in SYN-ACK and reset: one machine sent both, or two at the same distance");
        }
        let sender = match (self.is_from_nearer(), initial(a) == initial(b)) {
            (true, _) => "a nearer device probably sent the reset",
            (false, true) => "a more distant machine probably sent the reset",
            (false, false) => "another kind of machine probably sent the reset",
        };
        format!("{field} {a} in the SYN-ACK, {b} in the reset: {sender}")
    }

    /// Names the comparison that is not possible where a hop limit is missing.
    pub(super) fn missing_ttl(&self) -> String {
        format!("the {} of SYN-ACK and reset, which shows whether one machine sent both", self.ttl_field)
    }

    /// Returns whether the reset travelled longer than the SYN-ACK by more than chance.
    pub(super) fn is_late(&self) -> bool {
        self.trips.is_some_and(|(syn, reset)| is_longer(reset, syn))
    }

    /// Compares the travel times in a sentence; empty where they are not known.
    pub(super) fn late_sentence(&self) -> String {
        let Some((syn, reset)) = self.trips else { return String::new() };
        format!("the reset took {}, the SYN-ACK {}: the reset came from further away", span(reset), span(syn))
    }

    /// Returns whether a stateless reset's sequence number and IP identification are those that a
    /// kernel writes.
    pub(super) fn is_as_a_kernel_writes(&self) -> bool {
        let echoes = self.trigger.is_some_and(|t| t.ack == self.reset.seq);
        echoes && self.reset.ip.identification().is_none_or(|id| id == 0)
    }

    /// Returns whether a stateless reset's sequence number is not the one that the client
    /// acknowledged, as no stack answers (RFC 9293 section 3.10.7).
    pub(super) fn has_unacknowledged_seq(&self) -> bool {
        // A client that received data or a FIN acknowledges more in segments that are not kept.
        self.lacks_ack_flag() && self.nothing_sent && self.trigger.is_some_and(|t| t.ack != self.reset.seq)
    }

    /// Returns whether the reset came sooner than a packet to the server and back takes.
    pub(super) fn is_early(&self) -> bool {
        self.trips.is_some_and(|(syn, reset)| is_longer(syn, reset))
    }
}

/// Returns whether one travel time, in seconds, exceeds another one by more than chance.
pub(crate) fn is_longer(trip: f64, other: f64) -> bool {
    trip > other * LATE_RATIO && trip - other > LATE_SECONDS
}

/// Returns whether the server's side reset the client's data, but not the ACK before it.
pub(super) fn took_ack(handshake: &Handshake) -> bool {
    handshake.ack.is_some_and(|ack| ack.payload == 0)
        && handshake.client_data.is_some()
        && handshake.client_data_retransmissions == 0
        && handshake.server_resets == 1
}

/// Returns the seconds from the client's ACK to the server's FIN, where the server had neither sent
/// nor received data: a server that has a request may have taken it.
pub(super) fn server_closed_after(handshake: &Handshake) -> Option<f64> {
    if handshake.server_data.is_some() {
        return None;
    }
    let (ack, isn) = (handshake.ack?, handshake.client_isn()?);
    let fin = handshake.server_segments.iter().find(|l| l.flags.has(Flags::FIN) && l.payload == 0)?;
    (fin.ack == isn.plus(1)).then(|| fin.time.seconds_since(ack.time))
}
