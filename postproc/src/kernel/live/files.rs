//! The files of `/proc`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Text;

/// What is read of one file at most.
const SIZE: u64 = 4 << 20;

/// Of the network namespace that the thread is in: `/proc/net` is that of the process.
const NET: [&str; 8] =
    ["netstat", "snmp", "sockstat", "sockstat6", "softnet_stat", "dev", "stat/synproxy", "stat/nf_conntrack"];
/// Of the machine.
const MACHINE: [&str; 4] = ["/proc/version", "/proc/uptime", "/proc/loadavg", "/proc/pressure/cpu"];
/// Folders of settings, each without those below it.
const FOLDERS: [&str; 3] = ["net/core", "net/ipv4", "net/netfilter"];
/// Further settings.
const SETTINGS: [&str; 6] =
    ["fs/file-nr", "fs/file-max", "fs/nr_open", "kernel/threads-max", "kernel/pid_max", "kernel/printk_ratelimit"];
/// Keys, not settings: a snapshot is handed around.
const SECRET: [&str; 3] = ["tcp_fastopen_key", "fib_multipath_hash_seed", "netdev_rss_key"];

/// Settings that only the first network namespace shows, and that hold for all.
pub const HOST: [&str; 5] = [
    "net.ipv4.tcp_mem",
    "net.ipv4.tcp_max_orphans",
    "net.core.netdev_max_backlog",
    "net.core.netdev_budget",
    "net.core.netdev_budget_usecs",
];

/// Adds them all.
pub fn add(text: &mut Text) {
    for path in MACHINE {
        file(path, Path::new(path), text);
    }
    for name in NET {
        file(&format!("/proc/net/{name}"), &Path::new("/proc/thread-self/net").join(name), text);
    }
    for name in SETTINGS {
        file(&format!("/proc/sys/{name}"), &Path::new("/proc/sys").join(name), text);
    }
    for folder in FOLDERS {
        let folder = Path::new("/proc/sys").join(folder);
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file() && !is_secret(path)) {
            file(&path.to_string_lossy(), path, text);
        }
    }
}

/// Where a setting is.
pub fn setting(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name.replace('.', "/"))
}

/// A file's text; `None` when it is not there or not for us.
pub fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(SIZE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn file(name: &str, path: &Path, text: &mut Text) {
    if let Some(content) = read(path).filter(|content| !content.trim().is_empty()) {
        text.heading(name);
        text.line(format_args!("{}", content.trim_end()));
    }
}

fn is_secret(path: &Path) -> bool {
    path.file_name().is_some_and(|name| SECRET.iter().any(|secret| name == *secret))
}
