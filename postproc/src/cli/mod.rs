//! The command line: one file for each command.

mod analyze;
mod annotate;
mod capture_point;
mod explain;
mod kernel;
mod manual;
pub mod plugin;
mod resources;

use clap::{Parser, Subcommand};

pub use analyze::Analyze;
pub use annotate::Annotate;
pub use capture_point::CapturePoint;
pub use explain::{Explain, Form};
pub use kernel::{Kernel, KernelAction, KernelFormat, KernelLevel, Snapshot};
pub use manual::{Completions, Manual};
pub use resources::Resources;

/// Tells which TCP handshakes of a capture were answered by SYN cookies or by a SYN proxy, with evidence.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Analyse captures, and folders of them
    Analyze(Analyze),
    /// Tell the story of one handshake: packets, verdict, causes, what to do
    Explain(Explain),
    /// Show kernel limits that affect accepting connections: usage, limits, overflows
    Kernel(Kernel),
    /// Write captures again, with the findings as comments
    Annotate(Annotate),
    /// Install the Wireshark plugin, and say whether Wireshark loads it
    Plugin(plugin::Plugin),
    /// Print a manual page, or write all of them
    Manual(Manual),
    /// Print what lets a shell complete commands and options
    Completions(Completions),
}
