//! The commands of the program: one module each. Nothing below this module knows them. Those that
//! concern the installation of the program, and captures that are being written, are left out of
//! WebAssembly, which must be small.

pub mod analyze;
pub mod annotate;
pub mod explain;
pub mod failure;
#[cfg(not(target_os = "wasi"))]
pub mod follow;
#[cfg(feature = "parquet")]
pub mod judge;
pub mod kernel;
mod kernel_files;
mod kernel_texts;
mod list_files;
#[cfg(not(target_os = "wasi"))]
pub mod manual;
#[cfg(feature = "parquet")]
pub mod observe;
pub mod options;
#[cfg(not(target_os = "wasi"))]
pub mod page;
#[cfg(not(target_os = "wasi"))]
pub mod plugin;
mod reporting;
mod state_error;
