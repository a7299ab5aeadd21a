//! Recognises files by their first bytes, never by their names.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::foreign::{self, Foreign};

/// Number of first bytes that identify the supported formats and compressions.
pub const MAGIC: usize = 16;

/// Number of first bytes that identify formats without a magic number.
pub const OPENING: usize = 4096;

/// Supported capture format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Format of libpcap.
    Pcap,
    /// Successor of pcap.
    Pcapng,
}

impl Format {
    /// Returns the name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }
}

/// Supported compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The LZ4 frame format.
    Lz4,
}

impl Compression {
    /// Returns the name, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Kind of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Capture in a supported format.
    Capture(Format),
    /// Compressed file; its content is not known yet.
    Compressed(Compression),
    /// Compressed file with this content.
    Holds(Compression, Box<Kind>),
    /// Compressed file whose first bytes cannot be decompressed; contains the error of the
    /// decompressor.
    Unreadable(Compression, String),
    /// Capture in a format that is not supported.
    Foreign(Foreign),
    /// File in a compression that is not supported.
    Packed {
        /// Name of the compression.
        name: &'static str,
        /// Command that decompresses it.
        undo: &'static str,
    },
    /// Archive of files.
    Archive,
    /// Empty file.
    Empty,
    /// Anything else; contains the first bytes.
    Unknown(Vec<u8>),
}

/// First bytes of files in a supported compression.
const COMPRESSED: [(&[u8], Compression); 3] = [
    (b"\x1f\x8b", Compression::Gzip),
    (b"\x28\xb5\x2f\xfd", Compression::Zstd),
    (b"\x04\x22\x4d\x18", Compression::Lz4),
];

/// First bytes of files in other compressions.
const PACKED: [(&[u8], &str, &str); 6] = [
    (b"\xfd7zXZ\0", "xz", "xz -d"),
    (b"BZh", "bzip2", "bzip2 -d"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (b"\x1f\x9d", "compress", "uncompress"),
    (b"\x02\x21\x4c\x18", "lz4's legacy format", "lz4 -d"),
];

/// Magic number of tar archives (POSIX and GNU), and its offset in the header of their first file.
const TAR: &[u8] = b"ustar";
const TAR_OFFSET: usize = 257;

/// Returns the kind of the file that begins with these bytes. [`MAGIC`] bytes identify everything
/// that is supported; [`OPENING`] bytes identify the other kinds as well.
pub fn sniff(bytes: &[u8]) -> Kind {
    match bytes {
        [] => return Kind::Empty,
        [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] => return Kind::Capture(Format::Pcap),
        // Kuznetzov's patch, which Red Hat and SuSE shipped.
        [0xa1, 0xb2, 0xcd, 0x34, ..] | [0x34, 0xcd, 0xb2, 0xa1, ..] => return Kind::Capture(Format::Pcap),
        [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..] => return Kind::Capture(Format::Pcap),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => return Kind::Capture(Format::Pcapng),
        // A skippable frame may come first: pzstd writes one.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => return Kind::Compressed(Compression::Zstd),
        _ => {}
    }
    if let Some((_, compression)) = COMPRESSED.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::Compressed(*compression);
    }
    if let Some((_, name, undo)) = PACKED.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Kind::Packed { name, undo };
    }
    if bytes.get(TAR_OFFSET..).is_some_and(|rest| rest.starts_with(TAR)) {
        return Kind::Archive;
    }
    match foreign::recognise(bytes) {
        Some(foreign) => Kind::Foreign(foreign),
        None => Kind::Unknown(bytes[..bytes.len().min(4)].to_vec()),
    }
}

impl Kind {
    /// Returns the format and compression of a supported capture; `None` for other kinds.
    pub fn capture(&self) -> Option<(Format, Option<Compression>)> {
        match self {
            Self::Capture(format) => Some((*format, None)),
            Self::Holds(compression, inner) => Some((inner.capture()?.0, Some(*compression))),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// Writes the rest of the sentence that begins with the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(format) => write!(f, "is a {} capture", format.as_str()),
            Self::Compressed(compression) => write!(f, "is compressed with {compression}"),
            Self::Holds(compression, inner) => {
                write!(f, "is compressed with {compression}, and its content {inner}")
            }
            Self::Unreadable(compression, error) => {
                write!(f, "is compressed with {compression}, but cannot be decompressed: {error}")
            }
            Self::Foreign(foreign) => write!(f, "{foreign}"),
            Self::Packed { name, undo } => write!(f, "is compressed with {name}: decompress it first with `{undo}`"),
            Self::Archive => f.write_str("is a tar archive: extract it with `tar -xf FILE`, and analyse the folder"),
            Self::Empty => f.write_str("is empty"),
            Self::Unknown(first) => {
                f.write_str("is not a capture: its first bytes are")?;
                first.iter().try_for_each(|byte| write!(f, " {byte:02x}"))?;
                f.write_str("; if Wireshark opens it, convert it with `editcap -F pcapng IN OUT`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_recognised_by_its_first_bytes() {
        assert_eq!(sniff(b"\xd4\xc3\xb2\xa1\x02\0"), Kind::Capture(Format::Pcap));
        assert_eq!(sniff(b"\xa1\xb2\x3c\x4d\0\x02"), Kind::Capture(Format::Pcap));
        assert_eq!(sniff(b"\n\r\r\n\x1c\0\0\0"), Kind::Capture(Format::Pcapng));
        assert_eq!(sniff(b""), Kind::Empty);
        assert_eq!(sniff(b"\x1f\x8b\x08"), Kind::Compressed(Compression::Gzip));
        assert_eq!(sniff(b"\x52\x2a\x4d\x18\x04\0\0\0"), Kind::Compressed(Compression::Zstd));
        assert!(matches!(sniff(b"\xd4\xc3"), Kind::Unknown(first) if first == [0xd4, 0xc3]));
    }

    #[test]
    fn unsupported_files_are_reported_with_the_remedy() {
        let said = |bytes: &[u8]| sniff(bytes).to_string();
        assert!(said(b"\xfd7zXZ\0\0").contains("`xz -d`"));
        let tar = [&[b'a'; TAR_OFFSET][..], b"ustar\x0000"].concat();
        assert!(said(&tar).contains("`tar -xf FILE`"));
        assert!(!said(&tar[..TAR_OFFSET + 4]).contains("tar"));
        assert!(said(b"GMBU\0\x02").contains("`editcap -F pcapng IN OUT`"));
        assert!(said(b"hello").contains("68 65 6c 6c"));
    }

    #[test]
    fn the_description_names_the_content_and_the_compression() {
        let holds = |kind| Kind::Holds(Compression::Zstd, Box::new(kind));
        assert_eq!(holds(Kind::Capture(Format::Pcapng)).capture(), Some((Format::Pcapng, Some(Compression::Zstd))));
        let text = holds(sniff(b"snoop\0\0\0\0\0\0\x02")).to_string();
        assert!(text.starts_with("is compressed with zstd, and its content is a snoop capture"), "{text}");
    }
}
