//! Numbers with one decimal.

use std::fmt::{self, Write};

/// Number that is written as `{:.1}` writes it. Exact decimal arithmetic takes several times as long
/// and rarely decides.
pub(super) struct Tenths(pub f64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.0 * 10.0;
        let is_near_middle = (tenths.fract() - 0.5).abs() < 1e-6;
        if self.0.is_sign_negative() || is_near_middle || !(0.0..1e9).contains(&tenths) {
            return write!(f, "{:.1}", self.0);
        }
        let tenths = (tenths + 0.5) as u32;
        fmt::Display::fmt(&(tenths / 10), f)?;
        f.write_char('.')?;
        f.write_char(char::from(b'0' + (tenths % 10) as u8))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_written_as_the_standard_library_writes_it(number: f64, small in -1e3..1e3_f64, tenths in 0_u32..9999) {
            let middle = f64::from(tenths) / 20.0;
            for number in [number, small, middle, middle.next_up(), middle.next_down()] {
                prop_assert_eq!(Tenths(number).to_string(), format!("{number:.1}"));
            }
        }
    }

    #[test]
    fn numbers_that_have_no_decimals_are_written_as_the_standard_library_writes_them() {
        for number in [0.0, -0.0, 1e8, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(Tenths(number).to_string(), format!("{number:.1}"));
        }
    }
}
