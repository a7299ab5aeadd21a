//! Everything that touches Wireshark's C interface, and the only unsafe code.
//!
//! Two rules of that interface shape it. A Rust panic must not leave a callback: each runs under [`GUARD`]. And
//! Wireshark throws exceptions by `longjmp`, over Rust frames and past their destructors: so a callback first prepares
//! everything, calling only functions that cannot throw, and then hands it over in code that owns nothing.

mod dissect;
mod exports;
mod filter;
mod packet;
mod pool;
mod prefs;
mod register;
mod release;
mod staged;
mod tap;

use crate::guard::Guard;

/// Runs every callback. One for all of them: what a panic in one left behind cannot be trusted in another.
static GUARD: Guard = Guard::new();
