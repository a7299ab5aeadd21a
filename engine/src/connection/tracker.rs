//! Assigns segments to handshakes and opens new handshakes.

use std::collections::VecDeque;

use crate::connection::forgotten::Forgotten;
use crate::connection::handshake::{Handshake, Previous, SynHeader, TIME_WAIT};
use crate::connection::handshakes::Handshakes;
use crate::connection::pending_syns::PendingSyns;
use crate::connection::previous::Displaced;
use crate::connection::{elsewhere, errors, previous, segments, syn};
use crate::intake::connection_index::ConnectionIndex;
use crate::intake::flow::{Flow, same_ends};
use crate::intake::keyed_hash::KeyedHash;
use crate::packet::checksum::Checksum;
use crate::packet::icmp::IcmpError;
use crate::packet::segment::{Flags, Segment};
use crate::{Endpoint, HandshakeId, Link, Pushed, Role, Timestamp};

/// Number of closed connections that are deactivated at a time.
const EXPIRED: usize = 32;

/// Number of forgotten connections that are known for each handshake that is kept, and the largest
/// number. A SYN-ACK is retransmitted for half a minute; a connection takes ten bytes.
const FORGOTTEN_FACTOR: usize = 4;
const FORGOTTEN: usize = 1 << 16;

/// Handshakes by id, and the latest handshake of every four-tuple.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    handshakes: Handshakes,
    keyed: KeyedHash,
    connections: ConnectionIndex,
    pending: PendingSyns,
    /// Active connections that both sides closed: time, hash, and low half of the handshake's id.
    closed: VecDeque<(Timestamp, u64, u32)>,
    /// Hash of the connection opened last.
    opened: u64,
    forgotten: Forgotten,
    displaced: Displaced,
}

impl Tracker {
    /// Creates a tracker that keeps `handshakes` handshakes, and in a flood a few more.
    pub(crate) fn new(handshakes: usize) -> Self {
        Self { handshakes: Handshakes::new(handshakes), ..Self::default() }
    }

    /// Creates an empty tracker that reuses the memory of this tracker.
    pub(crate) fn reset(&mut self) -> Self {
        Self { handshakes: self.handshakes.reset(), ..Self::default() }
    }

    /// Frees the memory that only further packets would need, so that judging can use it.
    pub(crate) fn end_of_packets(&mut self) {
        (self.connections, self.closed) = Default::default();
    }

    /// Returns the handshakes.
    pub(crate) const fn handshakes(&self) -> &Handshakes {
        &self.handshakes
    }

    /// Returns the handshakes, to index them, or to change how many are kept.
    pub(crate) const fn handshakes_mut(&mut self) -> &mut Handshakes {
        &mut self.handshakes
    }

    /// Forgets the `count` oldest handshakes.
    pub(crate) fn forget_oldest(&mut self, count: usize) {
        let Handshakes { first, ref kept, room, .. } = self.handshakes;
        let most = room.saturating_mul(FORGOTTEN_FACTOR).min(FORGOTTEN);
        let forgotten = &mut self.forgotten;
        // Read in order, because the connections are in no order.
        let never_completed: Vec<bool> = kept.iter().take(count).map(Handshake::never_completed).collect();
        self.connections.retain(|hash, number| {
            let place = place(number, first);
            if never_completed.get(place).is_some_and(|&never| never) {
                forgotten.add(hash, most);
            }
            place >= count
        });
        self.pending.retain(|number| place(number, first) >= count);
        self.displaced.retain(|number| place(number, first) >= count);
        self.handshakes.forget_oldest(count);
    }

    /// Adds the link layer of the SYN that opened the newest handshake, if a SYN did.
    pub(crate) fn add_link(&mut self, link: impl FnOnce() -> Option<Link>) {
        let Handshakes { kept, links, .. } = &mut self.handshakes;
        if let Some(newest) = kept.back_mut().filter(|newest| newest.syn.is_some()) {
            newest.link = link().and_then(|link| links.number(&link));
        }
    }

    /// Returns the key under which connections are hashed.
    pub(crate) const fn keyed(&self) -> KeyedHash {
        self.keyed
    }

    /// Returns the index of connections.
    pub(crate) const fn connections(&self) -> &ConnectionIndex {
        &self.connections
    }

    /// Returns the hash of the connection opened last.
    pub(crate) const fn last_opened(&self) -> u64 {
        self.opened
    }

    /// Returns the connection that a segment belongs to.
    pub(crate) fn flow(&self, segment: &Segment<'_>) -> Flow {
        Flow::between(self.keyed, segment.source(), segment.destination())
    }

    /// Reads a part of the handshakes of connections, so that they are in the processor's caches
    /// when they are needed. Both are scattered over memory: looked up together, no lookup waits for
    /// the previous one.
    #[inline]
    pub(crate) fn prefetch(&self, hashes: impl Iterator<Item = u64>) {
        let handshakes = hashes.map(|hash| {
            let number = self.connections.find(hash).unwrap_or_default();
            self.handshakes.kept.get(place(number, self.handshakes.first))
        });
        std::hint::black_box(handshakes.fold(0, |seen, one| seen ^ one.map_or(0, |one| one.server_segment_count)));
    }

    /// Takes a segment and returns its handshake and its role there.
    #[inline(always)]
    pub(crate) fn push(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        if segment.flags().is_plain() {
            self.on_data_segment(flow, segment)
        } else {
            self.on_control_segment(flow, segment)
        }
    }

    /// Takes an ICMP error and returns the handshake of the packet that it quotes.
    pub(crate) fn push_error(&mut self, error: IcmpError) -> Option<Pushed> {
        let flow = Flow::between(self.keyed, error.quoted.source, error.quoted.destination);
        let current = self.connections.find(flow.hash);
        let handshake = self.current(current)?;
        let role = errors::take(handshake, error)?;
        Some(Pushed { handshake: handshake.id, role })
    }

    /// Takes a segment without SYN, RST and FIN.
    #[inline(always)]
    fn on_data_segment(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        let connection = self.connections.relevant(flow, segment.payload == 0)?;
        let place = place(connection.number(), self.handshakes.first);
        let handshake = self.handshakes.kept.get_mut(place)?;
        if handshake.is_past_for_data(segment.time) {
            return None;
        }
        if handshake.is_over(segment.time) {
            connection.deactivate();
            return None;
        }
        let (role, data, pure_acks) = if flow.direction == handshake.client_direction {
            let role = segments::from_client(handshake, segment);
            (role, handshake.client_is_done(), handshake.client_acks_are_done())
        } else {
            let role = segments::from_server(handshake, segment);
            (role, handshake.server_is_done(), handshake.server_acks_are_done())
        };
        if handshake.is_settled() {
            connection.deactivate();
        } else {
            connection.mark_done(flow.direction, data, pure_acks);
        }
        Some(Pushed { handshake: HandshakeId(self.handshakes.first + place as u64), role: role? })
    }

    /// Takes a segment with SYN, RST or FIN.
    #[inline(never)]
    fn on_control_segment(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        let current = self.connections.find(flow.hash);
        if segment.flags().is_syn() {
            self.syn(flow, current, segment)
        } else if segment.flags().is_syn_ack() {
            self.syn_ack(flow, current, segment)
        } else {
            let handshake = self.current(current)?;
            let was_closed = handshake.is_closed();
            let role = if elsewhere::is_from_elsewhere(handshake, segment) {
                elsewhere::take(handshake, segment)
            } else if segment.flags().has(Flags::RST) {
                segments::reset(handshake, segment)
            } else if flow.direction == handshake.client_direction {
                segments::from_client(handshake, segment)
            } else {
                segments::from_server(handshake, segment)
            };
            let id = handshake.id;
            // A segment that does not pass the path is retransmitted for minutes.
            if handshake.is_closed() && !was_closed && !handshake.large_segments.are_pending() {
                handshake.close(segment.time);
                self.expire_closed(flow.hash, id, segment.time);
            }
            Some(Pushed { handshake: id, role: role? })
        }
    }

    /// Adds a connection that both sides closed. Deactivates connections closed more than
    /// [`TIME_WAIT`] ago, several at a time: they are scattered over memory.
    fn expire_closed(&mut self, hash: u64, id: HandshakeId, time: Timestamp) {
        self.closed.push_back((time, hash, id.0 as u32));
        let is_over = |&(closed, ..): &(Timestamp, _, _)| time > closed.plus(TIME_WAIT);
        while self.closed.get(EXPIRED - 1).is_some_and(is_over) || self.closed.len() > self.handshakes.kept.len() {
            let expired = self.closed.drain(..EXPIRED.min(self.closed.len()));
            expired.for_each(|(_, hash, number)| self.connections.deactivate(hash, number));
        }
    }

    fn current(&mut self, number: Option<u32>) -> Option<&mut Handshake> {
        self.handshakes.kept.get_mut(place(number?, self.handshakes.first))
    }

    fn open(&mut self, hash: u64, current: Option<u32>, ends: [Endpoint; 2], time: Timestamp) -> &mut Handshake {
        let (id, [client, server]) = (self.handshakes.end(), ends);
        let old = self.current(current);
        let (before, other_isn) = match old {
            Some(old) if (old.client, old.server) == (client, server) => (previous::of(old), old.client_isn()),
            Some(_) => (self.displace(current, [client, server]), None),
            None => (None, None),
        };
        self.connections.open(hash, id.0 as u32);
        self.opened = hash;
        let handshake = self.handshakes.push_with(|| Handshake::new(id, client, server, time));
        handshake.previous = before.map(Box::new);
        if let Some(isn) = other_isn {
            handshake.add_other_isn(isn);
        }
        handshake
    }

    /// Keeps the current handshake of a four-tuple, whose place another one takes that is not between
    /// these ends in this order. Returns the previous connection of these.
    #[cold]
    fn displace(&mut self, current: Option<u32>, [client, server]: [Endpoint; 2]) -> Option<Previous> {
        let Self { handshakes: Handshakes { kept, first, .. }, displaced, .. } = self;
        let old = kept.get(place(current?, *first))?;
        if same_ends((old.client, old.server), (client, server)) {
            displaced.add(old, current?);
        }
        previous::of(kept.get(place(displaced.find(client, server)?, *first))?)
    }

    /// Lets a handshake take a four-tuple that its answer came from. Only control segments find it
    /// there: data between these ends shows nothing.
    fn take_place(&mut self, flow: Flow, number: u32, ends: [Endpoint; 2]) {
        self.displace(self.connections.find(flow.hash), ends);
        self.connections.open(flow.hash, number);
        self.connections.deactivate(flow.hash, number);
    }

    #[inline]
    fn syn(&mut self, flow: Flow, current: Option<u32>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = self.current(current)
            && let Some(role) = syn::known_syn(handshake, segment)
        {
            handshake.extend(segment.time);
            return Some(Pushed { handshake: handshake.id, role });
        }
        let handshake = self.open(flow.hash, current, [segment.source(), segment.destination()], segment.time);
        handshake.client_direction = flow.direction;
        handshake.syn = Some(SynHeader::of(segment));
        handshake.last_syn = Some(segment.time);
        let id = handshake.id;
        if self.pending.has_orphans() {
            self.absorb_orphan(segment);
        }
        Some(Pushed { handshake: id, role: Role::Syn })
    }

    fn syn_ack(&mut self, flow: Flow, current: Option<u32>, segment: &Segment<'_>) -> Option<Pushed> {
        if let Some(handshake) = self.current(current)
            && let Some(role) =
                syn::known_syn_ack(handshake, segment).or_else(|| elsewhere::known_syn_ack(handshake, segment))
        {
            handshake.extend(segment.time);
            let (id, syn) = (handshake.id, handshake.syn.as_ref());
            let is_wrong = syn.is_some_and(|syn| syn.checksum == Checksum::Wrong);
            self.handshakes.wrong_checksums_work |= is_wrong && self.handshakes.is_own(id);
            return Some(Pushed { handshake: id, role });
        }
        if let Some(pushed) = self.syn_ack_from_elsewhere(flow, segment) {
            return Some(pushed);
        }
        if current.is_none() && self.forgotten.contains(flow.hash) {
            return None;
        }
        let (client, server) = (segment.destination(), segment.source());
        let handshake = self.open(flow.hash, current, [client, server], segment.time);
        // If both ends are the same, every segment comes from the client.
        handshake.client_direction = if client == server { flow.direction } else { flow.direction.opposite() };
        syn::take_syn_ack(handshake, segment);
        let id = handshake.id;
        if let Some(orphan) = self.handshakes.kept.back() {
            self.pending.add_orphan(self.keyed, orphan);
        }
        Some(Pushed { handshake: id, role: Role::SynAck })
    }
}

impl Tracker {
    /// Gives the newest handshake, whose SYN this is, the only SYN-ACK from elsewhere that was
    /// captured before it and answers it.
    #[cold]
    fn absorb_orphan(&mut self, syn: &Segment<'_>) {
        let Some(mut newest) = self.handshakes.kept.pop_back() else { return };
        let only = {
            let numbers = self.pending.find_orphans(self.keyed, newest.client, syn.seq());
            let places = numbers.map(|number| place(number, self.handshakes.first));
            let mut may_have_answered = places.filter(|&place| {
                self.handshakes.kept.get(place).is_some_and(|orphan| elsewhere::may_have_answered(orphan, &newest))
            });
            may_have_answered.next().filter(|_| may_have_answered.next().is_none())
        };
        if let Some(orphan) = only.and_then(|place| self.handshakes.kept.get_mut(place)) {
            elsewhere::absorb(&mut newest, orphan);
            let (number, ends) = (newest.id.0 as u32, [orphan.client, orphan.server]);
            self.take_place(Flow::between(self.keyed, ends[0], ends[1]), number, ends);
        }
        self.handshakes.kept.push_back(newest);
    }

    /// Takes a SYN-ACK of no known connection that answers the only SYN with its number.
    #[cold]
    fn syn_ack_from_elsewhere(&mut self, flow: Flow, segment: &Segment<'_>) -> Option<Pushed> {
        self.pending.update(self.keyed, &self.handshakes.kept, self.handshakes.first);
        let only = {
            let numbers = self.pending.find(self.keyed, segment.destination(), segment.ack());
            let places = numbers.map(|number| place(number, self.handshakes.first));
            let mut may_answer = places.filter(|&place| {
                self.handshakes.kept.get(place).is_some_and(|one| elsewhere::may_answer(one, segment))
            });
            may_answer.next().filter(|_| may_answer.next().is_none())
        };
        let handshake = self.handshakes.kept.get_mut(only?)?;
        let role = elsewhere::take_syn_ack(handshake, segment);
        handshake.extend(segment.time);
        let id = handshake.id;
        self.take_place(flow, id.0 as u32, [segment.destination(), segment.source()]);
        Some(Pushed { handshake: id, role })
    }
}

/// Returns the index of the handshake whose id has the low half `number`, where `first` is the
/// oldest kept id. Far fewer handshakes are kept than 32 bits can number.
#[inline]
const fn place(number: u32, first: u64) -> usize {
    number.wrapping_sub(first as u32) as usize
}
