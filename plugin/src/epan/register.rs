//! Makes the protocol, its fields, expert items and preferences known to Wireshark.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering::Relaxed};

use super::release::GLIB_FALSE;
use super::{GUARD, dissect, prefs};
use crate::ffi;
use crate::fields::{Expert, Field, Group, Kind, Severity};

/// An id before Wireshark has assigned one.
const UNSET: c_int = -1;

static PROTOCOL: AtomicI32 = AtomicI32::new(UNSET);
static SUBTREE: AtomicI32 = AtomicI32::new(UNSET);
static FIELDS: [AtomicI32; Field::ALL.len()] = [const { AtomicI32::new(UNSET) }; Field::ALL.len()];
static EXPERTS: ExpertIds = ExpertIds(UnsafeCell::new([ffi::expert_field { ei: UNSET, hf: UNSET }; Expert::ALL.len()]));
static HANDLE: AtomicPtr<ffi::dissector_handle> = AtomicPtr::new(null_mut());

/// Fields of Wireshark's own, by which TCP headers are found.
pub static TCP_STREAM: Wanted = Wanted::new(c"tcp.stream");
/// An ICMP message, which may quote a TCP header.
pub static ICMP: Wanted = Wanted::new(c"icmp");
/// See [`ICMP`].
pub static ICMPV6: Wanted = Wanted::new(c"icmpv6");

struct ExpertIds(UnsafeCell<[ffi::expert_field; Expert::ALL.len()]>);

// SAFETY: Wireshark writes the ids while it registers protocols and only reads them afterwards, in one thread.
unsafe impl Sync for ExpertIds {}

/// A field of another protocol that Wireshark must keep at hand for this one.
pub struct Wanted {
    name: &'static CStr,
    id: AtomicI32,
}

impl Wanted {
    const fn new(name: &'static CStr) -> Self {
        Self { name, id: AtomicI32::new(UNSET) }
    }

    /// Its id; negative where Wireshark has no such field.
    pub fn id(&self) -> c_int {
        self.id.load(Relaxed)
    }

    fn look_up(&self) {
        // SAFETY: the name is a C string.
        self.id.store(unsafe { ffi::proto_registrar_get_id_byname(self.name.as_ptr()) }, Relaxed);
    }
}

/// Id of the protocol as a field.
pub fn protocol_id() -> c_int {
    PROTOCOL.load(Relaxed)
}

/// Id of the subtrees, by which the GUI remembers which of them are open.
pub fn subtree_id() -> c_int {
    SUBTREE.load(Relaxed)
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
        // SAFETY: the callbacks have the types declared for them, and the name lives as long as the program.
        unsafe {
            let handle = ffi::register_dissector(c"syncookie".as_ptr(), Some(dissect::frame), protocol);
            HANDLE.store(handle, Relaxed);
            ffi::register_init_routine(Some(dissect::open_file));
            ffi::register_cleanup_routine(Some(dissect::close_file));
            ffi::register_postdissector(handle);
        }
    });
}

/// Called by Wireshark when all protocols are registered and may look for each other.
pub unsafe extern "C" fn handoff() {
    GUARD.run((), || {
        for wanted in [&TCP_STREAM, &ICMP, &ICMPV6] {
            wanted.look_up();
        }
        want_fields();
    });
}

/// Tells Wireshark which fields to keep at hand in every frame. It asks before it opens a file, so this must be said at
/// start and whenever the preference changes; saying it when a file is opened would be too late.
pub fn want_fields() {
    let handle = HANDLE.load(Relaxed);
    if handle.is_null() {
        return;
    }
    let mut array = null_mut();
    // SAFETY: the array holds ids of the size it was made for, and Wireshark takes it over. None is no wish.
    unsafe {
        if prefs::analyze() {
            array = ffi::g_array_new(GLIB_FALSE, GLIB_FALSE, size_of::<c_int>() as _);
            for id in [&TCP_STREAM, &ICMP, &ICMPV6].map(Wanted::id).iter().filter(|id| **id > 0) {
                ffi::g_array_append_vals(array, std::ptr::from_ref(id).cast(), 1);
            }
        }
        ffi::set_postdissector_wanted_hfids(handle, array);
    }
}

fn fields(protocol: c_int) {
    let fields: Vec<_> = Field::ALL.iter().map(|field| field_info(*field)).collect();
    let (fields, count) = forever(fields);
    let (subtrees, subtree_count) = forever(vec![SUBTREE.as_ptr()]);
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
