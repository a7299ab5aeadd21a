//! The pcap format of libpcap: a file header, then records.

use std::borrow::Cow;
use std::io::{self, Read};

use byteorder::{BigEndian, LittleEndian};
use pcap_file::pcap::RawPcapPacket;
use syncookie_engine::Timestamp;

use super::interface::Options;
use super::record_form::{self, NEXT_HEADERS, RecordForm};
use super::resync::{self, Lookahead, Records};
use super::window::{Buffer, Window};
use super::{Fault, FaultKind, FrameSink, FrameView, LinkType, MOST_FRAMES, RawFrame, Record};
use crate::format::Order;

const FILE_HEADER: usize = 24;

/// Magic number of files with times in microseconds.
const MICROSECONDS_MAGIC: u32 = 0xa1b2_c3d4;
/// Magic number of files with times in nanoseconds.
const NANOSECONDS_MAGIC: u32 = 0xa1b2_3c4d;
/// Magic number of files of Kuznetzov's patch, which Red Hat and SuSE shipped in 1999 and 2000.
const PATCHED_MAGIC: u32 = 0xa1b2_cd34;

/// Captured length in bytes that is accepted whatever the snap length says; the limit of Wireshark.
const LONGEST_USUAL: u32 = 256 << 10;

/// Maximum captured length in bytes, if the snap length allows more than the usual one.
const LONGEST: u32 = 16 << 20;

/// Reads a pcap file.
pub struct Reader<R> {
    window: Window<R>,
    head: Head,
    /// Forms that the records may have, until the first one shows which; the first form otherwise.
    forms: &'static [RecordForm],
    frames: u64,
    /// Second and fraction of the last record. A record after damage must be near it.
    latest: Option<(u32, u32)>,
    ended: bool,
    lookahead: Lookahead,
}

/// Properties of all records, from the file header.
#[derive(Clone, Copy)]
struct Head {
    order: Order,
    form: RecordForm,
    link: LinkType,
    nanos_per_fraction: i64,
    /// Maximum accepted captured length in bytes.
    limit: u32,
}

/// Fields of a record.
#[derive(Clone, Copy)]
struct RawRecord<'a> {
    second: u32,
    fraction: u32,
    /// Length of the packet on the wire, in bytes.
    length: u32,
    data: &'a [u8],
}

impl Head {
    /// Reads the file header, whose magic number was checked before.
    fn read(bytes: &[u8]) -> Option<(Self, &'static [RecordForm])> {
        let (magic, _) = bytes.split_first_chunk::<4>()?;
        let (order, magic) = match magic {
            [0xa1, 0xb2, ..] => (Order::Big, u32::from_be_bytes(*magic)),
            _ => (Order::Little, u32::from_le_bytes(*magic)),
        };
        let version = (order.u16(bytes, 4)?, order.u16(bytes, 6)?);
        // The upper half of the field says whether frames end in a check sequence.
        let link = (order.u32(bytes, 20)? & 0xffff) as u16;
        let forms: &[RecordForm] = match (version, magic) {
            // DG/UX writes version 543.
            ((2, ..=3) | (543, _), _) => &[RecordForm::Old],
            (_, PATCHED_MAGIC) => RecordForm::WITH_PATCHED_MAGIC,
            (_, MICROSECONDS_MAGIC) => RecordForm::WITH_USUAL_MAGIC,
            _ => &[RecordForm::Usual],
        };
        // AIX writes version 2.2 with numbers of interface types, and nanoseconds.
        let aix = match (version, magic, link) {
            ((2, 2), MICROSECONDS_MAGIC, 6) => Some(1),
            ((2, 2), MICROSECONDS_MAGIC, 24) => Some(0),
            _ => None,
        };
        let head = Self {
            order,
            form: *forms.first()?,
            link: LinkType(aix.unwrap_or(link)),
            nanos_per_fraction: if magic == NANOSECONDS_MAGIC || aix.is_some() { 1 } else { 1_000 },
            limit: order.u32(bytes, 16)?.clamp(LONGEST_USUAL, LONGEST),
        };
        Some((head, forms))
    }

    /// Returns the record at the start of `bytes` and the bytes after it; `None` unless the record
    /// is complete and its length is plausible.
    #[inline(always)]
    fn record(self, bytes: &[u8]) -> Option<(RawRecord<'_>, &[u8])> {
        let (behind, record) = match (self.form, self.order) {
            (RecordForm::Usual, Order::Little) => RawPcapPacket::from_slice::<LittleEndian>(bytes),
            (RecordForm::Usual, Order::Big) => RawPcapPacket::from_slice::<BigEndian>(bytes),
            _ => return self.unusual_record(bytes),
        }
        .ok()?;
        let Cow::Borrowed(data) = record.data else { return None };
        let RawPcapPacket { ts_sec, ts_frac, incl_len, orig_len, .. } = record;
        (incl_len <= self.limit)
            .then_some((RawRecord { second: ts_sec, fraction: ts_frac, length: orig_len, data }, behind))
    }

    /// Returns the next record like [`Self::record`], for records of another form than the usual
    /// one.
    #[inline(never)]
    fn unusual_record(self, bytes: &[u8]) -> Option<(RawRecord<'_>, &[u8])> {
        let (captured, length) = self.form.lengths(self.order, bytes)?;
        let (second, fraction) = (self.order.u32(bytes, 0)?, self.order.u32(bytes, 4)?);
        let (data, behind) = bytes.get(self.form.header()..)?.split_at_checked(captured as usize)?;
        (captured <= self.limit).then_some((RawRecord { second, fraction, length, data }, behind))
    }

    /// Returns the frame of a record that begins at this place in the buffer.
    #[inline(always)]
    fn frame(self, number: u32, record: RawRecord<'_>, place: usize) -> FrameView<'_> {
        let nanos = i64::from(record.second) * 1_000_000_000 + i64::from(record.fraction) * self.nanos_per_fraction;
        let (time, place) = (Some(Timestamp::from_nanos(nanos)), place + self.form.header());
        FrameView { number, time, link: self.link, data: record.data, place }
    }

    /// Returns the other properties of the record.
    fn record_of(self, record: RawRecord<'_>) -> Record<'_> {
        Record {
            length: record.length,
            interface: 0,
            interface_name: b"",
            decimals: if self.nanos_per_fraction == 1 { 9 } else { 6 },
            options: Options::none(),
        }
    }
}

impl<R: Read> Reader<R> {
    /// Reads the file header.
    pub(super) fn open(mut window: Window<R>) -> Result<Self, Fault> {
        let fault = |kind| Fault::new(kind, None, 0);
        window.ensure(FILE_HEADER).map_err(|error| fault(error.into()))?;
        let missing = FILE_HEADER.saturating_sub(window.bytes().len()) as u64;
        let Some((head, forms)) = Head::read(window.bytes()) else {
            return Err(fault(FaultKind::CutHeader { missing }));
        };
        window.take(FILE_HEADER);
        Ok(Self { window, head, forms, frames: 0, latest: None, ended: false, lookahead: Lookahead::default() })
    }

    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    pub(super) fn swap_buffer(&mut self, buffer: &mut Buffer) {
        self.window.swap_buffer(buffer);
    }

    pub(super) fn kept_offset(&self) -> u64 {
        self.window.kept_offset()
    }

    /// Continues as [`super::Capture::continue_at`] does.
    pub(super) fn continue_at(&mut self, source: R, offset: u64) {
        self.choose_form();
        self.window.continue_at(source, offset);
        (self.frames, self.latest, self.lookahead) = (0, None, Lookahead::default());
        self.ended = !matches!(self.search(), Ok(true));
    }

    #[inline]
    pub(super) fn has_frame(&self) -> bool {
        self.head.record(self.window.bytes()).is_some()
    }

    /// Passes the next frames to `sink`, as long as they are valid and completely buffered. Records
    /// of unusual forms are read one by one.
    #[inline]
    pub(super) fn take_buffered(&mut self, sink: &mut impl FrameSink) {
        if self.ended || self.forms.len() > 1 || self.head.form != RecordForm::Usual {
            return;
        }
        let (head, bytes, taken) = (self.head, self.window.bytes(), self.window.taken());
        let (mut rest, mut frames, mut latest) = (bytes, self.frames as u32, self.latest);
        while let Some(number) = frames.checked_add(1)
            && let Some((record, behind)) = head.record(rest)
        {
            sink.frame(head.frame(number, record, taken + bytes.len() - rest.len()));
            (rest, frames, latest) = (behind, number, Some((record.second, record.fraction)));
        }
        let passed = bytes.len() - rest.len();
        (self.frames, self.latest) = (frames.into(), latest);
        self.window.take(passed);
    }

    pub(super) fn next_frame(&mut self) -> Option<Result<RawFrame<'_>, Fault>> {
        if self.ended {
            return None;
        }
        self.choose_form();
        match self.record_length() {
            Ok(Some(length)) => self.record(length).map(Ok),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(kind) => Some(Err(self.resume(kind))),
        }
    }

    /// Chooses the form of the records by the first two of them.
    #[inline]
    fn choose_form(&mut self) {
        if self.forms.len() > 1 {
            self.choose_form_by_records();
        }
    }

    #[cold]
    fn choose_form_by_records(&mut self) {
        let Head { order, limit, form, .. } = self.head;
        let mut is_end = !self.window.ensure(form.header()).unwrap_or(true);
        let first = form.lengths(order, self.window.bytes()).filter(|&(captured, _)| captured <= limit);
        if let Some((captured, _)) = first {
            // If reading fails, it fails again below, where the error is reported.
            is_end = !self.window.ensure(captured as usize + NEXT_HEADERS).unwrap_or(true);
        }
        if let Some(form) = record_form::choose(self.forms, order, limit, self.window.bytes(), is_end) {
            self.head.form = form;
        }
        self.forms = &self.forms[..1];
    }

    /// Searches for the next valid records, if the kind of fault allows that there are any.
    #[cold]
    fn resume(&mut self, kind: FaultKind) -> Fault {
        let fault = Fault::new(kind, Some(self.frames + 1), self.window.offset());
        if !fault.kind.is_damage() {
            self.ended = true;
            return fault;
        }
        let found = self.search();
        self.ended = !matches!(found, Ok(true));
        fault.passed(self.window.offset(), found)
    }

    /// Moves the window to the next valid records. Returns `false` if there are none.
    fn search(&mut self) -> io::Result<bool> {
        let records = Records {
            order: self.head.order,
            form: self.head.form,
            limit: self.head.limit,
            fractions: (1_000_000_000 / self.head.nanos_per_fraction) as u32,
            latest: self.latest,
            lookahead: &self.lookahead,
        };
        resync::search(&mut self.window, &records)
    }

    /// Returns the length of the next record with its header, once it is completely buffered;
    /// `None` at the end of the file.
    #[inline]
    fn record_length(&mut self) -> Result<Option<usize>, FaultKind> {
        let Head { order, form, .. } = self.head;
        self.buffer(form.header())?;
        let bytes = self.window.bytes();
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some((claimed, _)) = form.lengths(order, bytes).filter(|_| bytes.len() >= form.header()) else {
            return Err(FaultKind::CutFrame { missing: (form.header() - bytes.len()) as u64 });
        };
        if claimed > self.head.limit {
            return Err(FaultKind::RecordLength { claimed, limit: self.head.limit });
        }
        if self.frames >= MOST_FRAMES {
            return Err(FaultKind::Frames);
        }
        let length = form.header() + claimed as usize;
        self.buffer(length)?;
        match length.saturating_sub(self.window.bytes().len()) {
            0 => Ok(Some(length)),
            missing => Err(FaultKind::CutFrame { missing: missing as u64 }),
        }
    }

    #[inline]
    fn buffer(&mut self, wanted: usize) -> Result<(), FaultKind> {
        self.window.ensure(wanted)?;
        Ok(())
    }

    /// Returns the record at the current position, which has `length` bytes.
    fn record(&mut self, length: usize) -> Option<RawFrame<'_>> {
        self.frames += 1;
        let place = self.window.taken();
        // A record that is completely buffered always parses.
        let (record, _) = self.head.record(self.window.take(length))?;
        self.latest = Some((record.second, record.fraction));
        Some(self.head.frame(self.frames as u32, record, place).with(self.head.record_of(record)))
    }
}
