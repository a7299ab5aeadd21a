//! Standard error: errors, remarks, and progress on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use syncookie_terminal::{Stream, escape_controls, understands_escapes};

use crate::pipeline::Observer;
use crate::problem::Problem;

/// Time between two updates of the progress line.
const PAUSE: Duration = Duration::from_millis(200);

/// Number of characters of a capture's name that are shown: its end, in which captures of a folder
/// differ.
const NAME: usize = 40;

/// Writer to standard error. Errors of writing are ignored: they do not stop the program.
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
    /// Creates a console; a `quiet` one writes errors only.
    pub fn new(quiet: bool) -> Self {
        let now = Instant::now();
        Self {
            quiet,
            shows_progress: !quiet && io::stderr().is_terminal() && understands_escapes(Stream::Error),
            is_line_open: false,
            started: now,
            updated: now,
            captures: 0,
            captures_read: 0,
            bytes: 0,
            bytes_read: 0,
        }
    }

    /// Writes the reason why results are missing or incomplete.
    pub fn error(&mut self, error: &dyn std::fmt::Display) {
        self.line(&format!("syncookie: {error}"));
    }

    /// Writes a remark, unless the console is quiet.
    pub fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.line(&format!("syncookie: {text}"));
        }
    }

    /// Returns the progress line: `42 %, 1200 MB/s, 12 s left, capture 3 of 7: traces/c.pcap`.
    fn status(&self, capture: &str, offset: u64, elapsed: Duration) -> String {
        let read = self.bytes_read + offset;
        let rate = read as f64 / elapsed.as_secs_f64().max(0.001) / 1e6;
        // A stream has no size, and a file may have grown since.
        let share = if self.bytes == 0 { String::new() } else { format!("{} %, ", read * 100 / self.bytes.max(read)) };
        let left = match self.bytes.saturating_sub(read) as f64 / (rate * 1e6) {
            seconds if seconds > 0.0 && seconds.is_finite() => format!("{} left, ", span(seconds)),
            _ => String::new(),
        };
        let name = escape_controls(capture);
        let tail: String = name.chars().skip(name.chars().count().saturating_sub(NAME)).collect();
        format!("{share}{rate:.0} MB/s, {left}capture {} of {}: {tail}", self.captures_read + 1, self.captures)
    }

    /// Removes the progress line.
    fn clear(&mut self) {
        if self.is_line_open {
            self.is_line_open = false;
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// Writes lines. Names in them, as in errors of other libraries, may contain anything.
    fn line(&mut self, text: &str) {
        self.clear();
        for line in text.lines() {
            let _ = writeln!(io::stderr(), "{}", escape_controls(line));
        }
    }
}

impl Observer for Console {
    fn expect(&mut self, captures: usize, bytes: u64) {
        (self.captures, self.bytes) = (captures, bytes);
    }

    fn problem(&mut self, problem: &Problem) {
        self.error(problem);
    }

    fn remark(&mut self, text: &str) {
        Self::remark(self, text);
    }

    fn progress(&mut self, capture: &str, bytes: u64) {
        // Without an expected end there is no progress to show.
        if !self.shows_progress || self.captures == 0 || self.updated.elapsed() < PAUSE {
            return;
        }
        self.updated = Instant::now();
        self.is_line_open = true;
        let _ = write!(io::stderr(), "\r\x1b[K{}", self.status(capture, bytes, self.started.elapsed()));
    }

    fn capture_read(&mut self, bytes: u64) {
        self.captures_read += 1;
        self.bytes_read += bytes;
    }

    fn done(&mut self) {
        self.clear();
    }
}

/// Returns a time for people: `12 s`, `3 min`, `2 h 5 min`.
fn span(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_shows_share_speed_and_capture() {
        let mut console = Console::new(true);
        console.expect(2, 400_000_000);
        console.capture_read(100_000_000);
        let status = console.status("a.pcap", 100_000_000, Duration::from_secs(2));
        assert_eq!(status, "50 %, 100 MB/s, 2 s left, capture 2 of 2: a.pcap");
    }

    #[test]
    fn the_remaining_time_is_rounded_up_to_usual_units() {
        assert_eq!((span(0.2), span(119.5), span(150.0)), ("1 s".into(), "2 min".into(), "3 min".into()));
        assert_eq!(span(7500.0), "2 h 5 min");
    }

    #[test]
    fn progress_handles_streams_growing_files_and_zero_elapsed_time() {
        let mut console = Console::new(true);
        assert_eq!(console.status("-", 0, Duration::ZERO), "0 MB/s, capture 1 of 0: -");
        console.expect(1, 1);
        assert!(console.status(&"\x1b".repeat(50), 5, Duration::ZERO).starts_with("100 %"));
    }
}
