//! Width and colour of the terminal.

use std::env;

use crate::escape_sequences::{Stream, understands_escapes};

/// Columns of a line where neither a terminal nor `COLUMNS` says its width.
const DEFAULT_WIDTH: usize = 100;

/// Width and colour of the terminal that a text is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Columns of a line.
    pub width: usize,
    /// Whether colours and weights may be used. A text must not carry meaning by them alone.
    pub is_coloured: bool,
}

impl Terminal {
    /// Returns the width and colour to write with.
    ///
    /// The width is that of the terminal of this process if `is_terminal`, else the environment's
    /// `COLUMNS`, else 100, and always between 60 and 240. Colour is used on a terminal, unless
    /// `NO_COLOR` is set (<https://no-color.org>), `TERM` is `dumb`, or the terminal is a console of
    /// Windows without escape sequences.
    pub fn detect(is_terminal: bool) -> Self {
        let terminal = is_terminal.then(terminal_size::terminal_size).flatten();
        let columns = || env::var("COLUMNS").ok()?.parse().ok();
        let width = terminal.map(|(width, _)| usize::from(width.0)).or_else(columns).unwrap_or(DEFAULT_WIDTH);
        let is_plain = env::var("NO_COLOR").is_ok_and(|value| !value.is_empty())
            || env::var("TERM").is_ok_and(|value| value == "dumb");
        Self {
            width: width.clamp(60, 240),
            is_coloured: is_terminal && !is_plain && understands_escapes(Stream::Output),
        }
    }

    /// Returns the text in a colour or weight, where these may be used; `code` holds the parameters
    /// of the escape sequence SGR (ECMA-48), such as `1;31` for bold red.
    pub fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }

    /// Returns the text in bold, where weights may be used.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_written_only_with_colour() {
        let plain = Terminal { width: 80, is_coloured: false };
        assert_eq!(plain.paint("1;31", "full"), "full");
        let coloured = Terminal { is_coloured: true, ..plain };
        assert_eq!(coloured.bold("full"), "\x1b[1mfull\x1b[0m");
    }
}
