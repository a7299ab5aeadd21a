//! What a page costs: CPU time of all processes of the browser, and memory (Linux only).

use std::collections::HashMap;
use std::fs;

use super::Browser;

/// Ticks of the times in `/proc/PID/stat` per second: Linux has used 100 on every architecture since 2.6.
const TICKS_PER_SECOND: f64 = 100.0;

/// Fields of `/proc/PID/stat` after the name in parentheses: parent, then user and system time of the process,
/// and of its children that ended (proc_pid_stat(5)).
const PARENT: usize = 1;
const TIMES: std::ops::RangeInclusive<usize> = 11..=14;

/// What a browser has used since it was started.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// User and system time of all processes, in seconds.
    pub seconds: f64,
    /// Peak resident memory of the largest process that runs a page, in bytes.
    pub peak: u64,
}

impl Browser {
    /// Returns what the browser has used so far.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let all = processes();
        let mut family = vec![self.process.id()];
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(all.iter().filter(|(_, process)| process.parent == parent).map(|(&id, _)| id));
            next += 1;
        }
        let ticks: u64 = family.iter().filter_map(|id| all.get(id)).map(|process| process.ticks).sum();
        let peak = family.iter().filter(|&&id| runs_a_page(id)).filter_map(|&id| peak(id)).max();
        Cost { seconds: ticks as f64 / TICKS_PER_SECOND, peak: peak.unwrap_or_default() }
    }
}

struct Process {
    parent: u32,
    ticks: u64,
}

fn processes() -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, process(id)?))).collect()
}

/// Returns `None` for a process that has ended meanwhile.
fn process(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = fields.get(TIMES)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(Process { parent: fields.get(PARENT)?.parse().ok()?, ticks })
}

fn runs_a_page(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/cmdline")).is_ok_and(|line| line.contains("--type=renderer"))
}

fn peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
