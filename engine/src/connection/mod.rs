//! Which segments make one handshake.

pub(crate) mod cookie_mss;
pub(crate) mod handshake;
pub(crate) mod tracker;
