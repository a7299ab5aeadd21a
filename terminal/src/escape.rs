//! Untrusted text, such as file names and process names, made safe to print.

use std::borrow::Cow;

/// Escapes the characters that a terminal acts upon instead of showing: control characters, and
/// those that change the direction of writing (Unicode Standard Annex #9).
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_active) {
        text.chars().map(|c| if is_active(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
    } else {
        text.into()
    }
}

/// Returns whether a terminal acts upon the character.
fn is_active(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_are_escaped() {
        assert_eq!(escape_controls("a\x1b[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\n\\u{202e}c");
    }

    #[test]
    fn text_without_control_characters_is_borrowed() {
        assert!(matches!(escape_controls("Füße.pcap"), Cow::Borrowed("Füße.pcap")));
    }
}
