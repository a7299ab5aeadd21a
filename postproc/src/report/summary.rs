//! One line, for logs and notifications.

use std::io::{self, Write};

use syncookie_engine::{DetailLevel, Finding};
use syncookie_terminal::count;

use super::Report;
use super::answer::answer;
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Report that is one line with the answer.
pub struct Line<W> {
    output: W,
}

impl<W: Write> Line<W> {
    pub fn new(output: W) -> Self {
        Self { output }
    }
}

impl<W: Write> Report for Line<W> {
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

    fn handshake(&mut self, _: &[CaptureTotals], _: &Finding) -> io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let totals = &*totals.by_connection();
        let problems = match totals.problems.len() as u64 {
            0 => String::new(),
            number => format!(" Not everything could be read: {}.", count(number, "problem")),
        };
        writeln!(self.output, "{}{problems}", answer(totals))?;
        self.output.flush()
    }
}
