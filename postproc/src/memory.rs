//! The allocator of the program: the system's allocator, with a request for huge pages for large
//! blocks.
//!
//! The engine's tables take a hundred megabytes, used from one end to the other. With pages of 4
//! KiB, page faults take a tenth of the time of a long run (docs/benchmarks.md); most systems give
//! huge pages only on request.

use std::alloc::{GlobalAlloc, Layout, System};

/// Usual size of a huge page, in bytes. On a system with another size the request has no effect or
/// covers less.
const HUGE_PAGE: usize = 2 << 20;

/// Minimum size of a block that is worth a system call, in bytes.
const LARGE: usize = 2 * HUGE_PAGE;

/// System allocator that requests huge pages for large blocks (`MADV_HUGEPAGE`, Linux only).
pub struct HugePageAllocator;

// SAFETY: each method passes its arguments to the system allocator and returns its result, so the
// contract of `GlobalAlloc` holds because it holds for `System`. The request for huge pages changes
// neither the address nor the content of a block, and none of the methods unwinds.
unsafe impl GlobalAlloc for HugePageAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller guarantees that the size of `layout` is not zero, which is all that
        // `System::alloc` requires.
        let block = unsafe { System.alloc(layout) };
        request_huge_pages(block, layout.size());
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for `alloc`.
        let block = unsafe { System.alloc_zeroed(layout) };
        request_huge_pages(block, layout.size());
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller guarantees that `block` was allocated here, and therefore by `System`,
        // with this `layout`, and that `size` is not zero and does not overflow when rounded up to
        // the alignment.
        let block = unsafe { System.realloc(block, layout, size) };
        request_huge_pages(block, size);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller guarantees that `block` was allocated here, and therefore by `System`,
        // with this `layout`.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Requests huge pages for a block, or null, of `size` bytes if it is large.
#[inline]
fn request_huge_pages(block: *mut u8, size: usize) {
    if size >= LARGE && !block.is_null() {
        advise(block, size);
    }
}

/// Requests huge pages for the part of a block of at least [`LARGE`] bytes that consists of whole
/// ones.
#[cfg(target_os = "linux")]
#[cold]
fn advise(block: *mut u8, size: usize) {
    let start = block.addr().next_multiple_of(HUGE_PAGE) - block.addr();
    let length = (size - start) / HUGE_PAGE * HUGE_PAGE;
    // SAFETY: `start` is less than `HUGE_PAGE` and `length` at most `size - start`, so the range
    // lies within the block, which is mapped and belongs to the caller. `MADV_HUGEPAGE` does not
    // change what the memory holds. The result is ignored: a kernel without huge pages returns
    // EINVAL, and the block is as good as before.
    unsafe { libc::madvise(block.wrapping_add(start).cast(), length, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}

/// Gives memory that was freed back to the system. The C library of GNU otherwise keeps it for the
/// thread that freed it, and no other thread can use it.
pub fn release() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call changes only what the C library knows of memory that nobody uses.
    unsafe {
        libc::malloc_trim(0);
    }
}
