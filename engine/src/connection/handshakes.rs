//! The handshakes that are kept, in order of their ids, and what all of them show together: all that
//! judging reads of the packets.

use std::collections::VecDeque;

use crate::connection::by_listener::ByListener;
use crate::connection::eviction;
use crate::connection::handshake::Handshake;
use crate::connection::links::Links;
use crate::connection::other_answers::OtherAnswers;
use crate::{HandshakeId, Limits, Link, Timestamp};

/// Number of handshakes at which memory is reserved for the maximum number.
const MANY: usize = 1024;

/// Range of ids.
#[derive(Clone, Copy, Debug)]
struct Own {
    start: HandshakeId,
    end: HandshakeId,
}

impl Default for Own {
    fn default() -> Self {
        Self { start: HandshakeId(0), end: HandshakeId(u64::MAX) }
    }
}

/// Handshakes by id.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    /// Id of the oldest kept handshake.
    pub(super) first: u64,
    pub(super) kept: VecDeque<Handshake>,
    /// Maximum number of handshakes.
    pub(super) room: usize,
    by_listener: ByListener,
    pub(super) links: Links,
    /// Whether a SYN with a wrong checksum was answered.
    pub(super) wrong_checksums_work: bool,
    /// Whether the handshakes are observations, which say what other listeners answered.
    are_observations: bool,
    /// Handshakes of the stretch that is observed; all by default.
    own: Own,
}

impl Handshakes {
    /// Creates an empty store for `handshakes` handshakes, and in a flood a few more.
    pub(crate) fn new(handshakes: usize) -> Self {
        Self { room: room(handshakes), ..Self::default() }
    }

    /// Creates an empty store for observations of as many handshakes.
    pub(crate) fn of_observations(handshakes: usize) -> Self {
        Self { are_observations: true, ..Self::new(handshakes) }
    }

    /// Creates an empty store that reuses the memory of this one, because freeing and allocating much
    /// memory is slow.
    pub(crate) fn reset(&mut self) -> Self {
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        Self { kept, room: self.room, are_observations: self.are_observations, ..Self::default() }
    }

    /// Reserves memory for this number of handshakes from now on, and in a flood a few more.
    pub(crate) fn set_room(&mut self, handshakes: usize) {
        self.room = room(handshakes);
        self.keep_memory_for(self.room);
    }

    /// Frees memory that is reserved for more than `handshakes`, if fewer are kept.
    pub(crate) fn keep_memory_for(&mut self, handshakes: usize) {
        self.kept.shrink_to(handshakes);
    }

    /// Adds a handshake, whose id must be [`Self::end`].
    #[inline]
    pub(super) fn push_with(&mut self, new: impl FnOnce() -> Handshake) -> &mut Handshake {
        self.make_room();
        let last = self.kept.len();
        // Written in place, unlike by `push_back`: most of a new handshake is empty.
        self.kept.extend(std::iter::once_with(new));
        &mut self.kept[last]
    }

    /// Adds a handshake that was observed elsewhere, with the next id.
    pub(crate) fn add(&mut self, mut handshake: Handshake, link: Option<Link>) {
        handshake.id = self.end();
        handshake.link = link.and_then(|link| self.links.number(&link));
        self.push_with(|| handshake);
    }

    /// Returns the handshakes with an id below `end`, oldest first.
    pub(crate) fn before(&self, end: HandshakeId) -> impl Iterator<Item = &Handshake> {
        self.kept.iter().take_while(move |handshake| handshake.id < end)
    }

    /// Lets the stretch that is observed begin with the next handshake.
    pub(crate) fn begin_stretch(&mut self) {
        self.own = Own { start: self.end(), ..Own::default() };
        self.wrong_checksums_work = false;
    }

    /// Ends the stretch that is observed before the next handshake.
    pub(crate) fn end_stretch(&mut self) {
        self.own.end = self.end();
    }

    /// Returns whether a handshake belongs to the stretch that is observed.
    pub(super) fn is_own(&self, id: HandshakeId) -> bool {
        (self.own.start..self.own.end).contains(&id)
    }

    /// Returns the handshakes of the stretch with an id below `end`, oldest first.
    pub(crate) fn own_before(&self, end: HandshakeId) -> impl Iterator<Item = &Handshake> {
        let start = usize::try_from(self.own.start.0.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let end = end.min(self.own.end);
        self.kept.range(start.min(self.kept.len())..).take_while(move |handshake| handshake.id < end)
    }

    /// Reserves memory for the maximum number of handshakes once there are [`MANY`]. Unused
    /// reserved memory costs next to nothing, and no handshake is moved later. If the reservation
    /// fails, the memory grows step by step.
    fn make_room(&mut self) {
        let count = self.kept.len();
        if count == self.kept.capacity() && count >= MANY {
            let _ = self.kept.try_reserve_exact(self.room.saturating_sub(count));
        }
    }

    /// Returns the number of kept handshakes.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Returns a handshake, or `None` if it was forgotten.
    pub(crate) fn get(&self, id: HandshakeId) -> Option<&Handshake> {
        self.kept.get(usize::try_from(id.0.checked_sub(self.first)?).ok()?)
    }

    /// Returns the oldest id still kept.
    pub(crate) const fn start(&self) -> HandshakeId {
        HandshakeId(self.first)
    }

    /// Returns the id that the next handshake will get.
    pub(crate) fn end(&self) -> HandshakeId {
        HandshakeId(self.first + self.kept.len() as u64)
    }

    /// Adds the handshakes that were opened since the last call to the index of listeners.
    pub(crate) fn index(&mut self) {
        let Self { first, kept, by_listener, .. } = self;
        by_listener.update(*first, kept);
    }

    /// Returns the handshakes of each listener, as far as they are indexed.
    pub(crate) const fn by_listener(&self) -> &ByListener {
        &self.by_listener
    }

    /// Returns the number of the oldest handshakes to be judged early, given their limit and the
    /// time of the latest packet; and the number of handshakes at which to ask again.
    pub(crate) fn evictable(&self, limit: usize, now: Timestamp) -> (usize, usize) {
        let count = eviction::count(self.kept.iter(), limit, now);
        (count, eviction::next(self.len() - count, limit))
    }

    /// Forgets the `count` oldest handshakes.
    pub(crate) fn forget_oldest(&mut self, count: usize) {
        let count = count.min(self.kept.len());
        self.kept.drain(..count);
        self.first += count as u64;
        self.by_listener.forget_before(HandshakeId(self.first));
        if self.links.is_full() {
            self.links.keep_only(self.kept.iter_mut().map(|handshake| &mut handshake.link));
        }
    }

    /// Returns the link layer of a handshake's SYN, if it is known.
    pub(crate) fn link(&self, handshake: &Handshake) -> Option<Link> {
        self.links.get(handshake.link?)
    }

    /// Returns the answers that the client of a handshake got from other listeners meanwhile. An
    /// observation has them, because the handshakes of other listeners may be judged elsewhere.
    pub(crate) fn other_answers(&self, handshake: &Handshake) -> OtherAnswers {
        match handshake.rare() {
            Some(rare) if self.are_observations => rare.other_answers,
            None if self.are_observations => OtherAnswers::default(),
            _ => OtherAnswers::around(handshake, self),
        }
    }

    /// Returns whether, so far, a SYN with a wrong checksum was answered.
    pub(crate) const fn wrong_checksums_work(&self) -> bool {
        self.wrong_checksums_work
    }

    /// Sets whether a SYN with a wrong checksum was answered.
    pub(crate) const fn set_wrong_checksums_work(&mut self, works: bool) {
        self.wrong_checksums_work = works;
    }
}

/// Returns the largest number of handshakes that are kept where `limit` is the limit.
fn room(limit: usize) -> usize {
    eviction::most(limit.min(Limits::HANDSHAKES))
}
