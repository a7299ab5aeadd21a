//! What a file is, by its first bytes; its name is not asked.

use std::fmt;

/// As many bytes as are looked at.
pub const OPENING: usize = 16;

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

/// What the first bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To be read.
    Capture(Format),
    /// A capture format that is not read here.
    Foreign(&'static str),
    /// Compressed, by this program.
    Compressed {
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

/// First bytes of capture formats that Wireshark reads and this program does not.
const FOREIGN: [(&[u8], &str); 18] = [
    (b"\xa1\xb2\xcd\x34", "a pcap file in Kuznetzov's modified format"),
    (b"\x34\xcd\xb2\xa1", "a pcap file in Kuznetzov's modified format"),
    (b"\xa1\xb2\xc3\xcd", "a pcap file in Kuznetzov's modified format"),
    (b"\x1c\x00\x01\xac", "an IXIA capture"),
    (b"\xac\x01\x00\x1c", "an IXIA capture"),
    (b"\x1c\x00\x01\xab", "an IXIA capture"),
    (b"\xab\x01\x00\x1c", "an IXIA capture"),
    (b"snoop\0\0\0", "a snoop capture"),
    (b"btsnoop\0", "a Bluetooth snoop capture"),
    (b"GMBU", "a Microsoft Network Monitor capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"TRSNIFF data    ", "a Sniffer capture"),
    (b"XCP\0", "a NetXRay or Windows Sniffer capture"),
    (b"iptrace ", "an AIX iptrace capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"EyeSDN", "an EyeSDN capture"),
    (b"\x7fver", "a Savvius Peek capture"),
    (b"\0\0\x02\0\x12\x05\0\x10", "a K12 capture"),
];

/// First bytes of compressed files.
const COMPRESSED: [(&[u8], &str, &str); 8] = [
    (b"\x1f\x8b", "gzip", "gzip -d"),
    (b"\x28\xb5\x2f\xfd", "zstd", "zstd -d"),
    (b"\x04\x22\x4d\x18", "lz4", "lz4 -d"),
    (b"\xfd7zXZ\0", "xz", "xz -d"),
    (b"BZh", "bzip2", "bzip2 -d"),
    (b"PK\x03\x04", "zip", "unzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip", "7z x"),
    (b"\x1f\x9d", "compress", "uncompress"),
];

/// Says what the file is that begins with these bytes.
pub fn sniff(bytes: &[u8]) -> Kind {
    if bytes.is_empty() {
        return Kind::Empty;
    }
    match bytes {
        [0xa1, 0xb2, 0xc3, 0xd4, ..] | [0xa1, 0xb2, 0x3c, 0x4d, ..] => return Kind::Capture(Format::Pcap),
        [0xd4, 0xc3, 0xb2, 0xa1, ..] | [0x4d, 0x3c, 0xb2, 0xa1, ..] => return Kind::Capture(Format::Pcap),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => return Kind::Capture(Format::Pcapng),
        _ => {}
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::Foreign(name);
    }
    match COMPRESSED.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        Some((_, name, undo)) => Kind::Compressed { name, undo },
        None => Kind::Unknown(bytes[..bytes.len().min(4)].to_vec()),
    }
}

impl fmt::Display for Kind {
    /// Completes the sentence that begins with the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capture(format) => write!(f, "is a {} capture", format.as_str()),
            Self::Foreign(name) => {
                write!(f, "is {name}, which is not read here: convert it with `editcap -F pcap IN OUT`")
            }
            Self::Compressed { name, undo } => {
                write!(f, "is compressed with {name}: decompress it first with `{undo}`")
            }
            Self::Empty => f.write_str("is empty"),
            Self::Unknown(first) => {
                f.write_str("is no capture: neither pcap nor pcapng begins with the bytes")?;
                first.iter().try_for_each(|byte| write!(f, " {byte:02x}"))?;
                f.write_str("; if Wireshark opens it, convert it with `editcap -F pcap IN OUT`")
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
        assert!(matches!(sniff(b"\x1f\x8b\x08"), Kind::Compressed { name: "gzip", .. }));
        assert!(matches!(sniff(b"snoop\0\0\0\0\0\0\x02"), Kind::Foreign("a snoop capture")));
        assert!(matches!(sniff(b"\xd4\xc3"), Kind::Unknown(first) if first == [0xd4, 0xc3]));
    }

    #[test]
    fn what_is_not_read_is_named_with_the_remedy() {
        let said = |bytes: &[u8]| sniff(bytes).to_string();
        assert!(said(b"\x28\xb5\x2f\xfd\0").contains("zstd -d"));
        assert!(said(b"GMBU\0\0").contains("editcap -F pcap"));
        assert!(said(b"\x34\xcd\xb2\xa1").contains("editcap -F pcap"));
        assert!(said(b"hello").contains("68 65 6c 6c"));
    }
}
