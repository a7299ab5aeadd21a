//! Hands what there is to show over to Wireshark, in two steps.
//!
//! [`Staged::new`] copies them into memory of the frame's own pool, which Wireshark frees with the frame, and
//! [`Staged::add`] walks that copy. While the second step calls functions that may throw, nothing of Rust's is alive.

use std::ffi::{c_char, c_int};
use std::ptr::{null, null_mut};

use super::pool::Pool;
use super::register;
use super::tap::{self, Record};
use crate::ffi;
use crate::present::{Line, Subtree, Value};
use crate::session::Shown;

/// Depths of a tree: that of a subtree's own line, those of the lines below, and what would hang on the deepest.
const LEVELS: usize = Line::DEEPEST as usize + 2;

/// What there is to show in C's words, in the memory of a frame's pool.
#[derive(Clone, Copy)]
pub struct Staged<'a> {
    lines: &'a [StagedLine],
    /// Null where there is none.
    word: *const c_char,
    records: &'a [Record],
}

#[derive(Clone, Copy)]
struct StagedLine {
    depth: u8,
    hidden: bool,
    field: c_int,
    /// The kind of subtree that what follows below it makes.
    subtree: c_int,
    value: StagedValue,
    /// Null where the field's own words will do.
    text: *const c_char,
    /// Null where there is no expert item.
    expert: *mut ffi::expert_field,
    message: *const c_char,
}

#[derive(Clone, Copy)]
enum StagedValue {
    Nothing,
    Text(*const c_char),
    Number(f64),
    Whole(u32),
}

impl Staged<'_> {
    /// Nothing.
    pub const NONE: Self = Staged { lines: &[], word: null(), records: &[] };
}

impl<'a> Staged<'a> {
    /// Copies it into the pool of the frame; events only when they are `counted`.
    pub fn new(info: &'a ffi::packet_info, shown: &Shown, counted: bool) -> Self {
        let pool = Pool(info);
        let events = if counted { &shown.events[..] } else { &[] };
        Self {
            lines: Self::lines(pool, &shown.subtrees),
            word: shown.word.as_ref().map_or(null(), |word| pool.text(&format!(" {word}"))),
            records: pool.collect(events.len(), events.iter().map(|event| Record::new(pool, event))),
        }
    }

    fn lines(pool: Pool<'a>, subtrees: &[Subtree]) -> &'a [StagedLine] {
        let count = subtrees.iter().map(|subtree| 1 + subtree.lines.len()).sum();
        let lines = subtrees.iter().flat_map(|subtree| {
            let heading = StagedLine::heading(pool, &subtree.heading);
            std::iter::once(heading).chain(subtree.lines.iter().map(move |line| StagedLine::new(pool, line)))
        });
        pool.collect(count, lines)
    }

    /// Adds the lines to the tree and the word to the packet list, and hands the events to those who count.
    ///
    /// # Safety
    ///
    /// The pointers must be those that Wireshark handed to a dissector which has not returned yet, and the caller must
    /// own nothing that needs dropping: any call in here may be left by `longjmp`.
    pub unsafe fn add(self, tvb: *mut ffi::tvbuff_t, info: *mut ffi::packet_info, tree: *mut ffi::proto_tree) {
        // SAFETY: as the caller promised; the text and the records lie in the pool.
        unsafe {
            for record in self.records {
                tap::queue(info, record);
            }
            if !self.word.is_null() {
                ffi::col_append_str((*info).cinfo, ffi::COL_INFO as _, self.word);
            }
        }
        let mut parents = [(tree, 0); LEVELS];
        for line in self.lines {
            // The remainder keeps the compiler from adding a panic, which must not happen here.
            let depth = usize::from(line.depth);
            let parent = parents[depth % LEVELS];
            // SAFETY: as the caller promised; ids come from registration, texts lie in the pool.
            unsafe {
                let item = line.add(tvb, parent);
                if !line.expert.is_null() {
                    ffi::expert_add_info_format(info, item, line.expert, c"%s".as_ptr(), line.message);
                }
                parents[(depth + 1) % LEVELS] = (item, line.subtree);
            }
        }
    }
}

impl StagedLine {
    fn heading(pool: Pool<'_>, text: &str) -> Self {
        Self {
            depth: 0,
            hidden: false,
            field: register::protocol_id(),
            subtree: register::subtree_id(None),
            value: StagedValue::Nothing,
            text: pool.text(text),
            expert: null_mut(),
            message: null(),
        }
    }

    fn new(pool: Pool<'_>, line: &Line) -> Self {
        let (expert, message) = match &line.expert {
            Some((expert, message)) => (register::expert_id(*expert), pool.text(message)),
            None => (null_mut(), null()),
        };
        Self {
            depth: line.depth,
            hidden: line.hidden,
            field: register::field_id(line.field),
            subtree: register::subtree_id(Some(line.field)),
            value: match &line.value {
                Value::Nothing => StagedValue::Nothing,
                Value::Text(text) => StagedValue::Text(pool.text(text)),
                Value::Number(number) => StagedValue::Number(*number),
                Value::Whole(number) => StagedValue::Whole(*number),
            },
            text: line.text.as_ref().map_or(null(), |text| pool.text(text)),
            expert,
            message,
        }
    }

    /// # Safety
    ///
    /// As for [`Staged::add`].
    unsafe fn add(
        &self,
        tvb: *mut ffi::tvbuff_t,
        (parent, subtree): (*mut ffi::proto_item, c_int),
    ) -> *mut ffi::proto_item {
        // SAFETY: as the caller promised. A parent may be null; a subtree of null is null, and so is an item below it.
        unsafe {
            let tree = if self.depth == 0 { parent } else { ffi::proto_item_add_subtree(parent, subtree) };
            let item = match self.value {
                StagedValue::Nothing => ffi::proto_tree_add_item(tree, self.field, tvb, 0, 0, ffi::ENC_NA as _),
                StagedValue::Text(text) => ffi::proto_tree_add_string(tree, self.field, tvb, 0, 0, text),
                StagedValue::Number(number) => ffi::proto_tree_add_double(tree, self.field, tvb, 0, 0, number),
                StagedValue::Whole(number) => ffi::proto_tree_add_uint(tree, self.field, tvb, 0, 0, number),
            };
            if !self.text.is_null() {
                ffi::proto_item_set_text(item, c"%s".as_ptr(), self.text);
            }
            set_flags(item, self.field, ffi::FI_GENERATED | if self.hidden { ffi::FI_HIDDEN } else { 0 });
            item
        }
    }
}

/// Sets flags of an item that really stands for the field. Where nobody looks for a field, Wireshark does not make an
/// item for it and returns its parent instead.
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
