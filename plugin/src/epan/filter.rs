//! The conversation filter: from a frame to the connection of its handshake.

use std::ffi::c_char;
use std::ptr::null_mut;

use super::dissect::with_session;
use super::release::{self, Flag, conversation_filter};
use super::{GUARD, prefs};
use crate::ffi;

/// Registers it.
pub fn register() {
    // SAFETY: the texts live as long as the program, and the callbacks are made as wanted.
    unsafe {
        release::register_conversation_filter(
            c"syncookie".as_ptr(),
            c"SYN cookies: this handshake".as_ptr(),
            Some(is_valid),
            Some(build),
        );
    }
}

conversation_filter!(is_valid, has_handshake => Flag);
conversation_filter!(build, filter => *mut c_char);

fn text(info: *const ffi::packet_info) -> Option<String> {
    // SAFETY: Wireshark asks about a frame it shows, whose packet info is valid.
    let number = unsafe { info.as_ref() }?.num;
    if !prefs::analyze() {
        return None;
    }
    with_session(|session| session.connection(number)).flatten()
}

/// # Safety
///
/// `info` must be null or valid.
unsafe fn has_handshake(info: *const ffi::packet_info) -> Flag {
    GUARD.run(false, || text(info).is_some()) as Flag
}

/// # Safety
///
/// `info` must be null or valid.
unsafe fn filter(info: *const ffi::packet_info) -> *mut c_char {
    GUARD.run(null_mut(), || {
        // SAFETY: Wireshark frees the copy as GLib's own.
        text(info).map_or(null_mut(), |text| unsafe { ffi::g_strndup(text.as_ptr().cast(), text.len() as _) })
    })
}
