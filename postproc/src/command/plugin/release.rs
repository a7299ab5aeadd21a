//! Release of Wireshark: the two numbers that decide which plugins it loads.

use std::fmt;

/// Major and minor version number. Wireshark loads only plugins that were built for the same two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    pub major: u32,
    pub minor: u32,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Release {
    /// Finds the release in a text such as `TShark (Wireshark) 4.0.17 (Git …)`.
    pub fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut numbers = word.split('.');
            let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            Some(Self { major, minor })
        })
    }
}
