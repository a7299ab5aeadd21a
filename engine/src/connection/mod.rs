//! Which segments make one handshake.

pub(crate) mod handshake;
pub(crate) mod tracker;
