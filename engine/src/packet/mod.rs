//! Packets: parsers from bytes to TCP segments.

pub(crate) mod ip;
pub(crate) mod observation;
pub(crate) mod options;
pub(crate) mod segment;
pub(crate) mod seq;
