//! The tap `syncookie`: what happens in frames, for statistics of our own and of others. `docs/wireshark.md` describes the
//! record to those others.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int};
use std::ptr::null;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use syncookie_engine::{Confidence, Implementation, Outcome, Verdict};

use super::pool::Pool;
use super::release::{Flag, stats_packet};
use crate::ffi;
use crate::session::{Event, Known};

static TAP: AtomicI32 = AtomicI32::new(0);

/// What is known of a handshake, in C's words. All texts are constants; null where there is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words {
    verdict: *const c_char,
    confidence: *const c_char,
    implementation: *const c_char,
    outcome: *const c_char,
}

/// The record of the tap: a frame told something new of a handshake.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Record {
    /// Size of the record; a later version may only add members.
    size: u32,
    frame: u32,
    handshake: u64,
    client: *const c_char,
    server: *const c_char,
    now: Words,
    /// All null in the handshake's first event.
    before: Words,
}

impl Record {
    /// A record in the memory of a frame.
    pub fn new(pool: Pool<'_>, event: &Event) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            frame: event.frame,
            handshake: event.handshake.0,
            client: pool.text(&event.client.to_string()),
            server: pool.text(&event.server.to_string()),
            now: Words::of(event.now),
            before: event.before.map_or(Words::NONE, Words::of),
        }
    }
}

impl Words {
    const NONE: Self = Self { verdict: null(), confidence: null(), implementation: null(), outcome: null() };

    fn of(known: Known) -> Self {
        Self {
            verdict: constant(known.verdict.as_str()),
            confidence: known.confidence.map_or(null(), |confidence| constant(confidence.as_str())),
            implementation: known.implementation.map_or(null(), |implementation| constant(implementation.as_str())),
            outcome: constant(known.outcome.as_str()),
        }
    }
}

/// A word of the engine as a C string that stays.
fn constant(word: &'static str) -> *const c_char {
    static WORDS: OnceLock<HashMap<&'static str, CString>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let words = Verdict::ALL.iter().map(|w| w.as_str()).chain(Confidence::ALL.iter().map(|w| w.as_str()));
        let words = words.chain(Implementation::ALL.iter().map(|w| w.as_str()));
        let words = words.chain(Outcome::ALL.iter().map(|w| w.as_str()));
        words.map(|word| (word, CString::new(word).unwrap_or_default())).collect()
    });
    words.get(word).map_or(null(), |word| word.as_ptr())
}

/// Registers the tap. To be called while protocols are registered.
pub fn register() {
    // SAFETY: the name is a C string.
    TAP.store(unsafe { ffi::register_tap(c"syncookie".as_ptr()) }, Relaxed);
}

/// Registers the statistics. To be called when protocols may look for each other: some programs know no other time
/// at which plugins register statistics.
pub fn register_statistics() {
    // SAFETY: the texts live as long as the program, and the callbacks have the types declared for them.
    unsafe {
        ffi::stats_tree_register_plugin(
            c"syncookie".as_ptr(),
            c"syncookie".as_ptr(),
            c"SYN cookies".as_ptr(),
            0,
            Some(packet),
            Some(start),
            None,
        );
    }
}

/// Whether anybody listens.
pub fn is_heard() -> bool {
    // SAFETY: the id is that of a tap, or 0, which is none.
    #[allow(clippy::unnecessary_cast, reason = "a flag is a bool in some releases")]
    unsafe {
        ffi::have_tap_listener(TAP.load(Relaxed)) as i32 != 0
    }
}

/// Hands a record to those who listen.
///
/// # Safety
///
/// `info` must be what Wireshark handed to a dissector which has not returned yet, and `record` stay as long.
pub unsafe fn queue(info: *mut ffi::packet_info, record: *const Record) {
    // SAFETY: as the caller promised.
    unsafe { ffi::tap_queue_packet(TAP.load(Relaxed), info, record.cast()) };
}

/// What each open statistic counted last of each handshake.
static COUNTED: Mutex<Option<HashMap<usize, HashMap<u64, Words>>>> = Mutex::new(None);

// SAFETY: all texts are constants.
unsafe impl Send for Words {}

fn counted<R>(look: impl FnOnce(&mut HashMap<usize, HashMap<u64, Words>>) -> R) -> R {
    look(COUNTED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// The file is closed.
pub fn forget() {
    counted(HashMap::clear);
}

/// A statistic begins, or begins anew.
unsafe extern "C" fn start(tree: *mut ffi::stats_tree) {
    super::GUARD.run((), || {
        counted(|counted| counted.insert(tree as usize, HashMap::new()));
        for topic in TOPICS {
            // SAFETY: Wireshark handed the tree.
            unsafe { change(tree, topic.as_ptr(), ROOT, 0) };
        }
    });
}

const ROOT: c_int = 0;
const TOPICS: [&std::ffi::CStr; 4] = [c"Verdict", c"Listener", c"Implementation", c"Outcome"];

stats_packet!(packet, count);

/// Counts each handshake once: as the latest of its events that came here tells. What an earlier one told is taken back.
///
/// # Safety
///
/// `tree` must be a statistic of Wireshark's, and `data` a record of this tap.
unsafe fn count(tree: *mut ffi::stats_tree, data: *const std::ffi::c_void) -> ffi::tap_packet_status {
    super::GUARD.run(ffi::TAP_PACKET_DONT_REDRAW, || {
        // SAFETY: as the caller promised.
        let Some(record) = (unsafe { data.cast::<Record>().as_ref() }) else { return ffi::TAP_PACKET_DONT_REDRAW };
        let before = counted(|counted| counted.entry(tree as usize).or_default().insert(record.handshake, record.now));
        if let Some(before) = before {
            // SAFETY: as the caller promised.
            unsafe { add(tree, record.server, &before, -1) };
        }
        // SAFETY: as the caller promised.
        unsafe { add(tree, record.server, &record.now, 1) };
        ffi::TAP_PACKET_REDRAW
    })
}

/// # Safety
///
/// As for [`count`].
unsafe fn add(tree: *mut ffi::stats_tree, server: *const c_char, words: &Words, by: c_int) {
    let [verdicts, listeners, implementations, outcomes] = TOPICS.map(std::ffi::CStr::as_ptr);
    // SAFETY: as the caller promised; all names are C strings, which are copied.
    unsafe {
        let verdict = change(tree, words.verdict, change(tree, verdicts, ROOT, by), by);
        if !words.confidence.is_null() {
            change(tree, words.confidence, verdict, by);
        }
        change(tree, words.verdict, change(tree, server, change(tree, listeners, ROOT, by), by), by);
        if !words.implementation.is_null() {
            change(tree, words.implementation, change(tree, implementations, ROOT, by), by);
        }
        change(tree, words.outcome, change(tree, outcomes, ROOT, by), by);
    }
}

/// Changes the count of a node, which is made when there is none, and returns its id.
///
/// # Safety
///
/// As for [`count`].
unsafe fn change(tree: *mut ffi::stats_tree, name: *const c_char, parent: c_int, by: c_int) -> c_int {
    // SAFETY: as the caller promised.
    unsafe { ffi::stats_tree_manip_node_int(ffi::MN_INCREASE, tree, name, parent, true as Flag, by) }
}
