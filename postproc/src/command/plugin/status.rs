//! `syncookie plugin status`: shows the installed files, and whether Wireshark loads the plugin.

use std::path::Path;

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

/// Describes the plugin in a file, and returns whether this Wireshark accepts it.
fn describe(file: &Path, wireshark: &Wireshark) -> (String, bool) {
    if !file.exists() {
        return ("not installed".to_owned(), false);
    }
    match Library::read(file) {
        Ok(library) if library.built_for == wireshark.release => (format!("version {}", library.version), true),
        Ok(Library { version, built_for }) => {
            (format!("version {version}, built for Wireshark {built_for}, which this Wireshark refuses"), false)
        }
        Err(failure) => (failure.to_string(), false),
    }
}

fn say_row(label: &str, text: &str) {
    say(&format!("{label:13}  {text}"));
}

/// Shows the installed files, whether Wireshark loads the plugin, and why it does not.
pub fn status(args: &Target) -> Done {
    let wireshark = Wireshark::ask(&args.tshark)?;
    say(&format!("Wireshark {} ({})", wireshark.release, wireshark.tshark.display()));
    let mut fits = false;
    for (who, system) in [("this user", false), ("all users", true)] {
        let file = wireshark.folder(system).join(NAME);
        let (what, is_accepted) = describe(&file, &wireshark);
        fits |= is_accepted;
        say_row(who, &format!("{}: {what}", file.display()));
        for file in wireshark.of_other_releases(system, NAME) {
            let Ok(Library { version, built_for }) = Library::read(&file) else { continue };
            let what = format!("{}: version {version}, for Wireshark {built_for} only", file.display());
            say_row("other release", &what);
        }
    }
    say_row("profile", &profile::describe(&wireshark));
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
