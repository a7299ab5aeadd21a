//! Sentences are made only where somebody reads them: most handshakes are ordinary, and nobody asks why.

use std::fmt;

use crate::{Cited, Frame};

/// Whether sentences are wanted, and the frames they were read from: known when the code is compiled, so that whoever only
/// weighs does not even make room for them.
pub(crate) trait Words {
    /// The frames that a signal was read from.
    type Frames: Extend<Frame>;
    /// What it says.
    type Sentence: fmt::Display;

    /// Notes frames.
    fn cite(frames: impl IntoIterator<Item = Frame>) -> Self::Frames;

    /// Makes a sentence.
    fn say(sentence: impl FnOnce() -> String) -> Self::Sentence;
}

/// They are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said;

impl Words for Said {
    type Frames = Cited;
    type Sentence = String;

    fn cite(frames: impl IntoIterator<Item = Frame>) -> Cited {
        frames.into_iter().collect()
    }

    fn say(sentence: impl FnOnce() -> String) -> String {
        sentence()
    }
}

/// They are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsaid;

impl Words for Unsaid {
    type Frames = Nothing;
    type Sentence = Nothing;

    #[inline]
    fn cite(_: impl IntoIterator<Item = Frame>) -> Nothing {
        Nothing
    }

    #[inline]
    fn say(_: impl FnOnce() -> String) -> Nothing {
        Nothing
    }
}

/// `format!` where words are wanted, else nothing.
macro_rules! say {
    ($words:ty, $($sentence:tt)*) => {
        <$words as $crate::sentences::Words>::say(|| format!($($sentence)*))
    };
}

pub(crate) use say;

/// A number with one digit behind the point, as `{:.1}` writes it.
pub(crate) struct Tenths(pub f64);

impl Tenths {
    /// How many there are, where that is not negative and not huge; halves go to the even one.
    fn count(&self) -> Option<u64> {
        let bits = self.0.to_bits();
        // The bits of those with a sign, and of what is no number, are greater.
        if bits >= MANY.to_bits() {
            return None;
        }
        // Smaller ones than the smallest normal number have another form, and no tenths.
        let (exponent, mantissa) = ((bits >> 52) as u32, bits & ((1 << 52) - 1) | 1 << 52);
        // The number is the mantissa, divided by two so many times.
        let halvings = 1075 - exponent;
        if halvings >= u64::BITS {
            return Some(0);
        }
        let (tenths, whole) = (mantissa * 10, 1_u64 << halvings);
        let (count, rest) = (tenths / whole, tenths % whole);
        Some(count + u64::from(rest * 2 > whole || (rest * 2 == whole && count % 2 == 1)))
    }
}

/// Numbers from which on the digits are left to others.
const MANY: f64 = 1e12;

/// A sentence from its parts: quicker than `format!`, which takes a hundred steps for a number. For those that are said of
/// nearly every handshake.
macro_rules! joined {
    ($($part:expr),+ $(,)?) => {{
        let room = 0 $(+ $crate::sentences::Part::room(&$part))+;
        let mut sentence = String::with_capacity(room);
        $($crate::sentences::Part::join($part, &mut sentence);)+
        sentence
    }};
}

pub(crate) use joined;

/// Part of a sentence.
pub(crate) trait Part {
    /// Bytes that it takes nearly always.
    fn room(&self) -> usize;

    /// Adds it.
    fn join(self, sentence: &mut String);
}

impl Part for &str {
    fn room(&self) -> usize {
        self.len()
    }

    fn join(self, sentence: &mut String) {
        sentence.push_str(self);
    }
}

impl Part for u64 {
    fn room(&self) -> usize {
        5
    }

    fn join(self, sentence: &mut String) {
        let (mut digits, mut rest, mut begin) = ([b'0'; 20], self, 20);
        loop {
            begin -= 1;
            digits[begin] += (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        sentence.extend(digits[begin..].iter().copied().map(char::from));
    }
}

impl Part for Tenths {
    fn room(&self) -> usize {
        5
    }

    fn join(self, sentence: &mut String) {
        let Some(count) = self.count() else {
            sentence.push_str(&format!("{:.1}", self.0));
            return;
        };
        (count / 10).join(sentence);
        sentence.push('.');
        (count % 10).join(sentence);
    }
}

/// In place of what nobody reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Extend<Frame> for Nothing {
    #[inline]
    fn extend<I: IntoIterator<Item = Frame>>(&mut self, _: I) {}
}

impl fmt::Display for Nothing {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_as_usual(number: f64) {
        assert_eq!(joined!("~", Tenths(number), "!"), format!("~{number:.1}!"), "{number:e}");
    }

    proptest! {
        #[test]
        fn numbers_are_written_as_usual(number: u64, small in 0_u64..2000) {
            assert_eq!(joined!(number, " and ", small), format!("{number} and {small}"));
        }

        #[test]
        fn tenths_are_written_as_usual(any: f64, small in 0.0..100.0, sixteenths in 0_u32..100_000, tiny in 0_u64..1 << 62) {
            is_as_usual(any);
            is_as_usual(small);
            is_as_usual(f64::from(sixteenths) / 16.0);
            is_as_usual(f64::from_bits(tiny));
        }
    }

    #[test]
    fn tenths_at_the_ends_are_written_as_usual() {
        for number in [0.0, -0.0, 0.05, 0.25, 0.35, 0.75, 0.95, 1.0, 9.95, -1.25, 999_999_999_999.95, MANY, f64::NAN] {
            is_as_usual(number);
        }
        for number in [f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, 1e-300, 0.049_999_999_999_999_996] {
            is_as_usual(number);
        }
    }
}
