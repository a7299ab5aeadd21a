//! Compares one handshake in two captures: whether two findings are the same handshake, what a path
//! changed of its SYN and SYN-ACK, and which capture is nearer to the client. No verdict rests on
//! it.

mod difference;
mod distance;
mod identity;

pub use difference::{Difference, DifferenceKind, FieldValue, Meaning, differences};
pub use distance::{distance_from_client, is_nearer_to_client};
pub use identity::{MatchKey, is_same_handshake};
