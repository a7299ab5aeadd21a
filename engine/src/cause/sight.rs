//! What a reset looks like next to its handshake, and what the handshakes around it did.

use crate::connection::handshake::{Handshake, SegmentFacts, Side};
use crate::evidence::hop_limit::{PATH_CHANGE, initial};
use crate::evidence::reset::Shape;
use crate::listener::Listener;
use crate::packet::segment::Flags;

/// Handshakes of the listener before and after that are looked at: enough to see a habit, few enough for floods.
const AROUND: usize = 8;
/// How near in time they must be, in seconds: a process restarts, and a queue empties, within it.
const NEAR: f64 = 30.0;
/// A reset that takes this much longer than the SYN-ACK came from further away; less is jitter and delayed work.
const LATER: f64 = 1.5;
/// Trips shorter than this, in seconds, are those of one host or one rack, where scheduling is all that is measured.
const TELLING_TRIP: f64 = 0.001;
/// The oldest cookie Linux takes is of two minutes, the youngest it may refuse of one (syncookies.c
/// `MAX_SYNCOOKIE_AGE` of 2 periods of 60 s), in seconds.
const COOKIE_LIFE: f64 = 60.0;

/// A request that is answered by nothing for so long, in seconds, waits for a program to take the connection.
const UNSERVED: f64 = 1.0;

/// See the module.
pub(super) struct Sight<'a> {
    pub reset: &'a SegmentFacts,
    pub shape: Shape,
    /// Hop limits of SYN-ACK and reset, where both are known.
    ttls: Option<(u8, u8)>,
    /// The segment that was reset, if one is known: the last of the client before it.
    pub trigger: Option<&'a SegmentFacts>,
    pub after_data: bool,
    /// The window of the SYN-ACK was zero and nobody opened it.
    pub never_opened: bool,
    /// The server had sent something after its SYN-ACK.
    pub served: bool,
    /// The ACK alone was not reset, the data after it was.
    pub took_ack: bool,
    /// The SYN-ACK came again after the reset: the half-open entry outlived it.
    pub outlived: bool,
    /// The server went on after the reset as if there had been none.
    pub went_on: bool,
    /// Seconds from SYN to SYN-ACK and from the trigger to the reset.
    pub trips: Option<(f64, f64)>,
    /// The reset's IP identification is that of the segment it answers.
    pub copied_id: bool,
    /// The reset's IP identification goes on from the server's own segments.
    pub id_goes_on: bool,
    pub wrong_ack: bool,
    /// The client acknowledged this late, in seconds: a cookie may have expired.
    pub late_ack: Option<f64>,
}

impl<'a> Sight<'a> {
    pub(super) fn of(handshake: &'a Handshake) -> Option<Self> {
        let (_, reset) = handshake.deciding_reset()?;
        let before = |l: &&SegmentFacts| l.time <= reset.time;
        let trigger = [handshake.client_data.as_ref(), handshake.ack.as_ref(), handshake.wrong_ack.as_deref()]
            .into_iter()
            .find_map(|sent| sent.filter(before));
        let served = handshake.server_segments.iter().any(|l| l.frame < reset.frame && !l.flags.has(Flags::SYN));
        let opened = handshake.server_segments.iter().any(|l| l.window > 0);
        let pure_ack = handshake.ack.is_some_and(|a| a.payload == 0);
        let id = reset.ip.identification.filter(|&id| id != 0);
        let last = handshake.server_segments.iter().rev().find(|l| l.frame < reset.frame);
        Some(Self {
            reset,
            shape: Shape::of(reset),
            ttls: handshake.syn_ack.and_then(|s| s.ip.ttl).zip(reset.ip.ttl),
            trigger,
            after_data: handshake.client_data.as_ref().is_some_and(|d| before(&d)),
            never_opened: handshake.syn_ack.is_some_and(|s| s.window == 0) && !opened,
            served,
            took_ack: pure_ack
                && handshake.client_data.is_some()
                && handshake.client_data_retransmissions == 0
                && handshake.server_resets == 1,
            outlived: handshake.rto_retransmission.as_ref().is_some_and(|r| r.time > reset.time),
            went_on: handshake.server_segments.iter().any(|l| l.frame > reset.frame),
            trips: handshake.round_trip().zip(trigger.map(|t| reset.time.seconds_since(t.time))),
            copied_id: id.is_some() && id == trigger.and_then(|t| t.ip.identification),
            id_goes_on: last.and_then(|l| l.ip.identification).zip(id).is_some_and(|(a, b)| b.wrapping_sub(a) <= 16),
            wrong_ack: handshake.wrong_ack.is_some() && handshake.ack.is_none(),
            late_ack: handshake
                .syn_ack
                .zip(handshake.ack)
                .map(|(s, a)| a.time.seconds_since(s.time))
                .filter(|&late| late > COOKIE_LIFE),
        })
    }

    pub(super) fn same_ttl(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| a == b)
    }

    pub(super) fn other_ttl(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| a != b)
    }

    /// The hop limits differ by more than paths do that change with the load.
    pub(super) fn foreign(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| a.abs_diff(b) > PATH_CHANGE)
    }

    /// The reset came a shorter way than the SYN-ACK, from the same initial hop limit: something in between sent it.
    pub(super) fn nearer(&self) -> bool {
        self.ttls.is_some_and(|(a, b)| b > a && initial(a) == initial(b))
    }

    pub(super) fn no_ttl(&self) -> bool {
        self.ttls.is_none()
    }

    pub(super) fn ttl_sentence(&self) -> String {
        let Some((a, b)) = self.ttls else { return String::new() };
        if a == b {
            return format!("hop limit {a} as in the SYN-ACK: the same machine, or one as far away");
        }
        let where_ = match (initial(a) == initial(b), b > a) {
            (true, true) => "something nearer sent the reset",
            (true, false) => "something further away sent the reset",
            (false, _) => "another kind of machine sent the reset",
        };
        format!("hop limit {a} in the SYN-ACK, {b} in the reset: {where_}")
    }

    /// The reset took longer than the SYN-ACK by more than chance.
    pub(super) fn later(&self) -> bool {
        self.trips.is_some_and(|(syn, reset)| reset > syn * LATER && reset - syn > TELLING_TRIP)
    }

    pub(super) fn later_sentence(&self) -> String {
        let Some((syn, reset)) = self.trips else { return String::new() };
        format!(
            "the reset took {:.1} ms where the SYN-ACK took {:.1} ms: it came from further away",
            reset * 1e3,
            syn * 1e3
        )
    }

    /// What a bare reset's number and identification say of who wrote it, where they say it well.
    pub(super) fn is_written_by_a_stack(&self) -> bool {
        let echoes = self.trigger.is_some_and(|t| t.ack == self.reset.seq);
        echoes && self.reset.ip.identification.is_none_or(|id| id == 0)
    }

    /// A bare reset whose number is not the one the client acknowledged: no stack answers so (RFC 9293 section 3.10.7).
    pub(super) fn other_number(&self) -> bool {
        self.shape == Shape::Stateless && self.trigger.is_some_and(|t| t.ack != self.reset.seq)
    }
}

/// What the listener's handshakes just before and after did.
pub(super) struct Neighbours {
    /// Some worked: data, or an acknowledgment of data, came from the server.
    pub worked: bool,
    /// Some later one was refused.
    pub refused_next: bool,
    /// Some earlier one was.
    pub refused_before: bool,
    /// Some SYN got no answer.
    pub unanswered: bool,
    /// Acknowledged SYN-ACKs came again.
    pub ignored: bool,
    /// Connections whose data the kernel took, and which nobody served: they wait in the accept queue.
    pub unserved: bool,
    /// Others that were reset by the server.
    pub reset: usize,
}

impl Neighbours {
    pub(super) fn of(listener: &Listener<'_>, index: usize) -> Self {
        let mut seen = Self {
            worked: false,
            refused_next: false,
            refused_before: false,
            unanswered: false,
            ignored: false,
            unserved: false,
            reset: 0,
        };
        let own = listener.handshakes[index];
        let end = (index + AROUND + 1).min(listener.handshakes.len());
        for (at, other) in listener.handshakes[..end].iter().enumerate().skip(index.saturating_sub(AROUND)) {
            if at == index || other.time.seconds_since(own.time).abs() > NEAR {
                continue;
            }
            let reset = matches!(other.deciding_reset(), Some((Side::Server, _)));
            seen.worked |= other.server_data.is_some();
            // Without an ACK: a SYN-ACK that was not captured makes a reset of something else look like a refusal.
            let unasked = other.ack.is_none() && other.wrong_ack.is_none() && other.client_data.is_none();
            let refused = other.syn_ack.is_none() && reset && unasked && !is_bare(other);
            seen.refused_next |= at > index && refused;
            seen.refused_before |= at < index && refused;
            seen.unanswered |= other.syn_ack.is_none() && other.reset.is_none() && other.syn_retransmissions > 0;
            seen.ignored |= other.ack_ignored();
            seen.unserved |= is_unserved(listener, other);
            seen.reset += usize::from(other.syn_ack.is_some() && reset);
        }
        seen
    }
}

/// Open, asked, and left without an answer for longer than any program needs to begin with one.
fn is_unserved(listener: &Listener<'_>, handshake: &Handshake) -> bool {
    let asked = handshake.ack.and(handshake.client_data).filter(|_| handshake.reset.is_none());
    let silent = handshake.server_data.is_none() && !handshake.server_fin;
    silent && asked.is_some_and(|data| listener.now.seconds_since(data.time) >= UNSERVED)
}

fn is_bare(handshake: &Handshake) -> bool {
    handshake.reset.as_deref().is_some_and(|(_, reset)| Shape::of(reset) == Shape::Stateless)
}
