//! The conversation filter, which leads from a frame to the connection of its handshake.

use std::ptr::null_mut;

use libc::c_char;

use super::open_file::with_session;
use super::release::{self, CBool, conversation_filter};
use super::{GUARD, prefs};
use crate::ffi;

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

/// Returns the display filter for the connection of the frame's handshake.
fn connection(info: *const ffi::packet_info) -> Option<String> {
    // SAFETY: Wireshark calls this for a frame that it shows, whose packet info is valid.
    let number = unsafe { info.as_ref() }?.num;
    if !prefs::analyze() {
        return None;
    }
    with_session(|session| session.connection(number)).flatten()
}

/// Returns whether the frame shows something of a handshake.
///
/// # Safety
///
/// `info` must be null or valid.
unsafe fn has_handshake(info: *const ffi::packet_info) -> CBool {
    GUARD.run(false, || connection(info).is_some()) as CBool
}

/// Returns the display filter as a string of GLib's, or null.
///
/// # Safety
///
/// `info` must be null or valid.
unsafe fn display_filter(info: *const ffi::packet_info) -> *mut c_char {
    GUARD.run(null_mut(), || {
        // SAFETY: Wireshark frees the copy with GLib.
        connection(info).map_or(null_mut(), |text| unsafe { ffi::g_strndup(text.as_ptr().cast(), text.len() as _) })
    })
}
