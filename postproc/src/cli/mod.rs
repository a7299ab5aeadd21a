//! The command line: one file for each command.

mod analyze;
pub mod plugin;

use clap::{Parser, Subcommand};

pub use analyze::{Analyze, Format};

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
    /// Install the Wireshark plugin, and say whether Wireshark loads it
    Plugin(plugin::Plugin),
}
