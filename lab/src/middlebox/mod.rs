//! Boxes in front of a server that answer its SYNs.

pub mod balancer;
pub mod front;
pub mod lvs;
pub mod mixed;
pub mod nmsynproxy;
pub mod pf;
pub mod reflector;
pub mod safe_reset;
pub mod synproxy;

pub use front::{Fate, Front, Shape};
