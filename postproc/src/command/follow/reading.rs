//! A capture on its way into the engine, together with what came before it in its series.

use std::io;

use syncookie_engine::{Analyzer, Limits};

use crate::pipeline::{Intake, Opened, Spare, take_in};

/// What the engine knows of a series, and what was met in its latest capture.
pub(super) struct Reading {
    /// Index of the capture that the analyzer began with.
    pub first: u32,
    /// Index of the latest.
    pub index: u32,
    pub analyzer: Analyzer,
    pub intake: Intake,
}

impl Reading {
    /// A new capture, or one that goes on where another ended.
    pub(super) fn new(name: &str, index: usize, before: Option<Self>) -> Self {
        let index = index as u32;
        let new = || (index, Analyzer::new(Limits { flood: u64::MAX, ..Limits::default() }));
        let (first, analyzer) = before.map_or_else(new, |before| (before.first, before.analyzer));
        Self { first, index, analyzer, intake: Intake::new(name) }
    }

    /// Takes in all of a capture; `after_bundle` is called now and then.
    pub(super) fn read(
        &mut self,
        opened: Opened,
        mut after_bundle: impl FnMut(&mut Analyzer) -> io::Result<()>,
    ) -> io::Result<()> {
        take_in(opened, &mut self.intake, &mut self.analyzer, self.index, &Spare::default(), |analyzer, _| {
            after_bundle(analyzer)
        })
    }
}
