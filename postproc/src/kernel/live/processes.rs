//! Processes that hold a listening socket: their file descriptors, threads and control group.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syncookie_terminal::count;

use super::{Text, read_text};
use crate::kernel::read::fit;

/// Adds a line for each, and says when not all could be looked at.
pub fn add(listening: &[u64], text: &mut Text) {
    let wanted: BTreeSet<u64> = listening.iter().copied().filter(|inode| *inode != 0).collect();
    let mut found = BTreeSet::new();
    let mut closed = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        if wanted.is_empty() || !is_process {
            continue;
        }
        match descriptors(&entry.path()) {
            Some((open, inodes)) => {
                let held: BTreeSet<u64> = inodes.intersection(&wanted).copied().collect();
                if !held.is_empty() {
                    process(&entry.path(), open, &held, text);
                    found.extend(held);
                }
            }
            None => closed += 1,
        }
    }
    if found.len() < wanted.len() && closed > 0 {
        text.note(&format!(
            "who holds {} of {} is not shown: {} may be looked at by their owner and by root alone",
            wanted.len() - found.len(),
            count(wanted.len() as u64, "listening socket"),
            if closed == 1 { "one process".to_owned() } else { format!("{closed} processes") },
        ));
    }
}

/// How many descriptors a process has open, and which sockets are among them.
fn descriptors(process: &Path) -> Option<(u64, BTreeSet<u64>)> {
    let mut count = 0;
    let mut sockets = BTreeSet::new();
    for entry in fs::read_dir(process.join("fd")).ok()?.flatten() {
        count += 1;
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let inode: Option<u64> =
            target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        sockets.extend(inode);
    }
    Some((count, sockets))
}

fn process(path: &Path, descriptors: u64, held: &BTreeSet<u64>, text: &mut Text) {
    let pid = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = read_text(&path.join("comm")).unwrap_or_default();
    let limit = read_text(&path.join("limits")).and_then(|limits| limit(&limits));
    let threads = read_text(&path.join("status")).and_then(|status| {
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
    text.own("process", &fit(&format!("{line} listens={} name={}", held.join(","), name.trim())));
}

/// `Max open files            1024                 1048576              files`: the first is the one that holds.
fn limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Tasks of the closest control group (version 2) that limits them.
fn tasks(process: &Path) -> Option<(u64, u64)> {
    groups(process)?.iter().find_map(|group| Some((number(group, "pids.current")?, number(group, "pids.max")?)))
}

/// The same for memory, and what of it is that of sockets.
fn memory(process: &Path) -> Option<(u64, u64, u64)> {
    groups(process)?.iter().find_map(|group| {
        let most = number(group, "memory.max")?;
        let stat = read_text(&group.join("memory.stat"))?;
        let sockets = stat.lines().find_map(|line| line.strip_prefix("sock ")?.trim().parse().ok())?;
        Some((number(group, "memory.current")?, sockets, most))
    })
}

/// The control group of a process and those around it, the closest first.
fn groups(process: &Path) -> Option<Vec<PathBuf>> {
    const ROOT: &str = "/sys/fs/cgroup";
    let groups = read_text(&process.join("cgroup"))?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new(ROOT).join(group);
    Some(folder.ancestors().take_while(|folder| folder.starts_with(ROOT)).map(Path::to_path_buf).collect())
}

/// No limit is written as `max`, which is no number.
fn number(group: &Path, file: &str) -> Option<u64> {
    read_text(&group.join(file))?.trim().parse().ok()
}
