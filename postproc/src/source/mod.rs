//! Finds the captures to read, and the files that are one rotated capture.

pub mod frame_times;
pub mod series;
pub mod walk;
