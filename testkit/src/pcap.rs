//! Classic capture files (draft-ietf-opsawg-pcap), written in every form and read back.

use crate::ByteOrder;
use crate::link::Ethernet;
use std::path::Path;

/// Snap length in the header of files whose packets were not cut.
pub const SNAP_LENGTH: u32 = 262_144;

const SECOND: u64 = 1_000_000_000;

/// Resolution of the times in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Microseconds.
    Micro,
    /// Nanoseconds.
    Nano,
}

impl Resolution {
    /// Both resolutions.
    pub const ALL: [Self; 2] = [Self::Micro, Self::Nano];

    const fn magic(self) -> u32 {
        match self {
            Self::Micro => 0xa1b2_c3d4,
            Self::Nano => 0xa1b2_3c4d,
        }
    }

    /// Returns the nanoseconds of one unit.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        match self {
            Self::Micro => 1000,
            Self::Nano => 1,
        }
    }
}

/// Returns the header of a file.
#[must_use]
pub fn file_header(order: ByteOrder, resolution: Resolution, snap_length: u32, link: u32) -> Vec<u8> {
    let version = [order.u16(2), order.u16(4)].concat();
    let rest = order.words(&[0, 0, snap_length, link]);
    [&order.u32(resolution.magic())[..], &version, &rest].concat()
}

/// Returns the header of a record: time in nanoseconds since 1970, bytes captured, bytes on the
/// wire.
///
/// # Panics
/// When the time does not fit: after the year 2106.
#[must_use]
pub fn record_header(
    order: ByteOrder,
    resolution: Resolution,
    nanos: u64,
    captured: usize,
    original: usize,
) -> [u8; 16] {
    let seconds = u32::try_from(nanos / SECOND).expect("a time before 2106");
    let fraction = (nanos % SECOND / resolution.nanos()) as u32;
    let mut header = [0; 16];
    for (field, value) in header.chunks_mut(4).zip([seconds, fraction, captured as u32, original as u32]) {
        field.copy_from_slice(&order.u32(value));
    }
    header
}

/// The bytes that were captured of a packet, and its length on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Captured bytes, link layer included.
    pub bytes: &'a [u8],
    /// Length on the wire.
    pub original: u32,
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Packet<'a> {
    /// Takes a packet that was captured whole.
    fn from(bytes: &'a T) -> Self {
        let bytes = bytes.as_ref();
        Self { bytes, original: bytes.len() as u32 }
    }
}

impl<'a> From<&'a Record> for Packet<'a> {
    fn from(record: &'a Record) -> Self {
        Self { bytes: &record.bytes, original: record.original }
    }
}

/// A file in the making.
#[derive(Clone, Debug)]
pub struct Pcap {
    /// What was written so far.
    pub bytes: Vec<u8>,
    order: ByteOrder,
    resolution: Resolution,
}

impl Pcap {
    /// Begins a file.
    #[must_use]
    pub fn new(order: ByteOrder, resolution: Resolution, link: u32) -> Self {
        Self { bytes: file_header(order, resolution, SNAP_LENGTH, link), order, resolution }
    }

    /// Begins a file of the commonest form: little-endian, microseconds, Ethernet.
    #[must_use]
    pub fn ethernet() -> Self {
        Self::new(ByteOrder::Little, Resolution::Micro, crate::link::ETHERNET)
    }

    /// Adds a record; `fraction` is in units of the file's resolution.
    pub fn record<'a>(&mut self, seconds: u32, fraction: u32, packet: impl Into<Packet<'a>>) -> &mut Self {
        let nanos = u64::from(seconds) * SECOND + u64::from(fraction) * self.resolution.nanos();
        self.record_at(nanos, packet)
    }

    /// Adds a record at a time in nanoseconds since 1970.
    ///
    /// # Panics
    /// When the time does not fit: after the year 2106.
    pub fn record_at<'a>(&mut self, nanos: u64, packet: impl Into<Packet<'a>>) -> &mut Self {
        let Packet { bytes, original } = packet.into();
        self.bytes.extend(record_header(self.order, self.resolution, nanos, bytes.len(), original as usize));
        self.bytes.extend(bytes);
        self
    }
}

/// A packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Nanoseconds since 1970.
    pub nanos: u64,
    /// Length on the wire.
    pub original: u32,
    /// Captured bytes, link layer included.
    pub bytes: Vec<u8>,
}

/// A capture in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// `LINKTYPE_*` number.
    pub link: u32,
    /// Packets of the capture.
    pub records: Vec<Record>,
}

impl Capture {
    /// Reads a file that is known to be good.
    ///
    /// # Panics
    /// When the file cannot be read, is not a classic capture file, or is cut short.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (capture, left) = Self::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(left, 0, "{}: the last record is cut short", path.display());
        capture
    }

    /// Parses the bytes of a file. Also returns how many bytes of an incomplete last record were
    /// left.
    ///
    /// # Errors
    /// When the bytes are not those of a classic capture file; the text says why.
    pub fn parse(file: &[u8]) -> Result<(Self, usize), String> {
        let (head, mut rest) = file.split_at_checked(24).ok_or("shorter than the header of a pcap file")?;
        let forms = ByteOrder::ALL.into_iter().flat_map(|order| Resolution::ALL.map(|resolution| (order, resolution)));
        let form = forms.into_iter().find(|(order, resolution)| order.read_u32(head, 0) == resolution.magic());
        let (order, resolution) = form.ok_or_else(|| format!("not a pcap file: it begins with {:02x?}", &head[..4]))?;
        let mut records = Vec::new();
        while let Some((header, behind)) = rest.split_at_checked(16) {
            let [seconds, fraction, captured, original] = [0, 4, 8, 12].map(|at| order.read_u32(header, at));
            let Some((bytes, behind)) = behind.split_at_checked(captured as usize) else { break };
            let nanos = u64::from(seconds) * SECOND + u64::from(fraction) * resolution.nanos();
            records.push(Record { nanos, original, bytes: bytes.to_vec() });
            rest = behind;
        }
        Ok((Self { link: order.read_u32(head, 20), records }, rest.len()))
    }

    /// Returns the capture as a file.
    ///
    /// # Panics
    /// When a time does not fit: after the year 2106.
    #[must_use]
    pub fn write(&self, order: ByteOrder, resolution: Resolution) -> Vec<u8> {
        let mut file = Pcap::new(order, resolution, self.link);
        for record in &self.records {
            file.record_at(record.nanos, record);
        }
        file.bytes
    }

    /// Returns the capture as a file of the commonest form: little-endian, microseconds.
    #[must_use]
    pub fn write_plain(&self) -> Vec<u8> {
        self.write(ByteOrder::Little, Resolution::Micro)
    }

    /// Returns the packets of an Ethernet capture under another link layer, whose header `header`
    /// makes from the Ethernet header.
    ///
    /// # Panics
    /// When the capture's link layer is not Ethernet.
    #[must_use]
    pub fn relink(&self, link: u32, header: impl Fn(&Ethernet) -> Vec<u8>) -> Self {
        assert_eq!(self.link, crate::link::ETHERNET, "only Ethernet captures are converted");
        let change = |record: &Record| {
            let (ethernet, packet) = Ethernet::split(&record.bytes);
            let bytes = [header(&ethernet), packet.to_vec()].concat();
            let original = record.original - 14 + (bytes.len() - packet.len()) as u32;
            Record { nanos: record.nanos, original, bytes }
        };
        Self { link, records: self.records.iter().map(change).collect() }
    }

    /// Returns the packets for which `keep` returns true, given their 1-based number and their
    /// bytes.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(usize, &[u8]) -> bool) -> Self {
        let kept = self.records.iter().enumerate().filter(|(index, record)| keep(index + 1, &record.bytes));
        Self { link: self.link, records: kept.map(|(_, record)| record.clone()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        let record = |nanos, original, bytes: &[u8]| Record { nanos, original, bytes: bytes.to_vec() };
        let records = vec![record(1_700_000_000_000_001_000, 60, b"cut"), record(1_700_000_001_999_999_000, 0, b"")];
        Capture { link: 113, records }
    }

    #[test]
    fn a_capture_written_in_any_form_reads_back_the_same() {
        for order in ByteOrder::ALL {
            for resolution in Resolution::ALL {
                let read = Capture::parse(&capture().write(order, resolution));
                assert_eq!(read, Ok((capture(), 0)), "{order:?} {resolution:?}");
            }
        }
    }

    #[test]
    fn an_incomplete_last_record_is_left_and_other_files_are_refused() {
        let file = capture().write_plain();
        let (read, left) = Capture::parse(&file[..24 + 16 + 3 + 5]).unwrap();
        assert_eq!((read.records.len(), left), (1, 5));
        assert!(Capture::parse(&file[..23]).is_err() && Capture::parse(&[0; 24]).is_err());
    }
}
