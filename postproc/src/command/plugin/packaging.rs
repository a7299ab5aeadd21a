//! Packages that bring Wireshark with folders of its own: Flatpak, Snap and AppImage.

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Application of Wireshark on Flathub.
const FLATPAK: &str = "org.wireshark.Wireshark";

/// Command of tshark in the snap `wireshark`.
const SNAP: &str = "wireshark.tshark";

/// Bytes 8 to 10 of an AppImage, which is a program with a file system behind it.
const APPIMAGE: &[u8; 3] = b"AI\x02";

/// A package in which Wireshark runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packaging {
    Flatpak,
    Snap,
    AppImage,
}

impl Packaging {
    /// Returns its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flatpak => "Flatpak",
            Self::Snap => "snap",
            Self::AppImage => "AppImage",
        }
    }

    /// Returns the package that contains a folder. Nothing can be installed into such a folder.
    pub fn around(folder: &Path) -> Option<Self> {
        let begins_with = |name: &str| folder.starts_with(name);
        let is_mount = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(".mount_");
        if begins_with("/app") {
            Some(Self::Flatpak)
        } else if begins_with("/snap") || begins_with("/var/lib/snapd/snap") {
            Some(Self::Snap)
        } else {
            folder.iter().any(is_mount).then_some(Self::AppImage)
        }
    }

    /// Returns the package that is meant by a program: a word for an installed one, or the file of
    /// an AppImage.
    fn of(program: &Path) -> Option<Self> {
        match program.to_str() {
            Some("flatpak") => Some(Self::Flatpak),
            Some("snap") => Some(Self::Snap),
            _ => is_appimage(program).then_some(Self::AppImage),
        }
    }

    /// Returns what lets Wireshark read a personal plugin that it does not load.
    pub fn remedy(self, folder: &Path) -> Option<String> {
        let folder = folder.display();
        match self {
            Self::Flatpak => Some(format!(
                "the Flatpak may have no access to the folder. Allow it with flatpak override --user \
                 --filesystem={folder}:ro {FLATPAK}"
            )),
            Self::Snap | Self::AppImage => None,
        }
    }
}

/// Returns the words of `--tshark` for the packages of Wireshark that are installed.
pub fn installed() -> Vec<(&'static str, Packaging)> {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let flatpaks = [PathBuf::from("/var/lib/flatpak"), home.join(".local/share/flatpak")];
    let snaps = ["/snap/bin", "/var/lib/snapd/snap/bin"].map(Path::new);
    let flatpak = flatpaks.iter().any(|folder| folder.join("app").join(FLATPAK).exists());
    let snap = snaps.iter().any(|folder| folder.join(SNAP).exists());
    [(flatpak, ("flatpak", Packaging::Flatpak)), (snap, ("snap", Packaging::Snap))]
        .into_iter()
        .filter_map(|(is_there, found)| is_there.then_some(found))
        .collect()
}

/// Returns the command that starts the tshark that a value of `--tshark` names.
pub fn tshark(program: &Path) -> Command {
    let mut command = Command::new(program);
    match Packaging::of(program) {
        Some(Packaging::Flatpak) => command.args(["run", "--command=tshark", FLATPAK]),
        Some(Packaging::Snap) => command.args(["run", SNAP]),
        Some(Packaging::AppImage) => as_tshark(&mut command),
        None => &mut command,
    };
    command
}

/// Starts the AppImage under the name of tshark: it chooses its program by the name it is called
/// by.
#[cfg(unix)]
fn as_tshark(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::arg0(command, "tshark")
}

/// Does nothing: AppImages exist only on Unix.
#[cfg(not(unix))]
fn as_tshark(command: &mut Command) -> &mut Command {
    command
}

fn is_appimage(file: &Path) -> bool {
    let mut head = [0; 11];
    let is_read = File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok();
    is_read && head.starts_with(b"\x7fELF") && head.ends_with(APPIMAGE)
}
