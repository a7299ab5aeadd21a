//! Texts of a kernel that were saved in files.

use std::path::PathBuf;

use syncookie_kernel::facts::Facts;
use syncookie_kernel::read::{self, Error};

/// Facts in saved files, and the files that have none.
#[derive(Debug, Default)]
pub struct KernelTexts {
    /// Facts of each file, in the order of the files.
    pub facts: Vec<Facts>,
    /// Reasons why files cannot be used.
    pub errors: Vec<Error>,
}

impl KernelTexts {
    /// Reads these files. A file that cannot be used does not keep the others from being read.
    pub fn read(paths: &[PathBuf]) -> Self {
        let mut texts = Self::default();
        for path in paths {
            match read::file(path) {
                Ok(facts) => texts.facts.push(facts),
                Err(error) => texts.errors.push(error),
            }
        }
        texts
    }
}
