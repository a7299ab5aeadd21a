//! `syncookie plugin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  syncookie plugin install
      For the user who runs it, into the folder that Wireshark names
  syncookie plugin install --profile
      With the profile \"SYN cookies\": colours, columns, filter buttons
  sudo syncookie plugin install --system
      For everybody, root included
  syncookie plugin status
      What is installed where, and whether Wireshark loads it

Exit codes:
  0  done; for status: Wireshark loads the plugin
  1  not done, and standard error says why; for status: Wireshark does not load it";

/// Installs the Wireshark plugin, and says whether Wireshark loads it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Plugin {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Put the plugin where Wireshark looks for it
    Install(Install),
    /// Say what is installed where, and whether Wireshark loads it
    Status(Target),
    /// Take away what install put there
    Uninstall(Uninstall),
}

/// Which Wireshark, and for whom.
#[derive(Args, Debug)]
pub struct Target {
    /// The tshark of the Wireshark that is meant; it names the folders
    #[arg(long, value_name = "PROGRAM", default_value = "tshark")]
    pub tshark: PathBuf,
}

/// Put the plugin where Wireshark looks for it.
#[derive(Args, Debug)]
pub struct Install {
    #[command(flatten)]
    pub target: Target,

    /// The plugin; else libsyncookie_plugin.so or syncookie.so beside this program
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// For all users, into the folder of the system; usually takes root
    #[arg(long)]
    pub system: bool,

    /// Also the profile "SYN cookies", unless there is one of that name
    #[arg(long, conflicts_with = "system")]
    pub profile: bool,
}

/// Take away what install put there.
#[derive(Args, Debug)]
pub struct Uninstall {
    #[command(flatten)]
    pub target: Target,

    /// From the folder of the system
    #[arg(long)]
    pub system: bool,

    /// Also the profile, unless it was changed
    #[arg(long, conflicts_with = "system")]
    pub profile: bool,
}
