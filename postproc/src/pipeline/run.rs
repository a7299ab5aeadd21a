//! One run over all captures: series by series, several at a time, told in the order of the plan.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use syncookie_engine::{DetailLevel, Finding, FindingParts, Findings, Limits};

use super::events::{Event, Listening, Queue};
use super::series::Reader;
use super::spare::Spare;
use crate::console::Console;
use crate::pipeline::cross_capture::CrossCapture;
use crate::pipeline::totals::{CaptureTotals, Totals};
use crate::problem::Problem;
use crate::report::Report;
use crate::source::series::{self, Member};
use crate::source::walk::Plan;

/// Events of a series that wait for those before it; beyond that its reader waits.
const WAITING: usize = 64;

/// Series that are handed out before the first of them is told whole: what waits takes memory for each.
const AHEAD: usize = 1024;

/// One run over all captures.
pub(super) struct Batch<'a> {
    plan: &'a Plan,
    report: Box<dyn Report + 'a>,
    console: &'a mut Console,
    limits: Limits,
    parts: FindingParts,
    threads: usize,
    totals: Totals,
    /// The first capture of the series that is being told.
    first: usize,
    /// Places in the plan of captures that were not opened any more.
    not_reached: Vec<usize>,
    begun: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        report: Box<dyn Report + 'a>,
        console: &'a mut Console,
        limits: Limits,
        threads: usize,
    ) -> Self {
        console.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
        let (filter, once) = (plan.filter.clone(), plan.once);
        let one_by_one = once || filter.is_active();
        // What is told one by one is only counted where it is told.
        let flood = if one_by_one { u64::MAX } else { limits.flood };
        let together = (plan.sources.len() > 1).then(CrossCapture::default);
        let (detail, measured, syn_fields) = (report.detail(), report.draws(), together.is_some());
        // Whoever counts one by one, or compares captures, needs the others, too.
        let only_notable = detail == DetailLevel::Notable && !one_by_one && together.is_none();
        let limits = Limits { flood, ..limits };
        let parts = FindingParts { detail, only_notable, measured, syn_fields };
        let totals = Totals { filter, once, one_by_one, together, ..Totals::default() };
        Self { plan, report, console, limits, parts, threads, totals, first: 0, not_reached: Vec::new(), begun: false }
    }

    /// Reads everything; `None`, with nothing written, when there was nothing to report on.
    pub(super) fn run(mut self) -> io::Result<Option<Totals>> {
        let plan = self.plan;
        for problem in &plan.problems {
            self.problem(problem.clone());
        }
        let all = series::series(&plan.sources);
        if all.len() < 2 || self.threads < 2 || !self.several(&all)? {
            let spare = Spare::new(self.threads.saturating_sub(1));
            let mut reader = Reader::new(plan, self.limits, self.parts, &spare);
            for members in &all {
                self.first = self.totals.captures.len();
                reader.read(members, &mut self)?;
            }
        }
        self.console.done();
        self.note_interruption();
        if !self.begun && self.totals.problems.iter().all(Problem::is_missing) {
            return Ok(None);
        }
        self.begin()?;
        self.report.end(&self.totals)?;
        Ok(Some(self.totals))
    }

    /// Reads as many series at a time as there are threads; those for which there is none any more help with the others. What is
    /// told is told in the order of the plan: a reader that is ahead waits when it has told a good deal that nobody took yet.
    /// `false`, with nothing read, where no thread is to be had.
    fn several(&mut self, all: &[Vec<Member>]) -> io::Result<bool> {
        let (plan, limits, parts) = (self.plan, self.limits, self.parts);
        let turn = AtomicUsize::new(0);
        let (hand_out, handed_out) = channel::<(&[Member], Queue<'_>)>();
        let handed_out = Mutex::new(handed_out);
        let next = || handed_out.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
        let wanted = self.threads.min(all.len());
        let spare = Spare::new(self.threads - wanted);
        let read = || {
            let mut reader = Reader::new(plan, limits, parts, &spare);
            // A reader fails when nobody takes what is told any more: then there is a better error to report.
            while let Ok((members, mut queue)) = next()
                && reader.read(members, &mut queue).is_ok()
            {}
            spare.add();
        };
        thread::scope(|scope| {
            let spawn = |_| thread::Builder::new().spawn_scoped(scope, read).ok();
            if (0..wanted).filter_map(spawn).count() == 0 {
                return Ok(false);
            }
            let mut hand_out = Some(hand_out);
            let mut series = all.iter().enumerate();
            let mut ahead = VecDeque::new();
            for place in 0..all.len() {
                for (place, members) in series.by_ref().take(AHEAD - ahead.len()) {
                    let (events, told) = sync_channel(WAITING);
                    ahead.push_back(told);
                    if let Some(hand_out) = &hand_out {
                        // It fails when all readers gave up, which shows in what they told.
                        let _ = hand_out.send((members, Queue { events, place, turn: &turn }));
                    }
                }
                if series.len() == 0 {
                    // Then nobody waits for more.
                    hand_out = None;
                }
                turn.store(place, Ordering::Relaxed);
                self.first = self.totals.captures.len();
                ahead.pop_front().into_iter().flatten().try_for_each(|event| self.tell(event))?;
            }
            Ok(true)
        })
    }

    /// Says what was not read because somebody wanted the run to end.
    fn note_interruption(&mut self) {
        if let Some(first) = self.not_reached.iter().min() {
            let name = &self.plan.sources[*first].name;
            self.problem(Problem::not_reached(name, self.not_reached.len() as u64 - 1));
        }
        self.totals.is_interrupted = self.totals.problems.iter().any(Problem::is_interruption);
    }

    /// Writes the head of the report, once it is certain that there is something to report on.
    fn begin(&mut self) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.report.begin(&self.plan.sources)?;
        }
        Ok(())
    }

    fn problem(&mut self, problem: Problem) {
        self.console.problem(&problem);
        self.totals.problems.push(problem);
    }

    fn handshakes(&mut self, mut findings: Vec<Finding>) -> io::Result<()> {
        for finding in &mut findings {
            finding.renumber(self.first as u32);
            self.plan.capture_point.weigh(finding);
            if self.totals.handshake(finding) {
                self.report.handshake(&self.totals.captures, finding)?;
            }
        }
        Ok(())
    }

    fn finished(&mut self, first: usize, findings: Findings) {
        let last = self.totals.captures.len().saturating_sub(1);
        self.totals.finish(self.first + first..=last, findings);
    }
}

impl Listening for Batch<'_> {
    fn tell(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::NotReached(source) => self.not_reached.push(source),
            Event::Problem(problem) => self.problem(problem),
            Event::Capture(name) => {
                self.begin()?;
                self.totals.captures.push(CaptureTotals { name, ..CaptureTotals::default() });
            }
            Event::Progress(offset) => {
                let name = self.totals.captures.last().map_or("", |capture| &capture.name);
                self.console.progress(name, offset);
            }
            Event::Handshakes(findings) => self.handshakes(findings)?,
            Event::Read(totals, bytes) => {
                if let Some(capture) = self.totals.captures.last_mut() {
                    capture.read(&totals);
                }
                self.console.read(bytes);
            }
            Event::Finished(first, findings) => self.finished(first, *findings),
        }
        Ok(())
    }
}
