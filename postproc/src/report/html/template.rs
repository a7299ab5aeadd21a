//! Templates: pages with marks `{{…}}`.

use std::io::{self, Write};

/// Writes a template. Calls `section` for each mark, in order, to write what replaces it.
pub fn fill<W: Write>(
    template: &str,
    output: &mut W,
    mut section: impl FnMut(&str, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    let mut parts = template.split("{{");
    output.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        let (mark, text) = part.split_once("}}").unwrap_or((part, ""));
        section(mark, output)?;
        output.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Returns the error of a mark that the page does not know.
pub fn unknown_mark(mark: &str) -> io::Error {
    io::Error::other(format!("the page's skeleton has an unknown mark: {mark}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mark_is_replaced_and_the_text_around_it_is_kept() {
        let mut page = Vec::new();
        fill("a{{one}}b{{two}}", &mut page, |mark, page| write!(page, "<{mark}>")).unwrap();
        assert_eq!(page, b"a<one>b<two>");
    }
}
