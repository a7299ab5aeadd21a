//! What must hold for any input, as functions of bytes.
//!
//! Each target of `fuzz/` calls one function with the inputs that the fuzzer makes. The tests of
//! this crate call the same functions with the inputs in `fuzz/corpus`, on every machine and with a
//! stable compiler. `choices` turns bytes into decisions, `traffic` decisions into packets of
//! handshakes with changed fields, and `file` packets into capture files. `corpus` reads the
//! inputs, and writes these files.

#![forbid(unsafe_code)]

pub mod anonymize;
pub mod baseline;
pub mod captures;
mod choices;
pub mod corpus;
pub mod engine;
mod file;
pub mod kernel;
pub mod links;
pub mod observations;
mod place;
pub mod program;
#[cfg(feature = "parquet")]
pub mod saved;
pub mod state;
mod traffic;
