//! Whether a terminal understands escape sequences.

/// Standard stream that may be a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Returns whether the terminal of a stream understands escape sequences. Turns them on in a console
/// of Windows, which otherwise prints them.
#[cfg(windows)]
pub fn understands_escapes(stream: Stream) -> bool {
    use winapi_util::{HandleRef, console};

    /// `ENABLE_VIRTUAL_TERMINAL_PROCESSING` of `SetConsoleMode`.
    const ESCAPES: u32 = 4;
    let handle = || match stream {
        Stream::Output => HandleRef::stdout(),
        Stream::Error => HandleRef::stderr(),
    };
    match console::mode(handle()) {
        Ok(mode) => console::set_mode(handle(), mode | ESCAPES).is_ok(),
        // The terminal of Cygwin or MSYS2, which is no console.
        Err(_) => true,
    }
}

/// Returns whether the terminal of a stream understands escape sequences. All do outside Windows.
#[cfg(not(windows))]
pub fn understands_escapes(_: Stream) -> bool {
    true
}
