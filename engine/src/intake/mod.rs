//! Connections by hash, and a first look at packets: what makes reading fast.

pub(crate) mod active_connections;
pub(crate) mod flow;
pub(crate) mod flow_table;
pub(crate) mod keyed_hash;
pub(crate) mod sieve;
pub(crate) mod sighting;
