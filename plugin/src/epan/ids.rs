//! Ids that Wireshark assigns during registration: of the protocol, its fields, subtrees and expert
//! items, and of the protocols and taps of Wireshark's own that the plugin looks up.
//!
//! *register* has Wireshark write them; the other modules only read them.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use libc::c_int;

use crate::ffi;
use crate::fields::{Expert, Field};

/// An id that Wireshark has not assigned yet.
pub const UNSET: c_int = -1;

static PROTOCOL: AtomicI32 = AtomicI32::new(UNSET);
/// Number of subtree kinds: Wireshark remembers for all subtrees of a kind together whether they
/// are expanded.
const SUBTREE_KINDS: usize = 4;
static SUBTREES: [AtomicI32; SUBTREE_KINDS] = [const { AtomicI32::new(UNSET) }; SUBTREE_KINDS];
static FIELDS: [AtomicI32; Field::ALL.len()] = [const { AtomicI32::new(UNSET) }; Field::ALL.len()];
static EXPERTS: ExpertIds = ExpertIds(UnsafeCell::new([ffi::expert_field { ei: UNSET, hf: UNSET }; Expert::ALL.len()]));

/// TCP.
pub static TCP: OtherProtocol = OtherProtocol::new(c"tcp");
/// ICMP, whose messages may quote a TCP header.
pub static ICMP: OtherProtocol = OtherProtocol::new(c"icmp");
/// ICMPv6, whose messages may quote a TCP header.
pub static ICMPV6: OtherProtocol = OtherProtocol::new(c"icmpv6");
/// The protocol of all expert items.
static EXPERT: OtherProtocol = OtherProtocol::new(c"_ws.expert");

struct ExpertIds(UnsafeCell<[ffi::expert_field; Expert::ALL.len()]>);

// SAFETY: Wireshark writes the ids while it registers protocols and only reads them afterwards, in
// one thread.
unsafe impl Sync for ExpertIds {}

/// A protocol of another dissector.
pub struct OtherProtocol {
    name: &'static CStr,
    id: AtomicI32,
}

impl OtherProtocol {
    const fn new(name: &'static CStr) -> Self {
        Self { name, id: AtomicI32::new(UNSET) }
    }

    /// Returns the protocol's id; negative where Wireshark does not have the protocol.
    pub fn id(&self) -> c_int {
        self.id.load(Relaxed)
    }

    fn look_up(&self) {
        // SAFETY: the name is a C string.
        self.id.store(unsafe { ffi::proto_get_id_by_filter_name(self.name.as_ptr()) }, Relaxed);
    }
}

/// Looks up the ids of other protocols, once all protocols are registered.
pub fn look_up_other_protocols() {
    for protocol in [&TCP, &ICMP, &ICMPV6, &EXPERT] {
        protocol.look_up();
    }
}

/// Returns the id of the tap that *Expert Information* listens to; Wireshark registers it when it
/// opens the first file.
fn expert_tap() -> c_int {
    static TAP: AtomicI32 = AtomicI32::new(0);
    if TAP.load(Relaxed) == 0 {
        // SAFETY: the name is a C string.
        TAP.store(unsafe { ffi::find_tap_id(c"expert".as_ptr()) }, Relaxed);
    }
    TAP.load(Relaxed)
}

/// Returns whether something uses the plugin's subtree: the packet details, a filter on its fields,
/// or a list of expert items.
///
/// # Safety
///
/// `tree` must be null or the tree of the frame that is being dissected.
pub unsafe fn is_subtree_referenced(tree: *mut ffi::proto_tree) -> bool {
    // SAFETY: as the caller promised; the ids are those of protocols.
    let is_protocol_referenced = |id| id > 0 && unsafe { is_referenced(tree, id) };
    #[allow(clippy::unnecessary_cast, reason = "a truth value is a bool in some releases")]
    // SAFETY: the id is that of a tap, or 0, which no tap has.
    let expert_tap_has_listener = || unsafe { ffi::have_tap_listener(expert_tap()) as i32 != 0 };
    // Expert items are listed even where there is no tree to attach them to.
    expert_tap_has_listener()
        || (!tree.is_null() && (is_protocol_referenced(protocol_id()) || is_protocol_referenced(EXPERT.id())))
}

/// Returns whether something uses a field of the plugin. The packet details use all of them.
///
/// # Safety
///
/// As for [`is_subtree_referenced`].
pub unsafe fn is_field_referenced(tree: *mut ffi::proto_tree, field: Field) -> bool {
    // SAFETY: as the caller promised; the id is that of a field.
    unsafe { is_referenced(tree, field_id(field)) }
}

/// Returns whether something uses a protocol or field.
///
/// # Safety
///
/// As for [`is_subtree_referenced`]; the id must be one that Wireshark assigned.
unsafe fn is_referenced(tree: *mut ffi::proto_tree, id: c_int) -> bool {
    #[allow(clippy::unnecessary_cast, reason = "a truth value is a bool in some releases")]
    // SAFETY: as the caller promised.
    unsafe {
        ffi::proto_field_is_referenced(tree, id) as i32 != 0
    }
}

/// Stores the protocol's id.
pub fn set_protocol_id(id: c_int) {
    PROTOCOL.store(id, Relaxed);
}

/// Returns the id of the protocol, which is also that of its top-level field.
pub fn protocol_id() -> c_int {
    PROTOCOL.load(Relaxed)
}

/// Returns the id of the kind of subtree below a field; without a field, that of the plugin's whole
/// subtree.
pub fn subtree_id(field: Option<Field>) -> c_int {
    let kind = match field {
        None => 0,
        Some(Field::EvidenceKind | Field::EvidenceAgainst | Field::EvidenceNeutral) => 1,
        Some(Field::Cause | Field::CauseOther | Field::CauseExcluded) => 2,
        Some(_) => 3,
    };
    SUBTREES[kind % SUBTREE_KINDS].load(Relaxed)
}

/// Returns where Wireshark writes the ids of the kinds of subtrees.
pub fn subtree_pointers() -> Vec<*mut c_int> {
    SUBTREES.iter().map(AtomicI32::as_ptr).collect()
}

/// Returns the id of a field.
pub fn field_id(field: Field) -> c_int {
    FIELDS[field as usize].load(Relaxed)
}

/// Returns where Wireshark writes the id of a field.
pub fn field_pointer(field: Field) -> *mut c_int {
    FIELDS[field as usize].as_ptr()
}

/// Returns where Wireshark writes and reads the ids of an expert item.
pub fn expert_pointer(expert: Expert) -> *mut ffi::expert_field {
    // In bounds: there is an element for every variant.
    EXPERTS.0.get().cast::<ffi::expert_field>().wrapping_add(expert as usize)
}
