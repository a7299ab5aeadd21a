//! Where Wireshark's releases differ in what the plugin uses. The cfgs come from build.rs.
// Not every release needs, and not every feature uses, all of it.
#![allow(unused_macros, unused_imports, dead_code)]

use std::ffi::c_void;

use crate::ffi;

/// A truth value in C: `bool` since 4.4, before that GLib's `gboolean`, which is an `int` and must not be mistaken for
/// it where Wireshark writes to it.
#[cfg(wireshark_bool)]
pub type Flag = bool;
/// `gboolean`: see the other declaration.
#[cfg(not(wireshark_bool))]
pub type Flag = ffi::gboolean;

/// A [`Flag`] that both sides can read and write.
pub struct SharedFlag(std::cell::UnsafeCell<Flag>);

// SAFETY: Wireshark sets preferences and dissects in one thread.
unsafe impl Sync for SharedFlag {}

impl SharedFlag {
    pub const fn new(value: bool) -> Self {
        Self(std::cell::UnsafeCell::new(value as Flag))
    }

    #[allow(clippy::unnecessary_cast, reason = "it is one only where a flag is a bool")]
    pub fn get(&self) -> bool {
        // SAFETY: the pointer is valid, and nobody writes meanwhile: see Sync.
        let value = unsafe { *self.0.get() };
        value as i32 != 0
    }

    /// For C to write to.
    pub fn as_ptr(&self) -> *mut Flag {
        self.0.get()
    }
}

/// What cuts the menu path of a statistic into menus.
#[cfg(wireshark_stats_separator)]
pub const STATS_SEPARATOR: &[u8] = ffi::STATS_TREE_MENU_SEPARATOR.split_last().expect("it ends with NUL").1;
/// What cuts the menu path of a statistic into menus.
#[cfg(not(wireshark_stats_separator))]
pub const STATS_SEPARATOR: &[u8] = b"/";

/// `stats_packet!(NAME, FUNCTION)` defines the callback `NAME` that Wireshark calls with a packet for a statistic, as this
/// release calls it. `FUNCTION` gets the tree and what was queued for the tap.
macro_rules! stats_packet {
    ($name:ident, $function:path) => {
        #[cfg(wireshark_tap_flags)]
        unsafe extern "C" fn $name(
            tree: *mut $crate::ffi::stats_tree,
            _info: *mut $crate::ffi::packet_info,
            _dissection: *mut $crate::ffi::epan_dissect_t,
            data: *const ::std::ffi::c_void,
            _flags: $crate::ffi::tap_flags_t,
        ) -> $crate::ffi::tap_packet_status {
            // SAFETY: whoever hands this to Wireshark has a function that takes what Wireshark hands over.
            unsafe { $function(tree, data) }
        }
        #[cfg(not(wireshark_tap_flags))]
        unsafe extern "C" fn $name(
            tree: *mut $crate::ffi::stats_tree,
            _info: *mut $crate::ffi::packet_info,
            _dissection: *mut $crate::ffi::epan_dissect_t,
            data: *const ::std::ffi::c_void,
        ) -> $crate::ffi::tap_packet_status {
            // SAFETY: whoever hands this to Wireshark has a function that takes what Wireshark hands over.
            unsafe { $function(tree, data) }
        }
    };
}
pub(super) use stats_packet;

/// `conversation_filter!(NAME, FUNCTION => RESULT)` defines the callback `NAME` of a conversation filter, as this release
/// calls it. `FUNCTION` gets the packet info.
macro_rules! conversation_filter {
    ($name:ident, $function:path => $result:ty) => {
        #[cfg(wireshark_conversation_filter_data)]
        unsafe extern "C" fn $name(info: *mut $crate::ffi::packet_info, _data: *mut ::std::ffi::c_void) -> $result {
            // SAFETY: whoever hands this to Wireshark has a function that takes what Wireshark hands over.
            unsafe { $function(info) }
        }
        #[cfg(not(wireshark_conversation_filter_data))]
        unsafe extern "C" fn $name(info: *mut $crate::ffi::packet_info) -> $result {
            // SAFETY: whoever hands this to Wireshark has a function that takes what Wireshark hands over.
            unsafe { $function(info) }
        }
    };
}
pub(super) use conversation_filter;

/// Adds a conversation filter for packets of a protocol.
///
/// # Safety
///
/// The texts must live as long as the program, and the callbacks be made by `conversation_filter!`.
pub unsafe fn register_conversation_filter(
    protocol: *const std::ffi::c_char,
    name: *const std::ffi::c_char,
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
