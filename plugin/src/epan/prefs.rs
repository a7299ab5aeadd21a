//! The preferences: *Edit → Preferences → Protocols → SYNCOOKIE*, or `-o syncookie.NAME:VALUE`.
//!
//! When one changes, Wireshark reloads the file: by default, preferences affect dissection.

use std::ffi::CStr;
use std::ptr::null;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};

use libc::c_int;

use syncookie_engine::{Confidence, Limits};

use super::release::{CBool, SharedCBool};
use crate::ffi;
use crate::settings::{CapturePoint, Settings};

/// The off switch. While false, the plugin does nothing for a frame.
static ANALYZE: SharedCBool = SharedCBool::new(true);
static INFO_COLUMN: SharedCBool = SharedCBool::new(true);
static MIN_CONFIDENCE: AtomicI32 = AtomicI32::new(0);
static MAX_HANDSHAKES: AtomicU32 = AtomicU32::new(DEFAULT_MAX_HANDSHAKES);
static CAPTURE_POINT: AtomicI32 = AtomicI32::new(0);

const DEFAULT_MAX_HANDSHAKES: u32 = Limits::HANDSHAKES as u32;

/// The values of an enum preference, terminated by one without a name.
struct EnumValues<const N: usize>([ffi::enum_val_t; N]);

// SAFETY: the texts are constants.
unsafe impl<const N: usize> Sync for EnumValues<N> {}

const fn value(name: &'static CStr, description: &'static CStr, value: c_int) -> ffi::enum_val_t {
    ffi::enum_val_t { name: name.as_ptr(), description: description.as_ptr(), value }
}

const END: ffi::enum_val_t = ffi::enum_val_t { name: null(), description: null(), value: 0 };

static CONFIDENCES: EnumValues<4> = EnumValues([
    value(c"possible", c"possible", 0),
    value(c"likely", c"likely", 1),
    value(c"certain", c"certain", 2),
    END,
]);

static CAPTURE_POINTS: EnumValues<4> =
    EnumValues([value(c"unknown", c"Unknown", 0), value(c"client", c"Client", 1), value(c"server", c"Server", 2), END]);

/// Returns whether handshakes are analysed.
pub fn analyze() -> bool {
    ANALYZE.get()
}

/// Returns whether the Info column shows findings.
pub fn info_column() -> bool {
    INFO_COLUMN.get()
}

/// Returns the settings for a file that is opened now.
pub fn settings() -> Settings {
    Settings {
        min_confidence: match MIN_CONFIDENCE.load(Relaxed) {
            2 => Confidence::Certain,
            1 => Confidence::Likely,
            _ => Confidence::Possible,
        },
        max_handshakes: MAX_HANDSHAKES.load(Relaxed) as usize,
        capture_point: match CAPTURE_POINT.load(Relaxed) {
            1 => CapturePoint::Client,
            2 => CapturePoint::Server,
            _ => CapturePoint::Unknown,
        },
    }
}

/// Registers the preferences. Must be called while protocols are registered.
pub fn register(protocol: c_int) {
    // SAFETY: texts, values and variables live as long as the program, and the variables have the
    // types that this release writes.
    unsafe {
        let module = ffi::prefs_register_protocol(protocol, None);
        ffi::prefs_register_bool_preference(
            module,
            c"analyze".as_ptr(),
            c"Analyze handshakes".as_ptr(),
            c"Detect TCP handshakes that were answered by a SYN cookie or a SYN proxy".as_ptr(),
            ANALYZE.as_ptr(),
        );
        ffi::prefs_register_enum_preference(
            module,
            c"least_confidence".as_ptr(),
            c"Minimum confidence for expert items".as_ptr(),
            c"Findings below this confidence keep their fields, but get no expert item and no text in the Info column"
                .as_ptr(),
            MIN_CONFIDENCE.as_ptr(),
            CONFIDENCES.0.as_ptr(),
            false as CBool,
        );
        ffi::prefs_register_bool_preference(
            module,
            c"info_column".as_ptr(),
            c"Show findings in the Info column".as_ptr(),
            c"Begin the Info column with a short text, such as [SYN cookie, likely]".as_ptr(),
            INFO_COLUMN.as_ptr(),
        );
        ffi::prefs_register_enum_preference(
            module,
            c"capture_point".as_ptr(),
            c"Capture point".as_ptr(),
            c"Where the capture was taken; rules out causes that a capture taken there contradicts".as_ptr(),
            CAPTURE_POINT.as_ptr(),
            CAPTURE_POINTS.0.as_ptr(),
            false as CBool,
        );
        ffi::prefs_register_uint_preference(
            module,
            c"handshakes".as_ptr(),
            c"Maximum number of handshakes".as_ptr(),
            c"If a capture has more handshakes, the older half is judged early, without the frames that follow"
                .as_ptr(),
            10,
            MAX_HANDSHAKES.as_ptr(),
        );
    }
}
