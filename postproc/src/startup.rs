//! Facts about the process that the standard library changes before `main`.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output was closed when the program started.
static IS_OUTPUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Makes the C library call the function before the standard library opens `/dev/null` in place of
/// a closed descriptor. After that, writing succeeds, and results would be lost without an error.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: the section is a table of functions without a result that may ignore their arguments.
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = examine_output;

#[cfg(target_os = "linux")]
extern "C" fn examine_output() {
    // SAFETY: the call reads flags of a descriptor, which need not be open, and no memory.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    IS_OUTPUT_CLOSED.store(flags == -1, Ordering::Relaxed);
}

/// Returns whether standard output was closed when the program started, as with `>&-`.
pub fn is_output_closed() -> bool {
    IS_OUTPUT_CLOSED.load(Ordering::Relaxed)
}
