//! Release and folders of the installed Wireshark.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::failure::Failure;
use super::packaging::{self, Packaging};
use super::release::Release;
use super::{Done, say};

/// Installed Wireshark.
#[derive(Debug)]
pub struct Wireshark {
    pub tshark: PathBuf,
    pub release: Release,
    /// Folder for the plugins of one user.
    pub personal: PathBuf,
    /// Folder for the plugins of all users.
    pub global: PathBuf,
    /// Folder for the settings of one user.
    pub settings: PathBuf,
}

impl Wireshark {
    /// Runs tshark and reads its release and its folders.
    pub fn ask(tshark: &Path) -> Done<Self> {
        let unclear = |what, printed: &Printed| {
            let complaint = printed.complaint.trim().replace('\n', " ");
            Failure::Unclear { program: tshark.to_owned(), what, complaint }
        };
        let version = run(tshark, &["--version"])?;
        let release = version.text.lines().next().and_then(Release::find);
        let release = release.ok_or_else(|| unclear("its release", &version))?;
        let folders = run(tshark, &["-G", "folders"])?;
        let folder = |name: &str, what| folder(&folders.text, name).ok_or_else(|| unclear(what, &folders));
        Ok(Self {
            tshark: tshark.to_owned(),
            release,
            // Wireshark looks for dissectors in this subfolder.
            personal: folder("Personal Plugins", "its folder for personal plugins")?.join("epan"),
            global: folder("Global Plugins", "its folder for global plugins")?.join("epan"),
            settings: folder("Personal configuration", "its folder for settings")?,
        })
    }

    /// Returns the folder for the plugins of one user, or of all users.
    pub fn folder(&self, system: bool) -> &Path {
        if system { &self.global } else { &self.personal }
    }

    /// Returns the package that contains the folder for the plugins of all users, so that nothing
    /// can be installed there.
    pub fn packaging(&self) -> Option<Packaging> {
        Packaging::around(&self.global)
    }

    /// Fails if the folder for the plugins of all users is asked for, and is inside a package.
    pub fn check_folder(&self, system: bool) -> Done<()> {
        match self.packaging() {
            Some(packaging) if system => Err(Failure::InsidePackage { folder: self.global.clone(), packaging }),
            _ => Ok(()),
        }
    }

    /// Returns the files of that name that are installed for other releases, which have folders beside this one's.
    pub fn of_other_releases(&self, system: bool, name: &str) -> Vec<PathBuf> {
        let own = self.folder(system);
        let Some(all) = own.parent().and_then(Path::parent) else { return Vec::new() };
        let folders = fs::read_dir(all).into_iter().flatten().filter_map(Result::ok);
        let files = folders.map(|folder| folder.path().join("epan")).filter(|folder| folder != own);
        let mut found: Vec<_> = files.map(|folder| folder.join(name)).filter(|file| file.is_file()).collect();
        found.sort();
        found
    }

    /// Returns the plugin file of this name that Wireshark loads, and whether tshark printed a
    /// message about such a file. Shows all that is printed on standard error: by tshark, or by
    /// what starts it.
    pub fn loaded(&self, name: &str) -> Done<(Option<PathBuf>, bool)> {
        let listed = run(&self.tshark, &["-G", "plugins"])?;
        let rows = listed.text.lines().map(|line| line.split('\t').map(str::trim).collect::<Vec<_>>());
        let mut ours = rows.filter(|row| row.first() == Some(&name));
        listed.complaint.lines().for_each(|line| say(&format!("tshark: {line}")));
        Ok((ours.find_map(|row| row.last().map(PathBuf::from)), listed.complaint.contains(name)))
    }
}

/// Returns a folder in the output of `tshark -G folders`.
pub fn folder(folders: &str, name: &str) -> Option<PathBuf> {
    let found = folders.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(PathBuf::from(found.trim()))
}

/// Texts that a program printed.
struct Printed {
    text: String,
    /// Standard error: of tshark, or of what starts it, such as a wrapper script or Flatpak.
    complaint: String,
}

fn run(program: &Path, arguments: &[&str]) -> Done<Printed> {
    let error = |error| Failure::NoTshark { program: program.to_owned(), error };
    let started = packaging::tshark(program).args(arguments).output();
    let output = started.or_else(|error| match usual_place(program) {
        Some(found) => Command::new(found).args(arguments).output(),
        None => Err(error),
    });
    let output = output.map_err(error)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Printed { text: text(&output.stdout), complaint: text(&output.stderr) })
}

/// Returns where Wireshark's installer puts tshark, if that is asked for by its name: on Windows and
/// macOS, it is in a folder that is not searched for programs.
fn usual_place(program: &Path) -> Option<PathBuf> {
    let place = if cfg!(windows) {
        Path::new(&env::var_os("ProgramFiles")?).join("Wireshark/tshark.exe")
    } else {
        PathBuf::from("/Applications/Wireshark.app/Contents/MacOS/tshark")
    };
    (program == Path::new("tshark") && place.is_file()).then_some(place)
}
