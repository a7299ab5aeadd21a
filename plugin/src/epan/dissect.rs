//! The callbacks for every capture file and every frame.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use libc::{c_int, c_void};

use super::open_file::{set_session, with_session};
use super::output::Output;
use super::packet::DissectedFrame;
use super::{GUARD, ids, prefs, tap};
use crate::ffi;
use crate::fields::Field;
use crate::present::Needs;
use crate::session::{Request, Session};

/// Whether the program has a window, whose status bar shows the most severe expert item of the file
/// that was read. tshark shows expert items only where it is asked for them.
static HAS_WINDOW: AtomicBool = AtomicBool::new(true);

/// Called when a file is opened, or before it is reloaded.
pub unsafe extern "C" fn open_file() {
    GUARD.run((), || {
        HAS_WINDOW.store(!is_tshark(), Relaxed);
        set_session(Some(Session::new(prefs::settings())));
    });
}

/// Returns whether the program is tshark, by the name that it was started with.
fn is_tshark() -> bool {
    env::args_os().next().is_some_and(|program| Path::new(&program).file_stem() == Some(OsStr::new("tshark")))
}

/// Called when a file is closed, or before it is reloaded.
pub unsafe extern "C" fn close_file() {
    GUARD.run((), || {
        set_session(None);
        tap::clear_counts();
    });
}

/// Called for each frame after all other dissectors.
pub unsafe extern "C" fn dissect_frame(
    tvb: *mut ffi::tvbuff_t,
    info: *mut ffi::packet_info,
    tree: *mut ffi::proto_tree,
    _data: *mut c_void,
) -> c_int {
    // SAFETY: Wireshark passes valid pointers. `output` is plain data: nothing needs dropping when
    // `emit` does not return.
    unsafe {
        if prefs::analyze() {
            let output = GUARD.run(None, || analyze_frame(&*info, tree));
            if let Some(output) = output {
                output.emit(tvb, info, tree);
            }
        }
        ffi::tvb_captured_length(tvb) as c_int
    }
}

/// Passes the frame to the session and returns what to show; `None` for almost every frame.
///
/// # Safety
///
/// The pointers must be those that Wireshark passed to a dissector that has not returned yet.
unsafe fn analyze_frame(info: &ffi::packet_info, tree: *mut ffi::proto_tree) -> Option<Output<'_>> {
    // SAFETY: as the caller promised.
    let frame = unsafe { DissectedFrame::new(info) };
    let (first_visit, tap_has_listener) = (frame.is_first_visit(), tap::has_listener());
    // SAFETY: the closure does not outlive the call, and the caller promised that the tree is that of the frame.
    let needs = |field: Field| unsafe { ids::is_field_referenced(tree, field) };
    let request = Request {
        // SAFETY: as the caller promised.
        subtrees: unsafe { ids::is_subtree_referenced(tree) }.then_some(&needs as Needs<'_>),
        experts: shows_severity(info) || (first_visit && HAS_WINDOW.load(Relaxed)),
        info_text: !info.cinfo.is_null() && prefs::info_column(),
        events: tap_has_listener,
    };
    let report = with_session(|session| {
        if first_visit {
            session.first_visit(frame.number(), frame.time(), frame.packets(), request)
        } else {
            session.revisit(frame.number(), request)
        }
    });
    report.flatten().map(|report| Output::in_pool(info, &report))
}

/// Returns whether a column shows the severity of expert items.
fn shows_severity(info: &ffi::packet_info) -> bool {
    // SAFETY: the columns are null or those of the frame. A format that no column has has no text.
    !info.cinfo.is_null() && unsafe { !ffi::col_get_text(info.cinfo, ffi::COL_EXPERT as _).is_null() }
}
