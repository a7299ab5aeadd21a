//! Memory of a running program.

use std::fs;

/// Returns the peak memory of a process so far, in bytes; `None` where the system does not show it.
#[must_use]
pub fn peak(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    kilobytes.map(|kilobytes: f64| kilobytes * 1024.0)
}
