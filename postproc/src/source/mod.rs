//! Finds the captures to read, and which files are one capture that was rotated.

pub mod series;
pub mod walk;
