//! What Wireshark calls for every capture file and every frame.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::packet::Dissected;
use super::staged::Staged;
use super::{GUARD, prefs, register, tap};
use crate::ffi;
use crate::session::{Asked, Session};

/// What is known of the open capture file. Wireshark dissects in one thread; the lock is never held while it runs.
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

/// Whether somebody may ask for statistics of a file that was read without them.
static COUNTED_LATER: AtomicBool = AtomicBool::new(true);

fn set_session(session: Option<Session>) {
    *SESSION.lock().unwrap_or_else(PoisonError::into_inner) = session;
}

/// Looks into what is known of the open capture file, if anything is.
pub fn with_session<R>(look: impl FnOnce(&mut Session) -> R) -> Option<R> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(look)
}

/// A file is opened, or is going to be read anew.
pub unsafe extern "C" fn open_file() {
    GUARD.run((), || {
        COUNTED_LATER.store(!is_tshark(), Relaxed);
        set_session(Some(Session::new(prefs::settings())));
    });
}

/// tshark knows what is asked of it before it opens a file.
fn is_tshark() -> bool {
    // SAFETY: null or a C string that stays.
    unsafe {
        let name = ffi::g_get_prgname();
        !name.is_null() && CStr::from_ptr(name) == c"tshark"
    }
}

/// A file is closed, or was read for the last time before it is read anew.
pub unsafe extern "C" fn close_file() {
    GUARD.run((), || {
        set_session(None);
        tap::forget();
    });
}

/// A frame is dissected, and all other dissectors are done with it.
pub unsafe extern "C" fn frame(
    tvb: *mut ffi::tvbuff_t,
    info: *mut ffi::packet_info,
    tree: *mut ffi::proto_tree,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: Wireshark hands valid pointers. `staged` is plain data: nothing needs dropping when `add` does not return.
    unsafe {
        if prefs::analyze() {
            let staged = GUARD.run(Staged::NONE, || learn_and_show(&*info, tree));
            staged.add(tvb, info, tree);
        }
        ffi::tvb_captured_length(tvb) as c_int
    }
}

/// # Safety
///
/// The pointers must be those that Wireshark handed to a dissector which has not returned yet.
unsafe fn learn_and_show(info: &ffi::packet_info, tree: *mut ffi::proto_tree) -> Staged<'_> {
    // SAFETY: as the caller promised.
    let (dissected, counted) = unsafe { (Dissected::new(info), tap::is_heard()) };
    let first = dissected.is_first_visit();
    let asked = Asked {
        // SAFETY: as the caller promised.
        subtrees: unsafe { register::is_looked_for(tree) },
        word: !info.cinfo.is_null() && prefs::word(),
        events: counted || (first && COUNTED_LATER.load(Relaxed)),
    };
    let shown = with_session(|session| {
        if first {
            session.learn(dissected.frame(), dissected.time(), dissected.packets(), asked)
        } else {
            session.recall(dissected.frame(), asked)
        }
    });
    match shown {
        Some(shown) if !shown.is_nothing() => Staged::new(info, &shown, counted),
        _ => Staged::NONE,
    }
}
