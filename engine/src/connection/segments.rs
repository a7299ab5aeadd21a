//! Facts that the segments after SYN and SYN-ACK add to a handshake.

use super::DUPLICATE_SECONDS;
use crate::Role;
use crate::connection::handshake::{Handshake, SIZED_SEGMENTS, SegmentFacts, Side};
use crate::connection::{elsewhere, large_segments};
use crate::packet::segment::{Flags, Segment};

/// Number of server segments after the SYN-ACK with [`Role::Server`]: they show its clock and
/// window, and its TTL twice.
const INFORMATIVE_SEGMENTS: usize = 3;

/// Adds a reset. Returns `None` if an earlier reset is already known, or if both sides had closed
/// the connection: whatever comes then resets nothing.
pub(super) fn reset(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if handshake.is_closed() {
        return None;
    }
    let side = if segment.source() == handshake.client { Side::Client } else { Side::Server };
    if side == Side::Server {
        handshake.server_resets = handshake.server_resets.saturating_add(1);
        let owner = segment.flags().has(Flags::ACK) && (segment.window() > 0 || segment.options_promised() > 0);
        handshake.server_aborted |= owner;
    }
    if handshake.reset.is_some() && handshake.early_reset().is_none() {
        return None;
    }
    if side == Side::Client {
        refuse_wrong_acknowledgment(handshake, segment);
    }
    handshake.reset = Some(Box::new((side, SegmentFacts::of(segment))));
    let decides = handshake.deciding_reset().is_some();
    Some(if decides { Role::Reset } else { Role::Other })
}

/// Records the client's reset with the number that a SYN-ACK wrongly acknowledged.
fn refuse_wrong_acknowledgment(handshake: &mut Handshake, segment: &Segment<'_>) {
    let number = handshake.syn_ack.map(|syn_ack| syn_ack.ack);
    if let Some(wrong) = handshake.wrong_acknowledgment_mut()
        && number == Some(segment.seq())
    {
        wrong.refusal.get_or_insert_with(|| SegmentFacts::of(segment));
    }
}

/// Adds a segment of the client without SYN and RST. Returns `None` if it shows nothing new.
#[inline(always)]
pub(super) fn from_client(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.client_fin |= segment.flags().has(Flags::FIN);
    let mut role = None;
    if segment.flags().has(Flags::ACK) && !handshake.is_acknowledged() {
        role = first_acknowledgment(handshake, segment);
    } else if segment.payload == 0 && handshake.server_segment_count == 0 {
        role = later_acknowledgment(handshake, segment);
    }
    large_segments::take(handshake, Side::Client, segment);
    if segment.payload > 0 {
        match handshake.client_data_seq() {
            None => {
                handshake.begin_client_data(SegmentFacts::of(segment));
                role = role.or(Some(Role::Other));
            }
            Some(first) if first == segment.seq() && handshake.server_data.is_none() => {
                let first = handshake.client_data.map_or(segment.time, |first| first.time);
                let again = segment.time.seconds_since(first) >= DUPLICATE_SECONDS;
                handshake.client_data_retransmissions += u32::from(again);
                role = role.or(again.then_some(Role::Other));
            }
            Some(_) => {}
        }
    }
    role
}

/// Adds a segment of a client that has not acknowledged the SYN-ACK yet.
#[inline(always)]
fn first_acknowledgment(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    let Some(server_isn) = handshake.acceptable_syn_ack().map(|syn_ack| syn_ack.isn) else {
        elsewhere::accept(handshake, segment);
        return None;
    };
    // The client may have received more than the capture shows: any acknowledgment at or past the
    // first octet.
    let past = segment.ack().ahead_of(server_isn.plus(1));
    if (0..1 << 30).contains(&past) && (past == 0 || handshake.server_data.is_some() || handshake.server_fin) {
        handshake.acknowledge(SegmentFacts::of(segment));
        return Some(Role::Ack);
    }
    handshake.wrong_ack.is_none().then(|| {
        handshake.wrong_ack = Some(Box::new(SegmentFacts::of(segment)));
        Role::Other
    })
}

/// Records that the client repeats its ACK before the server's next packet. Returns `None` if it
/// shows nothing new.
#[cold]
fn later_acknowledgment(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    let is_again = handshake.ack.is_some_and(|first| segment.time.seconds_since(first.time).abs() >= DUPLICATE_SECONDS);
    let is_new = is_again && handshake.reset.is_none() && !handshake.repeats_ack();
    (is_new && !segment.flags().has(Flags::FIN)).then(|| {
        handshake.rare_mut().repeats_ack = true;
        Role::Other
    })
}

/// Adds a segment of the server without SYN and RST. Returns `None` if it shows nothing new.
#[inline(always)]
pub(super) fn from_server(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.server_fin |= segment.flags().has(Flags::FIN);
    if handshake.server_segment_count < SIZED_SEGMENTS {
        handshake.server_segment_count += 1;
        // Without a branch: the processor cannot predict sizes.
        let largest = handshake.largest_payload;
        let others = if segment.payload > largest { 0 } else { handshake.largest_count };
        handshake.largest_count = others + u32::from(segment.payload >= largest);
        handshake.largest_payload = segment.payload.max(largest);
    }
    if segment.payload > 0 {
        handshake.server_data.get_or_insert(segment.frame);
    }
    handshake.server_acknowledges(segment.ack());
    large_segments::take(handshake, Side::Server, segment);
    if handshake.server_segments.is_full() {
        return None;
    }
    let seen = SegmentFacts::of(segment);
    if seen.seq == handshake.last_server_seq
        && handshake.server_segments.last().is_some_and(|last| is_duplicate(last, &seen))
    {
        return None;
    }
    handshake.last_server_seq = seen.seq;
    handshake.server_segments.push(seen);
    Some(if handshake.server_segments.len() <= INFORMATIVE_SEGMENTS { Role::Server } else { Role::Other })
}

/// Returns whether two segments are one segment captured twice.
fn is_duplicate(a: &SegmentFacts, b: &SegmentFacts) -> bool {
    let same = (a.seq, a.ack, a.flags, a.window, a.payload, a.timestamp(), a.ip.identification())
        == (b.seq, b.ack, b.flags, b.window, b.payload, b.timestamp(), b.ip.identification());
    same && b.time.seconds_since(a.time).abs() < DUPLICATE_SECONDS
}
