//! Installs files in the folders from which Wireshark loads them, and removes them.

use std::env;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::library::{Library, NAME};
use super::release::Release;
use super::replace::replace;
use super::root;
use super::wireshark::Wireshark;
use super::{Done, package, profile, say, status};
use crate::cli::plugin::{Install, Uninstall};

pub fn install(args: &Install) -> Done {
    let wireshark = Wireshark::ask(&args.target.tshark)?;
    let file = match &args.file {
        Some(file) => file.clone(),
        None => beside_this_program(wireshark.release)?,
    };
    let library = Library::read(&file)?;
    if library.built_for != wireshark.release {
        return Err(Failure::Mismatch {
            file,
            built_for: library.built_for,
            running: wireshark.release,
            program: wireshark.tshark,
        });
    }
    let installed = target(&wireshark, args.system)?;
    let bytes = fs::read(&file).map_err(|error| Failure::Io { what: "read", path: file.clone(), error })?;
    replace(&installed, &bytes)?;
    say(&format!(
        "Installed {} (version {}, for Wireshark {})",
        installed.display(),
        library.version,
        library.built_for
    ));
    let other = wireshark.folder(!args.system).join(NAME);
    if other.exists() {
        say(&format!(
            "Another copy is installed: {}. Wireshark loads only one of them and prints a warning. Uninstall one of them.",
            other.display()
        ));
    }
    if args.profile {
        profile::install(&wireshark)?;
    }
    if let Some(warning) = root::warning().filter(|_| !args.system) {
        say(warning);
        return Ok(true);
    }
    let is_loaded = status::loaded(&wireshark, true)?.is_some();
    if is_loaded {
        say("Wireshark loads the plugin when it is started next.");
    }
    Ok(is_loaded)
}

/// Returns the file to install or to remove, unless that is a package's.
fn target(wireshark: &Wireshark, system: bool) -> Done<PathBuf> {
    wireshark.check_folder(system)?;
    let file = wireshark.folder(system).join(NAME);
    match package::owner(&file) {
        Some(package) => Err(Failure::Packaged { file, package }),
        None => Ok(file),
    }
}

pub fn uninstall(args: &Uninstall) -> Done {
    let wireshark = Wireshark::ask(&args.target.tshark)?;
    let installed = target(&wireshark, args.system)?;
    match fs::remove_file(&installed) {
        Ok(()) => say(&format!("Removed {}", installed.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            say(&format!("Not installed: {}", installed.display()));
        }
        Err(error) => return Err(Failure::Io { what: "remove", path: installed, error }),
    }
    if args.profile {
        profile::uninstall(&wireshark)?;
    }
    Ok(true)
}

/// Finds the plugin for a release beside this program.
fn beside_this_program(release: Release) -> Done<PathBuf> {
    let folder = env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned)).unwrap_or_default();
    let looked = places(&folder, release);
    match looked.iter().find(|file| file.is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(Failure::NoPlugin { looked }),
    }
}

/// Returns where the plugin may be: where `script/cross` builds it for each release, where cargo builds
/// it (beside the program), and where it is installed (`../lib/syncookie`).
pub fn places(folder: &Path, release: Release) -> Vec<PathBuf> {
    let library = folder.with_file_name("lib").join("syncookie");
    let built = format!("{DLL_PREFIX}syncookie_plugin{DLL_SUFFIX}");
    let mut places = vec![folder.join("plugins").join(release.to_string()).join(NAME)];
    for folder in [folder, &library] {
        places.extend([folder.join(&built), folder.join(NAME)]);
    }
    places
}
