//! Table of texts that are written once and referred to by number, so that thousands of
//! findings take a few megabytes.
//!
//! Sentences that differ only in their numbers share an entry: `SYN-ACK timestamp is # ms behind`,
//! and the numbers.

use std::collections::HashMap;

use serde::Serialize;

/// Maximum number of entries; further texts are written where they occur.
const ENTRIES: usize = 100_000;

/// Placeholder for a number in an entry.
const GAP: char = '\u{1}';

/// Text: the number of its entry, or the text itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    Known(u32),
    Own(String),
}

/// Sentence: an entry, and the values of its placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Phrase {
    Plain(Text),
    Filled(Text, Vec<String>),
}

/// Table of all entries.
#[derive(Debug, Default)]
pub struct Texts {
    entries: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Texts {
    /// Returns the entries, in the order of their numbers.
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Adds a word or a name.
    pub fn text(&mut self, text: &str) -> Text {
        if let Some(&number) = self.numbers.get(text) {
            return Text::Known(number);
        }
        if self.entries.len() >= ENTRIES {
            return Text::Own(text.into());
        }
        let number = self.entries.len() as u32;
        self.entries.push(text.into());
        self.numbers.insert(text.into(), number);
        Text::Known(number)
    }

    /// Adds a sentence with values in it.
    pub fn phrase(&mut self, sentence: &str) -> Phrase {
        if sentence.contains(GAP) {
            return Phrase::Plain(Text::Own(sentence.into()));
        }
        let (template, values) = split(sentence);
        match (self.text(&template), values) {
            (Text::Own(_), _) => Phrase::Plain(Text::Own(sentence.into())),
            (known, values) if values.is_empty() => Phrase::Plain(known),
            (known, values) => Phrase::Filled(known, values),
        }
    }
}

/// Returns the sentence with placeholders for its numbers, and the numbers as written.
fn split(sentence: &str) -> (String, Vec<String>) {
    let (mut template, mut values) = (String::with_capacity(sentence.len()), Vec::new());
    let mut rest = sentence;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(from.len());
        template.push_str(before);
        template.push(GAP);
        values.push(from[..length].into());
        rest = &from[length..];
    }
    template.push_str(rest);
    (template, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_that_differ_in_numbers_share_an_entry() {
        let mut texts = Texts::default();
        let first = texts.phrase("SYN-ACK is 62.9 ms behind (1000 Hz).");
        let second = texts.phrase("SYN-ACK is 3.1 ms behind (250 Hz).");
        assert_eq!(first, Phrase::Filled(Text::Known(0), vec!["62.9".into(), "1000".into()]));
        assert_eq!(second, Phrase::Filled(Text::Known(0), vec!["3.1".into(), "250".into()]));
        assert_eq!(texts.entries(), ["SYN-ACK is \u{1} ms behind (\u{1} Hz)."]);
        assert_eq!(texts.phrase("no number"), Phrase::Plain(Text::Known(1)));
    }

    #[test]
    fn a_text_with_the_placeholder_character_is_written_out() {
        let mut texts = Texts::default();
        assert_eq!(texts.phrase("a\u{1}b 5"), Phrase::Plain(Text::Own("a\u{1}b 5".into())));
    }
}
