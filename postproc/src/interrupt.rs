//! Ctrl-C, and being told to end: what is known is written, and nothing more is read. Once more ends the program at once.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Number of the signal that came, 0 before.
static SIGNAL: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Begins to listen for signals.
pub fn watch() -> io::Result<()> {
    let signal = SIGNAL.get_or_init(Arc::default);
    let is_second = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it up.
        flag::register_conditional_shutdown(number, code(number as usize).into(), Arc::clone(&is_second))?;
        flag::register(number, Arc::clone(&is_second))?;
        flag::register_usize(number, Arc::clone(signal), number as usize)?;
    }
    Ok(())
}

/// Whether somebody wants this to end.
#[inline]
pub fn is_requested() -> bool {
    number() != 0
}

/// The exit code that says which signal ended the run, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
pub fn exit_code() -> u8 {
    code(number())
}

fn number() -> usize {
    SIGNAL.get().map_or(0, |signal| signal.load(Ordering::Relaxed))
}

fn code(signal: usize) -> u8 {
    128 + (signal & 0x7f) as u8
}

/// Reading ended because somebody wanted it to.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

impl Interrupted {
    /// Whether that is what an error of reading is.
    pub fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }
}

impl std::error::Error for Interrupted {}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}
