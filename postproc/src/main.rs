//! Batch tool: a command for each thing it does.

mod annotate;
mod baseline;
mod batch;
#[cfg(test)]
#[path = "../tests/builder/mod.rs"]
mod builder;
mod capture;
mod cli;
mod console;
mod exit;
mod explain;
mod filter;
mod follow;
mod input;
mod interrupt;
mod kernel;
mod link;
mod manual;
mod memory;
mod output;
mod plugin;
mod problem;
mod report;
mod series;
mod text;
mod together;
mod totals;
mod walk;

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use batch::Failure;
use cli::{Cli, Command};
use console::Console;
use exit::Exit;

#[global_allocator]
static MEMORY: memory::Advised = memory::Advised;

fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return usage(&error),
    };
    match command {
        Command::Analyze(args) if args.follow => finish(args.quiet, |console| follow::run(&args, console)),
        Command::Analyze(args) => finish(args.quiet, |console| batch::run(&args, console)),
        Command::Annotate(args) => finish(args.quiet, |console| annotate::run(&args, console)),
        Command::Explain(args) => explain(&args),
        Command::Manual(args) => written(manual::manual(&args)),
        Command::Completions(args) => written(manual::completions(&args)),
        Command::Kernel(args) => kernel::command(&args),
        Command::Plugin(args) => plugin::run(&args),
    }
}

/// Does the work and tells how it ended.
fn finish(quiet: bool, work: impl FnOnce(&mut Console) -> Result<Exit, Failure>) -> ExitCode {
    let mut console = Console::new(quiet);
    if let Err(error) = interrupt::watch() {
        console.remark(&format!("Ctrl-C will end this at once, without results: {error}"));
    }
    let result = work(&mut console);
    end(&mut console, result, |failure| matches!(failure, Failure::Output(error) if is_closed_pipe(error)))
}

fn explain(args: &cli::Explain) -> ExitCode {
    let mut console = Console::new(args.quiet);
    let result = explain::run(args, &mut console);
    end(&mut console, result, |failure| matches!(failure, explain::Failure::Io(error) if is_closed_pipe(error)))
}

/// How it ends when all there was to do was to write something.
fn written(result: io::Result<()>) -> ExitCode {
    end(&mut Console::new(false), result.map(|()| Exit::Analysed), is_closed_pipe)
}

/// Tells how it ended. Who reads through a pipe has seen enough when it is closed, as with `| head`.
fn end<F: Display>(console: &mut Console, result: Result<Exit, F>, is_closed: impl Fn(&F) -> bool) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(failure) if is_closed(&failure) => Exit::Analysed.into(),
        Err(failure) => {
            console.problem(&failure);
            Exit::Failed.into()
        }
    }
}

fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Help and version are no error; everything else is wrong usage, which is 1 here where clap says 2.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Analysed.into(),
        _ => Exit::Failed.into(),
    }
}
