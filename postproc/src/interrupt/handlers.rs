//! Signal handlers that record which signal arrived.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// Number of SIGINT (POSIX, `kill -2`).
const SIGINT: usize = 2;

/// Installs the handlers. The first signal stores its number in `signal`, the second ends the
/// process.
#[cfg(unix)]
pub fn install(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    use std::sync::atomic::AtomicBool;

    use signal_hook::flag;

    let is_second = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, super::SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it
        // up.
        flag::register_conditional_shutdown(number as i32, super::code(number).into(), Arc::clone(&is_second))?;
        flag::register(number as i32, Arc::clone(&is_second))?;
        flag::register_usize(number as i32, Arc::clone(signal), number)?;
    }
    Ok(())
}

/// Handles the events of the console, because the C library's signals do not work under wine.
/// Ctrl-Break means the same as Ctrl-C; only it reaches a program in a process group of its own.
#[cfg(windows)]
pub fn install(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    use std::sync::atomic::Ordering;

    let signal = Arc::clone(signal);
    let handler = move || {
        if signal.swap(SIGINT, Ordering::Relaxed) != 0 {
            std::process::exit(super::code(SIGINT).into());
        }
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}
