//! The session of the open capture file.

use std::sync::{Mutex, PoisonError};

use crate::session::Session;

/// The session; `None` while no file is open. Wireshark dissects in one thread, and the lock is
/// never held while Wireshark's code runs.
static SESSION: Mutex<Option<Session>> = Mutex::new(None);

/// Begins a session, or ends it.
pub fn set_session(session: Option<Session>) {
    *SESSION.lock().unwrap_or_else(PoisonError::into_inner) = session;
}

/// Calls a function with the session. Returns `None` when no file is open.
pub fn with_session<R>(work: impl FnOnce(&mut Session) -> R) -> Option<R> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(work)
}
