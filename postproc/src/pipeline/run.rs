//! Processing of findings for every command: kernel counters, admission, totals, report.

use std::io;
use std::ops::RangeInclusive;

use syncookie_engine::{Analyzer, DetailLevel, Finding, FindingParts, Findings, Frame, Limits, Timestamp};

use super::events::{Event, EventSink, SeriesSink};
use super::observer::Observer;
use super::{Journal, NotRead, Options, SeriesReader};
use crate::filter::{Admission, Decision};
use crate::problem::Problem;
use crate::report::Report;
use crate::source::series::Member;
use crate::source::walk::Source;
use crate::totals::clients::Clients;
use crate::totals::cross_capture::{CrossCapture, Failure, Place};
use crate::totals::finding_counts::FindingCounts;
use crate::totals::{CaptureTotals, Known, Totals};

/// Captures of a run.
#[derive(Clone, Copy)]
pub enum Extent<'a> {
    /// Captures that are all known at the beginning.
    Listed(&'a [Source]),
    /// Captures that appear one after the other, without an end, with the journal of what was
    /// reported. Only handshakes that are reported individually are counted.
    Unending(&'a dyn Journal),
}

/// Limits of an engine, and the parts of a finding that it builds.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    limits: Limits,
    parts: FindingParts,
}

impl EngineOptions {
    /// Returns how many handshakes an engine keeps.
    pub(super) const fn handshakes(self) -> usize {
        self.limits.handshakes
    }

    /// Creates an engine that only judges.
    #[cfg(feature = "parquet")]
    pub(crate) fn judge(self) -> syncookie_engine::Judge {
        syncookie_engine::Judge::new(self.limits, self.parts)
    }

    /// Creates an engine.
    pub(super) fn analyzer(self) -> Analyzer {
        Analyzer::new(self.limits).with_parts(self.parts)
    }
}

/// Takes the events of a run, and reports them.
pub struct Run<'a> {
    sources: &'a [Source],
    options: &'a Options,
    engine: EngineOptions,
    report: &'a mut dyn Report,
    observer: &'a mut dyn Observer,
    admission: Admission<'a>,
    journal: Option<&'a dyn Journal>,
    totals: Totals,
    /// Failures that other captures may explain, as many as there is memory for; later ones are
    /// reported with the causes that their own capture shows. `None` if no other series is read.
    waiting: Option<Vec<Failure>>,
    /// Number of the first capture of the series that is being reported.
    first: usize,
    /// Indexes in the plan of captures that were not opened because the run ends.
    not_reached: Vec<usize>,
    has_begun: bool,
}

impl<'a> Run<'a> {
    /// Creates a run. Nothing is written yet.
    pub fn new(
        extent: Extent<'a>,
        options: &'a Options,
        report: &'a mut dyn Report,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let (sources, journal) = match extent {
            Extent::Listed(sources) => (sources, None),
            Extent::Unending(journal) => (&[][..], Some(journal)),
        };
        let is_unending = journal.is_some();
        let rules = &options.rules;
        let mut admission = Admission::new(rules, report.detail());
        if is_unending {
            admission.set_max_flood(options.limits.flood);
        }
        let totals = Totals {
            is_counted_one_by_one: is_unending || rules.select() || rules.baseline.is_some(),
            limits: options.limits,
            clients: (report.detail() == DetailLevel::All).then(Clients::default),
            cross_capture: compares(extent, options).then(CrossCapture::default),
            kernel: options.kernel.as_ref().map_or_else(Vec::new, |kernel| kernel.sources().to_vec()),
            known: rules.baseline.as_ref().map(|baseline| Known { report: baseline.name().into(), findings: 0 }),
            ..Totals::default()
        };
        let parts = FindingParts {
            detail: report.detail(),
            measured: report.draws(),
            syn_fields: totals.cross_capture.is_some() || report.detail() == DetailLevel::All,
            signatures: report.has_signatures(),
            compared: totals.is_counted_one_by_one,
            only_notable: !is_unending && totals.cross_capture.is_none() && admission.needs_notable_only(),
            counted_in_floods: false,
            sample: true,
        };
        let limits = Limits {
            // The engine must not count what is counted individually.
            flood: if is_unending || rules.select() { u64::MAX } else { options.limits.flood },
            ..options.limits
        };
        Self {
            sources,
            options,
            engine: EngineOptions { limits, parts },
            report,
            observer,
            admission,
            journal,
            totals,
            waiting: None,
            first: 0,
            not_reached: Vec::new(),
            has_begun: false,
        }
    }

    /// Counts the findings by listener, verdict and cause, too.
    pub fn count_findings(&mut self) {
        self.totals.finding_counts = Some(FindingCounts::default());
    }

    /// Returns what was counted so far.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Returns the options of this run's engines.
    #[must_use]
    pub fn engine(&self) -> EngineOptions {
        self.engine
    }

    /// Writes the head of the report, once. A run over listed captures begins with the first that
    /// can be opened.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn begin(&mut self) -> io::Result<()> {
        if !self.has_begun {
            self.has_begun = true;
            self.report.begin(self.sources)?;
        }
        Ok(())
    }

    /// Reports something that could not be read.
    pub fn problem(&mut self, problem: Problem) {
        self.observer.problem(&problem);
        self.totals.problems.push(problem);
    }

    /// Shows a remark.
    pub fn remark(&mut self, text: &str) {
        self.observer.remark(text);
    }

    /// Returns the number that the next capture gets.
    #[must_use]
    pub const fn next_capture(&self) -> usize {
        self.totals.captures.len()
    }

    /// Returns the counts of the last capture.
    #[must_use]
    pub fn last_capture(&self) -> Option<&CaptureTotals> {
        self.totals.captures.last()
    }

    /// Reads a new capture as the next one of its series; returns its problems.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn read(
        &mut self,
        series: &mut SeriesReader<'_>,
        source: &Source,
        member: &Member,
    ) -> io::Result<Result<Vec<Problem>, NotRead>> {
        self.report.capture(source)?;
        series.read(source, member, self.next_capture(), self)
    }

    /// Reports the handshakes of a series that began before this time, or all of them, as they are
    /// judged now. Later captures may continue the series. Returns the first frame of the first
    /// handshake that was not reported.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn report_until(
        &mut self,
        series: &mut SeriesReader<'_>,
        until: Option<Timestamp>,
    ) -> io::Result<Option<Frame>> {
        series.report_until(until, self)
    }

    /// Reports the handshakes of a series that begin in the capture with this number or an earlier
    /// one, as they are judged now. Returns the first frame of the first other handshake.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn report_up_to(&mut self, series: &mut SeriesReader<'_>, capture: u32) -> io::Result<Option<Frame>> {
        series.report_while(|finding| finding.first_frame().capture <= capture, self)
    }

    /// Changes the maximum number of handshakes that the engine of a series keeps, and reports
    /// those that it judges early because there are more.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn set_max_handshakes(&mut self, series: &mut SeriesReader<'_>, handshakes: usize) -> io::Result<()> {
        let (early, last) = series.set_max_handshakes(handshakes, self)?;
        if let Some(last) = last {
            self.count_judged_early(last, early);
        }
        Ok(())
    }

    /// Counts handshakes that were judged early for the capture with this number in its series.
    pub(crate) fn count_judged_early(&mut self, capture: usize, handshakes: u64) {
        if let Some(capture) = self.totals.captures.get_mut(self.first + capture) {
            capture.statistics.evicted_early += handshakes;
        }
    }

    /// Reports the rest of a series that no capture continues.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn finish(&mut self, series: &mut SeriesReader<'_>) -> io::Result<()> {
        series.finish(self)
    }

    /// Writes the end of the report and returns the totals of all captures; `None`, with nothing
    /// written, if no capture was opened and every problem is a missing file.
    ///
    /// # Errors
    /// Fails if the results cannot be written.
    pub fn end(mut self) -> io::Result<Option<Totals>> {
        self.observer.done();
        self.note_interruption();
        if !self.has_begun && self.totals.problems.iter().all(Problem::is_missing) {
            return Ok(None);
        }
        self.begin()?;
        self.report_waiting()?;
        let admission = &self.admission;
        self.totals.episodes.retain(|(_, episode)| admission.admits_episode(episode));
        self.totals.unmatched = admission.unmatched().clone();
        if !self.totals.unmatched.is_empty() {
            self.observer.remark(&self.totals.unmatched.to_string());
        }
        self.totals.compare();
        self.report.end(&self.totals)?;
        Ok(Some(self.totals))
    }

    /// Reports the captures that were not read because the run ended.
    fn note_interruption(&mut self) {
        if let Some(first) = self.not_reached.iter().min() {
            let name = &self.sources[*first].name;
            self.problem(Problem::not_reached(name, self.not_reached.len() as u64 - 1));
        }
        self.totals.is_interrupted = self.totals.problems.iter().any(Problem::is_interruption);
    }

    fn handshake(&mut self, mut finding: Finding) -> io::Result<()> {
        finding.renumber(self.first as u32);
        // Before anything is decided, because both may change the order of the causes.
        self.options.capture_point.weigh(&mut finding);
        if let Some(kernel) = &self.options.kernel {
            kernel.weigh(&mut finding);
        }
        let Some(waiting) = &mut self.waiting else {
            return self.decide(&finding, |captures| captures.add(&finding));
        };
        // Even one that the filter excludes may explain a failure that waits.
        let place = self.totals.cross_capture.as_mut().and_then(|captures| captures.add(&finding));
        let may_wait =
            waiting.len() < self.options.memory.failures() && !finding.causes.is_empty() && !finding.is_part_of_flood();
        if let Some(place) = place.filter(|_| may_wait) {
            waiting.push(Failure { place, finding });
            return Ok(());
        }
        self.decide(&finding, |_| place)
    }

    /// Reports the failures that waited, after their causes were weighed with all captures.
    fn report_waiting(&mut self) -> io::Result<()> {
        let mut waiting = self.waiting.take().unwrap_or_default();
        self.totals.weigh(&mut waiting);
        waiting.iter().try_for_each(|failure| self.decide(&failure.finding, |_| Some(failure.place)))
    }

    /// Decides about a handshake and counts and reports it. If the filter admits it, it is compared
    /// with those of other captures at the place that `place` returns.
    fn decide(&mut self, finding: &Finding, place: impl FnOnce(&mut CrossCapture) -> Option<Place>) -> io::Result<()> {
        let Totals { cross_capture, .. } = &mut self.totals;
        let once = self.options.rules.once;
        let mut at = None;
        let is_duplicate = || {
            cross_capture.as_mut().is_some_and(|captures| {
                at = place(captures);
                at.is_some_and(|place| captures.admit(place, once))
            })
        };
        let was_reported = self.journal.is_some_and(|journal| journal.was_decided(finding));
        match self.admission.decide(finding, was_reported, is_duplicate) {
            Decision::Report => {
                self.totals.count_at(at, finding);
                self.report.handshake(&self.totals.captures, finding)?;
            }
            Decision::Count => self.totals.count_at(at, finding),
            Decision::CountInFlood => {
                self.totals.count_at(at, finding);
                self.totals.flood_not_reported += 1;
            }
            Decision::FilteredOut => self.totals.filtered_out += 1,
            Decision::Known => self.totals.known.iter_mut().for_each(|known| known.findings += 1),
            Decision::ReportedBefore | Decision::Duplicate | Decision::Ordinary => {}
        }
        self.journal.map_or(Ok(()), |journal| journal.decided(finding))
    }

    fn capture_read(&mut self, totals: &CaptureTotals, bytes: u64) {
        if let Some(capture) = self.totals.captures.last_mut() {
            capture.read(totals);
        }
        self.observer.capture_read(bytes);
        if totals.has_wrong_time() {
            self.observer.remark(&format!(
                "{} has frames with times far from those around them; they do not affect the order of files",
                totals.name
            ));
        }
    }

    fn finished(&mut self, captures: &RangeInclusive<usize>, mut findings: Findings) {
        findings.midstream.renumber(self.first as u32);
        findings.sample.renumber(self.first as u32);
        self.totals.finish(self.first + captures.start()..=self.first + captures.end(), findings);
    }
}

impl SeriesSink<Analyzer> for Run<'_> {
    /// Captures of several series may contain the same connections, so failures wait until all of
    /// them were read.
    fn expect_series(&mut self, series: usize) -> io::Result<()> {
        // With --once, the first of several copies is reported, and others are left out.
        let waits = series > 1 && self.totals.cross_capture.is_some() && !self.options.rules.once;
        self.waiting = waits.then(Vec::new);
        Ok(())
    }

    /// Numbers the captures of the next series from here on.
    fn next_series(&mut self) -> io::Result<()> {
        self.first = self.totals.captures.len();
        Ok(())
    }
}

impl EventSink<Analyzer> for Run<'_> {
    fn send(&mut self, event: Event<Analyzer>) -> io::Result<()> {
        match event {
            Event::NotReached(source) => self.not_reached.push(source),
            Event::Problem(problem) => self.problem(problem),
            Event::Capture(name) => {
                self.begin()?;
                self.totals.captures.push(CaptureTotals { name, ..CaptureTotals::default() });
            }
            Event::Progress(offset) => {
                let name = self.totals.captures.last().map_or("", |capture| &capture.name);
                self.observer.progress(name, offset);
            }
            Event::Handshakes(findings) => {
                findings.into_iter().try_for_each(|finding| self.handshake(finding))?;
            }
            Event::Read(totals, bytes) => self.capture_read(&totals, bytes),
            Event::Finished(captures, findings) => self.finished(&captures, *findings),
        }
        Ok(())
    }
}

/// Returns whether captures are compared with each other, for `--once` or to report both sides of a
/// connection. With a baseline, only new findings are reported.
fn compares(extent: Extent<'_>, options: &Options) -> bool {
    match extent {
        Extent::Listed(sources) => sources.len() > 1 && (options.rules.once || options.rules.baseline.is_none()),
        Extent::Unending(_) => options.rules.once,
    }
}

#[cfg(test)]
mod tests {
    use syncookie_terminal::Terminal;

    use super::*;
    use crate::filter::{Filter, Rules};
    use crate::pipeline::Silent;
    use crate::report::{self, Format, Style};
    use crate::totals::cross_capture::tests::{full, unanswered};

    /// Returns the number of handshakes that found no room in the comparison, after one from
    /// 192.0.2.1.
    fn not_compared(filter: &str, series: usize) -> u64 {
        let rules = Rules { filter: Filter::new(&[filter.parse().unwrap()]), ..Rules::default() };
        let options = Options { rules, ..Options::default() };
        let terminal = Terminal { width: 100, is_coloured: false };
        let style = Style { terminal, is_verbose: false, has_byte_order_mark: false };
        let (mut report, mut observer) = (report::new(Format::Summary, style, io::sink()), Silent);
        let mut run = Run::new(Extent::Listed(&[]), &options, &mut *report, &mut observer);
        run.totals.cross_capture = Some(full());
        run.expect_series(series).unwrap();
        run.send(Event::Capture("a.pcap".into())).unwrap();
        run.send(Event::Handshakes(vec![unanswered(0)])).unwrap();
        run.end().unwrap().and_then(|totals| totals.comparison).unwrap().not_compared
    }

    #[test]
    fn a_handshake_that_the_filter_excludes_takes_room_in_the_comparison_only_where_failures_wait() {
        let [excluding, admitting] = ["client=192.0.2.7", "client=192.0.2.1"];
        assert_eq!((not_compared(excluding, 1), not_compared(admitting, 1)), (0, 1));
        assert_eq!((not_compared(excluding, 2), not_compared(admitting, 2)), (1, 1));
    }
}
