//! Processes that hold a listening socket: their file descriptors, threads and cgroups.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::read;
use super::{SnapshotText, is_root, permission_remedy};
use crate::read::single_line;

/// Adds a line for each process that holds one of the sockets with these inode numbers, and a note
/// if some processes could not be inspected.
pub fn add(listening: &[u64], text: &mut SnapshotText) {
    let wanted: BTreeSet<u64> = listening.iter().copied().filter(|inode| *inode != 0).collect();
    let mut found = BTreeSet::new();
    let mut closed = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        if wanted.is_empty() || !is_process {
            continue;
        }
        match descriptors(&entry.path()) {
            Ok((open, inodes)) => {
                let held: BTreeSet<u64> = inodes.intersection(&wanted).copied().collect();
                if !held.is_empty() {
                    add_process(&entry.path(), open, &held, text);
                    found.extend(held);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => closed += 1,
            // The process has ended.
            Err(_) => {}
        }
    }
    if found.len() < wanted.len() && closed > 0 {
        let unknown = (wanted.len() - found.len(), wanted.len());
        text.note(&unknown_owners(unknown, closed, permission_remedy(is_root())));
    }
}

/// Says that the owners of some of the listening sockets are not known, because some processes were
/// closed to the reader.
fn unknown_owners((unknown, listening): (usize, usize), closed: usize, remedy: &str) -> String {
    let processes = if closed == 1 { "1 process".to_owned() } else { format!("{closed} processes") };
    format!(
        "{unknown} of {listening} listening sockets: owner unknown, because {processes} could not be inspected \
         (permission denied). {remedy}"
    )
}

/// Returns the number of open descriptors of a process, and the inode numbers of the sockets among
/// them.
fn descriptors(process: &Path) -> io::Result<(u64, BTreeSet<u64>)> {
    let mut count = 0;
    let mut sockets = BTreeSet::new();
    for entry in fs::read_dir(process.join("fd"))?.flatten() {
        count += 1;
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let inode: Option<u64> =
            target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        sockets.extend(inode);
    }
    Ok((count, sockets))
}

/// Adds the line of a process.
fn add_process(path: &Path, descriptors: u64, held: &BTreeSet<u64>, text: &mut SnapshotText) {
    let pid = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = read(&path.join("comm")).unwrap_or_default();
    let limit = read(&path.join("limits")).and_then(|limits| soft_limit(&limits));
    let threads = read(&path.join("status")).and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("Threads:"))?;
        line.trim().parse::<u64>().ok()
    });
    let mut line = format!("pid={pid} descriptors={descriptors}");
    let known = [("limit", limit), ("threads", threads)];
    known
        .iter()
        .filter_map(|(key, value)| Some((key, (*value)?)))
        .for_each(|(key, value)| line += &format!(" {key}={value}"));
    if let Some((current, max)) = tasks(path) {
        line += &format!(" group={current}/{max}");
    }
    if let Some((current, sockets, max)) = memory(path) {
        line += &format!(" memory={current}/{sockets}/{max}");
    }
    let held: Vec<String> = held.iter().map(u64::to_string).collect();
    text.entry("process", &single_line(&format!("{line} listens={} name={}", held.join(","), name.trim())));
}

/// Parses the soft limit in `Max open files            1024                 1048576
/// files`.
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Returns usage and limit of tasks in the innermost cgroup (version 2) that limits them.
fn tasks(process: &Path) -> Option<(u64, u64)> {
    control_groups(process)?
        .iter()
        .find_map(|group| Some((read_number(group, "pids.current")?, read_number(group, "pids.max")?)))
}

/// Returns memory, memory of sockets and limit of memory in the innermost cgroup that limits it, in bytes.
fn memory(process: &Path) -> Option<(u64, u64, u64)> {
    control_groups(process)?.iter().find_map(|group| {
        let most = read_number(group, "memory.max")?;
        let stat = read(&group.join("memory.stat"))?;
        let sockets = stat.lines().find_map(|line| line.strip_prefix("sock ")?.trim().parse().ok())?;
        Some((read_number(group, "memory.current")?, sockets, most))
    })
}

/// Returns the folders of the cgroups of a process, the innermost first.
fn control_groups(process: &Path) -> Option<Vec<PathBuf>> {
    const ROOT: &str = "/sys/fs/cgroup";
    let groups = read(&process.join("cgroup"))?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new(ROOT).join(group);
    Some(folder.ancestors().take_while(|folder| folder.starts_with(ROOT)).map(Path::to_path_buf).collect())
}

/// Returns the number in a file of a cgroup; `None` for `max`, which means that there is no
/// limit.
fn read_number(group: &Path, file: &str) -> Option<u64> {
    read(&group.join(file))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_not_asked_to_run_as_root() {
        let note = |is_root| unknown_owners((1, 3), 1, permission_remedy(is_root));
        assert!(note(false).ends_with("1 process could not be inspected (permission denied). Run as root"));
        assert!(note(true).ends_with("This is root: a container or a sandbox forbids it"));
    }
}
