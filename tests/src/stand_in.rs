//! The stand-in for Wireshark of `tests/stand-in`: builds it, runs it with the plugin, and reads its log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::programs::programs;

/// The stand-in, built with the headers of the installed Wireshark.
#[derive(Debug)]
pub struct StandIn {
    folder: TempDir,
}

/// What the plugin called while a file was open.
#[derive(Debug)]
pub struct File {
    /// The lines.
    pub text: String,
    /// The passes over the frames, from the first one on.
    pub passes: Vec<Pass>,
}

/// What the plugin called in a pass over the frames of a file.
#[derive(Debug, Default)]
pub struct Pass {
    /// The lines, without the first one.
    pub text: String,
    /// The frames for which the plugin called something.
    pub frames: Vec<Frame>,
}

/// What the plugin called for a frame.
#[derive(Debug, Default)]
pub struct Frame {
    /// The number of the frame.
    pub number: u32,
    /// The values of each field, without quotes.
    pub fields: BTreeMap<String, Vec<String>>,
}

impl StandIn {
    /// Builds the stand-in.
    ///
    /// # Panics
    /// When it does not compile.
    #[must_use]
    pub fn build() -> Self {
        let folder = tempfile::Builder::new().prefix("stand-in-").tempdir().expect("a temporary folder can be made");
        let build = crate::package().join("stand-in/build");
        let status = Command::new(build).arg(folder.path()).status().expect("it can be started");
        assert!(status.success(), "the stand-in does not compile");
        Self { folder }
    }

    /// Opens captures one after the other.
    ///
    /// # Panics
    /// When the plugin does what Wireshark does not allow.
    #[must_use]
    pub fn open(&self, options: &[&str], captures: &[&Path]) -> Vec<File> {
        let mut command = Command::new(self.folder.path().join("stand-in"));
        let output = command.arg(&programs().plugin).args(options).args(captures).output().expect("it can be started");
        let log = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let end = || log.lines().rev().take(5).collect::<Vec<_>>();
        assert!(output.status.success() && complaint.is_empty(), "{}: {complaint}; last: {:?}", output.status, end());
        let files: Vec<_> = log.split("\nfile of ").skip(1).map(File::read).collect();
        assert_eq!(files.len(), captures.len());
        files
    }

    /// Returns the functions that its libraries provide, which are those that the headers declare
    /// with `WS_DLL_PUBLIC`.
    #[must_use]
    pub fn exports(&self) -> BTreeSet<String> {
        let libraries = ["libwireshark.so", "libwsutil.so"].map(|name| self.folder.path().join(name));
        libraries.iter().flat_map(|library| symbols(library, "--defined-only")).collect()
    }
}

/// Returns the functions that the plugin needs from the program that loads it.
#[must_use]
pub fn imports() -> BTreeSet<String> {
    // Those of the C library have a version.
    symbols(&programs().plugin, "--undefined-only").filter(|name| !name.contains('@')).collect()
}

/// Returns the names of dynamic symbols; weak ones, which may be missing, left out.
fn symbols(library: &Path, which: &str) -> impl Iterator<Item = String> + use<> {
    let output = Command::new("nm").args(["--dynamic", which]).arg(library).output();
    let output = output.expect("nm comes with the C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let symbol = |line: &str| {
        let (kind, name) = line.rsplit_once(' ').map(|(rest, name)| (rest.chars().last(), name))?;
        (kind != Some('w')).then(|| name.to_owned())
    };
    listed.lines().filter_map(symbol).collect::<Vec<_>>().into_iter()
}

impl File {
    fn read(log: &str) -> Self {
        let passes = log.split("\npass ").skip(1).map(Pass::read).collect();
        Self { text: log.to_owned(), passes }
    }
}

impl Pass {
    fn read(log: &str) -> Self {
        let lines = log.lines().skip(1).take_while(|line| !line.starts_with("conversation filter"));
        let mut pass = Self::default();
        for line in lines {
            pass.text += line;
            pass.text += "\n";
            if let Some(number) = line.strip_prefix("frame ") {
                let number = number.parse().expect("the number of a frame");
                pass.frames.push(Frame { number, ..Frame::default() });
            } else if let (Some(frame), Some((field, value))) = (pass.frames.last_mut(), added(line)) {
                frame.fields.entry(field.to_owned()).or_default().push(value.to_owned());
            }
        }
        pass
    }
}

impl Frame {
    /// Returns the first value of a field.
    #[must_use]
    pub fn first(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.first().map(String::as_str)
    }
}

/// Returns the field and the value that a line of the log adds to the tree.
fn added(line: &str) -> Option<(&str, &str)> {
    let (_, arguments) = line.strip_prefix("  proto_tree_add_")?.strip_suffix(')')?.split_once("(item ")?;
    let (_, arguments) = arguments.split_once(", ")?;
    let (field, value) = arguments.split_once(", ")?;
    Some((field, value.trim_matches('"')))
}

/// Returns every capture of the cases, once.
#[must_use]
pub fn captures(cases: &[crate::case::Case]) -> Vec<PathBuf> {
    let paths = cases.iter().flat_map(|case| &case.captures);
    let unique: BTreeSet<_> = paths.map(|path| path.canonicalize().expect("it was listed")).collect();
    unique.into_iter().collect()
}
