//! Whether the first large segment of each direction passes the path.
//!
//! A path whose MTU is smaller than its ends believe passes the handshake and small segments. The
//! first large segment is lost, and so are all its retransmissions, unless a router's ICMP error
//! reaches its sender.

use super::DUPLICATE_SECONDS;
use crate::connection::handshake::{Handshake, Side};
use crate::packet::options::{SACK, selective_acknowledgment};
use crate::packet::segment::{Flags, Segment};
use crate::packet::seq::SeqNumber;
use crate::{Frame, Timestamp};

/// Payload, in bytes, above which a segment is large: IPv6 guarantees packets of 1280 bytes, and
/// nearly all tunnels pass them.
const LARGE: u32 = 1200;
/// Octets that acknowledgments are ahead of a segment by at most; others belong to something else.
const AHEAD: i32 = 1 << 30;
/// Shortest list of options with a selective acknowledgment, in bytes (RFC 2018 section 3).
const SACK_BYTES: usize = 10;
/// Length of the usual list with timestamps alone, in bytes.
const TIMESTAMPS_BYTES: usize = 12;

/// State of the first large segment of each direction, two bits each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LargeSegments(u8);

impl LargeSegments {
    const SENT: u8 = 1;
    const PASSED: u8 = 2;

    const fn shift(sender: Side) -> u8 {
        2 * sender as u8
    }

    /// Returns whether the segment was sent and is not acknowledged yet.
    #[inline]
    pub(super) const fn is_pending(self, sender: Side) -> bool {
        self.0 >> Self::shift(sender) & 3 == Self::SENT
    }

    /// Returns whether the segment of either end was sent and is not acknowledged yet.
    pub(super) const fn are_pending(self) -> bool {
        self.is_pending(Side::Client) || self.is_pending(Side::Server)
    }

    /// Returns whether the segment was acknowledged.
    #[inline]
    pub(crate) const fn has_passed(self, sender: Side) -> bool {
        self.0 >> Self::shift(sender) & Self::PASSED != 0
    }

    /// Returns the state of a connection in which the segments of these ends were acknowledged, and
    /// nothing is known of others.
    pub(crate) const fn passed([client, server]: [bool; 2]) -> Self {
        let mut state = Self(0);
        if client {
            state.set(Side::Client, Self::PASSED);
        }
        if server {
            state.set(Side::Server, Self::PASSED);
        }
        state
    }

    const fn is_unsent(self, sender: Side) -> bool {
        self.0 >> Self::shift(sender) & 3 == 0
    }

    const fn set(&mut self, sender: Side, state: u8) {
        self.0 |= state << Self::shift(sender);
    }
}

/// Segment that does not arrive, as far as the capture shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StuckSegment {
    /// Time of the first sign of the loss.
    pub since: Timestamp,
    /// Number of retransmissions, without capture duplicates.
    pub copies: u8,
    /// Largest and smallest payload of a retransmission, in bytes; 0 without one.
    pub largest: u32,
    pub smallest: u32,
    /// Time of the latest retransmission.
    pub latest: Option<Timestamp>,
    /// First selective acknowledgment of octets after the segment, and the number of octets missing
    /// before these.
    pub sack: Option<(Frame, u32)>,
    /// Latest segment of the receiver, after the first sign, that still asks for this one.
    pub asked_again: Option<(Frame, Timestamp)>,
}

impl StuckSegment {
    /// Creates a segment with this time of the first sign, and no other.
    pub(crate) const fn since(since: Timestamp) -> Self {
        Self { since, copies: 0, largest: 0, smallest: 0, latest: None, sack: None, asked_again: None }
    }

    fn add_copy(&mut self, segment: &Segment<'_>) {
        if self.latest.is_some_and(|latest| segment.time.seconds_since(latest) < DUPLICATE_SECONDS) {
            return;
        }
        self.smallest = if self.copies == 0 { segment.payload } else { self.smallest.min(segment.payload) };
        self.largest = self.largest.max(segment.payload);
        self.copies = self.copies.saturating_add(1);
        self.latest = Some(segment.time);
    }
}

/// Adds a segment of a connection whose handshake is complete.
#[inline(always)]
pub(super) fn take(handshake: &mut Handshake, sender: Side, segment: &Segment<'_>) {
    if segment.payload > 0 {
        sent(handshake, sender, segment);
    }
    if segment.flags().has(Flags::ACK) {
        acknowledged(handshake, sender.other(), segment);
    }
}

#[inline(always)]
fn sent(handshake: &mut Handshake, sender: Side, segment: &Segment<'_>) {
    if handshake.large_segments.is_pending(sender) {
        if handshake.large_seqs[sender as usize] == segment.seq() {
            stuck(handshake, sender, segment).add_copy(segment);
        }
    } else if segment.payload > LARGE {
        watch(handshake, sender, segment.seq());
    }
}

/// Begins to watch the segment with that sequence number, unless another was watched, or the
/// connection is not read any more. Returns whether it is watched.
#[inline(always)]
fn watch(handshake: &mut Handshake, sender: Side, seq: SeqNumber) -> bool {
    let begins = handshake.large_segments.is_unsent(sender)
        && handshake.is_acknowledged()
        && !(handshake.server_is_heard() || handshake.is_closed());
    if begins {
        handshake.large_segments.set(sender, LargeSegments::SENT);
        handshake.large_seqs[sender as usize] = seq;
    }
    begins
}

/// Compares an acknowledgment with the large segment of `sender`. Most segments stop at the first
/// condition, which reads the first cache line of the handshake alone.
#[inline(always)]
fn acknowledged(handshake: &mut Handshake, sender: Side, segment: &Segment<'_>) {
    if handshake.large_segments.is_pending(sender) {
        compare_with_pending(handshake, sender, segment);
    } else if may_have_sack(segment.option_bytes) {
        add_gap(handshake, sender, segment);
    }
}

/// Returns whether options may contain a selective acknowledgment. Timestamps come before it (RFC
/// 7323 appendix A).
#[inline(always)]
fn may_have_sack(options: &[u8]) -> bool {
    options.len() >= SACK_BYTES && (options.len() > TIMESTAMPS_BYTES || options.get(2) == Some(&SACK))
}

/// Compares an acknowledgment with the segment that is watched.
#[inline(never)]
fn compare_with_pending(handshake: &mut Handshake, sender: Side, segment: &Segment<'_>) {
    let past = segment.ack().ahead_of(handshake.large_seqs[sender as usize]);
    if (1..AHEAD).contains(&past) {
        handshake.large_segments.set(sender, LargeSegments::PASSED);
        if let Some(rare) = handshake.known_rare_mut() {
            rare.stuck[sender as usize] = None;
        }
        return;
    }
    if past == 0
        && let Some(rare) = handshake.known_rare_mut()
        && let Some(stuck) = &mut rare.stuck[sender as usize]
    {
        stuck.asked_again = Some((segment.frame, segment.time));
    }
    add_gap(handshake, sender, segment);
}

/// Records a gap before octets that the receiver has, if it reports some.
fn add_gap(handshake: &mut Handshake, sender: Side, segment: &Segment<'_>) {
    let Some(start) = selective_acknowledgment(segment.option_bytes) else { return };
    let ack = segment.ack();
    let missing = start.ahead_of(ack);
    // A block before the acknowledged octets reports duplicates (RFC 2883).
    if missing > 0 && (handshake.large_segments.is_pending(sender) || watch(handshake, sender, ack)) {
        stuck(handshake, sender, segment).sack.get_or_insert((segment.frame, missing.cast_unsigned()));
    }
}

/// Returns the segment that does not arrive, to add a sign of it.
#[cold]
fn stuck<'a>(handshake: &'a mut Handshake, sender: Side, sign: &Segment<'_>) -> &'a mut StuckSegment {
    handshake.rare_mut().stuck[sender as usize].get_or_insert_with(|| StuckSegment::since(sign.time))
}
