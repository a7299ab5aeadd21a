//! Judges the observations of files, and reports the findings as if the captures were analysed.

use std::io;
use std::path::PathBuf;

use syncookie_engine::{EndOfPackets, Judge};
use thiserror::Error;

use super::joined::Joined;
use super::record::End;
use super::{ReadError, Reader, Record, Row};
use crate::pipeline::{Event, EventSink, Extent, Observer, Options, Run, SeriesSink};
use crate::report::Report;
use crate::source::walk::Source;
use crate::totals::Totals;

/// Reason why observations were not judged.
#[derive(Debug, Error)]
pub enum JudgeError {
    /// A file cannot be read.
    #[error("{} {reason}", syncookie_terminal::escape_controls(&path.to_string_lossy()))]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: ReadError,
    },
    /// The report cannot be written.
    #[error("the results could not be written: {0}")]
    Output(#[from] io::Error),
}

/// Judges the observations of these files, and writes the report. Returns the totals; `None`, with
/// nothing written, if no capture was opened and every problem is a missing file.
///
/// # Errors
/// Fails if a file cannot be read, or the report cannot be written.
pub fn judge(
    paths: &[PathBuf],
    options: &Options,
    report: &mut dyn Report,
    observer: &mut dyn Observer,
) -> Result<Option<Totals>, JudgeError> {
    let open = |path: &PathBuf| match Reader::open(path) {
        Ok(reader) => Ok((path.clone(), reader)),
        Err(reason) => Err(JudgeError::Read { path: path.clone(), reason }),
    };
    let readers: Vec<(PathBuf, Reader)> = paths.iter().map(open).collect::<Result<_, _>>()?;
    judge_rows(readers, options, report, observer)
}

/// Judges the observations that these readers read, each under a name, as [`judge`] judges files.
///
/// # Errors
/// See [`judge`].
pub fn judge_rows(
    readers: Vec<(PathBuf, Reader)>,
    options: &Options,
    report: &mut dyn Report,
    observer: &mut dyn Observer,
) -> Result<Option<Totals>, JudgeError> {
    let (paths, readers): (Vec<PathBuf>, Vec<Reader>) = readers.into_iter().unzip();
    let failure = |(file, reason): (usize, ReadError)| JudgeError::Read { path: paths[file].clone(), reason };
    let mut groups = Joined::group(readers).map_err(failure)?;
    let (mut sources, mut firsts) = (Vec::<Source>::new(), Vec::new());
    for group in &mut groups {
        firsts.push(sources.len());
        sources.append(&mut group.take_sources());
    }
    let mut run = Run::new(Extent::Listed(&sources), options, report, observer);
    run.expect_series(groups.iter().map(Joined::series).sum())?;
    let mut judge = run.engine().judge();
    for (group, first) in groups.iter_mut().zip(firsts) {
        while let Some(row) = group.next_row().map_err(failure)? {
            take(row, first, options.threads, &mut judge, &mut run)?;
        }
    }
    Ok(run.end()?)
}

/// Takes a row of a file whose first capture is the source with the number `first`.
fn take(row: Row, first: usize, threads: usize, judge: &mut Judge, run: &mut Run<'_>) -> io::Result<()> {
    match row {
        Row::Handshake(observed) => {
            judge.set_threads(threads);
            let mut sent = Ok(());
            judge.push(*observed, &mut |findings| {
                if sent.is_ok() {
                    sent = run.send(Event::Handshakes(findings));
                }
            });
            sent
        }
        Row::Record(Record::End(end)) => finish(*end, threads, judge, run),
        Row::Record(Record::Series) => run.next_series(),
        Row::Record(Record::Capture { capture, .. }) => run.send(Event::Capture(capture)),
        Row::Record(Record::Problem(problem)) => run.send(Event::Problem(problem)),
        Row::Record(Record::Read(read)) => run.send(Event::Read(Box::new((*read).into()), 0)),
        Row::Record(Record::NotReached { source }) => run.send(Event::NotReached(first + source)),
        Row::Record(
            Record::Head(_)
            | Record::Source(_)
            | Record::Begin(_)
            | Record::Part(_)
            | Record::Beyond
            | Record::Whole(_),
        ) => Ok(()),
    }
}

/// Judges the handshakes of captures that end here.
fn finish(end: End, threads: usize, judge: &mut Judge, run: &mut Run<'_>) -> io::Result<()> {
    judge.set_threads(threads);
    let captures = end.first..=end.last;
    let findings = judge.finish_in_portions(EndOfPackets::from(end), |portion| run.send(Event::Handshakes(portion)))?;
    run.count_judged_early(*captures.end(), findings.statistics.evicted_early);
    run.send(Event::Finished(captures, Box::new(findings)))
}
