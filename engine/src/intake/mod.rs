//! Steps for every packet of a capture: summarise it and look up its connection.

pub(crate) mod batch;
pub(crate) mod connection_index;
pub(crate) mod flow;
pub(crate) mod keyed_hash;
pub(crate) mod loose;
pub(crate) mod midstream;
pub(crate) mod summary;
