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

/// Escapes the characters in JSON that a terminal acts upon. JSON itself escapes only those below
/// U+0020, but U+009B begins an escape sequence, too. Such characters are only in strings.
#[must_use]
pub fn escape_json_controls(json: &[u8]) -> Cow<'_, [u8]> {
    match str::from_utf8(json) {
        Ok(text) if json.iter().any(|&byte| byte >= DELETE) && text.chars().any(is_active_in_json) => {
            let escape = |c: char| if is_active_in_json(c) { format!("\\u{:04x}", c as u32) } else { c.into() };
            Cow::Owned(text.chars().map(escape).collect::<String>().into_bytes())
        }
        _ => json.into(),
    }
}

/// The highest control character of ASCII, which JSON does not escape.
pub const DELETE: u8 = 0x7f;

fn is_active_in_json(c: char) -> bool {
    c >= char::from(DELETE) && is_active(c)
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
    fn json_means_the_same_and_has_no_character_that_a_terminal_acts_upon() {
        let json = "{\"a\":\"\u{9b}31m ü \u{202e}\"}\n";
        assert_eq!(&*escape_json_controls(json.as_bytes()), "{\"a\":\"\\u009b31m ü \\u202e\"}\n".as_bytes());
        assert_eq!(&*escape_json_controls(b"\"\x7f\""), b"\"\\u007f\"");
        assert!(matches!(escape_json_controls("\"ü\"\n".as_bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn text_without_control_characters_is_borrowed() {
        assert!(matches!(escape_controls("Füße.pcap"), Cow::Borrowed("Füße.pcap")));
    }
}
