//! Wireshark profile "SYN cookies": colouring rules, columns with their widths, filter buttons, and
//! I/O graphs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::replace::replace;
use super::wireshark::Wireshark;
use super::{Done, say};

const NAME: &str = "SYN cookies";

/// Names and contents of its files.
const FILES: [(&str, &str); 5] = [
    ("colorfilters", include_str!("../../../profile/colorfilters")),
    ("dfilter_buttons", include_str!("../../../profile/dfilter_buttons")),
    ("io_graphs", include_str!("../../../profile/io_graphs")),
    (PREFERENCES, include_str!("../../../profile/preferences")),
    (REWRITTEN, include_str!("../../../profile/recent")),
];

/// File that Wireshark writes again whenever it exits, so that a change does not come from the user.
const REWRITTEN: &str = "recent";

/// File of preferences. Wireshark writes all of them when one changes, most as comments.
const PREFERENCES: &str = "preferences";

fn folder(wireshark: &Wireshark) -> PathBuf {
    wireshark.settings.join("profiles").join(NAME)
}

/// Installs the profile, unless one of that name exists: what a user made or changed is kept.
pub fn install(wireshark: &Wireshark) -> Done<()> {
    let folder = folder(wireshark);
    if folder.exists() {
        say(&format!("Kept the existing profile \"{NAME}\": {}", folder.display()));
        return Ok(());
    }
    for (name, text) in FILES {
        replace(&folder.join(name), text.as_bytes())?;
    }
    say(&format!("Installed the profile \"{NAME}\": {}", folder.display()));
    say("Select it in Wireshark under Edit > Configuration Profiles, or run: wireshark -C \"SYN cookies\"");
    Ok(())
}

/// Removes the files that were not changed, and the folder if it is then empty.
pub fn uninstall(wireshark: &Wireshark) -> Done<()> {
    let folder = folder(wireshark);
    let mut kept = Vec::new();
    for (name, text) in FILES {
        let file = folder.join(name);
        match fs::read(&file) {
            Ok(bytes) if is_installed(name, text, &bytes) => remove(&file)?,
            Ok(_) => kept.push(name),
            Err(_) => {}
        }
    }
    let gone = fs::remove_dir(&folder).is_ok() || !folder.exists();
    if gone {
        say(&format!("Removed the profile \"{NAME}\""));
    } else if kept.is_empty() {
        say(&format!("Kept {}: it contains other files", folder.display()));
    } else {
        say(&format!("Kept {}: these files were changed: {}", folder.display(), kept.join(", ")));
    }
    Ok(())
}

/// Returns whether a file of the profile is as it was installed, or only rewritten by Wireshark.
fn is_installed(name: &str, text: &str, bytes: &[u8]) -> bool {
    let is_rewritten = || settings(&String::from_utf8_lossy(bytes)) == settings(text);
    bytes == text.as_bytes() || name == REWRITTEN || (name == PREFERENCES && is_rewritten())
}

/// Returns the lines of preferences that set something, except those that Wireshark adds without
/// being asked.
fn settings(preferences: &str) -> Vec<String> {
    // That no column is hidden, and the font of the system.
    let is_added = |line: &str| line == "gui.column.hidden:" || line.starts_with("gui.qt.font_name:");
    let lines = preferences.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter(|line| !is_added(line)).map(str::to_owned).collect()
}

fn remove(file: &Path) -> Done<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::Io { what: "remove", path: file.to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// Describes whether the profile is installed.
pub fn describe(wireshark: &Wireshark) -> String {
    let folder = folder(wireshark);
    if folder.exists() { format!("\"{NAME}\", {}", folder.display()) } else { "not installed".to_owned() }
}
