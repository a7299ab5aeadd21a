//! Wireshark plugin: marks the handshakes that were answered by SYN cookies or SYN proxies.
//!
//! It is a post-dissector. While Wireshark reads a capture file for the first time, every TCP header that it finds goes
//! to the engine; whenever Wireshark shows a frame, what the engine knows of that frame's handshakes is shown with it.
//! The engine is the one the batch tool uses, and nothing here knows TCP.
//!
//! | module | does |
//! |---|---|
//! | `epan` | talks to Wireshark's C interface; the only unsafe code |
//! | `ffi` | the generated declarations of that interface |
//! | [`fields`] | the table of all fields and expert items |
//! | [`guard`] | keeps a bug in here from taking Wireshark down |
//! | [`locate`] | finds the packets with TCP in the bytes of a frame |
//! | [`present`] | turns a finding into the lines to show |
//! | [`session`] | what is known of the open capture file |
//! | [`settings`] | what a user can set |
//!
//! The modules without unsafe code are tested alone. Those that call into Wireshark are left out of the unit tests,
//! which have no Wireshark to link to; tests with the real tshark cover them.
#![deny(unsafe_code)]

#[cfg(not(test))]
#[allow(unsafe_code)]
mod epan;
#[cfg(not(test))]
#[allow(unsafe_code)]
mod ffi;
pub mod fields;
pub mod guard;
pub mod locate;
pub mod present;
pub mod session;
pub mod settings;
