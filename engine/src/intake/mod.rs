//! From a packet to the connection it belongs to: what is done for every packet of a capture.

pub(crate) mod batch;
pub(crate) mod connection_index;
pub(crate) mod flow;
pub(crate) mod keyed_hash;
pub(crate) mod summary;
