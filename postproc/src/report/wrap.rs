//! Paragraphs that fit a terminal.

use std::io::{self, Write};

/// Writes a paragraph: the first line begins with `lead`, further ones are indented two columns more than it.
pub fn paragraph(output: &mut dyn Write, width: usize, lead: &str, text: &str) -> io::Result<()> {
    let indent = if lead.is_empty() { 0 } else { lead.chars().take_while(|&c| c == ' ').count() + 2 };
    let mut column = lead.chars().count();
    let mut is_fresh = true;
    write!(output, "{lead}")?;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if !is_fresh && column + 1 + length > width {
            write!(output, "\n{:indent$}", "")?;
            (column, is_fresh) = (indent, true);
        }
        if !is_fresh {
            write!(output, " ")?;
            column += 1;
        }
        write!(output, "{word}")?;
        (column, is_fresh) = (column + length, false);
    }
    writeln!(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width_unless_a_word_does_not() {
        let mut written = Vec::new();
        paragraph(&mut written, 12, "* ", "one two three averyverylongword four").unwrap();
        let lines = ["* one two", "  three", "  averyverylongword", "  four", ""];
        assert_eq!(String::from_utf8(written).unwrap(), lines.join("\n"));
    }
}
