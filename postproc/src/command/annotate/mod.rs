//! `syncookie annotate`: adds the findings as comments to a capture, for a Wireshark without the
//! plugin.
//!
//! Each input is first copied to a temporary file, anonymised if requested: later steps cannot
//! reveal what they never see. Then the wanted frames are selected, analysed, and written with
//! comments. The comments therefore agree with what `syncookie analyze` reports about the output.

mod anonymize;
mod frames;
mod icmp;
mod mask;
mod remarks;
mod select;
mod spool;
mod tcp;
mod writer;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use syncookie_engine::{Finding, Timestamp};
use syncookie_terminal::count;

use crate::capture::{Capture, Fault, FaultKind};
use crate::cli::Annotate;
use crate::command::failure::Failure;
use crate::command::kernel_files;
use crate::command::options::assumptions;
use crate::console::Console;
use crate::exit::Exit;
use crate::interrupt;
use crate::link::{self, Content};
use crate::output::Output;
use crate::pipeline::{self, FAULTS_REPORTED, Observer, Options, Silent, UnknownLinks};
use crate::problem::Problem;
use crate::report::EachFinding;
use crate::source::frame_times::FrameTimes;
use crate::source::series::{self, Member};
use crate::source::walk::{self, Plan, Source};
use crate::totals::CaptureTotals;
use anonymize::Masked;
use frames::{anonymous, for_each, interface, packet};
use mask::Mask;
use remarks::Remarks;
use select::Selection;
use spool::{Spool, Spooled};
use writer::{Packet, Writer};

/// Number of frames between two checks for a signal.
const ROUND: u32 = 1 << 12;

/// Annotates the captures that the arguments name.
pub fn run(args: &Annotate, console: &mut Console) -> Result<Exit, Failure> {
    let plan = walk::plan(&args.paths);
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let kernel = kernel_files::read(&args.kernel, args.server)?;
    let mut output = Output::open(&args.output).map_err(Failure::Output)?;
    if output.is_terminal() {
        return Err(Failure::Output(io::Error::other("a capture is binary; name a file with --output, or use a pipe")));
    }
    let options = Options { kernel, ..Options::default() };
    assumptions(&options).for_each(|assumed| console.remark(assumed));
    let job = Job {
        writer: Writer::new(&mut output).map_err(Failure::Output)?,
        folder: folder(&args.output),
        mask: args.anonymize.then(Mask::default),
        only_findings: args.only_findings,
        options,
        console,
        captures: 0,
        missing: 0,
        problems: 0,
    };
    let exit = job.run(&plan).map_err(Failure::Output)?;
    let is_interrupted = interrupt::is_requested();
    let exit = match exit {
        Some(_) if is_interrupted => Exit::Interrupted(interrupt::exit_code()),
        Some(exit) => exit,
        // Nothing was read that could be written.
        None if is_interrupted => return Ok(Exit::Interrupted(interrupt::exit_code())),
        None => return Err(Failure::no_capture(plan)),
    };
    output.finish().map_err(Failure::Output)?;
    Ok(exit)
}

/// Returns the folder for temporary files: that of the output file, which has room for it, else
/// that of the system.
fn folder(output: &Path) -> PathBuf {
    let is_file = output.as_os_str() != "-" && fs::metadata(output).map_or(true, |metadata| metadata.is_file());
    match output.parent().filter(|_| is_file) {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_path_buf(),
        None => temporary_folder(),
    }
}

/// Returns the system's folder for temporary files. WebAssembly has none; the host of the page makes
/// this one.
fn temporary_folder() -> PathBuf {
    if cfg!(target_os = "wasi") { PathBuf::from("/tmp") } else { std::env::temp_dir() }
}

/// Run over all inputs.
struct Job<'a, W: Write> {
    writer: Writer<W>,
    folder: PathBuf,
    mask: Option<Mask>,
    only_findings: bool,
    options: Options,
    console: &'a mut Console,
    captures: usize,
    missing: usize,
    problems: usize,
}

impl<W: Write> Job<'_, W> {
    /// Annotates all inputs; returns `None` if there is none.
    fn run(mut self, plan: &Plan) -> io::Result<Option<Exit>> {
        self.console.expect(plan.sources.len(), plan.sources.iter().filter_map(|source| source.bytes).sum());
        for problem in &plan.problems {
            self.problem(problem);
        }
        for members in series::series(&plan.sources) {
            if !interrupt::is_requested() {
                self.series(plan, &members)?;
            }
        }
        self.console.done();
        if self.captures == 0 && self.problems == self.missing {
            return Ok(None);
        }
        self.writer.into_inner().flush()?;
        Ok(Some(if self.problems == 0 { Exit::Analysed } else { Exit::Partly }))
    }

    fn problem(&mut self, problem: &Problem) {
        self.console.problem(problem);
        self.problems += 1;
        self.missing += usize::from(problem.is_missing());
    }

    /// Annotates a series of files. Files that continue each other are one capture, as in an
    /// analysis.
    fn series(&mut self, plan: &Plan, members: &[Member]) -> io::Result<()> {
        let mut current: Option<(Spool, Option<Timestamp>)> = None;
        for member in members {
            if interrupt::is_requested() {
                break;
            }
            let source = &plan.sources[member.source];
            let (capture, _) = match pipeline::open(source) {
                Ok(opened) => opened,
                Err(problem) => {
                    self.problem(&problem);
                    continue;
                }
            };
            if let Some((spool, _)) = current.take_if(|(_, end)| !member.follows(*end)) {
                self.finish(spool)?;
            }
            let (mut spool, before) = match current.take() {
                Some(current) => current,
                None => (Spool::new(&self.folder)?, None),
            };
            let end = self.copy(source, capture, &mut spool)?;
            current = Some((spool, end.or(before)));
        }
        current.map_or(Ok(()), |(spool, _)| self.finish(spool))
    }

    /// Copies a capture; returns the time at which it ends.
    fn copy<R: Read>(
        &mut self,
        source: &Source,
        mut capture: Capture<R>,
        spool: &mut Spool,
    ) -> io::Result<Option<Timestamp>> {
        let (mut times, mut masked) = (FrameTimes::default(), Masked::default());
        let (mut faults, mut skipped) = (0, 0);
        let mut unknown_links = UnknownLinks::default();
        let number = self.captures;
        self.captures += 1;
        loop {
            let problem = match capture.next_frame() {
                None => break,
                Some(Ok(frame)) if frame.number.is_multiple_of(ROUND) && interrupt::is_requested() => break,
                Some(Ok(frame)) => {
                    times.push_all(frame.time.into_iter());
                    if link::ip_packet(frame.link, frame.data) == Content::UnknownLink {
                        unknown_links.count(frame.link, frame.number);
                    }
                    match &self.mask {
                        None => spool.packet(packet(&frame, &interface(number, &frame)), frame.record.comments())?,
                        Some(mask) => anonymous(mask, number, &frame, &mut masked, spool)?,
                    }
                    continue;
                }
                Some(Err(Fault { kind: FaultKind::Interrupted, .. })) => break,
                Some(Err(fault)) => fault,
            };
            faults += 1;
            if faults <= FAULTS_REPORTED {
                self.problem(&Problem::fault(&source.name, &problem, capture.frames()));
            } else {
                skipped += problem.skipped_bytes().unwrap_or_default();
            }
        }
        if interrupt::is_requested() {
            self.problem(&Problem::interrupted(&source.name, capture.frames()));
        }
        if faults > FAULTS_REPORTED {
            self.problem(&Problem::further_faults(&source.name, faults - FAULTS_REPORTED, skipped));
        }
        // Not counted as problems: the frames are copied.
        unknown_links.problems(&source.name).for_each(|problem| self.console.problem(&problem));
        Ok(times.end())
    }

    /// Writes a capture, or its selected frames, with comments. After a signal, these are the
    /// frames that were read before.
    fn finish(&mut self, spool: Spool) -> io::Result<()> {
        let _deferred = interrupt::defer();
        let mut whole = spool.finish()?;
        if self.only_findings {
            whole = self.findings(&whole)?;
        }
        let mut remarks = Remarks::new(&self.folder, self.writer.packets())?;
        analyse(&whole, &self.options, |finding| remarks.finding(finding))?;
        let mut comments = remarks.in_order()?;
        for_each(&whole, |frame| {
            let ours = comments.on(frame.number)?;
            let theirs = frame.record.comments();
            // The interfaces of different inputs were numbered when they were copied.
            self.writer
                .packet(packet(frame, &interface(self.captures, frame)), theirs.chain(ours.iter().map(Vec::as_slice)))
        })
    }

    /// Returns a capture with the selected frames.
    fn findings(&mut self, whole: &Spooled) -> io::Result<Spooled> {
        let mut selection = Selection::default();
        analyse(whole, &self.options, |finding| selection.finding(finding))?;
        if selection.is_empty() {
            return Spool::new(&self.folder)?.finish();
        }
        let mut changed = 0;
        for all in [false, true] {
            let (part, kept) = self.part(whole, &selection, all)?;
            let mut now = Selection::default();
            analyse(&part, &self.options, |finding| now.finding(finding))?;
            changed = selection.changed(&now, &kept);
            if changed == 0 || all {
                self.remark_changed(changed);
                return Ok(part);
            }
        }
        Err(io::Error::other(format!("{changed} verdicts change")))
    }

    fn remark_changed(&mut self, changed: usize) {
        if changed > 0 {
            let many = count(changed as u64, "handshake");
            self.console.remark(&format!(
                "{many} have another verdict without the rest of the capture; annotate it without --only-findings"
            ));
        }
    }

    /// Returns a capture with the frames that the filter keeps, and their former numbers. The
    /// latest frame is always kept, emptied if need be, because a SYN counts as unanswered only if
    /// the capture continues.
    fn part(&self, whole: &Spooled, selection: &Selection, all: bool) -> io::Result<(Spooled, Vec<u32>)> {
        let mut filter = selection.filter(all);
        let mut part = Spool::new(&self.folder)?;
        let mut kept = Vec::new();
        for_each(whole, |frame| {
            let is_kept = filter.keeps(frame);
            if !is_kept && whole.latest != Some(frame.number) {
                return Ok(());
            }
            kept.push(frame.number);
            let interface = interface(0, frame);
            let data = if is_kept { frame.data } else { b"" };
            part.packet(Packet { data, ..packet(frame, &interface) }, frame.record.comments())
        })?;
        Ok((part.finish()?, kept))
    }
}

/// Analyses a temporary capture. Problems of the input were reported when it was copied.
fn analyse(spooled: &Spooled, options: &Options, mut each: impl FnMut(&Finding) -> io::Result<()>) -> io::Result<()> {
    let mut report = EachFinding(|_: &[CaptureTotals], finding: &Finding| each(finding));
    pipeline::analyze(&spooled.plan(), options, &mut report, &mut Silent).map(drop)
}
