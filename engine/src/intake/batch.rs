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
}

/// Set of frames of a group that are to be read, one bit each.
#[derive(Clone, Copy)]
pub(crate) struct Selection(u32);

impl<'a> Group<'a> {
    /// Refills the group with the next frames, and summarises their packets.
    #[inline(always)]
    pub(crate) fn fill(&mut self, keyed: KeyedHash, frames: &mut impl Iterator<Item = CapturedFrame<'a>>) {
        let mut count = 0;
        while count < GROUP
            && let Some(frame) = frames.next()
        {
            let summary = frame.2.map_or_else(PacketSummary::default, |bytes| ip::summary(keyed, bytes));
            (self.frames[count], self.summaries[count]) = (frame, summary);
            count += 1;
        }
        self.count = count;
    }

    /// Returns the frames of the group.
    pub(crate) fn frames(&self) -> &[CapturedFrame<'a>] {
        &self.frames[..self.count]
    }

    /// Returns the latest time of the first frames, or of all if there are fewer.
    pub(crate) fn latest(&self, frames: usize) -> Timestamp {
        self.frames().iter().take(frames).fold(Timestamp::MIN, |latest, &(_, time, _)| latest.max(time))
    }

    /// Returns the summaries of the frames.
    pub(crate) fn summaries(&self) -> &[PacketSummary] {
        &self.summaries[..self.count]
    }

    /// Adds the numbers of packets to the statistics.
    pub(crate) fn count(&self, statistics: &mut Statistics) {
        // One byte for each kind.
        let kinds = self.summaries().iter().fold(0, |kinds, one| kinds + (1 << (u8::BITS * one.kind as u32)));
        let kinds = u64::to_le_bytes(kinds);
        PacketKind::ALL.into_iter().for_each(|kind| statistics.count(kind, kinds[kind as usize].into()));
    }

    /// Selects the frames that may matter in the current state of their connections.
    pub(crate) fn select(&self, tracker: &Tracker) -> Selection {
        let selection = self.select_after(None, |summary| summary.may_matter(tracker.connections()));
        tracker.prefetch(selection.map(|index| self.summaries[index].hash));
        selection
    }

    /// Selects all frames with a TCP segment, or with a packet that only the full parser can read.
    pub(crate) fn select_all(&self) -> Selection {
        self.select_after(None, PacketSummary::may_be_segment)
    }

    /// Selects the frames after the index `after` that belong to the connection with this hash.
    pub(crate) fn select_of_connection(&self, after: usize, hash: u64) -> Selection {
        self.select_after(Some(after), |summary| summary.hash == hash)
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
