//! tshark and the programs that come with it, with the plugin installed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::programs::programs;
use crate::release::Release;

/// User and group that run tshark when the tests run as root: nobody.
const UNPRIVILEGED: u32 = 65534;

/// A tshark with a separate home folder that holds only the plugin.
#[derive(Debug)]
pub struct Tshark {
    home: TempDir,
    /// Root folder of its programs, if they have a separate one.
    root: Option<PathBuf>,
    staged: AtomicUsize,
}

/// Output of tshark.
#[derive(Debug)]
pub struct Printed {
    /// Standard output.
    pub stdout: String,
    /// Standard error, without the note about running as root.
    pub stderr: String,
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
}

impl Tshark {
    /// Returns a tshark with the plugin; `None` only when `SYNCOOKIE_SKIP_TSHARK=1` skips these
    /// tests.
    ///
    /// # Panics
    /// When tshark is missing: a test that silently does nothing proves nothing.
    #[must_use]
    pub fn with_plugin() -> Option<Self> {
        if std::env::var_os("SYNCOOKIE_SKIP_TSHARK").is_some_and(|value| value == "1") {
            eprintln!("SKIPPED: SYNCOOKIE_SKIP_TSHARK=1, nothing was tried in tshark");
            return None;
        }
        Some(Self::new(private_folder(), None, &programs().plugin))
    }

    /// Returns the installed tshark with a plugin that was built in another way.
    #[must_use]
    pub fn with_other_plugin(plugin: &Path) -> Self {
        Self::new(private_folder(), None, plugin)
    }

    /// Returns the tshark of another release, with the plugin that was built for it.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let home = private_folder_in(&release.root.join("home"));
        Self::new(home, Some(release.root.clone()), &release.plugin)
    }

    /// Returns the tshark of another release without the plugin, to compare with.
    #[must_use]
    pub fn without_plugin(release: &Release) -> Self {
        let home = private_folder_in(&release.root.join("home"));
        Self { home, root: Some(release.root.clone()), staged: AtomicUsize::new(0) }
    }

    fn new(home: TempDir, root: Option<PathBuf>, plugin: &Path) -> Self {
        let tshark = Self { home, root, staged: AtomicUsize::new(0) };
        let folder = tshark.outside(&tshark.plugin_folder());
        fs::create_dir_all(&folder).expect("a folder can be made in the private home");
        fs::copy(plugin, folder.join("syncookie.so")).expect("the plugin can be copied");
        tshark
    }

    /// Returns the folder in which this tshark looks for the plugin.
    fn plugin_folder(&self) -> PathBuf {
        let folders = self.run(["-G", "folders"]).stdout;
        let line = folders.lines().find_map(|line| line.strip_prefix("Personal Plugins:"));
        let folder = line.unwrap_or_else(|| panic!("`tshark -G folders` names no personal plugins folder:\n{folders}"));
        Path::new(folder.trim()).join("epan")
    }

    /// Returns the home folder, as the programs see it.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.inside(self.home.path())
    }

    /// Returns a path as the programs see it.
    fn inside(&self, path: &Path) -> PathBuf {
        let Some(root) = &self.root else { return path.to_path_buf() };
        Path::new("/").join(path.strip_prefix(root).expect("only files below the root are handed over"))
    }

    /// Returns a path that the programs see, as the tests see it.
    #[must_use]
    pub fn outside(&self, path: &Path) -> PathBuf {
        let Some(root) = &self.root else { return path.to_path_buf() };
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Copies a file to where tshark's user can read it.
    #[must_use]
    pub fn stage(&self, file: &Path) -> PathBuf {
        let bytes = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.stage_bytes(&bytes)
    }

    /// Writes a file with these bytes to where tshark's user can read it.
    #[must_use]
    pub fn stage_bytes(&self, bytes: &[u8]) -> PathBuf {
        let number = self.staged.fetch_add(1, Ordering::Relaxed);
        let path = self.home.path().join(format!("capture-{number}"));
        fs::write(&path, bytes).expect("a file can be written into the private home");
        self.inside(&path)
    }

    /// Runs tshark.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Printed {
        let output = self.command("tshark").args(arguments).output().unwrap_or_else(|error| {
            panic!("tshark cannot be started ({error}): install it, or set SYNCOOKIE_SKIP_TSHARK=1 to go without")
        });
        Printed::from(output)
    }

    /// Returns a command for tshark or a program that comes with it.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        self.command_below(&[], program)
    }

    /// Returns the command, started by another program, for example valgrind.
    #[must_use]
    pub fn command_below(&self, starter: &[&str], program: &str) -> Command {
        let mut words: Vec<&OsStr> = starter.iter().map(OsStr::new).collect();
        // tshark loads no plugin from a personal folder when root, or the group root, starts it.
        let user = format!("--userspec={UNPRIVILEGED}:{UNPRIVILEGED}");
        if let Some(root) = &self.root {
            words.extend([OsStr::new("/usr/sbin/chroot"), user.as_ref(), root.as_os_str()]);
        }
        words.push(program.as_ref());
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env("HOME", self.home()).env("LC_ALL", "C.UTF-8").current_dir(self.home.path());
        // Set by `cargo test` for the test's own sake.
        command.env_remove("LD_LIBRARY_PATH");
        for variable in
            ["XDG_CONFIG_HOME", "WIRESHARK_PLUGIN_DIR", "WIRESHARK_CONFIG_DIR", "WIRESHARK_RUN_FROM_BUILD_DIRECTORY"]
        {
            command.env_remove(variable);
        }
        if self.root.is_none() {
            unprivileged(&mut command);
        } else {
            command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        }
        command
    }

    /// Returns the numbers of the frames that a display filter matches, in two passes.
    #[must_use]
    pub fn frames(&self, capture: &Path, filter: &str) -> Vec<u32> {
        let rows = self.fields(capture, &["-2"], filter, &["frame.number"]);
        rows.iter().filter_map(|row| row[0].parse().ok()).collect()
    }

    /// Returns a row of field values for every frame that the filter matches.
    ///
    /// # Panics
    /// When tshark does not know a field.
    #[must_use]
    pub fn fields(&self, capture: &Path, options: &[&str], filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        let mut arguments: Vec<&OsStr> = vec!["-r".as_ref(), capture.as_os_str()];
        arguments.extend(options.iter().map(OsStr::new));
        arguments.extend(["-Y", filter, "-T", "fields", "-E", "separator=/t"].map(OsStr::new));
        arguments.extend(fields.iter().flat_map(|field| ["-e", field]).map(OsStr::new));
        let printed = self.run(arguments);
        assert!(printed.is_whole_file(), "tshark -Y '{filter}' ended with {:?}: {}", printed.code, printed.stderr);
        printed.stdout.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }
}

impl Printed {
    /// Returns whether tshark read the capture to its end.
    #[must_use]
    pub fn is_whole_file(&self) -> bool {
        // 2, or 14 in some releases, is tshark's word for a capture that ends in the middle of a
        // packet.
        let is_cut = matches!(self.code, Some(2 | 14)) && self.stderr.contains("cut short");
        self.code == Some(0) || is_cut
    }
}

impl From<Output> for Printed {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let kept = stderr.lines().filter(|line| !line.starts_with("Running as user \"root\""));
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: kept.collect::<Vec<_>>().join("\n"),
            code: output.status.code(),
        }
    }
}

/// Reports whether the tests run as root.
#[must_use]
pub fn is_root() -> bool {
    // The owner of our own entry in /proc is our effective user.
    fs::metadata("/proc/self").is_ok_and(|self_| std::os::unix::fs::MetadataExt::uid(&self_) == 0)
}

/// Creates a folder that every user may enter, and whose owner is the user that runs tshark.
///
/// # Panics
/// When the folder cannot be created.
#[must_use]
pub fn private_folder() -> TempDir {
    private_folder_in(&std::env::temp_dir())
}

fn private_folder_in(parent: &Path) -> TempDir {
    let folder = tempfile::Builder::new().prefix("e2e-").tempdir_in(parent).expect("a temporary folder can be made");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("we own it");
    if is_root() {
        std::os::unix::fs::chown(folder.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("we are root");
    }
    folder
}

/// Changes a command to run without privileges when the tests run as root, who may read every file.
pub fn unprivileged(command: &mut Command) -> &mut Command {
    if is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    command
}
