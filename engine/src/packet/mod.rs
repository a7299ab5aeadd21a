//! Packets: parsers from bytes to TCP segments, and to the ICMP errors about them.

pub(crate) mod checksum;
pub(crate) mod icmp;
pub(crate) mod ip;
pub(crate) mod observation;
pub(crate) mod options;
pub(crate) mod segment;
pub(crate) mod seq;
