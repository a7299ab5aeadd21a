//! The conversation filter, which leads from a frame to the connection of its handshake.

use std::ptr::null_mut;

use libc::c_char;

use super::open_file::with_session;
use super::release::{self, CBool, conversation_filter};
use super::{GUARD, prefs};
use crate::ffi;
use crate::session::Session;

/// Registers the conversation filter.
pub fn register() {
    // SAFETY: the texts live as long as the program, and the callbacks are made by
    // `conversation_filter!`.
    unsafe {
        release::register_conversation_filter(
            c"syncookie".as_ptr(),
            c"SYN cookies: this handshake".as_ptr(),
            Some(is_valid),
            Some(build),
        );
    }
}

conversation_filter!(is_valid, has_handshake => CBool);
conversation_filter!(build, display_filter => *mut c_char);

/// Calls a function with the session and the number of a frame. Returns `None` when nothing is
/// analysed.
fn with_frame<R>(info: *const ffi::packet_info, work: impl FnOnce(&Session, u32) -> Option<R>) -> Option<R> {
    // SAFETY: Wireshark calls this for a frame that it shows, whose packet info is valid.
    let number = unsafe { info.as_ref() }?.num;
    if !prefs::analyze() {
        return None;
    }
    with_session(|session| work(session, number)).flatten()
}

/// Returns whether the frame belongs to a handshake.
///
/// # Safety
///
/// `info` must be null or valid.
unsafe fn has_handshake(info: *const ffi::packet_info) -> CBool {
    GUARD.run(false, || with_frame(info, Session::handshake).is_some()) as CBool
}

/// Returns the display filter as a string that the caller frees, or null.
///
/// # Safety
///
/// `info` must be null or valid.
unsafe fn display_filter(info: *const ffi::packet_info) -> *mut c_char {
    GUARD.run(null_mut(), || {
        // SAFETY: without a pool, the memory is GLib's, with which Wireshark frees the text. GLib itself is not
        // called, because its library does not have the same name everywhere.
        with_frame(info, Session::connection)
            .map_or(null_mut(), |text| unsafe { ffi::wmem_strndup(null_mut(), text.as_ptr().cast(), text.len() as _) })
    })
}
