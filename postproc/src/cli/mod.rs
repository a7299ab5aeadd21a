//! The command line: one file per command.

mod analyze;
mod annotate;
mod capture_point;
mod condition;
mod explain;
mod greedy;
mod implied;
#[cfg(feature = "parquet")]
mod judge;
mod kernel;
mod kernel_file;
#[cfg(not(target_os = "wasi"))]
mod manual;
mod memory_size;
#[cfg(feature = "parquet")]
mod observe;
#[cfg(not(target_os = "wasi"))]
mod page;
#[cfg(not(target_os = "wasi"))]
pub mod plugin;
mod reporting;
mod resources;
mod shorthand;
mod time_zone;
mod wildcards;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::filter::EndpointPattern;

pub use analyze::Analyze;
pub use annotate::Annotate;
pub use capture_point::CapturePoint;
pub use explain::{Explain, Form};
pub use greedy::advise;
#[cfg(feature = "parquet")]
pub use judge::Judge;
pub use kernel::{Kernel, KernelAction, KernelFormat, KernelLevel, Snapshot};
pub use kernel_file::KernelFile;
#[cfg(not(target_os = "wasi"))]
pub use manual::{Completions, Manual};
#[cfg(feature = "parquet")]
pub use observe::Observe;
#[cfg(not(target_os = "wasi"))]
pub use page::Page;
pub use reporting::Reporting;
#[cfg(feature = "parquet")]
pub use resources::ReadingResources;
pub use resources::Resources;
pub use shorthand::expand;
pub use time_zone::TimeZone;
pub use wildcards::expand as expand_wildcards;

const USAGE: &str = "\
syncookie [OPTIONS] <COMMAND>
       syncookie <PATH>... [OPTIONS OF analyze]";

const SHORTHAND: &str = "\
`syncookie trace.pcap` is short for `syncookie analyze trace.pcap`. A capture or folder that is \
named like a command needs its path: `syncookie ./kernel`.";

/// Show which TCP handshakes in packet captures were answered by a SYN cookie or a SYN proxy, and why handshakes failed
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
#[command(override_usage = USAGE, after_help = SHORTHAND)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Returns the command, or an error that names an option without the option that it needs.
    /// clap's own error names only the one that is missing.
    ///
    /// # Errors
    /// When an option needs another one.
    pub fn complete(self) -> Result<Command, clap::Error> {
        let (name, lacking) = match &self.command {
            Command::Analyze(args) => ("analyze", args.lacking()),
            #[cfg(feature = "parquet")]
            Command::Judge(args) => ("judge", args.reporting.lacking()),
            Command::Annotate(args) => ("annotate", args.lacking()),
            _ => return Ok(self.command),
        };
        let Some((option, needed)) = lacking else { return Ok(self.command) };
        let mut program = Self::command();
        let command = program.find_subcommand_mut(name).expect("it is a command of the program");
        Err(command.error(ErrorKind::MissingRequiredArgument, format!("{option} needs {needed}")))
    }
}

/// Returns `--server` and `--kernel` if the server of the kernel files is named without files.
fn lacks_kernel(server: Option<&EndpointPattern>, files: &[KernelFile]) -> Option<(&'static str, &'static str)> {
    (server.is_some() && files.is_empty()).then_some(("--server", "--kernel"))
}

/// Commands of the program. The help text of each is the documentation of its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Analyze(Analyze),
    Explain(Explain),
    /// Show the kernel resources that a new connection needs: usage, limits, overflows
    Kernel(Kernel),
    Annotate(Annotate),
    #[cfg(feature = "parquet")]
    Observe(Observe),
    #[cfg(feature = "parquet")]
    Judge(Judge),
    #[cfg(not(target_os = "wasi"))]
    Page(Page),
    #[cfg(not(target_os = "wasi"))]
    Plugin(plugin::Plugin),
    #[cfg(not(target_os = "wasi"))]
    Manual(Manual),
    #[cfg(not(target_os = "wasi"))]
    Completions(Completions),
}

impl Command {
    /// Returns whether the results of the command go to standard output.
    pub fn writes_to_standard_output(&self) -> bool {
        let output = match self {
            Self::Analyze(args) => &args.reporting.output,
            #[cfg(feature = "parquet")]
            Self::Observe(args) => &args.output,
            #[cfg(feature = "parquet")]
            Self::Judge(args) => &args.reporting.output,
            Self::Explain(args) => &args.output,
            Self::Annotate(args) => &args.output,
            Self::Kernel(Kernel { action: Some(KernelAction::Snapshot(snapshot)), .. }) => &snapshot.output,
            Self::Kernel(args) => &args.output,
            #[cfg(not(target_os = "wasi"))]
            Self::Page(args) => &args.output,
            #[cfg(not(target_os = "wasi"))]
            Self::Manual(args) => return args.output.is_none(),
            #[cfg(not(target_os = "wasi"))]
            Self::Completions(_) => return true,
            // What it prints is not its result.
            #[cfg(not(target_os = "wasi"))]
            Self::Plugin(_) => return false,
        };
        output.as_os_str() == "-"
    }
}
