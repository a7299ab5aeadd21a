//! Packets in groups, which exist for speed alone: whether a packet matters cannot be predicted, so that a group is first
//! summarised and selected from without acting on it, and then only the selected packets are read.

use arrayvec::ArrayVec;

use crate::connection::tracker::Tracker;
use crate::intake::keyed_hash::KeyedHash;
use crate::intake::summary::{PacketKind, PacketSummary};
use crate::packet::ip;
use crate::{Statistics, Timestamp};

/// Maximum number of frames in a group: one for each bit of a selection.
pub(crate) const GROUP: usize = u32::BITS as usize;

/// A frame of a capture: its number, its time, and its IP packet if it holds one.
pub(crate) type CapturedFrame<'a> = (u32, Timestamp, Option<&'a [u8]>);

/// Consecutive frames of a capture with their summaries.
#[derive(Default)]
pub(crate) struct Group<'a> {
    pub frames: ArrayVec<CapturedFrame<'a>, GROUP>,
    pub summaries: ArrayVec<PacketSummary, GROUP>,
    /// Number of packets of each kind.
    kinds: [u32; PacketKind::ALL.len()],
}

/// Returns the latest of the times of some frames and of `now`.
pub(crate) fn latest(frames: &[CapturedFrame<'_>], now: Timestamp) -> Timestamp {
    frames.iter().map(|&(_, time, _)| time).fold(now, Timestamp::max)
}

/// Frames of a group that are to be read, a bit each.
#[derive(Clone, Copy)]
pub(crate) struct Selection(u32);

impl<'a> Group<'a> {
    /// Takes the next frames, summarises and counts their packets.
    #[inline(always)]
    pub(crate) fn fill(&mut self, keyed: KeyedHash, frames: &mut impl Iterator<Item = CapturedFrame<'a>>) {
        self.frames.clear();
        self.summaries.clear();
        self.kinds = Default::default();
        while !self.frames.is_full()
            && let Some((number, time, packet)) = frames.next()
        {
            let none = PacketSummary::without_flow(PacketKind::NoIp);
            let summary = packet.map_or(none, |bytes| ip::summary(keyed, bytes));
            self.kinds[summary.kind as usize] += 1;
            self.summaries.push(summary);
            self.frames.push((number, time, packet));
        }
    }

    /// Adds the numbers of packets to the statistics.
    pub(crate) fn count(&self, statistics: &mut Statistics) {
        PacketKind::ALL.iter().zip(self.kinds).for_each(|(&kind, packets)| statistics.count(kind, packets.into()));
    }

    /// Selects the frames that may show something by what is known of their connections now.
    pub(crate) fn select(&self, tracker: &Tracker) -> Selection {
        let may_matter = self.select_after(None, |summary| summary.may_matter(tracker.connections()));
        // For all together, as connections and handshakes lie anywhere in memory: none waits for the one before it.
        let matters = |&index: &usize| tracker.matters(self.summaries[index]);
        Selection(may_matter.filter(matters).fold(0, |bits, index| bits | 1 << index))
    }

    /// Selects the frames after that index that belong to the connection with that hash.
    pub(crate) fn select_of_connection(&self, after: usize, hash: u64) -> Selection {
        self.select_after(Some(after), |summary| summary.flow.hash == hash)
    }

    #[inline(always)]
    fn select_after(&self, after: Option<usize>, is_selected: impl Fn(&PacketSummary) -> bool) -> Selection {
        let first = after.map_or(0, |after| after + 1);
        let bits = self.summaries.iter().enumerate().skip(first);
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

    /// Takes the index of the first selected frame.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        let first = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (first < u32::BITS).then_some(first as usize)
    }
}
