//! `syncookie explain`: explains one handshake.
//!
//! The captures are read twice: first by the engine, which judges each handshake together with the
//! others, then for the packets of the handshake that is explained.

mod choose;
mod json;
mod packets;
mod text;

use std::borrow::Cow;
use std::io::{self, Write};

use syncookie_engine::{Endpoint, Finding};
use syncookie_terminal::Terminal;
use thiserror::Error;

use crate::cli::{Explain, Form};
use crate::command::kernel_files;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline::{self, Options};
use crate::report::EachFinding;
use crate::source::walk::{self, Origin, Plan};
use crate::totals::{CaptureTotals, KernelSource};

use choose::{Choice, Match, Wanted};
use packets::Packets;

/// Explanation to be written.
struct Story<'a> {
    chosen: &'a Match,
    packets: Packets,
    /// Other handshakes that match, the most informative first, and the number of all that match.
    others: &'a [Match],
    matching: u64,
    /// Whether `--client` or `--server` limits the handshakes that match.
    is_selected: bool,
    captures: &'a [String],
    /// Files with kernel counters, and which machine each was used for.
    kernel: &'a [KernelSource],
}

/// Reason why nothing was explained.
#[derive(Debug, Error)]
pub enum Failure {
    /// The capture is a stream, which can be read only once.
    #[error("{} can be read only once, but explain reads a capture twice; save it to a file first", shown(.0))]
    Stream(String),
    /// `--frame` was given with several captures.
    #[error("--frame needs exactly one capture, but there are {0}; name one, or use --client or --server")]
    SeveralCaptures(usize),
    /// The paths contain no capture.
    #[error("no capture found")]
    NoCapture,
    /// The frame does not belong to a handshake.
    #[error("frame {frame} does not belong to a handshake: {why}")]
    NoHandshake {
        /// Number of the frame.
        frame: u32,
        /// Reason.
        why: String,
    },
    /// The captures contain no handshake.
    #[error("the captures contain no TCP handshake")]
    NoHandshakes,
    /// No handshake matches `--client` and `--server`.
    #[error("none of the {} matches {options}", syncookie_terminal::count(*.handshakes, "handshake"))]
    NothingMatches {
        /// Number of handshakes.
        handshakes: u64,
        /// The options that were given.
        options: String,
    },
    /// A file given with `--kernel` cannot be used.
    #[error(transparent)]
    Kernel(#[from] kernel_files::Error),
    /// The output would overwrite one of the captures.
    #[error("the output file is one of the captures; name another file with --output")]
    OutputIsInput,
    /// A capture could not be read again, or the output not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn shown(capture: &str) -> Cow<'_, str> {
    crate::text::capture(capture)
}

/// Explains the handshake that the arguments name.
pub fn run(args: &Explain, console: &mut Console) -> Result<Exit, Failure> {
    let plan = walk::plan(&args.paths);
    if let Some(stream) = plan.sources.iter().find(|source| !can_be_read_twice(source)) {
        return Err(Failure::Stream(stream.name.clone()));
    }
    if plan.reads(&args.output) {
        return Err(Failure::OutputIsInput);
    }
    let kernel = kernel_files::read(&args.kernel, args.server)?;
    let mut choice = Choice::new(wanted(args, &plan)?);
    let mut report = EachFinding(|captures: &[CaptureTotals], finding: &Finding| {
        choice.add(captures, finding);
        Ok(())
    });
    let totals = pipeline::analyze(
        &plan,
        &Options { kernel, capture_point: args.capture_point.into(), ..Options::default() },
        &mut report,
        console,
    )?;
    let Some(totals) = totals else { return Err(Failure::NoCapture) };
    let Some((chosen, others)) = choice.best.split_first() else { return Err(nothing(args, &choice)) };
    let captures: Vec<String> = totals.captures.iter().map(|capture| capture.name.clone()).collect();
    let packets = packets::packets(&plan, &captures, &chosen.finding)?;
    let story = Story {
        chosen,
        packets,
        // All handshakes of one frame are the same one.
        others: if args.frame.is_some() { &[] } else { others },
        is_selected: args.client.is_some() || args.server.is_some(),
        matching: if args.frame.is_some() { 1 } else { choice.matching },
        captures: &captures,
        kernel: &totals.kernel,
    };
    let mut output = Output::open(&args.output)?;
    match args.format() {
        Form::Text => {
            let terminal = Terminal::detect(output.is_terminal());
            text::write(&mut output, terminal, &story, args.verbose)?;
        }
        Form::Json => json::write(&mut output, &story)?,
    }
    output.flush()?;
    output.finish()?;
    Ok(if totals.problems.is_empty() { Exit::Analysed } else { Exit::Partly })
}

fn can_be_read_twice(source: &walk::Source) -> bool {
    match &source.origin {
        Origin::StandardInput | Origin::Stored(_) => false,
        Origin::File(path) => std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
    }
}

/// Returns the wanted handshake. For `--frame`, the frame is read first, to know its connection.
fn wanted(args: &Explain, plan: &Plan) -> Result<Wanted, Failure> {
    let Some(frame) = args.frame else {
        return Ok(Wanted::Ends { client: args.client, server: args.server });
    };
    match &plan.sources[..] {
        [] => Err(Failure::NoCapture),
        [source] => match packets::frame(source, frame)? {
            Ok(segment) => Ok(Wanted::Frame(Box::new(segment))),
            Err(why) => Err(Failure::NoHandshake { frame, why }),
        },
        several => Err(Failure::SeveralCaptures(several.len())),
    }
}

fn nothing(args: &Explain, choice: &Choice) -> Failure {
    match args.frame {
        Some(frame) => Failure::NoHandshake {
            frame,
            why: "the capture has no SYN or SYN-ACK of its connection before it".to_owned(),
        },
        None if choice.handshakes == 0 => Failure::NoHandshakes,
        None => Failure::NothingMatches { handshakes: choice.handshakes, options: selection(args) },
    }
}

/// Returns the options that select handshakes, as they were given.
fn selection(args: &Explain) -> String {
    let given = [("--client", args.client), ("--server", args.server)];
    let given = given.iter().filter_map(|(name, pattern)| Some(format!("{name} {}", (*pattern)?)));
    given.collect::<Vec<_>>().join(" and ")
}

/// Returns the two ends of a connection for people.
fn ends(client: Endpoint, server: Endpoint) -> String {
    format!("{client} → {server}")
}
