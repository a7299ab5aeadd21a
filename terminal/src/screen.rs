//! Text that is redrawn in place on a terminal.
//!
//! Neither an alternate screen nor a hidden cursor is used: whatever ends the program, the terminal
//! needs no repair, and the last text stays on it.

use std::collections::HashSet;
use std::env;

use crate::wrap::display_width;
use crate::{Stream, Terminal, count, understands_escapes};

/// Columns before each line, for the mark.
const MARGIN: usize = 2;

/// Columns for which a text is formatted at least and at most.
const NARROWEST: usize = 30;
const WIDEST: usize = 240;

/// Text on a terminal. The next text replaces the previous one.
#[derive(Debug, Default)]
pub struct Screen {
    /// Size when the text was drawn, in columns and rows.
    size: (usize, usize),
    /// Essence of the lines of the previous text.
    before: Option<HashSet<String>>,
}

impl Screen {
    /// Returns columns and rows of the terminal of this process; `None` if it cannot be redrawn:
    /// `TERM` is `dumb`, it understands no escape sequences, or it has no size.
    #[must_use]
    pub fn size() -> Option<(usize, usize)> {
        let is_dumb = env::var("TERM").is_ok_and(|value| value == "dumb");
        let is_drawable = || !is_dumb && understands_escapes(Stream::Output);
        let (columns, rows) = terminal_size::terminal_size().filter(|_| is_drawable())?;
        Some((usize::from(columns.0), usize::from(rows.0)))
    }

    /// Returns the terminal for which the next text is formatted, with room for the marks.
    #[must_use]
    pub fn within((columns, _): (usize, usize)) -> Terminal {
        Terminal { width: columns.saturating_sub(MARGIN).clamp(NARROWEST, WIDEST), ..Terminal::detect(true) }
    }

    /// Returns what draws the text on a terminal of this size. Lines that were not in the previous
    /// text begin with an asterisk. Lines that are too long are cut; if there are too many, the
    /// last line says how many are hidden. A row stays free for the cursor.
    pub fn draw(&mut self, text: &str, terminal: Terminal, size: (usize, usize)) -> String {
        let (columns, rows) = size;
        let lines: Vec<&str> = text.lines().collect();
        let room = rows.saturating_sub(1).max(1);
        let shown = if lines.len() > room { room - 1 } else { lines.len() };
        // The cursor goes to the top; only a screen that has something else on it is cleared.
        let is_same_screen = self.before.is_some() && self.size == size;
        let mut drawn = String::from(if is_same_screen { "\x1b[H" } else { "\x1b[H\x1b[2J" });
        let mut add = |mark: &str, line: &str| {
            let line = cut(line, columns.saturating_sub(MARGIN));
            drawn.push_str(&format!("{mark}{line}\x1b[K\n"));
        };
        for line in &lines[..shown] {
            let is_new =
                !line.is_empty() && self.before.as_ref().is_some_and(|before| !before.contains(&essence(line)));
            let mark = if is_new { terminal.paint("1;36", "*") + " " } else { " ".repeat(MARGIN) };
            add(&mark, line);
        }
        if shown < lines.len() {
            let hidden = count((lines.len() - shown) as u64, "more line");
            add(&" ".repeat(MARGIN), &format!("({hidden}; enlarge the window)"));
        }
        drawn.push_str("\x1b[J");
        self.before = Some(lines.into_iter().map(essence).collect());
        self.size = size;
        drawn
    }
}

/// Returns a line without escape sequences, and with times of day in whole seconds replaced: when a
/// text was drawn changes in any case.
fn essence(line: &str) -> String {
    let plain: String = pieces(line).filter(|piece| !piece.starts_with('\x1b')).collect();
    let is_time = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_ascii_digit());
        word.len() == "00:00:00".len() && word.split(':').count() == 3
    };
    let words = plain.split(' ').map(|word| if is_time(word) { "time" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the beginning of a line that fits into this number of columns.
fn cut(line: &str, columns: usize) -> String {
    let (mut taken, mut width, mut is_coloured) = (String::new(), 0, false);
    for piece in pieces(line) {
        if piece.starts_with('\x1b') {
            is_coloured = true;
        } else {
            width += display_width(piece);
            if width > columns {
                taken.push_str(if is_coloured { "\x1b[0m" } else { "" });
                break;
            }
        }
        taken.push_str(piece);
    }
    taken
}

/// Returns the parts of a line: escape sequences SGR (ECMA-48), and single characters.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let escape = || rest.find('m').filter(|_| rest.starts_with("\x1b["));
        let (piece, after) = rest.split_at(escape().map_or(first.len_utf8(), |end| end + 1));
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terminal = Terminal { width: 80, is_coloured: false };

    /// Returns the lines that a terminal shows.
    fn shown(drawn: &str) -> Vec<String> {
        let text = drawn.trim_start_matches("\x1b[H").trim_start_matches("\x1b[2J").trim_end_matches("\x1b[J");
        text.lines().map(|line| line.trim_end_matches("\x1b[K").into()).collect()
    }

    #[test]
    fn only_lines_that_changed_are_marked_and_a_time_of_day_is_no_change() {
        let mut screen = Screen::default();
        let first = screen.draw("answer\n\nat 10:00:01 UTC\nused 5\nused 7", PLAIN, (80, 24));
        assert!(first.starts_with("\x1b[H\x1b[2J"), "what was there before is in the way");
        assert_eq!(shown(&first), ["  answer", "  ", "  at 10:00:01 UTC", "  used 5", "  used 7"]);
        let second = screen.draw("answer\n\nat 10:00:02 UTC\nused 7\nused 6", PLAIN, (80, 24));
        assert!(!second.contains("\x1b[2J"), "it would flicker");
        assert_eq!(shown(&second), ["  answer", "  ", "  at 10:00:02 UTC", "  used 7", "* used 6"]);
        assert!(screen.draw("answer", PLAIN, (70, 24)).contains("\x1b[2J"), "the terminal wrapped the lines");
    }

    #[test]
    fn a_text_that_is_too_high_or_too_wide_is_cut_and_says_so() {
        let text: String = (0..30).map(|number| format!("line {number}\n")).collect();
        let drawn = shown(&Screen::default().draw(&text, PLAIN, (80, 10)));
        assert_eq!((drawn.len(), drawn[7].as_str()), (9, "  line 7"));
        assert_eq!(drawn[8], "  (22 more lines; enlarge the window)");
        assert_eq!(shown(&Screen::default().draw("12345\n日本語", PLAIN, (7, 24))), ["  12345", "  日本"]);
        assert_eq!(shown(&Screen::default().draw("123456", PLAIN, (7, 2))), ["  12345"]);
        assert_eq!(cut("\x1b[1mbold\x1b[0m", 2), "\x1b[1mbo\x1b[0m");
        assert_eq!(cut("\x1b[1mbold\x1b[0m", 4), "\x1b[1mbold\x1b[0m");
        assert_eq!(shown(&Screen::default().draw("a\nb", PLAIN, (0, 0))).len(), 1, "a terminal without a size");
    }
}
