//! Makes the protocol, its fields, expert items and preferences known to Wireshark.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use super::{GUARD, dissect, filter, prefs, tap};
use crate::ffi;
use crate::fields::{Expert, Field, Group, Kind, Severity};

/// An id before Wireshark has assigned one.
const UNSET: c_int = -1;

static PROTOCOL: AtomicI32 = AtomicI32::new(UNSET);
/// One for each kind of subtree: which are open is remembered for all of a kind.
static SUBTREES: [AtomicI32; KINDS] = [const { AtomicI32::new(UNSET) }; KINDS];
const KINDS: usize = 4;
static FIELDS: [AtomicI32; Field::ALL.len()] = [const { AtomicI32::new(UNSET) }; Field::ALL.len()];
static EXPERTS: ExpertIds = ExpertIds(UnsafeCell::new([ffi::expert_field { ei: UNSET, hf: UNSET }; Expert::ALL.len()]));

/// Protocols of Wireshark's own, by which TCP headers are found.
pub static TCP: Protocol = Protocol::new(c"tcp");
/// An ICMP message, which may quote a TCP header.
pub static ICMP: Protocol = Protocol::new(c"icmp");
/// See [`ICMP`].
pub static ICMPV6: Protocol = Protocol::new(c"icmpv6");
/// What all expert items belong to.
static EXPERT: Protocol = Protocol::new(c"_ws.expert");

struct ExpertIds(UnsafeCell<[ffi::expert_field; Expert::ALL.len()]>);

// SAFETY: Wireshark writes the ids while it registers protocols and only reads them afterwards, in one thread.
unsafe impl Sync for ExpertIds {}

/// Another protocol.
pub struct Protocol {
    name: &'static CStr,
    id: AtomicI32,
}

impl Protocol {
    const fn new(name: &'static CStr) -> Self {
        Self { name, id: AtomicI32::new(UNSET) }
    }

    /// Its id; negative where Wireshark has no such protocol.
    pub fn id(&self) -> c_int {
        self.id.load(Relaxed)
    }

    fn look_up(&self) {
        // SAFETY: the name is a C string.
        self.id.store(unsafe { ffi::proto_get_id_by_filter_name(self.name.as_ptr()) }, Relaxed);
    }
}

/// The tap that *Expert Information* listens to. It is registered when the first file is opened.
fn expert_tap() -> c_int {
    static TAP: AtomicI32 = AtomicI32::new(0);
    if TAP.load(Relaxed) == 0 {
        // SAFETY: the name is a C string.
        TAP.store(unsafe { ffi::find_tap_id(c"expert".as_ptr()) }, Relaxed);
    }
    TAP.load(Relaxed)
}

/// Whether anybody looks for what is in our subtree: the subtree itself, a filter on our fields, a list of expert items.
///
/// # Safety
///
/// `tree` must be null or that of the frame being dissected.
pub unsafe fn is_looked_for(tree: *mut ffi::proto_tree) -> bool {
    #[allow(clippy::unnecessary_cast, reason = "a flag is a bool in some releases")]
    // SAFETY: as the caller promised; the ids are those of protocols.
    let is_referenced = |id| id > 0 && unsafe { ffi::proto_field_is_referenced(tree, id) as i32 != 0 };
    #[allow(clippy::unnecessary_cast, reason = "a flag is a bool in some releases")]
    // SAFETY: the id is that of a tap, or 0, which is none.
    let expert_is_heard = || unsafe { ffi::have_tap_listener(expert_tap()) as i32 != 0 };
    // Expert items are listed even where there is no tree to hang them on.
    expert_is_heard() || (!tree.is_null() && (is_referenced(protocol_id()) || is_referenced(EXPERT.id())))
}

/// Id of the protocol as a field.
pub fn protocol_id() -> c_int {
    PROTOCOL.load(Relaxed)
}

/// Id of the kind of subtree below a field, by which the GUI remembers which of them are open; of the whole when there is
/// no field.
pub fn subtree_id(field: Option<Field>) -> c_int {
    let kind = match field {
        None => 0,
        Some(Field::Evidence) => 1,
        Some(Field::Cause) => 2,
        Some(_) => 3,
    };
    SUBTREES[kind % KINDS].load(Relaxed)
}

/// Id of a field.
pub fn field_id(field: Field) -> c_int {
    FIELDS[field as usize].load(Relaxed)
}

/// Ids of an expert item, as C wants them.
pub fn expert_id(expert: Expert) -> *mut ffi::expert_field {
    // In bounds: there is an element for every member.
    EXPERTS.0.get().cast::<ffi::expert_field>().wrapping_add(expert as usize)
}

/// Called by Wireshark when it registers all protocols.
pub unsafe extern "C" fn protocol() {
    GUARD.run((), || {
        // SAFETY: the texts are C strings that live as long as the program.
        let protocol = unsafe {
            ffi::proto_register_protocol(c"SYN cookie analysis".as_ptr(), c"SYNCOOKIE".as_ptr(), c"syncookie".as_ptr())
        };
        PROTOCOL.store(protocol, Relaxed);
        fields(protocol);
        experts(protocol);
        prefs::register(protocol);
        tap::register();
        // SAFETY: the callbacks have the types declared for them, and the name lives as long as the program.
        unsafe {
            let handle = ffi::register_dissector(c"syncookie".as_ptr(), Some(dissect::frame), protocol);
            ffi::register_init_routine(Some(dissect::open_file));
            ffi::register_cleanup_routine(Some(dissect::close_file));
            ffi::register_postdissector(handle);
        }
    });
}

/// Called by Wireshark when all protocols are registered and may look for each other.
pub unsafe extern "C" fn handoff() {
    GUARD.run((), || {
        for protocol in [&TCP, &ICMP, &ICMPV6, &EXPERT] {
            protocol.look_up();
        }
        tap::register_statistics();
        filter::register();
    });
}

fn fields(protocol: c_int) {
    let fields: Vec<_> = Field::ALL.iter().map(|field| field_info(*field)).collect();
    let (fields, count) = forever(fields);
    let (subtrees, subtree_count) = forever(SUBTREES.iter().map(AtomicI32::as_ptr).collect());
    // SAFETY: Wireshark keeps the arrays, which are never freed, and writes the ids to statics.
    unsafe {
        ffi::proto_register_field_array(protocol, fields, count);
        ffi::proto_register_subtree_array(subtrees, subtree_count);
    }
}

fn field_info(field: Field) -> ffi::hf_register_info {
    let (kind, display) = match field.kind() {
        Kind::Label => (ffi::FT_NONE, ffi::BASE_NONE),
        Kind::Text => (ffi::FT_STRING, ffi::BASE_NONE),
        Kind::Number => (ffi::FT_DOUBLE, ffi::BASE_NONE),
        Kind::Count => (ffi::FT_UINT32, ffi::BASE_DEC),
        Kind::Frame => (ffi::FT_FRAMENUM, ffi::BASE_NONE),
    };
    ffi::hf_register_info {
        p_id: FIELDS[field as usize].as_ptr(),
        hfinfo: ffi::header_field_info {
            name: text(field.name()),
            abbrev: text(field.filter()),
            type_: kind,
            display: display as _,
            blurb: text(field.description()),
            ..unfilled()
        },
    }
}

/// What C programs write as `HFILL`: the members that Wireshark fills in.
fn unfilled() -> ffi::header_field_info {
    ffi::header_field_info {
        name: null(),
        abbrev: null(),
        type_: ffi::FT_NONE,
        display: ffi::BASE_NONE as _,
        strings: null::<c_void>(),
        bitmask: 0,
        blurb: null(),
        id: UNSET,
        parent: 0,
        ref_type: ffi::HF_REF_TYPE_NONE,
        same_name_prev_id: UNSET,
        same_name_next: null_mut(),
    }
}

fn experts(protocol: c_int) {
    let experts: Vec<_> = Expert::ALL.iter().map(|expert| expert_info(*expert)).collect();
    let (experts, count) = forever(experts);
    // SAFETY: Wireshark keeps the array, which is never freed, and writes the ids to a static.
    unsafe {
        let module = ffi::expert_register_protocol(protocol);
        ffi::expert_register_field_array(module, experts, count);
    }
}

fn expert_info(expert: Expert) -> ffi::ei_register_info {
    let group = match expert.group() {
        Group::Security => ffi::PI_SECURITY,
        Group::Sequence => ffi::PI_SEQUENCE,
        Group::Assumption => ffi::PI_ASSUMPTION,
    };
    let severity = match expert.severity() {
        Severity::Chat => ffi::PI_CHAT,
        Severity::Note => ffi::PI_NOTE,
        Severity::Warning => ffi::PI_WARN,
    };
    ffi::ei_register_info {
        ids: expert_id(expert),
        eiinfo: ffi::expert_field_info {
            name: text(expert.filter()),
            group: group as _,
            severity: severity as _,
            summary: text(expert.summary()),
            id: 0,
            protocol: null(),
            orig_severity: 0,
            hf_info: ffi::hf_register_info { p_id: null_mut(), hfinfo: unfilled() },
        },
    }
}

/// A C string that lives as long as the program. Only for the fixed texts of the tables, once each.
fn text(text: &str) -> *const c_char {
    CString::new(text).unwrap_or_default().into_raw()
}

/// An array that lives as long as the program.
fn forever<T>(items: Vec<T>) -> (*mut T, c_int) {
    let items = Box::leak(items.into_boxed_slice());
    (items.as_mut_ptr(), items.len() as c_int)
}
