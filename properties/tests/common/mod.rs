//! The inputs in `fuzz/corpus`.

use syncookie_properties::corpus::inputs;

/// Calls a check with every input of its corpus.
///
/// # Panics
/// When there is no input, and when the check does.
pub fn replay(target: &str, check: fn(&[u8])) {
    for (path, input) in inputs(target) {
        // Shown when the check panics.
        println!("{}", path.display());
        check(&input);
    }
}
