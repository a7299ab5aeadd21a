//! The program `syncookie`: the library and the allocator that it runs with.

mod startup;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: syncookie::HugePageAllocator = syncookie::HugePageAllocator;

fn main() -> ExitCode {
    syncookie::run(startup::is_output_closed())
}
