//! `syncookie plugin status`: shows the installed files, and whether Wireshark loads the plugin.

use super::library::{Library, NAME};
use super::root;
use super::wireshark::Wireshark;
use super::{Done, profile, say};
use crate::cli::plugin::Target;

/// Returns why Wireshark does not load the plugin when an ordinary user runs it, and what to do.
fn why_not(wireshark: &Wireshark, fits: bool, has_complaints: bool) -> String {
    match (fits, has_complaints) {
        (false, _) => format!(
            "no plugin for Wireshark {} is in these folders. Install it with syncookie plugin install",
            wireshark.release
        ),
        (true, true) => "see the message of tshark above".into(),
        (true, false) => "tshark gave no reason. tshark -G folders shows where it looks for plugins".into(),
    }
}

/// Shows the installed files, whether Wireshark loads the plugin, and why it does not.
pub fn status(args: &Target) -> Done {
    let wireshark = Wireshark::ask(&args.tshark)?;
    say(&format!("Wireshark {} ({})", wireshark.release, wireshark.tshark.display()));
    let mut fits = false;
    for (who, system) in [("this user", false), ("all users", true)] {
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
                    format!(
                        "version {}, built for Wireshark {}, which this Wireshark refuses",
                        library.version, library.built_for
                    )
                }
                Err(failure) => failure.to_string(),
            }
        };
        say(&format!("{who:13}  {}: {what}", file.display()));
        for file in wireshark.of_other_releases(system, NAME) {
            let Ok(library) = Library::read(&file) else { continue };
            say(&format!(
                "{:13}  {}: version {}, for Wireshark {} only",
                "other release",
                file.display(),
                library.version,
                library.built_for
            ));
        }
    }
    say(&format!("{:13}  {}", "profile", profile::describe(&wireshark)));
    let (loaded, complaints) = wireshark.loaded(NAME)?;
    for complaint in &complaints {
        say(&format!("tshark: {complaint}"));
    }
    match (loaded.first(), root::warning()) {
        (Some(path), _) => say(&format!("Loaded: {}", path.display())),
        (None, Some(warning)) if fits => say(&format!("Not loaded. {warning}")),
        (None, _) => say(&format!("Not loaded: {}.", why_not(&wireshark, fits, !complaints.is_empty()))),
    }
    Ok(!loaded.is_empty())
}
