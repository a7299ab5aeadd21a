//! What a file is, by its first bytes; its name is not asked.

use std::fmt;

use super::foreign::{self, Foreign};

/// As many bytes as tell what is read here, and whether it is compressed.
pub const MAGIC: usize = 16;

/// As many bytes as tell formats apart that have no magic number.
pub const OPENING: usize = 4096;

/// A capture format that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// libpcap's.
    Pcap,
    /// Its successor.
    Pcapng,
}

impl Format {
    /// The written form, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
        }
    }
}

/// A compression that is undone here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// The LZ4 frame format.
    Lz4,
}

impl Compression {
    /// The written form, as in JSON.
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

/// What the first bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be read.
    Capture(Format),
    /// To be decompressed; what is in it is not known yet.
    Compressed(Compression),
    /// Decompressed, and found to hold this.
    Holds(Compression, Box<Kind>),
    /// Compressed, and so damaged that its first bytes are not to be had; what the decompressor says.
    Unreadable(Compression, String),
    /// A capture format that is not read here.
    Foreign(Foreign),
    /// Packed by a program whose format is not undone here.
    Packed {
        /// The format.
        name: &'static str,
        /// The command that undoes it.
        undo: &'static str,
    },
    /// Nothing in it.
    Empty,
    /// None of these; the first bytes.
    Unknown(Vec<u8>),
}

/// First bytes of compressed files that are read.
const COMPRESSED: [(&[u8], Compression); 3] = [
    (b"\x1f\x8b", Compression::Gzip),
    (b"\x28\xb5\x2f\xfd", Compression::Zstd),
    (b"\x04\x22\x4d\x18", Compression::Lz4),
];

/// First bytes of compressed files that are not.
const PACKED: [(&[u8], &str, &str); 6] = [
    (b"\xfd7zXZ\0", "xz", "xz -d"),
    (b"BZh", "bzip2", "bzip2 -d"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (b"\x1f\x9d", "compress", "uncompress"),
    (b"\x02\x21\x4c\x18", "lz4's legacy format", "lz4 -d"),
];

/// Says what the file is that begins with these bytes; with [`MAGIC`] of them all that is read here is recognised, with
/// [`OPENING`] of them what else there is.
pub fn sniff(bytes: &[u8]) -> Kind {
    match bytes {
        [] => return Kind::Empty,
        [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] => return Kind::Capture(Format::Pcap),
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
    match foreign::recognise(bytes) {
        Some(foreign) => Kind::Foreign(foreign),
        None => Kind::Unknown(bytes[..bytes.len().min(4)].to_vec()),
    }
}

impl Kind {
    /// The format, and how it is compressed, where it is a capture that can be read.
    pub fn capture(&self) -> Option<(Format, Option<Compression>)> {
        match self {
            Self::Capture(format) => Some((*format, None)),
            Self::Holds(compression, inner) => Some((inner.capture()?.0, Some(*compression))),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// Completes the sentence that begins with the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(format) => write!(f, "is a {} capture", format.as_str()),
            Self::Compressed(compression) => write!(f, "is compressed with {compression}"),
            Self::Holds(compression, inner) => {
                write!(f, "is compressed with {compression}, and what it unpacks to {inner}")
            }
            Self::Unreadable(compression, error) => {
                write!(f, "is compressed with {compression}, and its beginning cannot be unpacked: {error}")
            }
            Self::Foreign(foreign) => write!(f, "{foreign}"),
            Self::Packed { name, undo } => write!(f, "is compressed with {name}: decompress it first with `{undo}`"),
            Self::Empty => f.write_str("is empty"),
            Self::Unknown(first) => {
                f.write_str("is no capture: neither pcap nor pcapng begins with the bytes")?;
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
    fn a_file_is_told_by_its_first_bytes() {
        assert_eq!(sniff(b"\xd4\xc3\xb2\xa1\x02\0"), Kind::Capture(Format::Pcap));
        assert_eq!(sniff(b"\xa1\xb2\x3c\x4d\0\x02"), Kind::Capture(Format::Pcap));
        assert_eq!(sniff(b"\n\r\r\n\x1c\0\0\0"), Kind::Capture(Format::Pcapng));
        assert_eq!(sniff(b""), Kind::Empty);
        assert_eq!(sniff(b"\x1f\x8b\x08"), Kind::Compressed(Compression::Gzip));
        assert_eq!(sniff(b"\x52\x2a\x4d\x18\x04\0\0\0"), Kind::Compressed(Compression::Zstd));
        assert!(matches!(sniff(b"\xd4\xc3"), Kind::Unknown(first) if first == [0xd4, 0xc3]));
    }

    #[test]
    fn what_is_not_read_is_named_with_the_remedy() {
        let said = |bytes: &[u8]| sniff(bytes).to_string();
        assert!(said(b"\xfd7zXZ\0\0").contains("`xz -d`"));
        assert!(said(b"GMBU\0\x02").contains("`editcap -F pcapng IN OUT`"));
        assert!(said(b"hello").contains("68 65 6c 6c"));
    }

    #[test]
    fn what_a_compressed_file_holds_is_said_with_what_it_is_compressed_with() {
        let holds = |kind| Kind::Holds(Compression::Zstd, Box::new(kind));
        assert_eq!(holds(Kind::Capture(Format::Pcapng)).capture(), Some((Format::Pcapng, Some(Compression::Zstd))));
        let text = holds(sniff(b"snoop\0\0\0\0\0\0\x02")).to_string();
        assert!(text.starts_with("is compressed with zstd, and what it unpacks to is a snoop capture"), "{text}");
    }
}
