//! From segments to handshakes: what belongs together, what is a repetition, what is a new connection.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use crate::flow::FlowKey;
use crate::handshake::{Handshake, Later, Opening, Previous, Repeat, SERVER_SEGMENTS, Side};
use crate::segment::{Flags, Segment};
use crate::{Endpoint, HandshakeId, Pushed, Role};

/// The same segment again within this time, in seconds, is the capture's doing (two interfaces, a mirror port), not
/// TCP's: no stack retransmits that soon (RFC 6298 section 2.4: at least a second; Linux `TCP_RTO_MIN`: 200 ms).
const DUPLICATE_SECONDS: f64 = 0.05;

/// Segments of the server after its SYN-ACK that tell most: its clock, its window, its hop limit twice.
const TELLING_SEGMENTS: usize = 3;

/// A crossing SYN belongs to a simultaneous open when it follows within this time, in seconds.
const CROSSING_SECONDS: f64 = 3.0;

/// A SYN that was captured after the SYN-ACK it caused, at most this much later, in seconds: captures merged from
/// two interfaces are out of order by less.
const LATE_SYN_SECONDS: f64 = 0.5;

/// Handshakes by id, and the latest one of every four-tuple.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    first: u64,
    handshakes: VecDeque<Handshake>,
    flows: HashMap<FlowKey, HandshakeId>,
}

impl Tracker {
    pub(crate) fn len(&self) -> usize {
        self.handshakes.len()
    }

    pub(crate) fn get(&self, id: HandshakeId) -> Option<&Handshake> {
        self.handshakes.get(usize::try_from(id.0.checked_sub(self.first)?).ok()?)
    }

    fn get_mut(&mut self, id: HandshakeId) -> Option<&mut Handshake> {
        self.handshakes.get_mut(usize::try_from(id.0.checked_sub(self.first)?).ok()?)
    }

    /// The oldest id still kept.
    pub(crate) const fn start(&self) -> HandshakeId {
        HandshakeId(self.first)
    }

    /// The id the next handshake will get.
    pub(crate) fn end(&self) -> HandshakeId {
        HandshakeId(self.first + self.handshakes.len() as u64)
    }

    /// Forgets the `count` oldest handshakes.
    pub(crate) fn forget_oldest(&mut self, count: usize) {
        for handshake in self.handshakes.drain(..count.min(self.handshakes.len())) {
            let key = FlowKey::new(handshake.client, handshake.server);
            if self.flows.get(&key) == Some(&handshake.id) {
                self.flows.remove(&key);
            }
            self.first += 1;
        }
    }

    /// Takes a segment; says which handshake it belongs to and what it is to it.
    pub(crate) fn push(&mut self, segment: &Segment<'_>) -> Option<Pushed> {
        let key = FlowKey::new(segment.source, segment.destination);
        let current = self.flows.get(&key).copied();
        if segment.flags.is_syn() {
            self.syn(key, current, segment)
        } else if segment.flags.is_syn_ack() {
            self.syn_ack(key, current, segment)
        } else {
            let id = current?;
            let role = later(self.get_mut(id)?, segment)?;
            Some(Pushed { handshake: id, role })
        }
    }

    fn open(&mut self, key: FlowKey, client: Endpoint, server: Endpoint, segment: &Segment<'_>) -> &mut Handshake {
        let id = HandshakeId(self.first + self.handshakes.len() as u64);
        let previous = self.flows.get(&key).and_then(|&old| previous(self.get(old)?, client));
        self.flows.insert(key, id);
        let mut handshake = Handshake::new(id, client, server, segment.time);
        handshake.previous = previous;
        self.handshakes.push_back(handshake);
        let last = self.handshakes.len() - 1;
        &mut self.handshakes[last]
    }

    fn syn(&mut self, key: FlowKey, current: Option<HandshakeId>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = current.and_then(|id| self.get_mut(id))
            && let Some(role) = known_syn(handshake, segment)
        {
            return Some(Pushed { handshake: handshake.id, role });
        }
        let handshake = self.open(key, segment.source, segment.destination, segment);
        handshake.syn = Some(Opening::of(segment));
        handshake.last_syn = Some(segment.time);
        Some(Pushed { handshake: handshake.id, role: Role::Syn })
    }

    fn syn_ack(&mut self, key: FlowKey, current: Option<HandshakeId>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = current.and_then(|id| self.get_mut(id))
            && let Some(role) = known_syn_ack(handshake, segment)
        {
            return Some(Pushed { handshake: handshake.id, role });
        }
        let handshake = self.open(key, segment.destination, segment.source, segment);
        take_syn_ack(handshake, segment);
        Some(Pushed { handshake: handshake.id, role: Role::SynAck })
    }
}

fn previous(old: &Handshake, client: Endpoint) -> Option<Previous> {
    let syn_ack = old.syn_ack.filter(|_| old.client == client)?;
    Some(Previous {
        client_isn: old.client_isn()?,
        server_isn: syn_ack.isn,
        time: syn_ack.time,
        syn_ack: syn_ack.frame,
    })
}

/// A SYN of a handshake that is already known; `None` when it opens a new connection.
fn known_syn(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.source == handshake.server {
        let crosses = handshake.syn_ack.is_none() && segment.time.seconds_since(handshake.time) < CROSSING_SECONDS;
        handshake.simultaneous |= crosses;
        return crosses.then_some(Role::Other);
    }
    let Some(syn) = handshake.syn else {
        let syn_ack = handshake.syn_ack?;
        let belongs = syn_ack.ack == segment.seq.plus(1)
            && handshake.ack.is_none()
            && segment.time.seconds_since(syn_ack.time) < LATE_SYN_SECONDS;
        if !belongs {
            return None;
        }
        handshake.syn = Some(Opening::of(segment));
        return Some(Role::Syn);
    };
    if syn.isn != segment.seq {
        // A firewall that rewrites sequence numbers, captured on both of its sides, shows one SYN twice.
        let rewritten = segment.time.seconds_since(syn.time) < DUPLICATE_SECONDS
            && segment.ip.identification == syn.ip.identification
            && segment.ip.identification.is_some_and(|id| id != 0)
            && handshake.syn_ack.is_none();
        return rewritten.then_some(Role::Other);
    }
    let last = handshake.last_syn.unwrap_or(syn.time);
    if segment.time.seconds_since(last) >= DUPLICATE_SECONDS {
        handshake.syn_repeats += 1;
        handshake.syn_waiting = handshake.syn_ack.is_some();
        if handshake.syn_ack.is_none() {
            handshake.last_syn = Some(segment.time);
        }
    }
    Some(Role::Other)
}

/// A SYN-ACK of a handshake that is already known; `None` when it shows a connection whose SYN was not captured.
fn known_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.source != handshake.server {
        // Both sides of a simultaneous open send a SYN-ACK.
        return handshake.simultaneous.then_some(Role::Other);
    }
    let answers = handshake.client_isn().is_none_or(|isn| segment.ack == isn.plus(1));
    let Some(first) = handshake.syn_ack else {
        if !answers {
            return None;
        }
        take_syn_ack(handshake, segment);
        return Some(Role::SynAck);
    };
    if !answers {
        return None;
    }
    let gap = segment.time.seconds_since(handshake.last_syn_ack.unwrap_or(first.time));
    if gap >= DUPLICATE_SECONDS {
        repeat_syn_ack(handshake, segment, &first, gap);
    }
    Some(Role::Other)
}

fn take_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) {
    handshake.syn_ack = Some(Opening::of(segment));
    handshake.last_syn_ack = Some(segment.time);
}

fn repeat_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>, first: &Opening, gap: f64) {
    let repeat = Repeat { frame: segment.frame, gap, time: segment.time };
    if segment.seq != first.isn {
        handshake.isn_changed.get_or_insert(segment.frame);
    } else if handshake.syn_waiting {
        handshake.asked_repeat.get_or_insert(repeat);
    } else {
        handshake.timer_repeat.get_or_insert(repeat);
    }
    handshake.syn_waiting = false;
    handshake.last_syn_ack = Some(segment.time);
}

/// Any segment that neither opens a connection nor answers an opening. `None` when nothing more is needed of it.
fn later(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.flags.has(Flags::RST) {
        return reset(handshake, segment);
    }
    if segment.source == handshake.client { from_client(handshake, segment) } else { from_server(handshake, segment) }
}

fn reset(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    let side = if segment.source == handshake.client { Side::Client } else { Side::Server };
    handshake.server_resets = handshake.server_resets.saturating_add(u8::from(side == Side::Server));
    if handshake.reset.is_some() {
        return None;
    }
    handshake.reset = Some((side, Later::of(segment)));
    let decides = handshake.deciding_reset().is_some();
    Some(if decides { Role::Reset } else { Role::Other })
}

fn from_client(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.client_fin |= segment.flags.has(Flags::FIN);
    let mut role = None;
    if segment.flags.has(Flags::ACK)
        && handshake.ack.is_none()
        && let Some(syn_ack) = handshake.syn_ack
    {
        // The client may have received more than the capture shows: any acknowledgment at or past the first octet.
        let past = segment.ack.ahead_of(syn_ack.isn.plus(1));
        if (0..1 << 30).contains(&past) && (past == 0 || handshake.server_data.is_some() || handshake.server_fin) {
            handshake.ack = Some(Later::of(segment));
            role = Some(Role::Ack);
        } else if handshake.wrong_ack.is_none() {
            handshake.wrong_ack = Some(Later::of(segment));
            role = Some(Role::Other);
        }
    }
    if segment.payload > 0 {
        match handshake.client_data {
            None => {
                handshake.client_data = Some(Later::of(segment));
                role = role.or(Some(Role::Other));
            }
            Some(first) if first.seq == segment.seq && handshake.server_data.is_none() => {
                let again = segment.time.seconds_since(first.time) >= DUPLICATE_SECONDS;
                handshake.client_data_repeats += u32::from(again);
                role = role.or(again.then_some(Role::Other));
            }
            Some(_) => {}
        }
    }
    role
}

fn from_server(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.server_fin |= segment.flags.has(Flags::FIN);
    match segment.payload.cmp(&handshake.largest_payload) {
        Ordering::Greater => (handshake.largest_payload, handshake.largest_count) = (segment.payload, 1),
        Ordering::Equal => handshake.largest_count = handshake.largest_count.saturating_add(1),
        Ordering::Less => {}
    }
    if segment.payload > 0 {
        handshake.server_data.get_or_insert(segment.frame);
    }
    if handshake.later.len() >= SERVER_SEGMENTS {
        return None;
    }
    let seen = Later::of(segment);
    if handshake.later.last().is_some_and(|last| is_duplicate(last, &seen)) {
        return None;
    }
    handshake.later.push(seen);
    Some(if handshake.later.len() <= TELLING_SEGMENTS { Role::Server } else { Role::Other })
}

/// The same segment captured twice.
fn is_duplicate(a: &Later, b: &Later) -> bool {
    let same = (a.seq, a.ack, a.flags, a.window, a.payload, a.timestamp, a.ip.identification)
        == (b.seq, b.ack, b.flags, b.window, b.payload, b.timestamp, b.ip.identification);
    same && b.time.seconds_since(a.time).abs() < DUPLICATE_SECONDS
}
