//! Memory that Wireshark frees after a frame.

use std::ptr::copy_nonoverlapping;
use std::slice;

use libc::c_char;

use crate::ffi;

/// The memory pool of the frame that is being dissected.
#[derive(Clone, Copy)]
pub struct Pool<'a>(pub &'a ffi::packet_info);

impl<'a> Pool<'a> {
    /// Returns a copy as a C string. NUL bytes, which would end it early, become spaces.
    pub fn c_string(self, text: &str) -> *const c_char {
        let copy: &[u8] = self.collect(text.len() + 1, text.bytes().map(|b| if b == 0 { b' ' } else { b }).chain([0]));
        copy.as_ptr().cast()
    }

    /// Returns a copy of one item.
    pub fn copy<T: Copy>(self, item: T) -> *const T {
        self.collect(1, std::iter::once(item)).as_ptr()
    }

    /// Returns a copy of at most `count` items.
    pub fn collect<T: Copy>(self, count: usize, items: impl Iterator<Item = T>) -> &'a [T] {
        const { assert!(align_of::<T>() <= align_of::<f64>()) }
        if count == 0 {
            return &[];
        }
        // SAFETY: Wireshark aligns for every C type and returns the requested size, or ends the
        // program. Only written items become part of the slice, and the memory lives as long as the
        // packet info.
        unsafe {
            let memory = ffi::wmem_alloc(self.0.pool, (count * size_of::<T>()) as _).cast::<T>();
            let mut written = 0;
            for item in items.take(count) {
                copy_nonoverlapping(&raw const item, memory.add(written), 1);
                written += 1;
            }
            slice::from_raw_parts(memory, written)
        }
    }
}
