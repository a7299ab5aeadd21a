//! `syncookie plugin status`: shows the installed files, and whether Wireshark loads the plugin.

use std::path::{Path, PathBuf};

use super::library::{Library, NAME};
use super::root;
use super::wireshark::Wireshark;
use super::{Done, package, packaging, profile, say};
use crate::cli::plugin::Target;

/// Returns why Wireshark does not load the plugin when an ordinary user runs it, and what to do.
fn why_not(wireshark: &Wireshark, fits: bool, has_complaints: bool) -> String {
    let remedy = wireshark.packaging().and_then(|packaging| packaging.remedy(wireshark.folder(false)));
    match (fits, has_complaints) {
        (false, _) => format!(
            "no plugin for Wireshark {} is in these folders. Install it with syncookie plugin install{}",
            wireshark.release,
            root::warning().map_or("", |_| " --system")
        ),
        (true, true) => "see the message of tshark above".into(),
        (true, false) => {
            remedy.unwrap_or_else(|| "tshark gave no reason. tshark -G folders shows where it looks for plugins".into())
        }
    }
}

/// Describes the plugin in a file, and returns whether this Wireshark accepts it.
fn describe(file: &Path, wireshark: &Wireshark) -> (String, bool) {
    if !file.exists() {
        return ("not installed".to_owned(), false);
    }
    match Library::read(file) {
        Ok(library) if library.built_for == wireshark.release => {
            let owner = package::owner(file).map(|package| format!(", from the package {package}"));
            (format!("version {}{}", library.version, owner.unwrap_or_default()), true)
        }
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
        if let Err(failure) = wireshark.check_folder(system) {
            say_row(who, &failure.to_string());
            continue;
        }
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
    for (word, packaging) in packaging::installed() {
        if Path::new(word) != args.tshark {
            say_row(packaging.name(), &format!("also installed: syncookie plugin status --tshark {word}"));
        }
    }
    let loaded = loaded(&wireshark, fits)?;
    if let Some(path) = &loaded {
        say(&format!("Loaded: {}", path.display()));
    }
    Ok(loaded.is_some())
}

/// Returns the file that Wireshark loads. Shows why it loads none; `fits` is whether a file for its
/// release is installed.
pub fn loaded(wireshark: &Wireshark, fits: bool) -> Done<Option<PathBuf>> {
    let (loaded, has_complaints) = wireshark.loaded(NAME)?;
    match root::warning() {
        _ if loaded.is_some() => {}
        Some(warning) if fits => say(&format!("Not loaded. {warning}")),
        _ => say(&format!("Not loaded: {}.", why_not(wireshark, fits, has_complaints))),
    }
    Ok(loaded)
}
