//! Sample of limited size: evenly spread, and the same in every run.

/// Keeps every n-th item, and doubles n when there are too many.
#[derive(Debug)]
pub struct Sample<T> {
    most: usize,
    every: u64,
    offered: u64,
    kept: Vec<T>,
}

impl<T> Sample<T> {
    /// Creates a sample of at most `most` items.
    pub const fn new(most: usize) -> Self {
        Self { most, every: 1, offered: 0, kept: Vec::new() }
    }

    /// Offers an item, which is kept if it is its turn.
    pub fn offer(&mut self, thing: T) {
        if self.offered.is_multiple_of(self.every) {
            if self.kept.len() >= self.most {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.every *= 2;
            }
            if self.offered.is_multiple_of(self.every) {
                self.kept.push(thing);
            }
        }
        self.offered += 1;
    }

    /// Returns the items that are kept.
    pub fn kept(&self) -> &[T] {
        &self.kept
    }

    /// Returns the number of items that were offered.
    pub const fn offered(&self) -> u64 {
        self.offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_evenly_spread() {
        let mut sample = Sample::new(100);
        (0..100_000).for_each(|number| sample.offer(number));
        let kept = sample.kept();
        assert!((50..=100).contains(&kept.len()) && sample.offered() == 100_000);
        let step = kept[1] - kept[0];
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == step), "{kept:?}");
    }

    #[test]
    fn a_few_items_are_all_kept() {
        let mut sample = Sample::new(4);
        (0..4).for_each(|number| sample.offer(number));
        assert_eq!(sample.kept(), [0, 1, 2, 3]);
    }
}
