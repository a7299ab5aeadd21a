//! What the program allocates with: the system's allocator, asking for huge pages where much is wanted at once.
//!
//! The engine's tables take a hundred megabytes, used from one end to the other. In pages of 4 KiB, the kernel's work of giving
//! them takes a tenth of the time of a long run (docs/benchmarks.md); most systems give huge pages only to who asks.

use std::alloc::{GlobalAlloc, Layout, System};

/// The size of a huge page nearly everywhere, in bytes. Where it is another one, this is advice in vain.
const HUGE_PAGE: usize = 2 << 20;

/// Blocks of fewer bytes are not worth a system call.
const LARGE: usize = 2 * HUGE_PAGE;

/// The system's allocator, with advice.
pub struct Advised;

// SAFETY: everything is passed on to the system's allocator as it is; advice changes nothing of what memory holds.
unsafe impl GlobalAlloc for Advised {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the same.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        advised(unsafe { System.realloc(block, layout, size) }, size)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The block, with the request for huge pages wherever whole ones lie in it.
#[inline]
fn advised(block: *mut u8, size: usize) -> *mut u8 {
    if size >= LARGE && !block.is_null() {
        advise(block, size);
    }
    block
}

#[cfg(target_os = "linux")]
#[cold]
fn advise(block: *mut u8, size: usize) {
    use rustix::mm::{Advice, madvise};
    let before = block.addr().next_multiple_of(HUGE_PAGE) - block.addr();
    let length = (size - before) / HUGE_PAGE * HUGE_PAGE;
    // SAFETY: that part lies within the block, and what it holds stays as it is. Where the kernel has no huge pages it says
    // so, and nothing is lost.
    let _ = unsafe { madvise(block.add(before).cast(), length, Advice::LinuxHugepage) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}
