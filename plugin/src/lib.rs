//! Wireshark plugin: marks the handshakes that were answered by SYN cookies or SYN proxies.
//!
//! It is a post-dissector. While Wireshark reads a capture file for the first time, the plugin
//! passes every packet with TCP to the engine. Whenever Wireshark shows a frame, the plugin adds
//! the engine's findings for the frame's handshakes. The command-line tool uses the same engine,
//! and nothing here knows TCP.
//!
//! | module | does |
//! |---|---|
//! | `epan` | calls Wireshark's C interface; the only unsafe code |
//! | `ffi` | the generated declarations of that interface |
//! | [`fields`] | the table of all fields and expert items |
//! | [`guard`] | keeps a bug in the plugin from crashing Wireshark |
//! | [`locate`] | finds the packets with TCP in the bytes of a frame |
//! | [`present`] | turns a finding into lines of the packet details |
//! | [`session`] | the state of the open capture file |
//! | [`settings`] | the user's preferences |
//!
//! Unit tests cover the modules without unsafe code. The others call into Wireshark, which unit
//! tests cannot link to; tests with the real tshark cover them.
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
#[cfg(test)]
mod wireshark_rules;
