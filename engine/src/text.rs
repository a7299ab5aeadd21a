//! Joins pieces of text and numbers. A report of every handshake has several sentences for each, and
//! `format!` takes three times as long for them.

/// Bytes of memory for a text: most sentences fit, and do not grow.
pub(crate) const USUAL_LENGTH: usize = 128;

/// Piece of a text.
pub(crate) trait Piece {
    /// Adds the piece to the end of a text.
    fn add_to(self, text: &mut Vec<u8>);
}

impl Piece for &str {
    #[inline]
    fn add_to(self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.as_bytes());
    }
}

impl Piece for u16 {
    #[inline]
    fn add_to(self, text: &mut Vec<u8>) {
        u32::from(self).add_to(text);
    }
}

impl Piece for u8 {
    #[inline]
    fn add_to(self, text: &mut Vec<u8>) {
        u32::from(self).add_to(text);
    }
}

impl Piece for u32 {
    fn add_to(self, text: &mut Vec<u8>) {
        text.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

/// Number that is written as `{:.1}` writes it. Exact decimal arithmetic rarely decides.
pub(crate) struct Tenths(pub f64);

impl Piece for Tenths {
    fn add_to(self, text: &mut Vec<u8>) {
        let tenths = self.0 * 10.0;
        let is_near_middle = (tenths.fract() - 0.5).abs() < 1e-6;
        if self.0.is_sign_negative() || is_near_middle || !(0.0..1e9).contains(&tenths) {
            text.extend_from_slice(format!("{:.1}", self.0).as_bytes());
            return;
        }
        let tenths = (tenths + 0.5) as u32;
        (tenths / 10).add_to(text);
        text.push(b'.');
        (tenths % 10).add_to(text);
    }
}

/// Returns a text of these pieces.
macro_rules! joined {
    ($($piece:expr),+ $(,)?) => {{
        let mut text = Vec::with_capacity($crate::text::USUAL_LENGTH);
        $($crate::text::Piece::add_to($piece, &mut text);)+
        String::from_utf8(text).unwrap_or_default()
    }};
}

pub(crate) use joined;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_written_as_the_standard_library_writes_it(number: u32, digits in 0..10_u32) {
            for number in [number, 10_u32.pow(digits), 10_u32.pow(digits) - 1] {
                prop_assert_eq!(joined!(number), number.to_string());
            }
        }

        #[test]
        fn tenths_are_written_as_the_standard_library_writes_them(
            number: f64, small in -1e3..1e3_f64, tenths in 0_u32..9999
        ) {
            let middle = f64::from(tenths) / 20.0;
            for number in [number, small, middle, middle.next_up(), middle.next_down()] {
                prop_assert_eq!(joined!(Tenths(number)), format!("{number:.1}"));
            }
        }
    }

    #[test]
    fn numbers_that_have_no_tenths_are_written_as_the_standard_library_writes_them() {
        for number in [0.0, -0.0, 1e8, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(joined!(Tenths(number)), format!("{number:.1}"));
        }
    }
}
