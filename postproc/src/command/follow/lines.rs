//! `--follow --format table`: one line per finding, written as it is found.

use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::count;

use crate::report::{Report, strength};
use crate::source::walk::Source;
use crate::text::{self, microsecond};
use crate::totals::{CaptureTotals, Totals};

/// Report with one line per finding.
pub(super) struct Lines<W> {
    output: W,
    /// Whether each finding is followed by its evidence.
    is_verbose: bool,
    /// Whether a last line has the number of handshakes.
    has_end: bool,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(output: W, is_verbose: bool) -> Self {
        Self { output, is_verbose, has_end: true }
    }

    /// Leaves out the last line.
    pub(super) fn without_end(self) -> Self {
        Self { has_end: false, ..self }
    }

    fn evidence(&mut self, finding: &Finding) -> io::Result<()> {
        for piece in strength::listed(&finding.assessment) {
            writeln!(self.output, "  {} [{}]", piece.detail, strength::evidence(piece))?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Lines<W> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::Notable
    }

    fn draws(&self) -> bool {
        false
    }

    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        Ok(())
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        let assessment = &finding.assessment;
        let capture = captures.get(finding.capture() as usize).map_or("", |capture| &capture.name);
        let sure = assessment.confidence.map_or_else(String::new, |sure| format!(" ({sure})"));
        let cause = finding.causes.first().map_or_else(String::new, |cause| format!(", {}", cause.kind));
        let frame = finding.frames.syn_ack.or(finding.frames.syn).or(finding.frames.reset).unwrap_or_default();
        writeln!(
            self.output,
            "{} {} {}: {}{sure}, {}{cause}; client {}, frame {} of {}",
            microsecond(finding.time),
            text::zone(finding.time),
            finding.server,
            assessment.verdict,
            finding.outcome,
            finding.client,
            frame.number,
            text::capture(capture)
        )?;
        if self.is_verbose { self.evidence(finding) } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        if !self.has_end {
            return Ok(());
        }
        let (handshakes, captures) = (totals.tally.handshakes, totals.captures.len() as u64);
        writeln!(
            self.output,
            "{} in {}, {} answered by a SYN cookie or SYN proxy ({} of them possible)",
            count(handshakes, "handshake"),
            count(captures, "capture"),
            totals.reliable.handshakes + totals.possible.handshakes,
            totals.possible.handshakes
        )?;
        self.output.flush()
    }
}
