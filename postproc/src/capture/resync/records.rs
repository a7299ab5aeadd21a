//! Records of a pcap file after damage.

use super::places::{self, Condition};
use super::{Ahead, Judgement, Layout, Lookahead, PAUSE, RUN};
use crate::capture::record_form::RecordForm;
use crate::format::Order;

/// Maximum plausible original length of a packet, in bytes.
const LONGEST_ORIGINAL: u32 = 1 << 20;

/// Time of a record: second and fraction.
pub(in crate::capture) type RecordTime = (u32, u32);

/// Properties of the records of a pcap file.
#[derive(Clone, Copy, Debug)]
pub(in crate::capture) struct Records<'a> {
    pub(in crate::capture) order: Order,
    pub(in crate::capture) form: RecordForm,
    /// Maximum accepted captured length in bytes.
    pub(in crate::capture) limit: u32,
    /// Number of fractions in a second.
    pub(in crate::capture) fractions: u32,
    /// Time of the last valid record.
    pub(in crate::capture) latest: Option<RecordTime>,
    pub(in crate::capture) lookahead: &'a Lookahead,
}

impl Layout for Records<'_> {
    fn next_place(&self, bytes: &[u8], from: usize) -> usize {
        let longest = self.limit.max(LONGEST_ORIGINAL);
        let (first, last) = match self.latest {
            Some((second, _)) => (second.saturating_sub(PAUSE), second.saturating_add(PAUSE)),
            None => (0, u32::MAX),
        };
        let conditions = [
            Condition { offset: self.top_byte(0), least: top(first), most: top(last) },
            Condition::up_to(self.top_byte(4), top(self.fractions - 1)),
            Condition::up_to(self.top_byte(8), top(longest)),
            Condition::up_to(self.top_byte(12), top(longest)),
        ];
        places::next_place(bytes, from, self.form.header(), &conditions, |bytes| {
            self.header(bytes, self.latest).is_some()
        })
    }

    fn judge(&self, ahead: Ahead<'_>) -> Judgement {
        let (mut rest, mut near, mut first) = (ahead.bytes, self.latest, None);
        for count in 0..RUN {
            if rest.len() < self.form.header() {
                // The last record may be truncated within its header.
                let is_whole = rest.is_empty() && count > 0 || !rest.is_empty() && count > 1;
                return ahead.at_end(ahead.is_end && is_whole);
            }
            let Some((time, length)) = self.header(rest, near) else {
                let end = ahead.bytes.len() - rest.len();
                return first.map_or(Judgement::Unsound, |first| self.short_run(ahead, end, first, near));
            };
            first = first.or(Some(time));
            near = Some(time);
            match rest.get(length..) {
                Some(behind) => rest = behind,
                None => return ahead.at_end(count > 1),
            }
        }
        Judgement::Sound
    }

    fn lookahead(&self) -> &Lookahead {
        self.lookahead
    }
}

impl Records<'_> {
    /// Judges fewer records than a run, which end where damage begins.
    fn short_run(&self, ahead: Ahead<'_>, end: usize, first: RecordTime, last: Option<RecordTime>) -> Judgement {
        if self.latest.is_none_or(|latest| first < latest) {
            return Judgement::Unsound;
        }
        let is_next = |bytes: &[u8]| self.header(bytes, last).is_some_and(|(time, _)| Some(time) >= last);
        ahead.short_run(end, self, is_next)
    }

    /// Returns the time and the length of the record that begins here, if it is plausible.
    #[inline]
    fn header(&self, bytes: &[u8], near: Option<RecordTime>) -> Option<(RecordTime, usize)> {
        let (captured, original) = self.form.lengths(self.order, bytes)?;
        if !(1..=self.limit).contains(&captured) {
            return None;
        }
        let (second, fraction) = (self.order.u32(bytes, 0)?, self.order.u32(bytes, 4)?);
        let is_plausible = (captured..=LONGEST_ORIGINAL.max(captured)).contains(&original)
            && fraction < self.fractions
            && near.is_none_or(|(near, _)| second.abs_diff(near) <= PAUSE);
        is_plausible.then_some(((second, fraction), self.form.header() + captured as usize))
    }

    /// Returns the offset of the most significant byte of a field.
    fn top_byte(&self, field: usize) -> usize {
        match self.order {
            Order::Big => field,
            Order::Little => field + 3,
        }
    }
}

/// Returns the most significant byte.
const fn top(number: u32) -> u8 {
    (number >> 24) as u8
}
