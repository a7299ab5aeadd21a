//! Capture formats that are not supported, recognised by their first bytes, and the command that
//! converts each.

use std::fmt;

use super::order::Order;

/// Capture format that is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Description of a file of this format, with its article.
    pub name: &'static str,
    converter: Converter,
}

/// Program that converts a file to pcapng.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Converter {
    /// Wireshark's own program. pcapng rather than pcap: it holds several link types, and
    /// nanoseconds.
    Editcap,
    /// editcap with a link type, for formats that do not specify it.
    EditcapEthernet,
    /// Microsoft's event traces, which Wireshark only reads on Windows.
    Etl2pcapng,
    /// None: the file contains no packets.
    Sender,
}

/// Magic numbers, at offset 0.
const MAGICS: [(&[u8], &str); 24] = [
    (b"\xa1\xb2\xc3\xcd", "a pcap file in Kuznetzov's modified format"),
    (b"\x1c\x00\x01\xac", "an IXIA capture"),
    (b"\xac\x01\x00\x1c", "an IXIA capture"),
    (b"\x1c\x00\x01\xab", "an IXIA capture"),
    (b"\xab\x01\x00\x1c", "an IXIA capture"),
    (b"snoop\0\0\0", "a snoop capture"),
    (b"btsnoop\0", "a Bluetooth snoop capture"),
    (b"GMBU", "a Microsoft Network Monitor 2 capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"TRSNIFF data    \x1a", "a Sniffer (DOS) capture"),
    (b"XCP\0", "a NetXRay or Sniffer (Windows) capture"),
    (b"VL\0\0", "a NetXRay 1 capture"),
    (b"iptrace 1.0", "an AIX iptrace capture"),
    (b"iptrace 2.0", "an AIX iptrace capture"),
    (b"\x05VNF", "a Visual Networks capture"),
    (b"EyeSDN", "an EyeSDN capture"),
    (b"\x7fver", "a Savvius Peek capture"),
    (b"\0\0\x02\0\x12\x05\0\x10", "a Tektronix K12 capture"),
    (b"\xaa\xaa\xaa\xaa", "an InfoVista 5View capture"),
    (b"ObserverPktBuffe", "a Viavi Observer capture"),
    (b"Session Transcript", "a Catapult DCT2000 capture"),
    (b"\x42\xd2\0\x34\x12\x66\x22\x88", "a RADCOM capture"),
    (b"\x01\x10", LANALYZER),
    (b"\x07\x10", LANALYZER),
];

/// Magic numbers of formats whose packets may each have a link type of their own.
const MIXED: [(&[u8], &str); 3] = [
    (b"+---------+---------------+----------+", "a K12 text capture"),
    (b"TR\0d\0", "an HP-UX nettl capture"),
    (b"\0\0\0\x01\0\0\0\0\0\x07\xd0\0", "an HP-UX nettl capture"),
];

/// Two bytes are weak evidence, so the next field must fit as well.
const LANALYZER: &str = "a Novell LANalyzer capture";

/// Returns the format that begins with these bytes, if it is one of these.
pub(super) fn recognise(bytes: &[u8]) -> Option<Foreign> {
    let magic =
        MAGICS.iter().find(|(magic, name)| bytes.starts_with(magic) && (*name != LANALYZER || lanalyzer(bytes)));
    if let Some((_, name)) = magic {
        return Some(Foreign { name, converter: Converter::Editcap });
    }
    if let Some((_, name)) = MIXED.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(Foreign { name, converter: Converter::EditcapEthernet });
    }
    if is_netscaler(bytes) {
        return Some(Foreign { name: "a NetScaler trace", converter: Converter::Editcap });
    }
    if is_event_trace(bytes) {
        return Some(Foreign { name: "a Microsoft event trace (ETL)", converter: Converter::Etl2pcapng });
    }
    if is_flow_export(bytes) {
        return Some(Foreign { name: "an nfdump file of flow records", converter: Converter::Sender });
    }
    is_erf(bytes).then_some(Foreign { name: "an ERF capture", converter: Converter::Editcap })
}

/// Returns whether the bytes begin a LANalyzer file: a record with a small length and version
/// number.
fn lanalyzer(bytes: &[u8]) -> bool {
    let length = Order::Little.u16(bytes, 2);
    length.is_some_and(|length| (2..1024).contains(&length)) && bytes.get(4).is_some_and(|&version| version <= 2)
}

/// Returns whether the bytes begin a NetScaler trace, whose first page contains its name.
fn is_netscaler(bytes: &[u8]) -> bool {
    bytes.get(..64.min(bytes.len())).is_some_and(|head| head.windows(10).any(|word| word == b"NetScaler "))
}

/// Returns whether the bytes begin an event trace: a buffer header with the size of the buffer and,
/// twice, its used part, then the header of a system event.
fn is_event_trace(bytes: &[u8]) -> bool {
    const FIRST_EVENT: usize = 0x48;
    let word = |at| Order::Little.u32(bytes, at);
    let (Some(size), Some(saved), Some(current)) = (word(0), word(4), word(8)) else { return false };
    let is_system_event = matches!(bytes.get(FIRST_EVENT + 2..FIRST_EVENT + 4), Some([1 | 2, 0xc0]));
    is_system_event
        && size.is_multiple_of(1024)
        && (1024..=16 << 20).contains(&size)
        && saved <= size
        && current <= size
}

/// Flow records contain no packets.
fn is_flow_export(bytes: &[u8]) -> bool {
    matches!(bytes, [0x0c, 0xa5, 1 | 2, 0, ..] | [0xa5, 0x0c, 0, 1 | 2, ..])
}

/// Returns whether the bytes begin an ERF file. It has no magic number, so its first records must
/// be plausible and follow each other.
fn is_erf(bytes: &[u8]) -> bool {
    let Some((first, length)) = erf_record(bytes) else { return false };
    let second = bytes.get(length..).and_then(erf_record);
    second.is_some_and(|(second, _)| (0..=ERF_PAUSE).contains(&(i64::from(second) - i64::from(first))))
}

/// Maximum time between two plausible records, in seconds.
const ERF_PAUSE: i64 = 86_400;

/// Returns the second and the length of an ERF record if it is plausible: the second is between
/// 1990 and 2100 if a card set it, the type is one of 48, and the length covers the header and at
/// most the largest packet.
fn erf_record(bytes: &[u8]) -> Option<(u32, usize)> {
    const HEADER: u16 = 16;
    const YEAR: u32 = 31_556_952;
    let second = Order::Little.u32(bytes, 4)?;
    let kind = bytes.get(8)? & 0x7f;
    let (length, lost) = (Order::Big.u16(bytes, 10)?, Order::Big.u16(bytes, 12)?);
    let wire = Order::Big.u16(bytes, 14)?;
    let is_plausible = (20 * YEAR..=130 * YEAR).contains(&second)
        && (1..=48).contains(&kind)
        && length >= HEADER + 8
        && lost < 1000
        && wire > 0;
    is_plausible.then_some((second, length.into()))
}

impl fmt::Display for Foreign {
    /// Writes the rest of the sentence that begins with the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is {}, which ", self.name)?;
        match self.converter {
            Converter::Editcap => f.write_str("is not supported: convert it with `editcap -F pcapng IN OUT`"),
            Converter::EditcapEthernet => f.write_str(
                "is not supported: convert it with `editcap -F pcapng -T ether IN OUT`, if its packets are Ethernet frames",
            ),
            Converter::Etl2pcapng => f.write_str("is not supported: convert it with `etl2pcapng IN OUT`"),
            Converter::Sender => f.write_str("contains no packets: analyse a packet capture instead"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: &[u8]) -> Option<&'static str> {
        recognise(bytes).map(|foreign| foreign.name)
    }

    /// Returns an ERF record of type Ethernet.
    fn erf(second: u32, length: u16) -> Vec<u8> {
        let mut record = [[0; 4], second.to_le_bytes()].concat();
        record.extend([2, 4]);
        record.extend([length, 0, length - 18].map(u16::to_be_bytes).concat());
        record.resize(length.into(), 0);
        record
    }

    #[test]
    fn every_magic_number_names_its_format() {
        for (magic, expected) in MAGICS.iter().chain(&MIXED).filter(|(_, name)| *name != LANALYZER) {
            assert_eq!(name(&[magic, &[0; 8][..]].concat()), Some(*expected));
        }
        assert_eq!(name(b"\x01\x10\x4c\0\x01\x05Trace Display Trace File"), Some(LANALYZER));
        assert_eq!(name(b"\x01\x10\0\xff\x01\x05"), None);
    }

    #[test]
    fn erf_is_recognised_by_two_records_that_follow_each_other() {
        let second = 1_700_000_000;
        assert_eq!(name(&[erf(second, 82), erf(second + 3, 82)].concat()), Some("an ERF capture"));
        assert_eq!(name(&erf(second, 82)), None, "one is not enough");
        assert_eq!(name(&[erf(second, 82), erf(second - 1, 82)].concat()), None, "time goes on");
        assert_eq!(name(&[erf(second, 82), erf(5, 82)].concat()), None);
    }

    #[test]
    fn event_traces_are_recognised_with_their_own_converter() {
        let mut trace = vec![0; 128];
        trace[..12].copy_from_slice(&[0, 0, 1, 0, 0x80, 2, 0, 0, 0x80, 2, 0, 0]);
        trace[0x48..0x4c].copy_from_slice(&[2, 0, 2, 0xc0]);
        let text = recognise(&trace).map(|foreign| foreign.to_string());
        assert!(text.is_some_and(|text| text.contains("ETL") && text.ends_with("`etl2pcapng IN OUT`")));
        trace[0] = 1;
        assert_eq!(name(&trace), None);
    }

    #[test]
    fn noise_and_short_files_are_not_recognised() {
        let noise: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for start in 0..noise.len() {
            assert_eq!(name(&noise[start..]), None, "{start}");
        }
        for length in 0..64 {
            assert_eq!(name(&vec![0; length]), None);
            assert_eq!(name(&vec![0xff; length]), None);
        }
    }
}
