//! The preferences: *Edit → Preferences → Protocols → SYNCOOKIE*, or `-o syncookie.NAME:VALUE`.

use std::ffi::c_int;

use super::release::SharedFlag;
use super::{GUARD, register};
use crate::ffi;

/// The off switch. Without it the plugin costs nothing, because Wireshark need not decode for it.
static ANALYZE: SharedFlag = SharedFlag::new(true);

/// Whether handshakes are to be analysed.
pub fn analyze() -> bool {
    ANALYZE.get()
}

/// Registers the preferences. To be called while protocols are registered.
pub fn register(protocol: c_int) {
    // SAFETY: the texts and the variable live as long as the program, and the variable has the type that this release
    // writes.
    unsafe {
        let module = ffi::prefs_register_protocol(protocol, Some(apply));
        ffi::prefs_register_bool_preference(
            module,
            c"analyze".as_ptr(),
            c"Analyze handshakes".as_ptr(),
            c"Tell which TCP handshakes were answered by SYN cookies or SYN proxies".as_ptr(),
            ANALYZE.as_ptr(),
        );
    }
}

unsafe extern "C" fn apply() {
    GUARD.run((), register::want_fields);
}
