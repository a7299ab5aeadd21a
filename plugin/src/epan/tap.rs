//! The tap `syncookie`, which passes events to the plugin's own statistics and to other plugins.
//! `docs/wireshark.md` describes the record for authors of other plugins.

use std::collections::HashMap;
use std::ffi::CString;
use std::ptr::null;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use libc::{c_char, c_int, c_void};

use syncookie_engine::{CauseKind, Confidence, Implementation, Outcome, Verdict};

use super::GUARD;
use super::pool::Pool;
use super::release::{CBool, stats_packet};
use crate::ffi;
use crate::session::{Event, HandshakeState};

static TAP: AtomicI32 = AtomicI32::new(0);

/// A handshake's state as C strings, which are constants; null where there is no value.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct StateStrings {
    verdict: *const c_char,
    confidence: *const c_char,
    implementation: *const c_char,
    outcome: *const c_char,
}

/// The record of the tap: an event of a handshake.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Record {
    /// Size of the record in bytes; a later version may only add members.
    size: u32,
    frame: u32,
    handshake: u64,
    client: *const c_char,
    server: *const c_char,
    now: StateStrings,
    /// All null in the handshake's first event.
    before: StateStrings,
    /// Null if the handshake neither failed nor was delayed.
    cause: *const c_char,
    /// Delay in seconds; negative where it is not known.
    delay: f64,
}

impl Record {
    /// Converts an event; its texts are copied into the frame's pool.
    pub fn new(pool: Pool<'_>, event: &Event) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            frame: event.frame,
            handshake: event.handshake.0,
            client: pool.c_string(&event.client.to_string()),
            server: pool.c_string(&event.server.to_string()),
            now: StateStrings::of(event.state),
            before: event.previous.map_or(StateStrings::NONE, StateStrings::of),
            cause: event.state.cause.map_or(null(), |cause| static_c_string(cause.as_str())),
            delay: event.state.delay.unwrap_or(-1.0),
        }
    }
}

impl StateStrings {
    const NONE: Self = Self { verdict: null(), confidence: null(), implementation: null(), outcome: null() };

    fn of(state: HandshakeState) -> Self {
        Self {
            verdict: static_c_string(state.verdict.as_str()),
            confidence: state.confidence.map_or(null(), |confidence| static_c_string(confidence.as_str())),
            implementation: state
                .implementation
                .map_or(null(), |implementation| static_c_string(implementation.as_str())),
            outcome: static_c_string(state.outcome.as_str()),
        }
    }
}

/// Returns a word of the engine's vocabulary as a C string that lives as long as the program.
fn static_c_string(word: &'static str) -> *const c_char {
    static WORDS: OnceLock<HashMap<&'static str, CString>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let words = Verdict::ALL.iter().map(|w| w.as_str()).chain(Confidence::ALL.iter().map(|w| w.as_str()));
        let words = words.chain(Implementation::ALL.iter().map(|w| w.as_str()));
        let words = words.chain(Outcome::ALL.iter().map(|w| w.as_str()));
        let words = words.chain(CauseKind::ALL.iter().map(|w| w.as_str()));
        words.map(|word| (word, CString::new(word).unwrap_or_default())).collect()
    });
    words.get(word).map_or(null(), |word| word.as_ptr())
}

/// Registers the tap. Must be called while protocols are registered.
pub fn register() {
    // SAFETY: the name is a C string.
    TAP.store(unsafe { ffi::register_tap(c"syncookie".as_ptr()) }, Relaxed);
}

/// Registers the statistics. Must be called when protocols may look for each other: some programs
/// let plugins register statistics only then.
pub fn register_statistics() {
    // SAFETY: the texts live as long as the program, and the callbacks have the declared types.
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

/// Returns whether the tap has a listener.
pub fn has_listener() -> bool {
    // SAFETY: the id is that of a tap, or 0, which no tap has.
    #[allow(clippy::unnecessary_cast, reason = "a truth value is a bool in some releases")]
    unsafe {
        ffi::have_tap_listener(TAP.load(Relaxed)) as i32 != 0
    }
}

/// Queues a record for the listeners.
///
/// # Safety
///
/// `info` must be what Wireshark passed to a dissector that has not returned yet, and `record` must
/// live as long.
pub unsafe fn queue(info: *mut ffi::packet_info, record: *const Record) {
    // SAFETY: as the caller promised.
    unsafe { ffi::tap_queue_packet(TAP.load(Relaxed), info, record.cast()) };
}

/// What was counted of a handshake, as C strings, which are constants.
#[derive(Clone, Copy)]
struct Counted {
    state: StateStrings,
    cause: *const c_char,
    delay: *const c_char,
}

// SAFETY: all texts are constants.
unsafe impl Send for Counted {}

impl Counted {
    fn of(record: &Record) -> Self {
        Self { state: record.now, cause: record.cause, delay: delay_row(record.delay) }
    }
}

/// Returns the row that counts a delay in seconds; null for a negative one.
fn delay_row(delay: f64) -> *const c_char {
    let row = match delay {
        ..0.0 => return null(),
        ..0.2 => c"below 0.2 s",
        ..1.0 => c"0.2 to 1 s",
        ..3.0 => c"1 to 3 s",
        ..10.0 => c"3 to 10 s",
        _ => c"10 s and more",
    };
    row.as_ptr()
}

/// What was counted last, by open statistic and handshake.
type CountedByTree = HashMap<usize, HashMap<u64, Counted>>;
static COUNTED: Mutex<Option<CountedByTree>> = Mutex::new(None);

fn with_counted<R>(work: impl FnOnce(&mut CountedByTree) -> R) -> R {
    work(COUNTED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default())
}

/// Clears what was counted, when the file is closed.
pub fn clear_counts() {
    with_counted(HashMap::clear);
}

/// Called when a statistic begins or restarts.
unsafe extern "C" fn start(tree: *mut ffi::stats_tree) {
    GUARD.run((), || {
        with_counted(|counted| counted.insert(tree as usize, HashMap::new()));
    });
}

const ROOT: c_int = 0;

stats_packet!(packet, count);

/// Counts each handshake once, by its latest event; the count of an earlier one is undone.
///
/// # Safety
///
/// `tree` must be one of Wireshark's statistics, and `data` a record of this tap.
unsafe fn count(tree: *mut ffi::stats_tree, data: *const c_void) -> ffi::tap_packet_status {
    GUARD.run(ffi::TAP_PACKET_DONT_REDRAW, || {
        // SAFETY: as the caller promised.
        let Some(record) = (unsafe { data.cast::<Record>().as_ref() }) else { return ffi::TAP_PACKET_DONT_REDRAW };
        let now = Counted::of(record);
        let before = with_counted(|counted| counted.entry(tree as usize).or_default().insert(record.handshake, now));
        if let Some(before) = before {
            // SAFETY: as the caller promised.
            unsafe { add(tree, record.server, &before, -1) };
        }
        // SAFETY: as the caller promised.
        unsafe { add(tree, record.server, &now, 1) };
        ffi::TAP_PACKET_REDRAW
    })
}

/// Adds a number to all counts of a handshake.
///
/// # Safety
///
/// As for [`count`].
unsafe fn add(tree: *mut ffi::stats_tree, server: *const c_char, counted: &Counted, by: c_int) {
    let Counted { state, cause, delay } = counted;
    // SAFETY: as the caller promised; all names are C strings, which are copied.
    unsafe {
        let verdict = change(tree, state.verdict, change(tree, c"Verdict".as_ptr(), ROOT, by), by);
        if !state.confidence.is_null() {
            change(tree, state.confidence, verdict, by);
        }
        let listener = change(tree, server, change(tree, c"Listener".as_ptr(), ROOT, by), by);
        change(tree, state.verdict, listener, by);
        let topics = [
            (c"Implementation", state.implementation),
            (c"Outcome", state.outcome),
            (c"Cause", *cause),
            (c"Delay", *delay),
        ];
        for (topic, row) in topics {
            if !row.is_null() {
                change(tree, row, change(tree, topic.as_ptr(), ROOT, by), by);
            }
        }
    }
}

/// Adds a number to the count of a node, which is created if necessary, and returns the node's id.
///
/// # Safety
///
/// As for [`count`].
unsafe fn change(tree: *mut ffi::stats_tree, name: *const c_char, parent: c_int, by: c_int) -> c_int {
    // SAFETY: as the caller promised.
    unsafe { ffi::stats_tree_manip_node_int(ffi::MN_INCREASE, tree, name, parent, true as CBool, by) }
}
