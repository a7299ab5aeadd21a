//! Memory of running programs.

use std::process::{Child, ExitStatus};
use std::time::Duration;
use std::{fs, io, thread};

/// Returns the peak memory of a process so far, in bytes; `None` where the system does not show it.
#[must_use]
pub fn peak(process: u32) -> Option<f64> {
    bytes(process, "VmHWM:")
}

/// Returns the memory that a process has now, in bytes; `None` where the system does not show it.
#[must_use]
pub fn resident(process: u32) -> Option<f64> {
    bytes(process, "VmRSS:")
}

/// Waits for the end of a program, and returns how it ended and its peak memory in bytes.
///
/// # Errors
/// When it cannot be waited for.
pub fn watch(child: &mut Child) -> io::Result<(ExitStatus, f64)> {
    let mut most: f64 = 0.0;
    loop {
        most = most.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            return Ok((status, most));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn bytes(process: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    kilobytes.map(|kilobytes: f64| kilobytes * 1024.0)
}
