//! The boundary to Wireshark's C interface, and the only unsafe code.
//!
//! Two rules of that interface shape it. A Rust panic must not leave a callback: each callback runs
//! under [`GUARD`]. And Wireshark throws exceptions with `longjmp`, over Rust frames and past their
//! destructors. So a callback first prepares everything with functions that cannot throw, and then
//! passes it on in code that owns nothing that needs dropping.
//!
//! Imports form no cycle: *exports* uses *register*, which uses the modules with callbacks
//! (*dissect*, *filter*, *tap*), which use the others.

mod dissect;
mod exports;
mod filter;
mod ids;
mod open_file;
mod output;
mod packet;
mod pool;
mod prefs;
mod register;
mod release;
mod tap;

use crate::guard::Guard;

/// Runs every callback. All share one guard: state that a panic left in one callback cannot be
/// trusted in another.
static GUARD: Guard = Guard::new();
