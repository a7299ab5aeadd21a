//! The first of the engine's two steps: turns packets into the facts of handshakes, without judging
//! them.

use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;
use crate::connection::other_answers::Search;
use crate::connection::tracker::Tracker;
use crate::intake::batch::{GROUP, Group};
use crate::intake::flow::Flow;
use crate::intake::loose::{LooseSegment, LooseSegments};
use crate::intake::midstream::MidstreamConnections;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::packet::icmp::{self, IcmpError};
use crate::packet::ip::{self, NoSegment};
use crate::packet::segment::{Flags, Segment};
use crate::{
    Frame, HandshakeId, Limits, Link, Midstream, Observation, Observed, Packet, Pushed, Statistics, Timestamp,
};

/// Decides what happens to handshakes while packets arrive.
pub(crate) trait Consumer {
    /// Learns that a packet added something to a handshake.
    fn changed(&mut self, handshakes: &Handshakes, id: HandshakeId);

    /// Takes what it needs of the oldest handshakes, because there are too many: those with an id
    /// below `end` are forgotten afterwards. `now` is the time of the latest packet.
    fn take_oldest(
        &mut self,
        handshakes: &mut Handshakes,
        end: HandshakeId,
        now: Timestamp,
        statistics: &mut Statistics,
    );
}

/// What an [`Observer`] knows at the end beside the handshakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndOfPackets {
    /// Time of the latest packet.
    pub time: Timestamp,
    /// Connections without a SYN.
    pub midstream: Midstream,
    /// Whether a SYN with a wrong checksum was answered: then checksums show nothing.
    pub wrong_checksums_work: bool,
    /// Segments, in a stretch, of connections whose handshake may be in another one. They replace
    /// `midstream`.
    pub loose: Vec<LooseSegment>,
}

impl EndOfPackets {
    /// Adds what is known at the end of the next stretch of the same capture.
    pub fn merge(&mut self, mut next: Self) {
        self.time = self.time.max(next.time);
        self.wrong_checksums_work |= next.wrong_checksums_work;
        self.loose.append(&mut next.loose);
        self.midstream.merge(&next.midstream);
    }
}

/// Turns packets into the facts of handshakes: observations, which a [`crate::Judge`] takes.
#[derive(Debug)]
pub struct Observer {
    /// Maximum number of handshakes that are kept.
    limit: usize,
    /// Number of handshakes at which some may have to be taken early.
    evict_at: usize,
    pub(crate) statistics: Statistics,
    tracker: Tracker,
    midstream: MidstreamConnections,
    loose: Loose,
    pub(crate) now: Timestamp,
}

/// Segments of connections whose handshake may be in another stretch.
#[derive(Debug, Default)]
enum Loose {
    /// The capture is not observed in stretches.
    #[default]
    Whole,
    /// The stretch is being read.
    Own(LooseSegments),
    /// What follows the stretch is being read.
    Over(LooseSegments),
}

impl Loose {
    fn into_segments(self) -> Vec<LooseSegment> {
        match self {
            Self::Whole => Vec::new(),
            Self::Own(segments) | Self::Over(segments) => segments.into_kept(),
        }
    }
}

/// Passes observations of the oldest handshakes on.
struct Taking<'a>(&'a mut dyn FnMut(Observed<'_>));

impl Consumer for Taking<'_> {
    #[inline(always)]
    fn changed(&mut self, _: &Handshakes, _: HandshakeId) {}

    fn take_oldest(&mut self, handshakes: &mut Handshakes, end: HandshakeId, _: Timestamp, _: &mut Statistics) {
        let search = Search::new(handshakes);
        handshakes.own_before(end).for_each(|handshake| (self.0)(observed(handshakes, handshake, &search)));
    }
}

fn observed<'a>(handshakes: &Handshakes, handshake: &'a Handshake, search: &Search<'_>) -> Observed<'a> {
    Observed::new(handshake, handshakes.link(handshake), search.of(handshake))
}

impl Observer {
    /// Creates an observer that has seen nothing.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with_tracker(limits.handshakes, Tracker::new(limits.handshakes))
    }

    /// Takes consecutive frames of a capture as [`crate::Analyzer::push_all_with_links`] does.
    /// Observations of the oldest handshakes are passed to `taken` when there are more than
    /// [`Limits::handshakes`]: later packets of these are ignored.
    pub fn push_all_with_links<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        taken: &mut dyn FnMut(Observed<'_>),
    ) {
        self.push_all(capture, frames, link_of, &mut Taking(taken));
    }

    /// Passes observations of the remaining handshakes to `take`, in the order in which the handshakes
    /// began. The observer is then empty, and keeps its memory for other captures.
    ///
    /// # Errors
    ///
    /// Returns the first error of `take` and stops.
    pub fn finish<E>(&mut self, mut take: impl FnMut(Observed<'_>) -> Result<(), E>) -> Result<EndOfPackets, E> {
        let (handshakes, _) = self.end_of_packets();
        let (all, search) = (handshakes.own_before(handshakes.end()), Search::new(handshakes));
        all.map(|handshake| observed(handshakes, handshake, &search)).try_for_each(&mut take)?;
        let (time, wrong_checksums_work) = (self.now, self.all().wrong_checksums_work());
        let loose = std::mem::take(&mut self.loose).into_segments();
        let (_, midstream) = self.reset();
        Ok(EndOfPackets { time, midstream, wrong_checksums_work, loose })
    }

    /// Begins the stretch of a capture that is to be observed: handshakes that began before are not
    /// passed on. They only show which of the next packets begin a handshake.
    pub fn begin_stretch(&mut self) {
        self.tracker.handshakes_mut().begin_stretch();
        self.midstream = MidstreamConnections::default();
        self.loose = Loose::Own(LooseSegments::default());
    }

    /// Ends the stretch: handshakes that begin from now on are not passed on.
    pub fn end_stretch(&mut self) {
        self.tracker.handshakes_mut().end_stretch();
        if let Loose::Own(segments) = std::mem::take(&mut self.loose) {
            self.loose = Loose::Over(segments);
        }
    }

    /// Returns the time until which packets of the stretch's handshakes are expected; `None` if none of
    /// them is kept.
    #[must_use]
    pub fn lasts_until(&self) -> Option<Timestamp> {
        self.all().own_before(self.end()).map(Handshake::expected_end).max()
    }

    /// Returns counts of the packets read so far, and of the handshakes that were taken early.
    #[must_use]
    pub const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// Returns the number of handshakes that are kept.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.all().len()
    }

    fn with_tracker(limit: usize, tracker: Tracker) -> Self {
        Self {
            limit,
            evict_at: limit.max(2),
            statistics: Statistics::default(),
            tracker,
            midstream: MidstreamConnections::default(),
            loose: Loose::Whole,
            now: Timestamp::MIN,
        }
    }

    /// Takes one packet. Returns `None` if the packet is not part of a handshake.
    pub(crate) fn push(&mut self, observation: &Observation<'_>, consumer: &mut impl Consumer) -> Option<Pushed> {
        let pushed = self.push_unlimited(observation, consumer);
        if self.is_full() {
            self.evict(consumer);
        }
        pushed
    }

    fn push_unlimited(&mut self, observation: &Observation<'_>, consumer: &mut impl Consumer) -> Option<Pushed> {
        self.now = self.now.max(observation.time);
        let summary = match observation.packet {
            Packet::None => PacketSummary::default(),
            Packet::Ip(bytes) => ip::summary(self.tracker.keyed(), bytes),
            Packet::Tcp { .. } => PacketSummary::without_flow(PacketKind::NeedsFullParse),
        };
        self.statistics.count(summary.kind, 1);
        let is_read =
            summary.may_matter(self.tracker.connections()) || self.reads_all_segments() && summary.may_be_segment();
        if !is_read {
            return None;
        }
        let Observation { frame, time, ref packet } = *observation;
        match packet {
            Packet::Ip(bytes) => self.take_ip(frame, time, bytes, summary, consumer),
            _ => self.take_parsed(ip::segment(observation), consumer),
        }
    }

    /// Takes consecutive frames of a capture, and calls `link_of` with the numbers of frames whose
    /// SYN opens a handshake; it returns their link layer, if that is known.
    pub(crate) fn push_all<'a>(
        &mut self,
        capture: u32,
        frames: impl IntoIterator<Item = (u32, Timestamp, Option<&'a [u8]>)>,
        link_of: impl Fn(u32) -> Option<Link>,
        consumer: &mut impl Consumer,
    ) {
        let mut frames = frames.into_iter().fuse();
        let mut group = Group::default();
        loop {
            group.fill(self.tracker.keyed(), &mut frames);
            if group.frames().is_empty() {
                return;
            }
            self.push_group(capture, &group, &link_of, consumer);
        }
    }

    #[inline(never)]
    fn push_group(
        &mut self,
        capture: u32,
        group: &Group<'_>,
        link_of: &dyn Fn(u32) -> Option<Link>,
        consumer: &mut impl Consumer,
    ) {
        group.count(&mut self.statistics);
        let mut selection = if self.reads_all_segments() { group.select_all() } else { group.select(&self.tracker) };
        while let Some(index) = selection.next() {
            let (number, time, packet) = group.frames()[index];
            let end = self.end();
            let frame = Frame { capture, number };
            self.take_ip(frame, time, packet.unwrap_or_default(), group.summaries()[index], consumer);
            if self.end() != end {
                self.tracker.add_link(|| link_of(number));
                // Later frames of the group may belong to the new connection.
                selection.add(group.select_of_connection(index, self.tracker.last_opened()));
                if self.is_full() {
                    self.now = self.now.max(group.latest(index + 1));
                    self.evict(consumer);
                }
            }
        }
        self.now = self.now.max(group.latest(GROUP));
    }

    /// Takes an IP packet that may show something of a handshake.
    #[inline(always)]
    fn take_ip(
        &mut self,
        frame: Frame,
        time: Timestamp,
        bytes: &[u8],
        summary: PacketSummary,
        consumer: &mut impl Consumer,
    ) -> Option<Pushed> {
        if summary.kind == PacketKind::NeedsFullParse {
            return self.take_unusual(frame, time, bytes, consumer);
        }
        self.take(summary.flow(), &ip::quick_segment(frame, time, bytes)?, consumer)
    }

    /// Takes and counts an IP packet that only the full parser can read.
    #[inline(never)]
    fn take_unusual(
        &mut self,
        frame: Frame,
        time: Timestamp,
        bytes: &[u8],
        consumer: &mut impl Consumer,
    ) -> Option<Pushed> {
        let segment = ip::full_parse(frame, time, bytes);
        let may_be_error = matches!(segment, Err(NoSegment::NotTcp));
        let pushed = self.take_parsed(segment, consumer);
        if may_be_error { self.take_error(icmp::error(frame, time, bytes)?, consumer) } else { pushed }
    }

    /// Takes an ICMP error about a TCP segment.
    fn take_error(&mut self, error: IcmpError, consumer: &mut impl Consumer) -> Option<Pushed> {
        let pushed = self.tracker.push_error(error)?;
        consumer.changed(self.tracker.handshakes(), pushed.handshake);
        Some(pushed)
    }

    /// Takes and counts a packet in which the full parser looked for a segment.
    fn take_parsed(&mut self, segment: Result<Segment<'_>, NoSegment>, consumer: &mut impl Consumer) -> Option<Pushed> {
        match segment {
            Ok(segment) => {
                self.statistics.count(PacketKind::Control, 1);
                self.take(self.tracker.flow(&segment), &segment, consumer)
            }
            Err(reason) => {
                self.statistics.count_unread(reason);
                None
            }
        }
    }

    #[inline(always)]
    fn take(&mut self, flow: Flow, segment: &Segment<'_>, consumer: &mut impl Consumer) -> Option<Pushed> {
        let end = self.end();
        if !segment.flags().is_plain() {
            self.statistics.count_flags(segment.flags());
        }
        let Some(pushed) = self.tracker.push(flow, segment) else {
            self.take_midstream(flow, segment);
            return None;
        };
        if end == HandshakeId(0) {
            self.midstream.forget();
        }
        consumer.changed(self.tracker.handshakes(), pushed.handshake);
        Some(pushed)
    }

    /// Returns whether all segments are read, which is so until the first SYN or SYN-ACK: without
    /// one, the connections of the other segments are what there is to report.
    #[inline]
    fn reads_all_segments(&self) -> bool {
        self.end() == HandshakeId(0) && self.midstream.has_room()
    }

    /// Takes a segment that belongs to no handshake, or shows nothing of its handshake.
    #[inline(always)]
    fn take_midstream(&mut self, flow: Flow, segment: &Segment<'_>) {
        if self.end() == HandshakeId(0) {
            self.midstream.push(flow, segment);
            self.keep_loose(flow, segment);
        } else if segment.flags().has(Flags::RST) {
            self.take_reset(flow, segment);
        }
    }

    /// Takes a reset. The connections of forgotten handshakes are not known any more.
    #[inline(never)]
    fn take_reset(&mut self, flow: Flow, segment: &Segment<'_>) {
        let is_known = self.statistics.evicted_early > 0 || self.tracker.connections().find(flow.hash).is_some();
        if is_known {
            return;
        }
        self.tracker.handshakes_mut().index();
        if self.all().by_listener().get(segment.source()).is_some() {
            self.midstream.push_reset_of_listener(flow, segment);
        }
        self.keep_loose(flow, segment);
    }

    /// Keeps a segment of an unknown connection, if a stretch is being read.
    #[inline]
    fn keep_loose(&mut self, flow: Flow, segment: &Segment<'_>) {
        if let Loose::Own(segments) = &mut self.loose {
            let is_listener = self.tracker.handshakes().by_listener().get(segment.source()).is_some();
            segments.add(flow, segment, is_listener);
        }
    }

    /// Returns the id that the next handshake will get.
    #[inline]
    fn end(&self) -> HandshakeId {
        self.all().end()
    }

    /// Returns the handshakes that are kept.
    #[inline]
    pub(crate) const fn all(&self) -> &Handshakes {
        self.tracker.handshakes()
    }

    /// Adds the handshakes that were opened since the last call to the index of listeners.
    pub(crate) fn index(&mut self) {
        self.tracker.handshakes_mut().index();
    }

    fn is_full(&self) -> bool {
        self.all().len() >= self.evict_at
    }

    /// Has the oldest handshakes taken, and forgets them.
    #[cold]
    fn evict(&mut self, consumer: &mut impl Consumer) {
        let count;
        (count, self.evict_at) = self.all().evictable(self.limit.max(2), self.now);
        if count == 0 {
            return;
        }
        let end = HandshakeId(self.all().start().0 + count as u64);
        consumer.take_oldest(self.tracker.handshakes_mut(), end, self.now, &mut self.statistics);
        self.tracker.forget_oldest(count);
        self.statistics.evicted_early += count as u64;
    }

    /// Changes the maximum number of handshakes that are kept, and has those taken that are too many.
    pub(crate) fn set_limit(&mut self, handshakes: usize, consumer: &mut impl Consumer) {
        self.limit = handshakes;
        self.evict_at = handshakes.max(2);
        // A flood may be too young to be judged.
        let mut before = usize::MAX;
        while self.all().len() >= handshakes.max(2) && self.all().len() < before {
            before = self.all().len();
            self.evict(consumer);
        }
        self.tracker.handshakes_mut().set_room(handshakes);
    }

    /// Frees memory that is reserved for more than `handshakes`, if fewer are kept.
    pub fn keep_memory_for(&mut self, handshakes: usize) {
        self.tracker.handshakes_mut().keep_memory_for(handshakes);
    }

    /// Ends the packets: frees the memory that only further packets would need, and returns all
    /// handshakes that are kept, and the statistics, to judge them.
    pub(crate) fn end_of_packets(&mut self) -> (&mut Handshakes, &mut Statistics) {
        self.tracker.end_of_packets();
        (self.tracker.handshakes_mut(), &mut self.statistics)
    }

    /// Empties the observer, which keeps its memory for other captures. Returns the statistics and the
    /// connections without a SYN.
    pub(crate) fn reset(&mut self) -> (Statistics, Midstream) {
        let reset = Self::with_tracker(self.limit, self.tracker.reset());
        let before = std::mem::replace(self, reset);
        (before.statistics, before.midstream.into_found())
    }
}
