//! Finds captures, identifies them and gives their bytes, decompressed.

pub mod format;
pub mod input;
pub mod series;
pub mod walk;
