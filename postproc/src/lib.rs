//! The command-line tool as a library: finds captures, reads them, passes them to the engine, and
//! reports the findings.
//!
//! The program `syncookie` only calls [`run`].

// WebAssembly has no --follow, and so does not use what only --follow does.
#![cfg_attr(target_os = "wasi", allow(dead_code))]

#[cfg(feature = "parquet")]
pub mod bindings;
pub mod capture;
mod cli;
mod command;
mod console;
mod exit;
pub mod filter;
pub mod format;
pub mod input;
mod interrupt;
pub mod link;
mod memory;
#[cfg(feature = "parquet")]
pub mod observations;
mod output;
pub mod pipeline;
mod problem;
pub mod report;
pub mod source;
mod text;
pub mod totals;

use std::ffi::OsString;
use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use cli::{Cli, Command};
use command::failure::Failure;
use command::{analyze, annotate, explain};
#[cfg(not(target_os = "wasi"))]
use command::{follow, manual, page, plugin};
use console::Console;
use exit::Exit;
pub use memory::HugePageAllocator;
#[cfg(feature = "parquet")]
pub use report::parquet::BatchSink;

/// Version of the JSON that is written and, for `--baseline`, read. Raised when a key changes its
/// meaning.
pub const SCHEMA: u32 = 3;

/// Runs the program on the arguments of this process and returns its exit code. If standard output
/// is closed, commands that write to it fail.
#[must_use]
pub fn run(is_output_closed: bool) -> ExitCode {
    let args = std::env::args_os();
    ExitCode::from(if cfg!(windows) {
        run_with(cli::expand_wildcards(args), is_output_closed)
    } else {
        run_with(args, is_output_closed)
    })
}

/// Runs the program on these arguments, beginning with its name, and returns its exit code.
#[must_use]
pub fn run_with(args: impl IntoIterator<Item: Into<OsString> + Clone>, is_output_closed: bool) -> u8 {
    let args = cli::expand(args);
    let exit = match Cli::try_parse_from(&args).and_then(Cli::complete) {
        Ok(command) => execute(command, is_output_closed),
        Err(error) => usage(&cli::advise(error, &args)),
    };
    exit.code()
}

fn execute(command: Command, is_output_closed: bool) -> Exit {
    if is_output_closed && command.writes_to_standard_output() {
        Console::new(false).error(&"the results could not be written: standard output is closed");
        return Exit::Failed;
    }
    match command {
        #[cfg(not(target_os = "wasi"))]
        Command::Analyze(args) if args.follow => finish(args.reporting.quiet, |console| follow::run(&args, console)),
        Command::Analyze(args) => finish(args.reporting.quiet, |console| analyze::run(&args, console)),
        #[cfg(feature = "parquet")]
        Command::Observe(args) => finish(args.quiet, |console| command::observe::run(&args, console)),
        #[cfg(feature = "parquet")]
        Command::Judge(args) => finish(args.reporting.quiet, |console| command::judge::run(&args, console)),
        Command::Annotate(args) => finish(args.quiet, |console| annotate::run(&args, console)),
        Command::Explain(args) => explain(&args),
        #[cfg(not(target_os = "wasi"))]
        Command::Manual(args) => written(manual::manual(&args)),
        #[cfg(not(target_os = "wasi"))]
        Command::Completions(args) => written(manual::completions(&args)),
        Command::Kernel(args) => command::kernel::command(&args),
        #[cfg(not(target_os = "wasi"))]
        Command::Page(args) => page(&args),
        #[cfg(not(target_os = "wasi"))]
        Command::Plugin(args) => plugin::run(&args),
    }
}

/// Ends all runs of this process, and later ones at their beginning, as SIGTERM does: what was read
/// is reported.
pub fn interrupt() {
    interrupt::request();
}

/// Runs a command and returns its end.
fn finish(quiet: bool, work: impl FnOnce(&mut Console) -> Result<Exit, Failure>) -> Exit {
    let mut console = Console::new(quiet);
    if let Err(error) = interrupt::watch() {
        console.remark(&format!("signals cannot be handled: {error}; Ctrl-C will end the program without results"));
    }
    let result = work(&mut console);
    end(&mut console, result, |failure| matches!(failure, Failure::Output(error) if is_closed_pipe(error)))
}

fn explain(args: &cli::Explain) -> Exit {
    let mut console = Console::new(args.quiet);
    let result = explain::run(args, &mut console);
    end(&mut console, result, |failure| matches!(failure, explain::Failure::Io(error) if is_closed_pipe(error)))
}

/// Writes the page for a browser and returns the exit code.
#[cfg(not(target_os = "wasi"))]
fn page(args: &cli::Page) -> Exit {
    let result = page::run(args).map(|()| Exit::Analysed);
    end(
        &mut Console::new(false),
        result,
        |failure| matches!(failure, page::Failure::Output(error) if is_closed_pipe(error)),
    )
}

/// Returns the end of a command that only writes text.
#[cfg(not(target_os = "wasi"))]
fn written(result: io::Result<()>) -> Exit {
    end(&mut Console::new(false), result.map(|()| Exit::Analysed), is_closed_pipe)
}

/// Returns the end of a run. A closed pipe is not an error: its reader has seen enough, as with `|
/// head`.
fn end<F: Display>(console: &mut Console, result: Result<Exit, F>, is_closed: impl Fn(&F) -> bool) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(failure) if is_closed(&failure) => Exit::Analysed,
        Err(failure) => {
            console.error(&failure);
            Exit::Failed
        }
    }
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Prints the message of clap, and returns success for help and version, failure for wrong usage.
fn usage(error: &clap::Error) -> Exit {
    let text = error.to_string();
    if text.lines().any(|line| line.contains(char::is_control)) {
        // An argument may be the name of a file.
        Console::new(false).error(&text);
    } else {
        let _ = error.print();
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Analysed,
        _ => Exit::Failed,
    }
}
