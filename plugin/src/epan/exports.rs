//! The symbols that Wireshark's loader looks up in a plugin.
#![allow(non_upper_case_globals)]

use std::ffi::CStr;

use libc::c_int;

use super::{GUARD, register};
use crate::{ffi, guard};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// The version of this plugin, with the terminating NUL. The loader reads the text itself, not a
/// pointer to it.
// SAFETY: no other symbol of that name exists in the plugin, and the loader looks only into the
// plugin for it.
#[unsafe(no_mangle)]
pub static plugin_version: [u8; VERSION.len()] = {
    let mut text = [0; VERSION.len()];
    text.copy_from_slice(VERSION.as_bytes());
    text
};

/// Major number of the Wireshark release that the plugin was built for; the loader refuses it in
/// any other.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub static plugin_want_major: c_int = ffi::WIRESHARK_MAJOR;

/// Minor number of that release.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub static plugin_want_minor: c_int = ffi::WIRESHARK_MINOR;

/// Returns what kind of plugin `tshark -G plugins` shows since Wireshark 4.4:
/// `WS_PLUGIN_DESC_DISSECTOR`, a macro in a header that some distributions do not package.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_describe() -> u32 {
    1
}

/// Registers the plugin. Called once, after Wireshark has loaded it.
// SAFETY: as for `plugin_version`.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_register() {
    static PLUGIN: ffi::proto_plugin = ffi::proto_plugin {
        register_protoinfo: Some(register::register_protocol),
        register_handoff: Some(register::register_handoff),
    };
    GUARD.run((), || {
        guard::report_in_one_line();
        // SAFETY: Wireshark keeps the pointer as long as the program runs, and a static lives as
        // long.
        unsafe { ffi::proto_register_plugin(&raw const PLUGIN) };
    });
}

const _: () = assert!(CStr::from_bytes_with_nul(VERSION.as_bytes()).is_ok());
