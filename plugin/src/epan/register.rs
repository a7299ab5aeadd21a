//! Registers the protocol, its fields, expert items, preferences, tap and callbacks with Wireshark.

use std::ffi::CString;
use std::ptr::{null, null_mut};

use libc::{c_char, c_int, c_void};

use super::{GUARD, dissect, filter, ids, prefs, tap};
use crate::ffi;
use crate::fields::{Expert, Field, FieldType, Group, Link, Severity};

/// Called when Wireshark registers all protocols.
pub unsafe extern "C" fn register_protocol() {
    GUARD.run((), || {
        // SAFETY: the texts are C strings that live as long as the program.
        let protocol = unsafe {
            ffi::proto_register_protocol(c"SYN cookie analysis".as_ptr(), c"SYNCOOKIE".as_ptr(), c"syncookie".as_ptr())
        };
        ids::set_protocol_id(protocol);
        register_fields(protocol);
        register_experts(protocol);
        prefs::register(protocol);
        tap::register();
        // SAFETY: the callbacks have the declared types, and the name lives as long as the program.
        unsafe {
            let handle = ffi::register_dissector(c"syncookie".as_ptr(), Some(dissect::dissect_frame), protocol);
            ffi::register_init_routine(Some(dissect::open_file));
            ffi::register_cleanup_routine(Some(dissect::close_file));
            ffi::register_postdissector(handle);
        }
    });
}

/// Called when all protocols are registered and may look for each other.
pub unsafe extern "C" fn register_handoff() {
    GUARD.run((), || {
        ids::look_up_other_protocols();
        tap::register_statistics();
        filter::register();
    });
}

fn register_fields(protocol: c_int) {
    let fields: Vec<_> = Field::ALL.iter().map(|field| field_info(*field)).collect();
    let (fields, count) = leak(fields);
    let (subtrees, subtree_count) = leak(ids::subtree_pointers());
    // SAFETY: Wireshark keeps the arrays, which are never freed, and writes the ids to statics.
    unsafe {
        ffi::proto_register_field_array(protocol, fields, count);
        ffi::proto_register_subtree_array(subtrees, subtree_count);
    }
}

fn field_info(field: Field) -> ffi::hf_register_info {
    let (field_type, display) = match field.field_type() {
        FieldType::NoValue => (ffi::FT_NONE, ffi::BASE_NONE),
        FieldType::String => (ffi::FT_STRING, ffi::BASE_NONE),
        FieldType::Double => (ffi::FT_DOUBLE, ffi::BASE_NONE),
        FieldType::Uint8 => (ffi::FT_UINT8, ffi::BASE_DEC),
        FieldType::Uint16 => (ffi::FT_UINT16, ffi::BASE_DEC),
        FieldType::Ipv4 => (ffi::FT_IPv4, ffi::BASE_NONE),
        FieldType::Ipv6 => (ffi::FT_IPv6, ffi::BASE_NONE),
        FieldType::RelativeTime => (ffi::FT_RELATIVE_TIME, ffi::BASE_NONE),
        FieldType::FrameNumber(_) => (ffi::FT_FRAMENUM, ffi::BASE_NONE),
    };
    ffi::hf_register_info {
        p_id: ids::field_pointer(field),
        hfinfo: ffi::header_field_info {
            name: leaked_c_string(field.name()),
            abbrev: leaked_c_string(field.filter()),
            type_: field_type,
            display: display as _,
            strings: link_type(field.field_type()),
            blurb: leaked_c_string(field.description()),
            ..defaults()
        },
    }
}

/// Returns the kind of a link, which takes the place of value strings; null for other fields.
fn link_type(field_type: FieldType) -> *const c_void {
    let FieldType::FrameNumber(link) = field_type else { return null() };
    let number = match link {
        Link::Related => ffi::FT_FRAMENUM_NONE,
        Link::Request => ffi::FT_FRAMENUM_REQUEST,
        Link::Response => ffi::FT_FRAMENUM_RESPONSE,
        Link::Acknowledgment => ffi::FT_FRAMENUM_ACK,
    };
    std::ptr::without_provenance(number as usize)
}

/// Returns a description whose members have the values of the C macro `HFILL`, which Wireshark
/// overwrites.
fn defaults() -> ffi::header_field_info {
    ffi::header_field_info {
        name: null(),
        abbrev: null(),
        type_: ffi::FT_NONE,
        display: ffi::BASE_NONE as _,
        strings: null::<c_void>(),
        bitmask: 0,
        blurb: null(),
        id: ids::UNSET,
        parent: 0,
        ref_type: ffi::HF_REF_TYPE_NONE,
        same_name_prev_id: ids::UNSET,
        same_name_next: null_mut(),
    }
}

fn register_experts(protocol: c_int) {
    let experts: Vec<_> = Expert::ALL.iter().map(|expert| expert_info(*expert)).collect();
    let (experts, count) = leak(experts);
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
        ids: ids::expert_pointer(expert),
        eiinfo: ffi::expert_field_info {
            name: leaked_c_string(expert.filter()),
            group: group as _,
            severity: severity as _,
            summary: leaked_c_string(expert.summary()),
            id: 0,
            protocol: null(),
            orig_severity: 0,
            hf_info: ffi::hf_register_info { p_id: null_mut(), hfinfo: defaults() },
        },
    }
}

/// Returns a C string that lives as long as the program. Only for the fixed texts of the tables,
/// once each.
fn leaked_c_string(text: &str) -> *const c_char {
    CString::new(text).unwrap_or_default().into_raw()
}

/// Returns an array that lives as long as the program, and its length.
fn leak<T>(items: Vec<T>) -> (*mut T, c_int) {
    let items = Box::leak(items.into_boxed_slice());
    (items.as_mut_ptr(), items.len() as c_int)
}
