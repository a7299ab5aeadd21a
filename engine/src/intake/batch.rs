//! Groups of packets, for speed alone. The processor cannot predict whether a packet matters. So
//! all packets of a group are summarised, then the packets that may matter are selected, and only
//! these are read.

use crate::connection::tracker::Tracker;
use crate::intake::keyed_hash::KeyedHash;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::packet::ip;
use crate::{Statistics, Timestamp};

/// Maximum number of frames in a group: one for each bit of a [`Selection`].
pub(crate) const GROUP: usize = u32::BITS as usize;

/// A frame of a capture: its number, its time, and its IP packet if there is one.
pub(crate) type CapturedFrame<'a> = (u32, Timestamp, Option<&'a [u8]>);

/// Consecutive frames of a capture with their summaries.
#[derive(Default)]
pub(crate) struct Group<'a> {
    frames: [CapturedFrame<'a>; GROUP],
    summaries: [PacketSummary; GROUP],
    /// Number of frames in the group.
    count: usize,
    /// Number of packets of each kind, in one byte each.
    kinds: u64,
    /// Latest time of a frame.
    latest: Timestamp,
}

/// Set of frames of a group that are to be read, one bit each.
#[derive(Clone, Copy)]
pub(crate) struct Selection(u32);

impl<'a> Group<'a> {
    /// Refills the group with the next frames, and summarises their packets.
    #[inline(always)]
    pub(crate) fn fill(&mut self, keyed: KeyedHash, frames: &mut impl Iterator<Item = CapturedFrame<'a>>) {
        // In registers until the end of the loop.
        let (mut count, mut kinds, mut latest) = (0, 0, Timestamp::MIN);
        for ((place, summary), frame) in self.frames.iter_mut().zip(&mut self.summaries).zip(frames) {
            *summary = frame.2.map_or_else(PacketSummary::default, |bytes| ip::summary(keyed, bytes));
            *place = frame;
            kinds += 1 << (u8::BITS * summary.kind as u32);
            latest = latest.max(frame.1);
            count += 1;
        }
        (self.count, self.kinds, self.latest) = (count, kinds, latest);
    }

    /// Returns the frames of the group.
    pub(crate) fn frames(&self) -> &[CapturedFrame<'a>] {
        &self.frames[..self.count]
    }

    /// Returns the latest time of a frame.
    pub(crate) const fn latest(&self) -> Timestamp {
        self.latest
    }

    /// Returns the latest time of the frames up to an index.
    pub(crate) fn latest_until(&self, index: usize) -> Timestamp {
        self.frames[..=index].iter().fold(Timestamp::MIN, |latest, &(_, time, _)| latest.max(time))
    }

    /// Returns the summaries of the frames.
    pub(crate) fn summaries(&self) -> &[PacketSummary] {
        &self.summaries[..self.count]
    }

    /// Adds the numbers of packets to the statistics.
    pub(crate) fn count(&self, statistics: &mut Statistics) {
        let kinds = self.kinds.to_le_bytes();
        PacketKind::ALL.into_iter().for_each(|kind| statistics.count(kind, kinds[kind as usize].into()));
    }

    /// Selects the frames that may matter in the current state of their connections.
    pub(crate) fn select(&self, tracker: &Tracker) -> Selection {
        let selection = self.select_after(None, |summary| summary.may_matter(tracker.connections()));
        tracker.prefetch(selection.map(|index| self.summaries[index].flow.hash));
        selection
    }

    /// Selects all frames with a TCP segment, or with a packet that only the full parser can read.
    pub(crate) fn select_all(&self) -> Selection {
        self.select_after(None, PacketSummary::may_be_segment)
    }

    /// Selects the frames after the index `after` that belong to the connection with this hash.
    pub(crate) fn select_of_connection(&self, after: usize, hash: u64) -> Selection {
        self.select_after(Some(after), |summary| summary.flow.hash == hash)
    }

    #[inline(always)]
    fn select_after(&self, after: Option<usize>, is_selected: impl Fn(&PacketSummary) -> bool) -> Selection {
        let first = after.map_or(0, |after| after + 1);
        let bits = self.summaries().iter().enumerate().skip(first);
        Selection(bits.fold(0, |bits, (index, one)| bits | u32::from(is_selected(one)) << index))
    }
}

impl Selection {
    /// Adds the frames of another selection.
    pub(crate) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl Iterator for Selection {
    type Item = usize;

    /// Removes the first selected frame and returns its index.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        let first = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (first < u32::BITS).then_some(first as usize)
    }
}
