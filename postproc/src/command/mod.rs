//! The commands of the program: one module each. Nothing below this module knows them.

pub mod annotate;
pub mod explain;
pub mod follow;
pub mod kernel;
pub mod manual;
pub mod plugin;
