//! Reads and writes classic capture files: a second reader, so that the batch tool's is not checked against itself.

use std::path::Path;

/// A packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Nanoseconds since 1970.
    pub nanos: u64,
    /// Its length on the wire.
    pub original: u32,
    /// What was captured of it.
    pub bytes: Vec<u8>,
}

/// A capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// `LINKTYPE_*`.
    pub link: u32,
    /// Its packets.
    pub records: Vec<Record>,
}

/// `LINKTYPE_ETHERNET`.
pub const ETHERNET: u32 = 1;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Order {
    /// A 32-bit number in this order.
    #[must_use]
    pub fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    /// A 16-bit number in this order.
    #[must_use]
    pub fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn read(self, bytes: &[u8]) -> u32 {
        let bytes = bytes.try_into().expect("four bytes were asked for");
        if self == Self::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    }
}

/// Resolution of times in a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Microseconds.
    Micro,
    /// Nanoseconds.
    Nano,
}

impl Resolution {
    const fn magic(self) -> u32 {
        match self {
            Self::Micro => 0xa1b2_c3d4,
            Self::Nano => 0xa1b2_3c4d,
        }
    }

    const fn nanos(self) -> u32 {
        match self {
            Self::Micro => 1000,
            Self::Nano => 1,
        }
    }
}

impl Capture {
    /// Reads a sample: a classic capture file, whole.
    ///
    /// # Panics
    /// When it is none, or is cut short: the samples are not.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let orders = [Order::Little, Order::Big];
        let resolutions = [Resolution::Micro, Resolution::Nano];
        let kinds = orders.into_iter().flat_map(|order| resolutions.map(|resolution| (order, resolution)));
        let kind = kinds.into_iter().find(|(order, resolution)| order.read(&bytes[..4]) == resolution.magic());
        let (order, resolution) = kind.unwrap_or_else(|| panic!("{}: not a classic capture file", path.display()));
        let mut records = Vec::new();
        let mut rest = &bytes[24..];
        while !rest.is_empty() {
            let length = order.read(&rest[8..12]) as usize;
            let fraction = order.read(&rest[4..8]) * resolution.nanos();
            records.push(Record {
                nanos: u64::from(order.read(&rest[..4])) * 1_000_000_000 + u64::from(fraction),
                original: order.read(&rest[12..16]),
                bytes: rest[16..16 + length].to_vec(),
            });
            rest = &rest[16 + length..];
        }
        Self { link: order.read(&bytes[20..24]), records }
    }

    /// A classic capture file.
    ///
    /// # Panics
    /// When a time does not fit one: after the year 2106.
    #[must_use]
    pub fn write(&self, order: Order, resolution: Resolution) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend(order.u32(resolution.magic()));
        file.extend(order.u16(2));
        file.extend(order.u16(4));
        for value in [0, 0, 262_144, self.link] {
            file.extend(order.u32(value));
        }
        for record in &self.records {
            let seconds = u32::try_from(record.nanos / 1_000_000_000).expect("a time before 2106");
            let fraction = (record.nanos % 1_000_000_000) as u32 / resolution.nanos();
            for value in [seconds, fraction, record.bytes.len() as u32, record.original] {
                file.extend(order.u32(value));
            }
            file.extend(&record.bytes);
        }
        file
    }

    /// The commonest file: little-endian, microseconds.
    #[must_use]
    pub fn write_plain(&self) -> Vec<u8> {
        self.write(Order::Little, Resolution::Micro)
    }

    /// The same packets under another link layer: `header` makes it from what an Ethernet header says.
    #[must_use]
    pub fn relink(&self, link: u32, header: impl Fn(&Ethernet) -> Vec<u8>) -> Self {
        assert_eq!(self.link, ETHERNET, "only Ethernet captures are converted");
        let change = |record: &Record| {
            let (ethernet, packet) = Ethernet::split(&record.bytes);
            let bytes = [header(&ethernet), packet.to_vec()].concat();
            let original = record.original - 14 + (bytes.len() - packet.len()) as u32;
            Record { nanos: record.nanos, original, bytes }
        };
        Self { link, records: self.records.iter().map(change).collect() }
    }

    /// Every packet that `keep` says to keep, given its 1-based number and its bytes.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(usize, &[u8]) -> bool) -> Self {
        let kept = self.records.iter().enumerate().filter(|(index, record)| keep(index + 1, &record.bytes));
        Self { link: self.link, records: kept.map(|(_, record)| record.clone()).collect() }
    }
}

/// What an Ethernet header says.
#[derive(Clone, Copy, Debug)]
pub struct Ethernet {
    /// Destination address.
    pub destination: [u8; 6],
    /// Source address.
    pub source: [u8; 6],
    /// Ethernet type.
    pub type_: u16,
}

impl Ethernet {
    /// Header and content of a frame.
    ///
    /// # Panics
    /// When the frame is shorter than the header.
    #[must_use]
    pub fn split(frame: &[u8]) -> (Self, &[u8]) {
        let address = |from: usize| frame[from..from + 6].try_into().expect("six bytes were asked for");
        let type_ = u16::from_be_bytes([frame[12], frame[13]]);
        (Self { destination: address(0), source: address(6), type_ }, &frame[14..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_written_in_any_form_reads_back_the_same() {
        let whole = Capture::read(&crate::sample("linux-6.18/refused/client.pcap"));
        assert_eq!(whole.records.len(), 20);
        let file = tempfile::NamedTempFile::new().unwrap();
        for order in [Order::Little, Order::Big] {
            for resolution in [Resolution::Micro, Resolution::Nano] {
                std::fs::write(file.path(), whole.write(order, resolution)).unwrap();
                assert_eq!(Capture::read(file.path()), whole, "{order:?} {resolution:?}");
            }
        }
    }
}
