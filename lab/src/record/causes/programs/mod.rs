//! The programs of the recordings of causes. What they do to a connection depends on the client's
//! port ([`super::meets_cause`]), so that the ports of a recording show which connections fail.

pub mod device;
pub mod forger;
pub mod host;
pub mod visitor;
