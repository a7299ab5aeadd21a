//! Files of `/proc`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::SnapshotText;

/// Maximum number of bytes that are read of one file.
const MAX_SIZE: u64 = 4 << 20;

/// Files below `/proc/thread-self/net`, the network namespace of the thread; `/proc/net` is that of
/// the process.
const NETWORK_FILES: [&str; 8] =
    ["netstat", "snmp", "sockstat", "sockstat6", "softnet_stat", "dev", "stat/synproxy", "stat/nf_conntrack"];
/// Files about the whole machine.
const MACHINE_FILES: [&str; 4] = ["/proc/version", "/proc/uptime", "/proc/loadavg", "/proc/pressure/cpu"];
/// Folders of settings below `/proc/sys`, read without their subfolders.
const SETTING_FOLDERS: [&str; 3] = ["net/core", "net/ipv4", "net/netfilter"];
/// Folder with a folder of settings for each interface.
const INTERFACE_SETTINGS: &str = "/proc/sys/net/ipv4/conf";
/// Maximum number of interfaces whose settings are read.
const MAX_INTERFACES: usize = 256;
/// Further settings below `/proc/sys`.
const SETTINGS: [&str; 8] = [
    "fs/file-nr",
    "fs/file-max",
    "fs/nr_open",
    "kernel/threads-max",
    "kernel/pid_max",
    "kernel/printk_ratelimit",
    "net/ipv4/neigh/default/gc_thresh3",
    "net/ipv6/neigh/default/gc_thresh3",
];
/// Settings that are keys, and are left out: a snapshot may be passed on to others.
const SECRETS: [&str; 3] = ["tcp_fastopen_key", "fib_multipath_hash_seed", "netdev_rss_key"];

/// Files beside [`NETWORK_FILES`] that hold for the whole machine and that only the first network
/// namespace shows: the neighbour tables.
const HOST_FILES: [&str; 2] = ["stat/arp_cache", "stat/ndisc_cache"];

/// Settings that hold for the whole machine and that only the first network namespace shows.
pub const HOST_SETTINGS: [&str; 7] = [
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_max_orphans",
    "net.core.netdev_max_backlog",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
    "net.ipv4.neigh.default.gc_thresh3",
    "net.ipv6.neigh.default.gc_thresh3",
];

/// Adds the files of the machine and of the thread's network namespace.
pub fn add(text: &mut SnapshotText) {
    for path in MACHINE_FILES {
        add_file(Path::new(path), text);
    }
    NETWORK_FILES.iter().chain(&HOST_FILES).for_each(|name| add_network_file(name, text));
    for name in SETTINGS {
        add_file(&Path::new("/proc/sys").join(name), text);
    }
    for folder in SETTING_FOLDERS {
        let folder = Path::new("/proc/sys").join(folder);
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file() && !is_secret(path)) {
            add_file(path, text);
        }
    }
    for interface in interfaces() {
        add_file(&interface.join("rp_filter"), text);
    }
}

/// Adds the settings and files that only the first network namespace shows, if the thread is in it.
pub fn add_of_host(text: &mut SnapshotText) {
    if !shows_host_settings() {
        return;
    }
    for path in HOST_SETTINGS.map(setting_path) {
        add_file(&path, text);
    }
    HOST_FILES.iter().for_each(|name| add_network_file(name, text));
}

/// Returns whether the thread's network namespace shows one of [`HOST_SETTINGS`]: it is the first
/// one.
pub fn shows_host_settings() -> bool {
    HOST_SETTINGS.iter().any(|name| read(&setting_path(name)).is_some())
}

/// Returns the folders with the settings of the interfaces, sorted.
fn interfaces() -> Vec<PathBuf> {
    let folders = fs::read_dir(INTERFACE_SETTINGS).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = folders.take(MAX_INTERFACES).map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// Returns the path of a setting.
pub fn setting_path(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name.replace('.', "/"))
}

/// Returns the text of a file; `None` if it cannot be read.
pub fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_SIZE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Adds a file of the thread's network namespace under the name that it has in `/proc/net`.
fn add_network_file(name: &str, text: &mut SnapshotText) {
    add_file_as(&format!("/proc/net/{name}"), &Path::new("/proc/thread-self/net").join(name), text);
}

/// Adds the text of a file under its path, unless it is blank or cannot be read.
fn add_file(path: &Path, text: &mut SnapshotText) {
    add_file_as(&path.to_string_lossy(), path, text);
}

/// Adds the text of a file under a name, unless it is blank or cannot be read.
fn add_file_as(name: &str, path: &Path, text: &mut SnapshotText) {
    if let Some(content) = read(path).filter(|content| !content.trim().is_empty()) {
        text.heading(name);
        text.line(format_args!("{}", content.trim_end()));
    }
}

/// Returns whether a file holds a key.
fn is_secret(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SECRETS.iter().any(|secret| name == *secret))
}
