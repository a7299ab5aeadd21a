//! SIGINT (Ctrl-C) and SIGTERM, and on Windows Ctrl-C and Ctrl-Break: the first ends the reading, and
//! the results so far are written. The second ends the program at once. WebAssembly has no signals;
//! its host ends the program.

#[cfg(not(target_os = "wasi"))]
mod handlers;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Number of SIGTERM (POSIX, `kill -15`).
const SIGTERM: usize = 15;

/// Time between two checks for a signal.
const TICK: Duration = Duration::from_millis(50);

/// Number of the signal that arrived; 0 before.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Whether a signal that arrived is not acted upon yet.
static IS_DEFERRED: AtomicBool = AtomicBool::new(false);

/// Guard during whose life [`is_requested`] returns `false`: what was read is being processed.
#[derive(Debug)]
pub struct Deferred(());

/// Defers the effect of a signal.
pub fn defer() -> Deferred {
    IS_DEFERRED.store(true, Ordering::Relaxed);
    Deferred(())
}

impl Drop for Deferred {
    fn drop(&mut self) {
        IS_DEFERRED.store(false, Ordering::Relaxed);
    }
}

/// Whether the signal handlers are installed.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// Installs the signal handlers, once in a process.
pub fn watch() -> io::Result<()> {
    if IS_WATCHED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    #[cfg(not(target_os = "wasi"))]
    handlers::install(SIGNAL.get_or_init(Arc::default))?;
    Ok(())
}

/// Acts as if SIGTERM had arrived.
pub fn request() {
    SIGNAL.get_or_init(Arc::default).store(SIGTERM, Ordering::Relaxed);
}

/// Returns whether a signal arrived.
#[inline]
pub fn is_requested() -> bool {
    number() != 0 && !IS_DEFERRED.load(Ordering::Relaxed)
}

/// Waits for a time, or until a signal arrives.
pub fn wait(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time && !is_requested() {
        sleep(TICK.min(time.saturating_sub(start.elapsed())));
    }
}

/// Returns the exit code for the signal, as in shells: 130 for SIGINT, 143 for SIGTERM.
pub fn exit_code() -> u8 {
    code(number())
}

fn number() -> usize {
    SIGNAL.get().map_or(0, |signal| signal.load(Ordering::Relaxed))
}

fn code(signal: usize) -> u8 {
    128 + (signal & 0x7f) as u8
}

/// Error of a read that a signal ended.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Interrupted {
    /// Returns whether an I/O error is this error.
    pub fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}
