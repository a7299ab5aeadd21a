//! `syncookie manual` and `syncookie completions`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const MANUAL_EXAMPLES: &str = "\
Examples:
  syncookie manual annotate | man -l -
      The page of one command, shown
  syncookie manual --output man1
      Every page, into a folder";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  syncookie completions bash > syncookie.bash
      To be read by ~/.bashrc, or put into /usr/share/bash-completion/completions
  syncookie completions zsh > _syncookie
  syncookie completions fish > syncookie.fish";

/// Print a manual page, or write all of them.
#[derive(Args, Debug)]
#[command(after_help = MANUAL_EXAMPLES)]
pub struct Manual {
    /// Which command's page; that of the program unless given
    pub command: Option<String>,

    /// Write the pages of all commands into this folder, which is made where there is none
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "command")]
    pub output: Option<PathBuf>,
}

/// Print what lets a shell complete commands and options.
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct Completions {
    /// For which shell
    pub shell: Shell,
}
