//! `syncookie analyze`: every capture through the engine, every finding into the report.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

use syncookie_engine::{Analyzer, Confidence, Finding, Frame, Limits, Observation, Packet, Timestamp};

use crate::capture::{Capture, LinkType, OpenError, RawFrame};
use crate::cli::Analyze;
use crate::console::Console;
use crate::exit::Exit;
use crate::link::{self, Content};
use crate::output::Output;
use crate::problem::Problem;
use crate::report::{self, Report};
use crate::series::{self, Member};
use crate::totals::{CaptureTotals, Totals};
use crate::walk::{self, Plan, Source};

/// Faults of a capture that are told one by one.
const FAULTS_TOLD: u64 = 8;

/// Frames between two looks at what the engine has settled, and at the progress.
const ROUND: u64 = 1 << 14;

/// Why nothing was written.
#[derive(Debug)]
pub enum Failure {
    /// None of the paths is or has a capture, or what somebody took for one.
    NoCapture {
        /// Folders that were looked into.
        folders: Vec<PathBuf>,
        /// Files in folders that were looked at in vain.
        skipped: usize,
        /// What one of them is.
        example: Option<String>,
    },
    /// The results would overwrite what they are about.
    OutputIsInput,
    /// The results could not be written.
    Output(io::Error),
}

/// Analyses what the arguments name.
pub fn run(args: &Analyze, console: &mut Console) -> Result<Exit, Failure> {
    let plan = walk::plan(&args.paths);
    for (path, reason) in plan.skipped.iter().filter(|_| args.verbose) {
        console.remark(&format!("{} {reason}: not read", path.display()));
    }
    for folder in &plan.barren {
        if !plan.sources.is_empty() {
            console.remark(&format!("{} holds no capture", folder.display()));
        }
    }
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    let report = report::new(args.format, args.verbose, &mut output);
    let totals = analyse(&plan, report, console).map_err(Failure::Output)?;
    let Some(totals) = totals else { return Err(no_capture(plan)) };
    output.finish().map_err(Failure::Output)?;
    Ok(exit(args.fail_on.map(Confidence::from), &totals))
}

/// Reads every capture of the plan, and hands what comes out to the report; `None`, with nothing handed out, when there was
/// nothing to report on.
pub fn analyse(plan: &Plan, report: Box<dyn Report + '_>, console: &mut Console) -> io::Result<Option<Totals>> {
    Batch::new(plan, report, console).run()
}

fn exit(threshold: Option<Confidence>, totals: &Totals) -> Exit {
    match threshold {
        Some(threshold) if totals.strongest >= Some(threshold) => Exit::Found,
        _ if totals.problems.is_empty() => Exit::Analysed,
        _ => Exit::Partly,
    }
}

fn no_capture(plan: Plan) -> Failure {
    let example = plan.skipped.first().map(|(path, reason)| format!("{} {reason}", path.display()));
    Failure::NoCapture { folders: plan.barren, skipped: plan.skipped.len(), example }
}

/// One run over all captures.
struct Batch<'a> {
    plan: &'a Plan,
    report: Box<dyn Report + 'a>,
    console: &'a mut Console,
    totals: Totals,
    begun: bool,
}

impl<'a> Batch<'a> {
    fn new(plan: &'a Plan, report: Box<dyn Report + 'a>, console: &'a mut Console) -> Self {
        console.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
        Self { plan, report, console, totals: Totals::default(), begun: false }
    }

    /// Reads everything; `None`, with nothing written, when there was nothing to report on.
    fn run(mut self) -> io::Result<Option<Totals>> {
        let plan = self.plan;
        for problem in &plan.problems {
            self.problem(problem.clone());
        }
        for members in series::series(&plan.sources) {
            self.series(&members)?;
        }
        self.console.done();
        if !self.begun && self.totals.problems.iter().all(Problem::is_missing) {
            return Ok(None);
        }
        self.begin()?;
        self.report.end(&self.totals)?;
        Ok(Some(self.totals))
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

    /// Reads files that may be one capture; as long as each goes on where the one before it ended, they are.
    fn series(&mut self, members: &[Member]) -> io::Result<()> {
        let mut reading: Option<Reading> = None;
        for member in members {
            let source = &self.plan.sources[member.source];
            let capture = match source.open().map_err(OpenError::Io).and_then(Capture::open) {
                Ok(capture) => capture,
                Err(error) => {
                    self.problem(match error {
                        OpenError::Io(error) => Problem::unreadable(&source.name, &error),
                        OpenError::NotACapture(kind) => Problem::not_a_capture(&source.name, &kind),
                        OpenError::Fault(fault) => Problem::fault(&source.name, &fault, 0),
                    });
                    continue;
                }
            };
            self.begin()?;
            if reading.as_ref().is_some_and(|before| !member.follows(before.totals.last)) {
                self.finish(reading.take())?;
            }
            reading = Some(self.capture(source, capture, reading)?);
        }
        self.finish(reading)
    }

    fn capture(
        &mut self,
        source: &Source,
        mut capture: Capture<Box<dyn Read>>,
        before: Option<Reading>,
    ) -> io::Result<Reading> {
        let index = self.totals.captures.len();
        let mut reading = Reading::new(source, index, before);
        let before = reading.analyzer.statistics().clone();
        self.totals.captures.push(CaptureTotals { name: source.name.clone(), ..CaptureTotals::default() });
        while reading.round(&mut capture) {
            self.console.progress(&source.name, capture.offset());
            self.handshakes(reading.analyzer.take_settled())?;
        }
        reading.totals.frames = capture.frames();
        reading.totals.statistics = reading.analyzer.statistics().since(&before);
        for problem in reading.problems() {
            self.problem(problem);
        }
        self.totals.captures[index].read(&reading.totals);
        self.console.read(capture.offset());
        Ok(reading)
    }

    /// Judges what is left once nothing more comes.
    fn finish(&mut self, reading: Option<Reading>) -> io::Result<()> {
        let Some(reading) = reading else { return Ok(()) };
        let mut findings = reading.analyzer.finish();
        self.handshakes(std::mem::take(&mut findings.handshakes))?;
        self.totals.finish(reading.first as usize..=reading.index as usize, findings);
        Ok(())
    }

    fn handshakes(&mut self, findings: Vec<Finding>) -> io::Result<()> {
        for finding in &findings {
            self.totals.handshake(finding);
            self.report.handshake(&self.totals.captures, finding)?;
        }
        Ok(())
    }
}

/// One capture on its way into the engine.
struct Reading {
    /// Index of the capture that the analyzer began with.
    first: u32,
    index: u32,
    analyzer: Analyzer,
    totals: CaptureTotals,
    faults: Vec<Problem>,
    further_faults: u64,
    /// Frames of unknown link types: how many, and the first.
    unknown_links: BTreeMap<LinkType, (u64, u64)>,
}

impl Reading {
    /// A new capture, or one that goes on where another ended.
    fn new(source: &Source, index: usize, before: Option<Self>) -> Self {
        let index = index as u32;
        let (first, analyzer) =
            before.map_or_else(|| (index, Analyzer::new(Limits::default())), |before| (before.first, before.analyzer));
        Self {
            first,
            index,
            analyzer,
            totals: CaptureTotals { name: source.name.clone(), ..CaptureTotals::default() },
            faults: Vec::new(),
            further_faults: 0,
            unknown_links: BTreeMap::new(),
        }
    }

    /// Takes in a stretch of frames; `false` after the last.
    fn round<R: Read>(&mut self, capture: &mut Capture<R>) -> bool {
        for _ in 0..ROUND {
            match capture.next_frame() {
                Some(Ok(frame)) => self.frame(&frame),
                Some(Err(fault)) if (self.faults.len() as u64) < FAULTS_TOLD => {
                    self.faults.push(Problem::fault(&self.totals.name, &fault, capture.frames()));
                }
                Some(Err(_)) => self.further_faults += 1,
                None => return false,
            }
        }
        true
    }

    #[inline]
    fn frame(&mut self, frame: &RawFrame<'_>) {
        self.totals.time(frame.time);
        match link::ip_packet(frame.link, frame.data) {
            Content::Ip(packet) => {
                self.analyzer.push(&Observation {
                    frame: Frame { capture: self.index, number: frame.number },
                    time: frame.time.unwrap_or(Timestamp::from_nanos(0)),
                    packet: Packet::Ip(packet),
                });
            }
            Content::Other | Content::Cut => {
                self.totals.not_ip += 1;
                frame.time.into_iter().for_each(|time| self.analyzer.wait(time));
            }
            Content::UnknownLink => {
                self.unknown_links.entry(frame.link).or_insert((0, u64::from(frame.number))).0 += 1;
            }
        }
    }

    /// What was wrong with the capture.
    fn problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.faults);
        if self.further_faults > 0 {
            problems.push(Problem::further_faults(&self.totals.name, self.further_faults));
        }
        for (link, (frames, first)) in &self.unknown_links {
            problems.push(Problem::link_type(&self.totals.name, *link, *frames, *first));
        }
        problems
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapture { folders, skipped, example } => {
                f.write_str("no capture found")?;
                if let Some((first, others)) = folders.split_first() {
                    write!(f, " in {}", crate::text::safe(&first.display().to_string()))?;
                    match others.len() {
                        0 => {}
                        1 => f.write_str(" and another folder")?,
                        number => write!(f, " and {number} other folders")?,
                    }
                }
                if *skipped > 0 {
                    write!(f, "; {} passed over", crate::text::count(*skipped as u64, "file"))?;
                }
                example.iter().try_for_each(|example| write!(f, ", such as: {}", crate::text::safe(example)))
            }
            Self::OutputIsInput => f.write_str("the output file is one of the captures; give another with --output"),
            Self::Output(error) => write!(f, "the results could not be written: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Builder, ORDERS, ethernet, handshake};

    /// Reads a capture to its end; the frames, the handshakes and the problems there were.
    fn analyse(bytes: &[u8]) -> (u64, u64, usize) {
        let Ok(mut capture) = Capture::open(bytes) else { return (0, 0, 0) };
        let source = Source { name: "x".into(), origin: crate::walk::Origin::StandardInput, format: None, bytes: None };
        let mut reading = Reading::new(&source, 0, None);
        while reading.round(&mut capture) {}
        let problems = reading.problems().len();
        (capture.frames(), reading.analyzer.finish().tally.handshakes, problems)
    }

    /// A handshake in each format.
    fn samples() -> Vec<Vec<u8>> {
        let mut samples = Vec::new();
        for order in ORDERS {
            let mut pcap = Builder::pcap(order, 0xa1b2_c3d4, 1);
            let mut pcapng = Builder::pcapng(order);
            pcapng.interface(1, 0, &[]);
            for (number, packet) in (0..).zip(handshake()) {
                pcap.record(number, 0, &ethernet(&packet));
                pcapng.enhanced(0, u64::from(number), &ethernet(&packet));
            }
            samples.extend([pcap.bytes, pcapng.bytes]);
        }
        samples
    }

    #[test]
    fn a_capture_cut_anywhere_or_with_any_byte_flipped_is_analysed_as_far_as_it_goes() {
        for whole in samples() {
            assert_eq!(analyse(&whole), (3, 1, 0));
            for at in 0..whole.len() {
                assert!(analyse(&whole[..at]).0 <= 3);
                for mask in [1, 0x80, 0xff] {
                    let mut flipped = whole.clone();
                    flipped[at] ^= mask;
                    assert!(analyse(&flipped).0 <= 3);
                }
            }
        }
    }

    #[test]
    fn faults_without_end_are_counted_and_not_kept() {
        let mut builder = Builder::pcapng(ORDERS[0]);
        for _ in 0..10_000 {
            builder.enhanced(5, 0, b"");
        }
        let (frames, _, problems) = analyse(&builder.bytes);
        assert_eq!((frames, problems as u64), (10_000, FAULTS_TOLD + 1));
    }

    #[test]
    fn a_finding_goes_before_what_could_not_be_read() {
        let mut totals = Totals { strongest: Some(Confidence::Likely), ..Totals::default() };
        assert_eq!(exit(None, &totals), Exit::Analysed);
        assert_eq!(exit(Some(Confidence::Certain), &totals), Exit::Analysed);
        totals.problems.push(Problem::further_faults("x", 1));
        assert_eq!(exit(Some(Confidence::Certain), &totals), Exit::Partly);
        assert_eq!(exit(Some(Confidence::Likely), &totals), Exit::Found);
        totals.strongest = None;
        assert_eq!(exit(Some(Confidence::Possible), &totals), Exit::Partly);
    }
}
