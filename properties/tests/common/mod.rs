//! The inputs in `fuzz/corpus`.

use std::fs;
use std::path::Path;

/// Calls a check with every input of its corpus.
///
/// # Panics
/// When there is no input, and when the check does.
pub fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no input", folder.display());
    for path in paths {
        // Shown when the check panics.
        println!("{}", path.display());
        check(&fs::read(&path).expect("the input is readable"));
    }
}
