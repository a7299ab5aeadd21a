//! Where Wireshark's releases differ in what the plugin uses. The cfgs come from build.rs.

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

/// GLib's FALSE, an `int` in every release.
pub const GLIB_FALSE: ffi::gboolean = 0;
