//! Network namespaces: which there are, what they are called, and how to look into one.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where `ip netns` keeps names; `/var/run` is a link to `/run`, or the other way round.
const NAMED: [&str; 2] = ["/run/netns", "/var/run/netns"];
/// The one that the thread is in.
const OWN: &str = "/proc/thread-self/ns/net";

/// A network namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name for `ip netns`; `host` for that of process 1; otherwise its number, `net:[4026531840]`.
    pub name: String,
    inode: u64,
    /// Where it can be entered; `None` where we are.
    path: Option<PathBuf>,
}

impl Namespace {
    /// The one this program is in.
    pub fn current() -> io::Result<Self> {
        Ok(Self { path: None, ..Self::at(Path::new(OWN))? })
    }

    /// That of a process.
    pub fn of_process(pid: u32) -> io::Result<Self> {
        Self::at(Path::new(&format!("/proc/{pid}/ns/net")))
    }

    /// By the name that `ip netns` has for it, a process id, or a path.
    pub fn find(text: &str) -> io::Result<Self> {
        if text.contains('/') {
            return Self::at(Path::new(text));
        }
        let named = NAMED.iter().map(|folder| Path::new(folder).join(text)).find(|path| path.exists());
        match (named, text.parse()) {
            (Some(path), _) => Self::at(&path),
            (None, Ok(pid)) => Self::of_process(pid),
            (None, Err(_)) if text == "host" => Self::of_process(1),
            (None, Err(_)) => {
                let text = format!("no network namespace is called {text}: ip netns lists the names, lsns -t net all");
                Err(io::Error::new(io::ErrorKind::NotFound, text))
            }
        }
    }

    /// Every one that can be found: where we are, those with a name, those of processes that we may look at.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut found = vec![Self::current()?];
        let named = NAMED.iter().flat_map(|folder| children(Path::new(folder)));
        let of_processes = children(Path::new("/proc")).filter(|path| is_process(path)).map(|path| path.join("ns/net"));
        for path in named.chain(of_processes) {
            let Ok(namespace) = Self::at(&path) else { continue };
            if found.iter().all(|known| known.inode != namespace.inode) {
                found.push(namespace);
            }
        }
        Ok(found)
    }

    /// Whether the two are one.
    pub fn is_same(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    fn at(path: &Path) -> io::Result<Self> {
        let inode = fs::metadata(path)?.ino();
        Ok(Self { name: name(inode), inode, path: Some(path.to_path_buf()) })
    }

    /// Does something in it: on a thread of its own, unless we are there already. The rest of the program stays where
    /// it is.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
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

/// What people call it.
fn name(inode: u64) -> String {
    let is_it = |path: &Path| fs::metadata(path).is_ok_and(|metadata| metadata.ino() == inode);
    if is_it(Path::new("/proc/1/ns/net")) {
        return "host".into();
    }
    let named = NAMED.iter().flat_map(|folder| children(Path::new(folder))).find(|path| is_it(path));
    let name = named.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| format!("net:[{inode}]"))
}

/// What is in a folder, by name.
fn children(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

fn is_process(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
}
