//! The value of `--max-memory`.

use crate::pipeline::Memory;

/// Units and their numbers of bytes.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];

/// Parses a text like `512MiB`.
///
/// # Errors
/// Fails with a sentence if the text is not a size, or the size is too small.
pub fn memory_size(text: &str) -> Result<Memory, String> {
    let size = UNITS.iter().find_map(|(unit, bytes)| {
        let number: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(*bytes)
    });
    let size = size.ok_or("it is not a number of bytes, KiB, MiB or GiB, such as 512MiB")?;
    Memory::new(size).ok_or_else(|| "the program needs at least 256MiB".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_a_binary_unit_or_without_one() {
        for text in ["1073741824", "1048576KiB", "1024MiB", "1GiB", "1 GiB"] {
            assert_eq!(memory_size(text), Ok(Memory::default()), "{text}");
        }
        assert_eq!(memory_size("256MiB"), Ok(Memory::LEAST));
        for text in ["", "GiB", "1GB", "1g", "-1", "1.5GiB", "17179869184GiB"] {
            assert!(memory_size(text).is_err_and(|error| error.contains("512MiB")), "{text}");
        }
        assert!(memory_size("255MiB").is_err_and(|error| error.contains("256MiB")));
    }
}
