//! A report whose causes are weighed with what the server's kernel says.

use std::io;

use syncookie_engine::{Finding, Host};

use crate::pipeline::totals::{CaptureTotals, Totals};
use crate::report::Report;
use crate::source::walk::Source;

/// Hands everything on to another report, the causes weighed anew.
pub struct Informed<'a> {
    inner: Box<dyn Report + 'a>,
    host: Host,
}

impl<'a> Informed<'a> {
    pub fn new(inner: Box<dyn Report + 'a>, host: Host) -> Self {
        Self { inner, host }
    }
}

impl Report for Informed<'_> {
    fn draws(&self) -> bool {
        self.inner.draws()
    }

    fn begin(&mut self, sources: &[Source]) -> io::Result<()> {
        self.inner.begin(sources)
    }

    fn handshake(&mut self, captures: &[CaptureTotals], finding: &Finding) -> io::Result<()> {
        if finding.causes.is_empty() || !self.host.is_of(finding) {
            return self.inner.handshake(captures, finding);
        }
        let mut weighed = finding.clone();
        self.host.weigh(&mut weighed);
        self.inner.handshake(captures, &weighed)
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        self.inner.end(totals)
    }
}
