//! Standard error: what went wrong, remarks, and progress where somebody is looking.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::text::safe;

/// Between two updates of the progress line.
const PAUSE: Duration = Duration::from_millis(200);

/// Writes to standard error. That it cannot be written to is no reason to stop.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    shows_progress: bool,
    is_line_open: bool,
    started: Instant,
    updated: Instant,
    captures: usize,
    captures_read: usize,
    bytes: u64,
    bytes_read: u64,
}

impl Console {
    /// `quiet`: problems only.
    pub fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self {
            quiet,
            shows_progress: !quiet && io::stderr().is_terminal(),
            is_line_open: false,
            started: now,
            updated: now,
            captures: 0,
            captures_read: 0,
            bytes: 0,
            bytes_read: 0,
        }
    }

    /// How much there is to read.
    pub fn expect(&mut self, captures: usize, bytes: u64) {
        (self.captures, self.bytes) = (captures, bytes);
    }

    /// Names something that could not be read, or the failure of it all.
    pub fn problem(&mut self, problem: &dyn std::fmt::Display) {
        self.line(&format!("syncookie: {problem}"));
    }

    /// Something worth knowing.
    pub fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.line(&format!("syncookie: {}", safe(text)));
        }
    }

    /// Says how far it is, if it is time to.
    pub fn progress(&mut self, capture: &str, offset: u64) {
        if !self.shows_progress || self.updated.elapsed() < PAUSE {
            return;
        }
        self.updated = Instant::now();
        let read = self.bytes_read + offset;
        let rate = read as f64 / self.started.elapsed().as_secs_f64().max(0.001) / 1e6;
        let share = if self.bytes == 0 { String::new() } else { format!("{} %, ", read * 100 / self.bytes.max(read)) };
        let (number, captures) = (self.captures_read + 1, self.captures);
        let name: String = safe(capture).chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
        self.is_line_open = true;
        let _ = write!(io::stderr(), "\r\x1b[K{share}{rate:.0} MB/s, capture {number} of {captures}: {name}");
    }

    /// One capture is done.
    pub fn read(&mut self, bytes: u64) {
        self.captures_read += 1;
        self.bytes_read += bytes;
    }

    /// Takes the progress line away.
    pub fn done(&mut self) {
        if self.is_line_open {
            self.is_line_open = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn line(&mut self, text: &str) {
        self.done();
        let _ = writeln!(io::stderr(), "{text}");
    }
}

impl Console {
    #[cfg(test)]
    fn silent() -> Self {
        Self { shows_progress: false, ..Self::new(true) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_nothing_and_of_more_than_expected_is_no_division_by_zero() {
        let mut console = Console { shows_progress: true, ..Console::silent() };
        console.updated -= PAUSE * 2;
        console.progress("a", 5);
        console.expect(1, 3);
        console.updated -= PAUSE * 2;
        console.progress("a", 5);
        console.done();
        assert!(!console.is_line_open);
    }
}
