//! The program `syncookie`: the library and the allocator that it runs with.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: syncookie::Advised = syncookie::Advised;

fn main() -> ExitCode {
    syncookie::run()
}
