//! Names that captures usually have. No file is read or left out for its name; but one that is called a capture and is
//! none has to be spoken of.

use std::path::Path;

/// As capture programs and Wireshark call their files.
const CAPTURE: [&str; 9] = ["pcap", "pcapng", "cap", "ntar", "snoop", "erf", "trc", "enc", "pklg"];

/// What compressors append.
const COMPRESSED: [&str; 8] = ["gz", "zst", "lz4", "xz", "bz2", "zip", "7z", "z"];

/// True for `a.pcap`, `A.CAP`, `a.pcap12` (as tcpdump's -C numbers them) and `a.pcapng.gz`.
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
    fn captures_are_known_by_their_usual_names() {
        for name in ["a.pcap", "b/A.CAP", "a.b.pcapng", "a.pcap12", "a.pcap.gz", "a.pcapng.zst", "a.pcap3.xz", ".pcap"]
        {
            assert!(has_capture_name(Path::new(name)), "{name}");
        }
        for name in ["a", "pcap", "cap.txt", "a.txt.gz", "a.gz", "a.12", "pcap/a.json", "", ".."] {
            assert!(!has_capture_name(Path::new(name)), "{name}");
        }
    }
}
