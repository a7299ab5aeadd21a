//! CPU time and memory of a run.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// CPU time in seconds that a run takes in any case, so that short runs can be compared.
const START: f64 = 0.02;

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// CPU time in seconds, and [`START`].
    pub seconds: f64,
    /// Peak memory in bytes.
    pub peak: f64,
}

impl Measured {
    /// Returns the lower values of two runs of the same program.
    pub fn least(self, other: Self) -> Self {
        Self { seconds: self.seconds.min(other.seconds), peak: self.peak.min(other.peak) }
    }
}

/// Runs a program to its end, or ends it with SIGTERM after a time.
#[expect(clippy::zombie_processes, reason = "`wait4` waits, and returns what the program took")]
pub fn measure(command: &mut Command, longest: Duration) -> Measured {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let pid = libc::pid_t::try_from(child.id()).expect("a number of a process");
    let start = Instant::now();
    let mut peak: f64 = 0.0;
    let mut is_asked = false;
    loop {
        peak = peak.max(peak_of(pid).unwrap_or_default());
        // SAFETY: all bytes zero is a valid value of this structure of numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        let mut status = 0;
        // SAFETY: both pointers are valid for the call. The child is ours and was not waited for.
        let ended = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage) };
        assert!(ended >= 0, "the child is ours");
        if ended == pid {
            assert!(libc::WIFEXITED(status), "ended by a signal");
            let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
            return Measured { seconds: START + seconds(usage.ru_utime) + seconds(usage.ru_stime), peak };
        }
        // A second signal would end the program at once, before it wrote what it has.
        if !is_asked && start.elapsed() > longest {
            is_asked = true;
            // SAFETY: the child was not waited for, so the number is still its own.
            unsafe { libc::kill(pid, libc::SIGTERM) };
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Returns the peak memory of a process so far, in bytes. The one that `wait4` returns includes the
/// memory of the test, from before the program was started in its copy.
fn peak_of(pid: libc::pid_t) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    kilobytes.map(|kilobytes: f64| kilobytes * 1024.0)
}
