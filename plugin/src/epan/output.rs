//! Passes what to show for a frame to Wireshark, in two steps.
//!
//! [`Output::in_pool`] copies it into the frame's memory pool, which Wireshark frees with the
//! frame. [`Output::emit`] passes the copy on. The functions that it calls may throw, so meanwhile
//! no Rust value is alive that needs dropping.

use std::ptr::{null, null_mut};

use libc::{c_char, c_int};

use super::ids;
use super::pool::Pool;
use super::tap::{self, Record};
use crate::ffi;
use crate::fields::Expert;
use crate::present::{Line, Subtree, Value};
use crate::session::FrameReport;

/// Nanoseconds in a second.
const NANOS: i64 = 1_000_000_000;

/// Number of tree levels: a subtree's own line, the lines below it, and items below the deepest
/// line.
const LEVELS: usize = Line::MAX_DEPTH as usize + 2;

/// What to show for a frame, as C types in the frame's memory pool.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    lines: &'a [OutputLine<'a>],
    /// Expert items without a line.
    experts: &'a [OutputExpert],
    /// Text to put before the Info column; null without one.
    info_text: *const c_char,
    records: &'a [Record],
}

#[derive(Clone, Copy)]
struct OutputLine<'a> {
    depth: u8,
    hidden: bool,
    field: c_int,
    /// Id of the kind of subtree that holds the lines below this one.
    subtree: c_int,
    value: OutputValue,
    /// Replaces the field's name and value; null to keep them.
    text: *const c_char,
    experts: &'a [OutputExpert],
}

#[derive(Clone, Copy)]
struct OutputExpert {
    ids: *mut ffi::expert_field,
    message: *const c_char,
}

#[derive(Clone, Copy)]
enum OutputValue {
    NoValue,
    String(*const c_char),
    Double(f64),
    Number(u32),
    /// The address in network byte order.
    Ipv4(u32),
    Ipv6(*const [u8; 16]),
    Duration(*const ffi::nstime_t),
}

impl OutputValue {
    fn new(pool: Pool<'_>, value: &Value) -> Self {
        match value {
            Value::NoValue => Self::NoValue,
            Value::String(text) => Self::String(pool.c_string(text)),
            Value::Double(number) => Self::Double(*number),
            Value::Number(number) => Self::Number(*number),
            Value::Ipv4(address) => Self::Ipv4(u32::from_ne_bytes(address.octets())),
            Value::Ipv6(address) => Self::Ipv6(pool.copy(address.octets())),
            Value::Duration(nanos) => Self::Duration(
                pool.copy(ffi::nstime_t { secs: nanos.div_euclid(NANOS) as _, nsecs: nanos.rem_euclid(NANOS) as _ }),
            ),
        }
    }
}

impl<'a> Output<'a> {
    /// Copies a report into the frame's pool.
    pub fn in_pool(info: &'a ffi::packet_info, report: &FrameReport) -> Self {
        let pool = Pool(info);
        let events = &report.events;
        Self {
            lines: Self::lines(pool, &report.subtrees),
            experts: OutputExpert::all(pool, &report.experts),
            info_text: report.info_text.as_ref().map_or(null(), |text| pool.c_string(text)),
            records: pool.collect(events.len(), events.iter().map(|event| Record::new(pool, event))),
        }
    }

    fn lines(pool: Pool<'a>, subtrees: &[Subtree]) -> &'a [OutputLine<'a>] {
        let count = subtrees.iter().map(|subtree| 1 + subtree.lines.len()).sum();
        let lines = subtrees.iter().flat_map(|subtree| {
            let heading = OutputLine::heading(pool, &subtree.heading);
            std::iter::once(heading).chain(subtree.lines.iter().map(move |line| OutputLine::new(pool, line)))
        });
        pool.collect(count, lines)
    }

    /// Adds the lines to the tree, the expert items, and the text to the Info column, and queues the events for the
    /// tap's listeners.
    ///
    /// # Safety
    ///
    /// The pointers must be those that Wireshark passed to a dissector that has not returned yet,
    /// and the caller must own nothing that needs dropping: any call in here may be left by
    /// `longjmp`.
    pub unsafe fn emit(self, tvb: *mut ffi::tvbuff_t, info: *mut ffi::packet_info, tree: *mut ffi::proto_tree) {
        // SAFETY: as the caller promised; the text and the records are in the pool.
        unsafe {
            for record in self.records {
                tap::queue(info, record);
            }
            if !self.info_text.is_null() {
                // A text behind the options that TCP lists would not be seen.
                ffi::col_prepend_fstr((*info).cinfo, ffi::COL_INFO as _, c"%s ".as_ptr(), self.info_text);
            }
            for expert in self.experts {
                expert.add(info, null_mut());
            }
        }
        let mut parents = [(tree, 0); LEVELS];
        for line in self.lines {
            // The remainder keeps the compiler from adding a panic, which must not happen here.
            let depth = usize::from(line.depth);
            let parent = parents[depth % LEVELS];
            // SAFETY: as the caller promised; ids come from registration, texts are in the pool.
            unsafe {
                let item = line.add(tvb, parent);
                for expert in line.experts {
                    expert.add(info, item);
                }
                parents[(depth + 1) % LEVELS] = (item, line.subtree);
            }
        }
    }
}

impl OutputExpert {
    /// Copies expert items into the frame's pool.
    fn all<'a>(pool: Pool<'a>, experts: &[(Expert, String)]) -> &'a [Self] {
        let copies = experts
            .iter()
            .map(|(expert, message)| Self { ids: ids::expert_pointer(*expert), message: pool.c_string(message) });
        pool.collect(experts.len(), copies)
    }

    /// Adds the expert item to an item of the tree; to the frame alone where that is null.
    ///
    /// # Safety
    ///
    /// As for [`Output::emit`].
    unsafe fn add(&self, info: *mut ffi::packet_info, item: *mut ffi::proto_item) {
        // SAFETY: as the caller promised; the ids come from registration, the message is in the
        // pool.
        unsafe { ffi::expert_add_info_format(info, item, self.ids, c"%s".as_ptr(), self.message) };
    }
}

impl<'a> OutputLine<'a> {
    fn heading(pool: Pool<'a>, text: &str) -> Self {
        Self {
            depth: 0,
            hidden: false,
            field: ids::protocol_id(),
            subtree: ids::subtree_id(None),
            value: OutputValue::NoValue,
            text: pool.c_string(text),
            experts: &[],
        }
    }

    fn new(pool: Pool<'a>, line: &Line) -> Self {
        Self {
            depth: line.depth,
            hidden: line.hidden,
            field: ids::field_id(line.field),
            subtree: ids::subtree_id(Some(line.field)),
            value: OutputValue::new(pool, &line.value),
            text: line.text.as_ref().map_or(null(), |text| pool.c_string(text)),
            experts: OutputExpert::all(pool, &line.experts),
        }
    }

    /// Adds the line below its parent and returns its item.
    ///
    /// # Safety
    ///
    /// As for [`Output::emit`].
    unsafe fn add(
        &self,
        tvb: *mut ffi::tvbuff_t,
        (parent, subtree): (*mut ffi::proto_item, c_int),
    ) -> *mut ffi::proto_item {
        // SAFETY: as the caller promised. A parent may be null; a subtree of null is null, and so
        // is an item below it.
        unsafe {
            let tree = if self.depth == 0 { parent } else { ffi::proto_item_add_subtree(parent, subtree) };
            let item = match self.value {
                OutputValue::NoValue => ffi::proto_tree_add_item(tree, self.field, tvb, 0, 0, ffi::ENC_NA as _),
                OutputValue::String(text) => ffi::proto_tree_add_string(tree, self.field, tvb, 0, 0, text),
                OutputValue::Double(number) => ffi::proto_tree_add_double(tree, self.field, tvb, 0, 0, number),
                OutputValue::Number(number) => ffi::proto_tree_add_uint(tree, self.field, tvb, 0, 0, number),
                OutputValue::Ipv4(address) => ffi::proto_tree_add_ipv4(tree, self.field, tvb, 0, 0, address),
                OutputValue::Ipv6(address) => ffi::proto_tree_add_ipv6(tree, self.field, tvb, 0, 0, address.cast()),
                OutputValue::Duration(time) => ffi::proto_tree_add_time(tree, self.field, tvb, 0, 0, time),
            };
            if !self.text.is_null() {
                ffi::proto_item_set_text(item, c"%s".as_ptr(), self.text);
            }
            set_flags(item, self.field, ffi::FI_GENERATED | if self.hidden { ffi::FI_HIDDEN } else { 0 });
            item
        }
    }
}

/// Sets flags of an item, provided that it is the field's own: for a field that nothing references,
/// Wireshark creates no item and returns the parent instead.
///
/// # Safety
///
/// `item` must be null or an item of a tree that still exists.
unsafe fn set_flags(item: *mut ffi::proto_item, field: c_int, flags: u32) {
    // SAFETY: as the caller promised; an item's field info and its description are null or valid.
    unsafe {
        if let Some(item) = item.as_ref()
            && let Some(info) = item.finfo.as_mut()
            && let Some(description) = info.hfinfo.as_ref()
            && description.id == field
        {
            info.flags |= flags;
        }
    }
}
