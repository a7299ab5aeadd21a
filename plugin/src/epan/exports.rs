//! The symbols by which Wireshark's loader knows a plugin.
#![allow(non_upper_case_globals)]

use std::ffi::{CStr, c_int};

use super::{GUARD, register};
use crate::{ffi, guard};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// The version of this plugin, with the terminating NUL. The loader wants the text itself, not a pointer to it.
// SAFETY: no other symbol of that name exists in the plugin, and the loader looks only into the plugin for it.
#[unsafe(no_mangle)]
pub static plugin_version: [u8; VERSION.len()] = {
    let mut text = [0; VERSION.len()];
    text.copy_from_slice(VERSION.as_bytes());
    text
};

/// The Wireshark release this was built for; the loader refuses the plugin in any other.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub static plugin_want_major: c_int = ffi::WIRESHARK_MAJOR;

/// See [`plugin_want_major`].
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub static plugin_want_minor: c_int = ffi::WIRESHARK_MINOR;

/// What `tshark -G plugins` calls this since Wireshark 4.4: `WS_PLUGIN_DESC_DISSECTOR`, a macro of a header that some
/// distributions leave out of their packages.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_describe() -> u32 {
    1
}

/// Called once, when Wireshark has loaded the plugin.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_register() {
    static PLUGIN: ffi::proto_plugin =
        ffi::proto_plugin { register_protoinfo: Some(register::protocol), register_handoff: Some(register::handoff) };
    GUARD.run((), || {
        guard::report_in_one_line();
        // SAFETY: Wireshark keeps the pointer for the life of the program, which a static has.
        unsafe { ffi::proto_register_plugin(&raw const PLUGIN) };
    });
}

const _: () = assert!(CStr::from_bytes_with_nul(VERSION.as_bytes()).is_ok());
