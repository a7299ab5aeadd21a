//! Release and folders of the installed Wireshark.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Done;
use super::failure::Failure;
use super::release::Release;

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
        let unclear = |what| Failure::Unclear { program: tshark.to_owned(), what };
        let version = run(tshark, &["--version"])?;
        let release = version.lines().next().and_then(Release::find).ok_or_else(|| unclear("its release"))?;
        let folders = run(tshark, &["-G", "folders"])?;
        let folder = |name: &str, what| folder(&folders, name).ok_or_else(|| unclear(what));
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

    /// Returns the files of that name that it loads, and its warnings about them.
    pub fn loaded(&self, name: &str) -> Done<(Vec<PathBuf>, Vec<String>)> {
        let output = start(&self.tshark, &["-G", "plugins"])?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = listed.lines().map(|line| line.split('\t').map(str::trim).collect::<Vec<_>>());
        let ours = rows.filter(|row| row.first() == Some(&name));
        let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
        let complaints = complaints.lines().filter(|line| line.contains(name)).map(str::to_owned).collect();
        Ok((ours.filter_map(|row| row.last().map(PathBuf::from)).collect(), complaints))
    }
}

fn folder(folders: &str, name: &str) -> Option<PathBuf> {
    let found = folders.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(PathBuf::from(found.trim()))
}

fn start(program: &Path, arguments: &[&str]) -> Done<std::process::Output> {
    let error = |error| Failure::NoTshark { program: program.to_owned(), error };
    Command::new(program).args(arguments).output().map_err(error)
}

fn run(program: &Path, arguments: &[&str]) -> Done<String> {
    start(program, arguments).map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}
