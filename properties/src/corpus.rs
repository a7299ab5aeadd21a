//! The inputs in `fuzz/corpus`, and the capture files that they stand for.

use std::fs;
use std::path::{Path, PathBuf};

use crate::choices::Choices;
use crate::file::file;
use crate::{anonymize, captures, program};

/// Targets whose inputs stand for capture files, and the number of bytes that decide something else before.
const WITH_CAPTURES: [(&str, usize); 3] =
    [("anonymize", anonymize::BEFORE), ("captures", captures::BEFORE), ("program", program::BEFORE)];

/// Returns the inputs of a target with their paths, sorted.
///
/// # Panics
/// When there is none, or one cannot be read.
#[must_use]
pub fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no input", folder.display());
    paths.into_iter().map(|path| (path.clone(), fs::read(&path).expect("the input is readable"))).collect()
}

/// Writes the capture file of each input into a folder.
///
/// # Panics
/// When an input cannot be read or the folder cannot be written to.
pub fn write_captures(folder: &Path) {
    for (target, before) in WITH_CAPTURES {
        for (number, (_, input)) in inputs(target).iter().enumerate() {
            let mut choices = Choices::new(input);
            choices.bytes(before);
            let path = folder.join(format!("{target}-{number:03}.pcap"));
            fs::write(path, file(&mut choices)).expect("the folder can be written to");
        }
    }
}
