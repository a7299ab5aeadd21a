//! Writes the capture files that the inputs in `fuzz/corpus` stand for: `corpus-captures FOLDER`.

use std::path::Path;

fn main() {
    let folder = std::env::args_os().nth(1).expect("usage: corpus-captures FOLDER");
    syncookie_properties::corpus::write_captures(Path::new(&folder));
}
