//! Report that passes every finding to a function.

use std::io;

use syncookie_engine::{DetailLevel, Finding};

use super::Report;
use crate::source::walk::Source;
use crate::totals::{CaptureTotals, Totals};

/// Calls a function with every finding, and writes nothing.
pub struct EachFinding<F>(pub F);

impl<F: FnMut(&[CaptureTotals], &Finding) -> io::Result<()>> Report for EachFinding<F> {
    fn detail(&self) -> DetailLevel {
        DetailLevel::All
    }

    fn draws(&self) -> bool {
        true
    }

    fn has_signatures(&self) -> bool {
        true
    }

    fn begin(&mut self, _: &[Source]) -> io::Result<()> {
        Ok(())
    }

    fn capture(&mut self, _: &Source) -> io::Result<()> {
        Ok(())
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        self.0(captures, finding)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        Ok(())
    }
}
