//! Bytes as text: five characters for four bytes, where base64 needs one more for every twelve.

use std::fmt::{self, Write};

/// Character for the digit 0; the others follow it.
const FIRST: u8 = b'#';

/// Character in place of `<`, which could end a script element.
const LESS: char = 'x';

/// Text in base 85. What is missing in the last four bytes is zero; the reader knows the length.
pub struct Base85<'a>(pub &'a [u8]);

impl fmt::Display for Base85<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chunks(4).try_for_each(|chunk| {
            let number = chunk.iter().chain(&[0; 3]).take(4).fold(0, |all: u32, &byte| all << 8 | u32::from(byte));
            (0..5).rev().try_for_each(|place| f.write_char(digit((number / 85_u32.pow(place) % 85) as u8)))
        })
    }
}

fn digit(value: u8) -> char {
    match char::from(FIRST + value) {
        '<' => LESS,
        digit => digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_become_five_digits_and_none_is_a_less_than_sign() {
        assert_eq!(Base85(&[0, 0, 0, 0]).to_string(), "#####");
        assert_eq!(Base85(&[0, 0, 0, 25]).to_string(), "####x");
        // 2^32 - 1 = 82·85^4 + 23·85^3 + 54·85^2 + 12·85 + 0
        assert_eq!(Base85(&[255; 4]).to_string(), "u:Y/#");
        assert_eq!(Base85(&[0, 0, 1]).to_string(), Base85(&[0, 0, 1, 0]).to_string());
    }
}
