//! SIGINT (Ctrl-C) and SIGTERM, and on Windows Ctrl-C and Ctrl-Break: the first ends the reading, and
//! the results so far are written. The second ends the program at once.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Numbers of the signals.
const SIGINT: usize = 2;
const SIGTERM: usize = 15;

/// Time between two checks for a signal.
const TICK: Duration = Duration::from_millis(50);

/// Number of the signal that arrived; 0 before.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Whether a signal that arrived is not acted upon yet.
static IS_DEFERRED: AtomicBool = AtomicBool::new(false);

/// While this exists, [`is_requested`] returns `false`: what was read is being processed.
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
    install(SIGNAL.get_or_init(Arc::default))
}

#[cfg(unix)]
fn install(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    use signal_hook::flag;
    let is_second = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it
        // up.
        flag::register_conditional_shutdown(number as i32, code(number).into(), Arc::clone(&is_second))?;
        flag::register(number as i32, Arc::clone(&is_second))?;
        flag::register_usize(number as i32, Arc::clone(signal), number)?;
    }
    Ok(())
}

/// Handles the events of the console, because the C library's signals do not work under wine.
/// Ctrl-Break means the same as Ctrl-C; only it reaches a program in a process group of its own.
#[cfg(windows)]
fn install(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    let signal = Arc::clone(signal);
    let handler = move || {
        if signal.swap(SIGINT, Ordering::Relaxed) != 0 {
            std::process::exit(code(SIGINT).into());
        }
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
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
