//! Finds the captures to read, and the files that are one rotated capture.

mod chains;
pub mod file_times;
pub mod frame_times;
pub mod open_ends;
pub mod series;
pub mod stored;
pub mod walk;
