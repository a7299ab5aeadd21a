//! Usual names of captures. Files are detected by their content; but a file that is named like a
//! capture and is not one is reported.

use std::path::Path;

/// File extensions of capture programs and Wireshark.
const CAPTURE: [&str; 9] = ["pcap", "pcapng", "cap", "ntar", "snoop", "erf", "trc", "enc", "pklg"];

/// File extensions of compressors.
const COMPRESSED: [&str; 8] = ["gz", "zst", "lz4", "xz", "bz2", "zip", "7z", "z"];

/// Returns true for names like `a.pcap`, `A.CAP`, `a.pcap12` (as numbered by `tcpdump -C`) and
/// `a.pcapng.gz`.
pub fn has_capture_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = match name.rsplit_once('.') {
        Some((inner, ending)) if COMPRESSED.contains(&ending) => inner,
        _ => &name,
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    CAPTURE.contains(&ending.trim_end_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_names_of_captures_are_recognised() {
        for name in ["a.pcap", "b/A.CAP", "a.b.pcapng", "a.pcap12", "a.pcap.gz", "a.pcapng.zst", "a.pcap3.xz", ".pcap"]
        {
            assert!(has_capture_name(Path::new(name)), "{name}");
        }
        for name in ["a", "pcap", "cap.txt", "a.txt.gz", "a.gz", "a.12", "pcap/a.json", "", ".."] {
            assert!(!has_capture_name(Path::new(name)), "{name}");
        }
    }
}
