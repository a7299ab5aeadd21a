//! `syncookie explain`: the story of one handshake, for a person.
//!
//! The captures are read twice: once through the engine, which judges every handshake in the light of the others, and
//! once more for the packets of the one that is explained.

mod choose;
mod json;
mod packets;
mod text;

use std::fmt;
use std::io::{self, Write};

use syncookie_engine::{Endpoint, Finding};
use syncookie_kernel::read;
use syncookie_terminal::Terminal;

use crate::cli::{Explain, Form};
use crate::command::kernel_files;
use crate::console::Console;
use crate::exit::Exit;
use crate::output::Output;
use crate::pipeline::{self, Options};
use crate::report::EachFinding;
use crate::source::walk::{self, Origin, Plan};
use crate::totals::CaptureTotals;

use choose::{Choice, Match, Wanted};
use packets::Packets;

/// What is written.
struct Story<'a> {
    chosen: &'a Match,
    packets: Packets,
    /// Others that match, the most informative first, and how many match in all.
    others: &'a [Match],
    matching: u64,
    captures: &'a [String],
    /// What was taken for granted of the kernel's numbers; `None` without them.
    kernel: Option<String>,
}

/// Why nothing was explained.
#[derive(Debug)]
pub enum Failure {
    /// A capture is read twice, and this can be read once.
    Stream(String),
    /// A frame number without a single capture.
    SeveralCaptures(usize),
    /// There is nothing to read.
    NoCapture,
    /// The frame belongs to no handshake.
    NoHandshake {
        /// The frame.
        frame: u32,
        /// Why.
        why: String,
    },
    /// Nothing that fits was found.
    NothingFits(u64),
    /// A file of the kernel's could not be used.
    Kernel(read::Error),
    /// The story would overwrite a capture.
    OutputIsInput,
    /// A capture could not be read again, or the story not written.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
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
    let (kernel, assumed) = kernel_files::read(&args.kernel, args.server).map_err(Failure::Kernel)?.unzip();
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
        // The handshakes of one frame are one.
        others: if args.frame.is_some() { &[] } else { others },
        matching: if args.frame.is_some() { 1 } else { choice.matching },
        captures: &captures,
        kernel: assumed,
    };
    let mut output = Output::open(&args.output)?;
    match args.format {
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
        Origin::StandardInput => false,
        Origin::File(path) => std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
    }
}

/// What is looked for; a frame is looked at first, to know its ends.
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
            why:
                "neither a SYN nor a SYN-ACK of its connection comes before it: the capture begins in the middle of the connection"
                    .to_owned(),
        },
        None => Failure::NothingFits(choice.handshakes),
    }
}

/// How an end is written where a frame cannot be pointed at.
fn ends(client: Endpoint, server: Endpoint) -> String {
    format!("{client} → {server}")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(name) => write!(
                f,
                "{} can be read only once, and explain reads a capture twice; save it to a file first",
                crate::text::capture(name)
            ),
            Self::SeveralCaptures(number) => write!(
                f,
                "--frame counts within one capture, and there are {number}; name one, or choose with --client or --server"
            ),
            Self::NoCapture => f.write_str("no capture found"),
            Self::NoHandshake { frame, why } => write!(f, "frame {frame} belongs to no handshake: {why}"),
            Self::NothingFits(0) => f.write_str("no TCP handshake was found in what was read"),
            Self::NothingFits(number) => write!(
                f,
                "none of the {} that were found fits --client and --server",
                syncookie_terminal::count(*number, "handshake")
            ),
            Self::Kernel(error) => error.fmt(f),
            Self::OutputIsInput => f.write_str("the output file is one of the captures; give another with --output"),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}
