//! What Wireshark calls for every capture file and every frame.

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, PoisonError};

use super::packet::Dissected;
use super::tree::Staged;
use super::{GUARD, prefs};
use crate::ffi;
use crate::present::Subtree;
use crate::session::Session;

/// What is known of the open capture file. Wireshark dissects in one thread; the lock is never held while it runs.
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

fn set_session(session: Option<Session>) {
    *SESSION.lock().unwrap_or_else(PoisonError::into_inner) = session;
}

/// A file is opened, or is going to be read anew.
pub unsafe extern "C" fn open_file() {
    GUARD.run((), || set_session(Some(Session::default())));
}

/// A file is closed, or was read for the last time before it is read anew.
pub unsafe extern "C" fn close_file() {
    GUARD.run((), || set_session(None));
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
        let staged = GUARD.run(Staged::NONE, || learn_and_show(&*info, tree));
        staged.add(tvb, info, tree);
        ffi::tvb_captured_length(tvb) as c_int
    }
}

/// # Safety
///
/// The pointers must be those that Wireshark handed to a dissector which has not returned yet.
unsafe fn learn_and_show(info: &ffi::packet_info, tree: *const ffi::proto_tree) -> Staged<'_> {
    let mut session = SESSION.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(session) = session.as_mut().filter(|_| prefs::analyze()) else { return Staged::NONE };
    // SAFETY: as the caller promised.
    let dissected = unsafe { Dissected::new(info, tree) };
    let subtrees =
        if dissected.is_first_visit() { learn(session, dissected) } else { session.recall(dissected.frame()) };
    Staged::new(info, &subtrees)
}

fn learn(session: &mut Session, dissected: Dissected<'_>) -> Vec<Subtree> {
    let mut observations = dissected.observations().peekable();
    if observations.peek().is_none() {
        session.wait(dissected.time());
    }
    session.learn(dissected.frame(), observations)
}
