//! The commands of the program: one module each. Nothing below this module knows them.

pub mod analyze;
pub mod annotate;
pub mod explain;
pub mod failure;
pub mod follow;
pub mod kernel;
mod kernel_files;
mod kernel_texts;
mod list_files;
pub mod manual;
mod options;
pub mod plugin;
mod state_error;
