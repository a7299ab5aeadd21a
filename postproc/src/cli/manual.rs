//! `syncookie manual` and `syncookie completions`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const MANUAL_EXAMPLES: &str = "\
Examples:
  syncookie manual annotate | man -l -
      Show the page of one command
  syncookie manual --output man1
      Write all pages to a folder";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  syncookie completions bash > syncookie.bash
      Source it from ~/.bashrc, or copy it to
      /usr/share/bash-completion/completions
  syncookie completions zsh > _syncookie
  syncookie completions fish > syncookie.fish";

/// Print a manual page, or write all pages
#[derive(Args, Debug)]
#[command(after_help = MANUAL_EXAMPLES)]
pub struct Manual {
    /// Command whose page is printed [default: the page of the program]
    pub command: Option<String>,

    /// Write all pages to this folder; it is created if it does not exist
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "command")]
    pub output: Option<PathBuf>,
}

/// Generate shell completion scripts
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct Completions {
    /// Shell that reads the script
    pub shell: Shell,
}
