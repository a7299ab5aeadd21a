//! Batch tool.
fn main() {}
