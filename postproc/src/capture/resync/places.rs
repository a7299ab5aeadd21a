//! Quick search for places at which a record or block may begin.

/// Number of places that are examined together. The compiler makes vector instructions of it.
const GROUP: usize = 64;

/// Values that a byte at this offset from the place may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub offset: usize,
    pub least: u8,
    pub most: u8,
}

impl Condition {
    /// Accepts at most this value.
    pub(super) const fn up_to(offset: usize, most: u8) -> Self {
        Self { offset, least: 0, most }
    }
}

/// Returns the first place from `from` on at which all conditions hold and `may_begin` accepts the
/// bytes, or with fewer than `head` bytes behind it. The conditions are among these bytes.
pub(super) fn next_place<const N: usize>(
    bytes: &[u8],
    from: usize,
    head: usize,
    conditions: &[Condition; N],
    may_begin: impl Fn(&[u8]) -> bool,
) -> usize {
    let mut at = from;
    while let Some(group) = bytes.get(at..at.saturating_add(GROUP + head)) {
        let marks = marks(group, conditions);
        let marked = || marks.iter().enumerate().filter(|(_, mark)| **mark).map(|(place, _)| place);
        if marks.iter().fold(false, |any, mark| any | mark)
            && let Some(place) = marked().find(|&place| may_begin(&group[place..]))
        {
            return at + place;
        }
        at += GROUP;
    }
    let holds = |place: usize| conditions.iter().all(|condition| condition.holds(bytes[place + condition.offset]));
    let is_place = |&place: &usize| bytes.len() - place < head || holds(place) && may_begin(&bytes[place..]);
    (at..bytes.len()).find(is_place).unwrap_or(bytes.len())
}

/// Returns at which of the first places all conditions hold.
#[inline]
fn marks<const N: usize>(group: &[u8], conditions: &[Condition; N]) -> [bool; GROUP] {
    let mut marks = [true; GROUP];
    for condition in conditions {
        let Some(field) = group.get(condition.offset..).and_then(|field| field.first_chunk::<GROUP>()) else {
            continue;
        };
        for (mark, byte) in marks.iter_mut().zip(field) {
            *mark &= condition.holds(*byte);
        }
    }
    marks
}

impl Condition {
    #[inline(always)]
    const fn holds(&self, byte: u8) -> bool {
        byte.wrapping_sub(self.least) <= self.most.wrapping_sub(self.least)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_place_is_found_that_a_simple_search_finds(
            bytes in prop::collection::vec(0..4_u8, 0..400), from in 0..500_usize,
        ) {
            let conditions = [Condition::up_to(1, 0), Condition { offset: 7, least: 3, most: 3 }, Condition::up_to(15, 1)];
            let holds = |place: &usize| bytes.len() - place < 16
                || bytes[place + 1] == 0 && bytes[place + 7] == 3 && bytes[place + 15] <= 1 && bytes[*place] > 1;
            let expected = (from..bytes.len()).find(holds).unwrap_or(bytes.len());
            prop_assert_eq!(next_place(&bytes, from, 16, &conditions, |bytes| bytes[0] > 1), expected);
        }
    }
}
