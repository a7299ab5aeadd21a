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

/// Returns the first place from `from` on at which all conditions hold, or with fewer than `head`
/// bytes behind it, among which the conditions are.
pub(super) fn next_place<const N: usize>(bytes: &[u8], from: usize, head: usize, conditions: &[Condition; N]) -> usize {
    let mut at = from;
    while let Some(group) = bytes.get(at..at.saturating_add(GROUP + head)) {
        if any(group, conditions) {
            break;
        }
        at += GROUP;
    }
    let holds = |place: &usize| {
        bytes.len() - place < head
            || conditions.iter().all(|condition| condition.holds(bytes[place + condition.offset]))
    };
    (at..bytes.len()).find(holds).unwrap_or(bytes.len())
}

/// Returns whether all conditions hold at one of the first places.
#[inline]
fn any<const N: usize>(group: &[u8], conditions: &[Condition; N]) -> bool {
    let fields =
        conditions.map(|condition| group.get(condition.offset..).and_then(|field| field.first_chunk::<GROUP>()));
    let mut all = [true; GROUP];
    for (condition, field) in conditions.iter().zip(fields) {
        let Some(field) = field else { return true };
        for (all, byte) in all.iter_mut().zip(field) {
            *all &= condition.holds(*byte);
        }
    }
    all.iter().fold(false, |any, all| any | all)
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
                || bytes[place + 1] == 0 && bytes[place + 7] == 3 && bytes[place + 15] <= 1;
            let expected = (from..bytes.len()).find(holds).unwrap_or(bytes.len());
            prop_assert_eq!(next_place(&bytes, from, 16, &conditions), expected);
        }
    }
}
