//! Signal handlers that record which signal arrived.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Installs the handlers. The first signal stores its number in `signal`, the second ends the
/// process.
pub fn install(signal: &Arc<AtomicUsize>) -> io::Result<()> {
    let is_second = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it
        // up.
        flag::register_conditional_shutdown(number, super::code(number as usize).into(), Arc::clone(&is_second))?;
        flag::register(number, Arc::clone(&is_second))?;
        flag::register_usize(number, Arc::clone(signal), number as usize)?;
    }
    Ok(())
}
