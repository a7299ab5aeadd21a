//! A line for each finding that somebody should know of, as it comes.

use std::io::{self, Write};

use syncookie_engine::Finding;
use syncookie_terminal::count;

use crate::pipeline::totals::{CaptureTotals, Totals};
use crate::report::Report;
use crate::source::walk::Source;
use crate::text::{self, microsecond};

/// Writes lines.
pub(super) struct Lines<W> {
    output: W,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(output: W) -> Self {
        Self { output }
    }
}

impl<W: Write> Report for Lines<W> {
    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let assessment = &finding.assessment;
        if !assessment.verdict.is_cookie_style() && finding.causes.is_empty() {
            return Ok(());
        }
        let capture = captures.get(finding.capture() as usize).map_or("", |capture| &capture.name);
        let sure = assessment.confidence.map_or_else(String::new, |sure| format!(" ({sure})"));
        let cause = finding.causes.first().map_or_else(String::new, |cause| format!(", {}", cause.kind));
        let frame = finding.frames.syn_ack.or(finding.frames.syn).or(finding.frames.reset).unwrap_or_default();
        writeln!(
            self.output,
            "{} UTC {}: {}{sure}, {}{cause}; client {}, frame {} of {}",
            microsecond(finding.time),
            finding.server,
            assessment.verdict,
            finding.outcome,
            finding.client,
            frame.number,
            text::capture(capture)
        )
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let (handshakes, captures) = (totals.tally.handshakes, totals.captures.len() as u64);
        writeln!(
            self.output,
            "{} in {}, {} of them cookie-style ({} possible)",
            count(handshakes, "handshake"),
            count(captures, "capture"),
            totals.reliable.handshakes + totals.possible.handshakes,
            totals.possible.handshakes
        )?;
        self.output.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
