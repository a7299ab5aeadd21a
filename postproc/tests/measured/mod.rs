//! CPU time and memory of a run.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use syncookie_testkit::memory;

/// CPU time in seconds that a run takes in any case, so that short runs can be compared.
const START: f64 = 0.02;

/// Returns whether long runs are wanted, with captures that are many times larger.
pub fn is_full() -> bool {
    std::env::var_os("SYNCOOKIE_COMPLEXITY").is_some()
}

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
pub fn measure(command: &mut Command, longest: Duration) -> Measured {
    measure_with(command.stdout(Stdio::null()), longest, |_| ()).0
}

/// Does the same, and also returns what `started` returns for the running program.
pub fn measure_with<T>(
    command: &mut Command,
    longest: Duration,
    started: impl FnOnce(&mut Child) -> T,
) -> (Measured, T) {
    let mut child = command.stderr(Stdio::null()).spawn().expect("the program starts");
    let started = started(&mut child);
    let pid = libc::pid_t::try_from(child.id()).expect("a number of a process");
    let start = Instant::now();
    let mut peak: f64 = 0.0;
    let mut is_asked = false;
    loop {
        // The peak that `wait4` returns includes the memory of the test, from before the program was
        // started in its copy.
        peak = peak.max(memory::peak(child.id()).unwrap_or_default());
        // SAFETY: all bytes zero is a valid value of this structure of numbers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        let mut status = 0;
        // SAFETY: both pointers are valid for the call. The child is ours and was not waited for.
        let ended = unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage) };
        assert!(ended >= 0, "the child is ours");
        if ended == pid {
            assert!(libc::WIFEXITED(status), "ended by a signal");
            let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
            let seconds = START + seconds(usage.ru_utime) + seconds(usage.ru_stime);
            return (Measured { seconds, peak }, started);
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
