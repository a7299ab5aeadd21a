//! What is installed where, and whether Wireshark loads it.

use super::library::{Library, NAME};
use super::wireshark::Wireshark;
use super::{Done, profile, say};
use crate::cli::plugin::Target;

/// Why root sees no personal plugin.
pub const ROOT: &str = "You are root: Wireshark and tshark load no plugin from a personal folder when root starts them, \
                        lest a user's file runs with root's rights. Start them as a user, or install with --system.";

pub fn status(args: &Target) -> Done {
    let wireshark = Wireshark::ask(&args.tshark)?;
    say(&format!("Wireshark {} ({})", wireshark.release, wireshark.tshark.display()));
    let mut fits = false;
    for (who, system) in [("for you", false), ("for everybody", true)] {
        let file = wireshark.folder(system).join(NAME);
        let what = if !file.exists() {
            "not installed".to_owned()
        } else {
            match Library::read(&file) {
                Ok(library) if library.built_for == wireshark.release => {
                    fits = true;
                    format!("version {}", library.version)
                }
                Ok(library) => {
                    format!("version {}, for Wireshark {}: it is refused", library.version, library.built_for)
                }
                Err(failure) => failure.to_string(),
            }
        };
        say(&format!("{who:13}  {}: {what}", file.display()));
    }
    say(&format!("{:13}  {}", "profile", profile::describe(&wireshark)));
    let (loaded, complaints) = wireshark.loaded(NAME)?;
    for complaint in &complaints {
        say(&format!("tshark says: {complaint}"));
    }
    match loaded.first() {
        Some(path) => say(&format!("Loaded: {}", path.display())),
        None if fits && is_root() => say(&format!("Not loaded. {ROOT}")),
        None => say("Not loaded."),
    }
    Ok(!loaded.is_empty())
}

/// Whether root runs this.
#[cfg(unix)]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether root runs this: there is no root.
#[cfg(not(unix))]
pub fn is_root() -> bool {
    false
}
