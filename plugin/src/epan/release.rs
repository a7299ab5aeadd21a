//! The code for what differs between Wireshark's releases. The cfgs come from build.rs.
// No release uses all of this.
#![allow(unused_macros, unused_imports, dead_code)]

use libc::{c_char, c_void};

use crate::ffi;

/// A truth value in C: `bool` since 4.4, before that GLib's `gboolean`. The latter is an `int`, to
/// which Wireshark writes four bytes.
#[cfg(wireshark_bool)]
pub type CBool = bool;
/// A truth value in C: GLib's `gboolean`.
#[cfg(not(wireshark_bool))]
pub type CBool = ffi::gboolean;

/// A [`CBool`] that Rust and C can read and write.
pub struct SharedCBool(std::cell::UnsafeCell<CBool>);

// SAFETY: Wireshark sets preferences and dissects in one thread.
unsafe impl Sync for SharedCBool {}

impl SharedCBool {
    /// Wraps an initial value.
    pub const fn new(value: bool) -> Self {
        Self(std::cell::UnsafeCell::new(value as CBool))
    }

    /// Returns the value.
    #[allow(clippy::unnecessary_cast, reason = "a truth value is a bool in some releases")]
    pub fn get(&self) -> bool {
        // SAFETY: the pointer is valid, and nothing writes at the same time: see `Sync`.
        let value = unsafe { *self.0.get() };
        value as i32 != 0
    }

    /// Returns where C writes the value.
    pub fn as_ptr(&self) -> *mut CBool {
        self.0.get()
    }
}

/// Separator in the menu path of a statistic.
#[cfg(wireshark_stats_separator)]
pub const STATS_SEPARATOR: &[u8] = ffi::STATS_TREE_MENU_SEPARATOR.split_last().expect("it ends with NUL").1;
/// Separator in the menu path of a statistic.
#[cfg(not(wireshark_stats_separator))]
pub const STATS_SEPARATOR: &[u8] = b"/";

/// `stats_packet!(NAME, FUNCTION)` defines the callback `NAME` for each packet of a statistic, with
/// the arguments of this release. `FUNCTION` gets the tree and the record that was queued for the
/// tap.
macro_rules! stats_packet {
    ($name:ident, $function:path) => {
        #[cfg(wireshark_tap_flags)]
        unsafe extern "C" fn $name(
            tree: *mut $crate::ffi::stats_tree,
            _info: *mut $crate::ffi::packet_info,
            _dissection: *mut $crate::ffi::epan_dissect_t,
            data: *const ::libc::c_void,
            _flags: $crate::ffi::tap_flags_t,
        ) -> $crate::ffi::tap_packet_status {
            // SAFETY: the function takes what Wireshark passes to this callback.
            unsafe { $function(tree, data) }
        }
        #[cfg(not(wireshark_tap_flags))]
        unsafe extern "C" fn $name(
            tree: *mut $crate::ffi::stats_tree,
            _info: *mut $crate::ffi::packet_info,
            _dissection: *mut $crate::ffi::epan_dissect_t,
            data: *const ::libc::c_void,
        ) -> $crate::ffi::tap_packet_status {
            // SAFETY: the function takes what Wireshark passes to this callback.
            unsafe { $function(tree, data) }
        }
    };
}
pub(super) use stats_packet;

/// `conversation_filter!(NAME, FUNCTION => RESULT)` defines the callback `NAME` of a conversation
/// filter, with the arguments of this release. `FUNCTION` gets the packet info.
macro_rules! conversation_filter {
    ($name:ident, $function:path => $result:ty) => {
        #[cfg(wireshark_conversation_filter_data)]
        unsafe extern "C" fn $name(info: *mut $crate::ffi::packet_info, _data: *mut ::libc::c_void) -> $result {
            // SAFETY: the function takes what Wireshark passes to this callback.
            unsafe { $function(info) }
        }
        #[cfg(not(wireshark_conversation_filter_data))]
        unsafe extern "C" fn $name(info: *mut $crate::ffi::packet_info) -> $result {
            // SAFETY: the function takes what Wireshark passes to this callback.
            unsafe { $function(info) }
        }
    };
}
pub(super) use conversation_filter;

/// Registers a conversation filter for packets of a protocol.
///
/// # Safety
///
/// The texts must live as long as the program, and the callbacks be made by `conversation_filter!`.
pub unsafe fn register_conversation_filter(
    protocol: *const c_char,
    name: *const c_char,
    is_valid: ffi::is_filter_valid_func,
    build: ffi::build_filter_string_func,
) {
    // SAFETY: as the caller promised.
    unsafe {
        #[cfg(wireshark_conversation_filter_data)]
        ffi::register_conversation_filter(protocol, name, is_valid, build, std::ptr::null_mut::<c_void>());
        #[cfg(not(wireshark_conversation_filter_data))]
        ffi::register_conversation_filter(protocol, name, is_valid, build);
    }
}
