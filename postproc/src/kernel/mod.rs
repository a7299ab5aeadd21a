//! What the kernel says of the resources behind accepting a connection: read from the running machine or from what
//! somebody saved, judged, and written down.
//!
//! ```text
//! live ──► text of every source ─┐
//!                                ├─► read: Facts ──► resource: usage, bound, overflows ──► report
//! saved outputs, a snapshot ─────┘
//! ```
//!
//! The live machine is read by collecting the same texts that people save, so that there is one parser for each and
//! a snapshot is simply that collection.

pub mod facts;
#[cfg(target_os = "linux")]
pub mod live;
mod read;
pub mod report;
pub mod resource;
pub mod view;
