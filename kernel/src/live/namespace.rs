//! Network namespaces of the running machine: finding, naming and entering them.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Folders in which `ip netns` keeps names; one is usually a link to the other.
const NAME_FOLDERS: [&str; 2] = ["/run/netns", "/var/run/netns"];
/// Namespace of the thread.
const OWN: &str = "/proc/thread-self/ns/net";

/// Network namespace of the running machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Name for people: `host` for the namespace of process 1, else the name that `ip netns` has
    /// for it, else its number, `net:[4026531840]`.
    pub name: String,
    inode: u64,
    /// File that it can be entered by; `None` for the namespace of this program.
    path: Option<PathBuf>,
}

impl Namespace {
    /// Returns the namespace of this program.
    ///
    /// # Errors
    ///
    /// Returns an error if `/proc` is not mounted.
    pub fn current() -> io::Result<Self> {
        Ok(Self { path: None, ..Self::at(Path::new(OWN))? })
    }

    /// Returns the namespace of a process.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such process, or if it belongs to another user.
    pub fn of_process(pid: u32) -> io::Result<Self> {
        Self::at(Path::new(&format!("/proc/{pid}/ns/net")))
    }

    /// Finds a namespace by the name that `ip netns` has for it, a process id, or a path; `host` is
    /// that of process 1.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such namespace, or if it cannot be read.
    pub fn find(text: &str) -> io::Result<Self> {
        if text.contains('/') {
            return Self::at(Path::new(text));
        }
        let named = NAME_FOLDERS.iter().map(|folder| Path::new(folder).join(text)).find(|path| path.exists());
        match (named, text.parse()) {
            (Some(path), _) => Self::at(&path),
            (None, Ok(pid)) => Self::of_process(pid),
            (None, Err(_)) if text == "host" => Self::of_process(1),
            (None, Err(_)) => {
                let text = "not found; ip netns and lsns -t net list the names";
                Err(io::Error::new(io::ErrorKind::NotFound, text))
            }
        }
    }

    /// Returns the namespace of this program, those with a name, and those of the processes that
    /// this user may read, each once.
    ///
    /// # Errors
    ///
    /// Returns an error if `/proc` is not mounted.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut found = vec![Self::current()?];
        let named = NAME_FOLDERS.iter().flat_map(|folder| children(Path::new(folder)));
        let of_processes = children(Path::new("/proc")).filter(|path| is_process(path)).map(|path| path.join("ns/net"));
        for path in named.chain(of_processes) {
            let Ok(namespace) = Self::at(&path) else { continue };
            if found.iter().all(|known| known.inode != namespace.inode) {
                found.push(namespace);
            }
        }
        Ok(found)
    }

    /// Returns the inode number of the namespace.
    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    /// Returns whether two values mean the same namespace.
    pub fn is_same(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    /// Returns the namespace that a file refers to.
    fn at(path: &Path) -> io::Result<Self> {
        let inode = fs::metadata(path)?.ino();
        Ok(Self { name: name(inode), inode, path: Some(path.to_path_buf()) })
    }

    /// Runs `work` in the namespace and returns its result: on a thread of its own, unless it is
    /// the namespace of this program, whose other threads stay in theirs.
    ///
    /// # Errors
    ///
    /// Returns an error if the namespace cannot be entered, which needs `CAP_SYS_ADMIN`.
    pub fn run_inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let Some(path) = &self.path else { return Ok(work()) };
        let link = File::open(path)?;
        thread::scope(|scope| {
            let inside = thread::Builder::new().spawn_scoped(scope, || {
                move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok(work())
            })?;
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// Returns the name of a namespace for people.
fn name(inode: u64) -> String {
    let is_it = |path: &Path| fs::metadata(path).is_ok_and(|metadata| metadata.ino() == inode);
    if is_it(Path::new("/proc/1/ns/net")) {
        return "host".into();
    }
    let named = NAME_FOLDERS.iter().flat_map(|folder| children(Path::new(folder))).find(|path| is_it(path));
    let name = named.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| format!("net:[{inode}]"))
}

/// Returns the paths in a folder, sorted.
fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

/// Returns whether a path in `/proc` is that of a process.
fn is_process(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
}
