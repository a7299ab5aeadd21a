//! Identifies what a file is: its format by its first bytes, its name, and formats of other
//! programs.

mod foreign;
mod magic;
mod name;
mod order;

pub use magic::{Compression, Format, Kind, MAGIC, OPENING, sniff};
pub use name::has_capture_name;
pub use order::Order;
