//! Paragraphs that fit a terminal.

use std::borrow::Cow;
use std::io::{self, Write};

use textwrap::core::Word;
use textwrap::wrap_algorithms::wrap_first_fit;
use unicode_width::UnicodeWidthStr;

/// Returns how many columns a line of text takes on a terminal (Unicode Standard Annex #11): two
/// for a wide letter, none for a combining mark.
pub fn display_width(line: &str) -> usize {
    line.width()
}

/// Writes a paragraph in lines of at most `width` columns; a longer word gets a line of its own and
/// is not broken. White space in `text` is written as one blank.
///
/// The first line begins with `lead`; further lines are indented two columns more than it, or not
/// at all if `lead` is empty.
///
/// # Errors
///
/// Returns the error of the output.
pub fn paragraph(output: &mut dyn Write, width: usize, lead: &str, text: &str) -> io::Result<()> {
    write_words(output, width, lead, text.split_whitespace())
}

/// Writes a paragraph as [`paragraph`] does, but does not break the line within `command`, which is
/// a part of `text` or empty: it can be copied.
///
/// # Errors
///
/// Returns the error of the output.
pub fn paragraph_with_command(
    output: &mut dyn Write,
    width: usize,
    lead: &str,
    text: &str,
    command: &str,
) -> io::Result<()> {
    let start = text.find(command).filter(|_| !command.is_empty());
    let (before, command, after) = start.map_or((text, None, ""), |start| around(text, start, start + command.len()));
    let words = before.split_whitespace().chain(command).chain(after.split_whitespace());
    write_words(output, width, lead, words)
}

/// Splits a text before and after a part of it, together with what touches the part, such as quotes
/// and commas.
fn around(text: &str, start: usize, end: usize) -> (&str, Option<&str>, &str) {
    let start = text[..start].trim_end_matches(|letter: char| !letter.is_whitespace()).len();
    let end = text[end..].find(char::is_whitespace).map_or(text.len(), |at| end + at);
    (&text[..start], Some(&text[start..end]), &text[end..])
}

/// Writes a paragraph whose first part between backquotes, such as a command, is not broken.
///
/// # Errors
///
/// Returns the error of the output.
pub fn paragraph_with_code(output: &mut dyn Write, width: usize, lead: &str, text: &str) -> io::Result<()> {
    paragraph_with_command(output, width, lead, text, text.split('`').nth(1).unwrap_or_default())
}

fn write_words<'a>(
    output: &mut dyn Write,
    width: usize,
    lead: &str,
    words: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    let indent = if lead.is_empty() { 0 } else { lead.chars().take_while(|&c| c == ' ').count() + 2 };
    let words: Vec<Word<'_>> = words.map(|word| Word { whitespace: " ", ..Word::from(word) }).collect();
    let room = |taken: usize| width.saturating_sub(taken) as f64;
    let lines = wrap_first_fit(&words, &[room(display_width(lead)), room(indent)]);
    let mut start = Cow::from(lead);
    for line in lines {
        let words: Vec<&str> = line.iter().map(|word| word.word).collect();
        writeln!(output, "{start}{}", words.join(" "))?;
        start = " ".repeat(indent).into();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: usize, lead: &str, text: &str) -> Vec<String> {
        let mut written = Vec::new();
        paragraph(&mut written, width, lead, text).unwrap();
        String::from_utf8(written).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn only_a_word_longer_than_the_width_exceeds_it() {
        let lines = ["* one two", "  three", "  averyverylongword", "  four"];
        assert_eq!(written(12, "* ", "one two three averyverylongword four"), lines);
        assert_eq!(written(4, "* ", "averyverylongword"), ["* averyverylongword"]);
    }

    #[test]
    fn a_command_is_not_broken() {
        let mut written = Vec::new();
        paragraph_with_command(&mut written, 12, "- ", "run cat /proc/net/stat now please", "cat /proc/net/stat")
            .unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "- run\n  cat /proc/net/stat\n  now please\n");
    }

    #[test]
    fn what_touches_a_command_stays_with_it() {
        let mut written = Vec::new();
        paragraph_with_code(&mut written, 12, "- ", "wide\u{2003}run it (`cat /proc/net/stat`), please").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "- wide run\n  it\n  (`cat /proc/net/stat`),\n  please\n");
        let mut written = Vec::new();
        paragraph_with_code(&mut written, 80, "", "no command").unwrap();
        assert_eq!(written, b"no command\n");
    }

    #[test]
    fn white_space_becomes_one_blank_and_an_empty_text_leaves_the_lead() {
        assert_eq!(written(80, "  ", " a\n  b\tc "), ["  a b c"]);
        assert_eq!(written(80, "* ", "  "), ["* "]);
    }

    #[test]
    fn wide_letters_count_two_columns() {
        let lines = ["漢字漢字", "漢字"];
        assert_eq!(written(10, "", "漢字漢字 漢字"), lines, "8 + 1 + 4 columns");
        assert_eq!(written(13, "", "漢字漢字 漢字"), ["漢字漢字 漢字"]);
        assert_eq!((display_width("漢字"), display_width("e\u{301}")), (4, 1));
        assert_eq!(written(9, "", "éé éé éé"), ["éé éé éé"], "8 columns of 11 bytes and more");
    }
}
