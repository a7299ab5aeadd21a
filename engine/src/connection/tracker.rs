//! From segments to handshakes: what belongs together, what is a repetition, what is a new connection.

use std::collections::VecDeque;

use crate::connection::cookie_mss::is_mss_bound_observable;
use crate::connection::handshake::{
    Handshake, Previous, Retransmission, SIZED_SEGMENTS, SegmentFacts, Side, SynHeader,
};
use crate::intake::active_connections::Watched;
use crate::intake::flow::Flow;
use crate::intake::flow_table::FlowTable;
use crate::intake::keyed_hash::KeyedHash;
use crate::intake::sighting::{Counts, Kind, Lookout, Sighting};
use crate::packet::segment::{Flags, Segment};
use crate::{Endpoint, HandshakeId, Limits, Pushed, Role, Timestamp};

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

/// What comes later than this after the second FIN, in seconds, is a repetition: an acknowledgment takes a round trip.
const LAST_WORDS_SECONDS: f64 = 1.0;

/// Handshakes after which room is made for all there may be.
const MANY: usize = 1024;

/// What a look at a group of sightings shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance {
    /// Which may tell something, a bit each; of the others it is certain that they do not, unless one of the group opens their
    /// connection.
    pub selected: u32,
    pub counts: Counts,
    /// The time of the latest.
    pub latest: Timestamp,
}

/// Handshakes by id, and the latest one of every four-tuple.
///
/// Most segments are data of connections whose handshake was seen long ago, or never. They are asked about once, in the
/// table of those that are watched, which is small; [`Handshake::is_over`] ends the watch.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    first: u64,
    handshakes: VecDeque<Handshake>,
    /// How many of them there will be.
    room: usize,
    keyed: KeyedHash,
    flows: FlowTable,
    /// Those of `flows` of which segments without SYN, RST or FIN are still looked at.
    watched: Watched,
    /// Those of `watched` that both sides closed, and when.
    closed: VecDeque<(Timestamp, u64, u32)>,
    /// The hash of the connection that was opened last.
    opened: u64,
}

impl Tracker {
    /// One that will keep so many handshakes.
    pub(crate) fn new(handshakes: usize) -> Self {
        Self { room: handshakes.min(Limits::HANDSHAKES), ..Self::default() }
    }

    /// One that has seen nothing, in the room of this one: to give much memory back, and to get it anew, takes the system long.
    pub(crate) fn reset(&mut self) -> Self {
        let mut handshakes = std::mem::take(&mut self.handshakes);
        handshakes.clear();
        Self { handshakes, ..Self::new(self.room) }
    }

    /// Makes room for one more; for all there will be once there are many. Room that is not used yet costs next to nothing,
    /// and what is there need not be moved as more comes. Where it cannot be had, it will be asked for bit by bit.
    fn make_room(&mut self) {
        let (count, room) = (self.handshakes.len(), self.handshakes.capacity());
        if count == room && count >= MANY {
            let _ = self.handshakes.try_reserve_exact(self.room.saturating_sub(count));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.handshakes.len()
    }

    pub(crate) fn get(&self, id: HandshakeId) -> Option<&Handshake> {
        self.handshakes.get(usize::try_from(id.0.checked_sub(self.first)?).ok()?)
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
        let count = count.min(self.handshakes.len());
        let first = self.first as u32;
        let is_kept = |number: u32| number.wrapping_sub(first) as usize >= count;
        self.flows.retain(is_kept);
        self.watched.retain(is_kept);
        self.handshakes.drain(..count);
        self.first += count as u64;
    }

    /// What looks at packets before they come here.
    pub(crate) const fn lookout(&self) -> Lookout {
        Lookout(self.keyed)
    }

    /// A look at a group: see [`Glance`]. Without a branch, since nobody can predict which of them matter.
    #[inline]
    pub(crate) fn glance(&self, group: &[Sighting]) -> Glance {
        let mut glance = Glance { selected: 0, counts: Counts::default(), latest: Timestamp::from_nanos(i64::MIN) };
        for (index, sighting) in group.iter().enumerate() {
            let is_wanted = self.watched.may_want(sighting.flow(), sighting.kind == Kind::Bare);
            let may_tell = sighting.kind.is_plain() & is_wanted;
            glance.selected |= u32::from(may_tell | sighting.kind.is_for_sure()) << index;
            glance.counts.add(sighting.kind);
            glance.latest = glance.latest.max(sighting.time);
        }
        glance
    }

    /// Reads a little of the handshakes of those selected, so that they are at hand then: they lie anywhere in memory, and looking
    /// there for all of them at once, one need not wait for each in turn.
    #[inline]
    pub(crate) fn fetch(&self, group: &[Sighting], mut selected: u32) {
        let mut seen = 0;
        while selected != 0 {
            let slot = self.watched.first(group[selected.trailing_zeros() as usize].flow().hash);
            selected &= selected - 1;
            seen ^= self.handshakes.get(self.place(slot.number)).map_or(0, |handshake| handshake.server_segment_count);
        }
        std::hint::black_box(seen);
    }

    /// Which of these are of the connection that was opened last, a bit each.
    #[inline]
    pub(crate) fn select_opened(&self, sightings: &[Sighting]) -> u32 {
        let bits = sightings.iter().enumerate().map(|(index, one)| u32::from(one.flow().hash == self.opened) << index);
        bits.fold(0, |selected, bit| selected | bit)
    }

    /// What a segment's connection is found under.
    pub(crate) fn flow(&self, segment: &Segment<'_>) -> Flow {
        Flow::between(self.keyed, segment.source(), segment.destination())
    }

    /// Takes a segment; says which handshake it belongs to and what it is to it.
    #[inline]
    pub(crate) fn push(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        if segment.flags().is_plain() { self.watch(flow, segment) } else { self.turning_point(flow, segment) }
    }

    /// The same for a segment without SYN, RST and FIN.
    #[inline(always)]
    pub(crate) fn watch(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        let slot = self.watched.wants(flow, segment.payload == 0)?;
        let place = self.place(slot.number);
        let handshake = self.handshakes.get_mut(place)?;
        if handshake.is_over(segment.time) {
            self.watched.remove(flow.hash, slot.number);
            return None;
        }
        let (role, laden, bare) = if flow.from_low == handshake.client_is_low {
            (from_client(handshake, segment), handshake.client_is_done(), handshake.is_acknowledged())
        } else {
            let role = from_server(handshake, segment);
            (role, handshake.server_is_done(), handshake.server_is_heard())
        };
        self.watched.mark(slot, flow, laden, bare);
        Some(Pushed { handshake: HandshakeId(self.first + place as u64), role: role? })
    }

    #[inline(never)]
    fn turning_point(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        // Those that are watched are the fewer, and the likelier.
        let slot = self.watched.find(flow.hash).or_else(|| self.flows.find(flow.hash));
        let current = slot.map(|slot| slot.number);
        if segment.flags().is_syn() {
            self.syn(flow, current, segment)
        } else if segment.flags().is_syn_ack() {
            self.syn_ack(flow, current, segment)
        } else {
            let handshake = self.current(current)?;
            let was_closed = handshake.is_closed();
            let role = if segment.flags().has(Flags::RST) {
                reset(handshake, segment)
            } else if flow.from_low == handshake.client_is_low {
                from_client(handshake, segment)
            } else {
                from_server(handshake, segment)
            };
            let (id, is_closed) = (handshake.id, handshake.is_closed());
            if is_closed && !was_closed {
                self.closed(flow.hash, id, segment.time);
            }
            Some(Pushed { handshake: id, role: role? })
        }
    }

    /// Ends the watch over those that were closed a while ago.
    fn closed(&mut self, hash: u64, id: HandshakeId, time: Timestamp) {
        self.closed.push_back((time, hash, id.0 as u32));
        while let Some(&(closed, hash, number)) = self.closed.front()
            && (time.seconds_since(closed) > LAST_WORDS_SECONDS || self.closed.len() > self.handshakes.len())
        {
            self.watched.remove(hash, number);
            self.closed.pop_front();
        }
    }

    /// Where a handshake stands whose id has this low half: far fewer are kept than it can number.
    #[inline]
    fn place(&self, number: u32) -> usize {
        number.wrapping_sub(self.first as u32) as usize
    }

    fn current(&mut self, number: Option<u32>) -> Option<&mut Handshake> {
        let place = self.place(number?);
        self.handshakes.get_mut(place)
    }

    fn open(&mut self, hash: u64, current: Option<u32>, ends: [Endpoint; 2], time: Timestamp) -> &mut Handshake {
        let (id, [client, server]) = (self.end(), ends);
        let mut before = None;
        if let Some(old) = current {
            before = self.current(current).and_then(|old| previous(old, client));
            self.flows.remove(hash, old);
            self.watched.remove(hash, old);
        }
        self.flows.insert(hash, id.0 as u32);
        self.watched.insert(hash, id.0 as u32);
        self.opened = hash;
        self.make_room();
        self.handshakes.push_back(Handshake::new(id, client, server, time));
        let last = self.handshakes.len() - 1;
        let handshake = &mut self.handshakes[last];
        handshake.previous = before.map(Box::new);
        handshake
    }

    #[inline]
    fn syn(&mut self, flow: Flow, current: Option<u32>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = self.current(current)
            && let Some(role) = known_syn(handshake, segment)
        {
            return Some(Pushed { handshake: handshake.id, role });
        }
        let handshake = self.open(flow.hash, current, [segment.source(), segment.destination()], segment.time);
        handshake.client_is_low = flow.from_low;
        handshake.syn = Some(SynHeader::of(segment));
        handshake.last_syn = Some(segment.time);
        Some(Pushed { handshake: handshake.id, role: Role::Syn })
    }

    fn syn_ack(&mut self, flow: Flow, current: Option<u32>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = self.current(current)
            && let Some(role) = known_syn_ack(handshake, segment)
        {
            return Some(Pushed { handshake: handshake.id, role });
        }
        let (client, server) = (segment.destination(), segment.source());
        let handshake = self.open(flow.hash, current, [client, server], segment.time);
        // Where both ends are the same, everything comes from the client.
        handshake.client_is_low = !flow.from_low || client == server;
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
    if segment.source() == handshake.server {
        let crosses = handshake.syn_ack.is_none() && segment.time.seconds_since(handshake.time) < CROSSING_SECONDS;
        handshake.simultaneous |= crosses;
        return crosses.then_some(Role::Other);
    }
    let Some(syn) = handshake.syn else {
        let syn_ack = handshake.syn_ack?;
        let belongs = syn_ack.ack == segment.seq().plus(1)
            && handshake.ack.is_none()
            && segment.time.seconds_since(syn_ack.time) < LATE_SYN_SECONDS;
        if !belongs {
            return None;
        }
        handshake.syn = Some(SynHeader::of(segment));
        handshake.mss_bound_observable = is_mss_bound_observable(handshake);
        return Some(Role::Syn);
    };
    if syn.isn != segment.seq() {
        // A firewall that rewrites sequence numbers, captured on both of its sides, shows one SYN twice.
        let rewritten = segment.time.seconds_since(syn.time) < DUPLICATE_SECONDS
            && segment.ip_facts().identification == syn.ip.identification
            && segment.ip_facts().identification.is_some_and(|id| id != 0)
            && handshake.syn_ack.is_none();
        return rewritten.then_some(Role::Other);
    }
    let last = handshake.last_syn.unwrap_or(syn.time);
    if segment.time.seconds_since(last) >= DUPLICATE_SECONDS {
        handshake.syn_retransmissions += 1;
        handshake.unanswered_retransmission = handshake.syn_ack.is_some();
        if handshake.syn_ack.is_none() {
            handshake.last_syn = Some(segment.time);
        }
    }
    Some(Role::Other)
}

/// A SYN-ACK of a handshake that is already known; `None` when it shows a connection whose SYN was not captured.
fn known_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    if segment.source() != handshake.server {
        // Both sides of a simultaneous open send a SYN-ACK.
        return handshake.simultaneous.then_some(Role::Other);
    }
    let answers = handshake.client_isn().is_none_or(|isn| segment.ack() == isn.plus(1));
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
    handshake.syn_ack = Some(SynHeader::of(segment));
    handshake.last_syn_ack = Some(segment.time);
    handshake.mss_bound_observable = is_mss_bound_observable(handshake);
}

fn repeat_syn_ack(handshake: &mut Handshake, segment: &Segment<'_>, first: &SynHeader, gap: f64) {
    let repeat = Retransmission { frame: segment.frame, gap, time: segment.time };
    if segment.seq() != first.isn {
        handshake.isn_changed.get_or_insert(segment.frame);
    } else if handshake.unanswered_retransmission {
        handshake.prompted_retransmission.get_or_insert_with(|| Box::new(repeat));
    } else {
        handshake.rto_retransmission.get_or_insert_with(|| Box::new(repeat));
    }
    handshake.unanswered_retransmission = false;
    handshake.last_syn_ack = Some(segment.time);
}

/// None of these opens a connection or answers an opening. `None` when nothing more is needed of it.
fn reset(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    let side = if segment.source() == handshake.client { Side::Client } else { Side::Server };
    handshake.server_resets = handshake.server_resets.saturating_add(u8::from(side == Side::Server));
    if handshake.reset.is_some() {
        return None;
    }
    handshake.reset = Some(Box::new((side, SegmentFacts::of(segment))));
    let decides = handshake.deciding_reset().is_some();
    Some(if decides { Role::Reset } else { Role::Other })
}

#[inline(always)]
fn from_client(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.client_fin |= segment.flags().has(Flags::FIN);
    let mut role = None;
    if segment.flags().has(Flags::ACK)
        && !handshake.is_acknowledged()
        && let Some(syn_ack) = handshake.syn_ack
    {
        // The client may have received more than the capture shows: any acknowledgment at or past the first octet.
        let past = segment.ack().ahead_of(syn_ack.isn.plus(1));
        if (0..1 << 30).contains(&past) && (past == 0 || handshake.server_data.is_some() || handshake.server_fin) {
            handshake.acknowledge(SegmentFacts::of(segment));
            role = Some(Role::Ack);
        } else if handshake.wrong_ack.is_none() {
            handshake.wrong_ack = Some(Box::new(SegmentFacts::of(segment)));
            role = Some(Role::Other);
        }
    }
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

#[inline(always)]
fn from_server(handshake: &mut Handshake, segment: &Segment<'_>) -> Option<Role> {
    handshake.server_fin |= segment.flags().has(Flags::FIN);
    if handshake.server_segment_count < SIZED_SEGMENTS {
        handshake.server_segment_count += 1;
        // Without a branch: sizes vary as nobody can predict.
        let largest = handshake.largest_payload;
        let others = if segment.payload > largest { 0 } else { handshake.largest_count };
        handshake.largest_count = others + u32::from(segment.payload >= largest);
        handshake.largest_payload = segment.payload.max(largest);
    }
    if segment.payload > 0 {
        handshake.server_data.get_or_insert(segment.frame);
    }
    handshake.server_acknowledges(segment.ack());
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
    Some(if handshake.server_segments.len() <= TELLING_SEGMENTS { Role::Server } else { Role::Other })
}

/// The same segment captured twice.
fn is_duplicate(a: &SegmentFacts, b: &SegmentFacts) -> bool {
    let same = (a.seq, a.ack, a.flags, a.window, a.payload, a.timestamp, a.ip.identification)
        == (b.seq, b.ack, b.flags, b.window, b.payload, b.timestamp, b.ip.identification);
    same && b.time.seconds_since(a.time).abs() < DUPLICATE_SECONDS
}
