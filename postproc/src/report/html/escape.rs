//! Escapes text from captures and file names for HTML.

use std::fmt;
use std::io::{self, Write};

/// Escapes text between tags, or inside a quoted attribute.
pub struct Html<'a>(pub &'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => write!(f, "{c}"),
        })
    }
}

/// Writes JSON for a script element: nothing in it can end the element or begin a comment. In JSON,
/// `<` occurs only in strings, where it may be escaped.
pub struct ScriptSafe<W>(pub W);

impl<W: Write> Write for ScriptSafe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut parts = bytes.split(|&byte| byte == b'<');
        self.0.write_all(parts.next().unwrap_or_default())?;
        for part in parts {
            self.0.write_all(b"\\u003c")?;
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Returns the source expression by which a content security policy allows an inline element with
/// this content.
pub fn source_hash(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    format!("'sha256-{}'", base64(&Sha256::digest(content)))
}

/// Encodes bytes in Base64 (RFC 4648 section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let sextets = chunk.iter().chain(&[0; 3]).take(3).fold(0_u32, |all, &byte| all << 8 | u32::from(byte));
        for place in 0..4 {
            let sextet = sextets >> (18 - 6 * place) & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[sextet as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let text = Html("<img src=x onerror='a'>&\"").to_string();
        assert_eq!(text, "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;");
    }

    #[test]
    fn json_cannot_end_its_script_element_and_stays_the_same_json() {
        let value = "</script><!--<script>\u{2028}";
        let mut written = Vec::new();
        serde_json::to_writer(ScriptSafe(&mut written), value).unwrap();
        assert!(!written.contains(&b'<'));
        assert_eq!(serde_json::from_slice::<String>(&written).unwrap(), value);
    }

    #[test]
    fn hashes_have_the_form_of_a_content_security_policy() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), text, "RFC 4648 section 10");
        }
        // The digest of the empty text (FIPS 180-4).
        assert_eq!(source_hash(b""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
    }
}
