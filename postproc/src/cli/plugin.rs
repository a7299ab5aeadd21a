//! `syncookie plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  syncookie plugin install
      Install for the current user, into the folder that tshark reports
  syncookie plugin install --profile
      Also install the profile \"SYN cookies\": colours, columns, filter buttons,
      I/O graphs
  sudo syncookie plugin install --system
      Install for all users, including root
  syncookie plugin install --tshark flatpak
      Install for the Flatpak of Wireshark, into the folder that its own
      tshark reports
  syncookie plugin status
      Show what is installed, and whether Wireshark loads it

Exit codes:
  0  done; for status: Wireshark loads the plugin
  1  failed, see standard error; for status: Wireshark does not load the plugin";

/// Install the Wireshark plugin, and check whether Wireshark loads it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Plugin {
    /// The action.
    #[command(subcommand)]
    pub action: Action,
}

/// Actions of `syncookie plugin`.
#[derive(Debug, Subcommand)]
pub enum Action {
    Install(Install),
    /// Show what is installed, and whether Wireshark loads it
    Status(Target),
    Uninstall(Uninstall),
}

/// Wireshark that loads the plugin.
#[derive(Args, Debug)]
pub struct Target {
    /// The tshark of your Wireshark; syncookie asks it for the plugin folders. Or: flatpak, snap,
    /// or an AppImage file. On Windows and macOS, tshark is also found in the folder in which
    /// Wireshark installs it
    #[arg(long, value_name = "PROGRAM", default_value = "tshark")]
    pub tshark: PathBuf,
}

/// Install the plugin
#[derive(Args, Debug)]
pub struct Install {
    #[command(flatten)]
    pub target: Target,

    /// Plugin file [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Install for all users, into the system's folder; usually needs root
    #[arg(long)]
    pub system: bool,

    /// Also install the profile "SYN cookies", unless it exists
    #[arg(long, conflicts_with = "system")]
    pub profile: bool,
}

/// Remove the installed plugin
#[derive(Args, Debug)]
pub struct Uninstall {
    #[command(flatten)]
    pub target: Target,

    /// Remove it from the system's folder
    #[arg(long)]
    pub system: bool,

    /// Also remove the profile, unless it was changed
    #[arg(long, conflicts_with = "system")]
    pub profile: bool,
}
