//! Builders of Parquet's columns: rows are collected by column and taken as batches.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
    UInt16Builder, UInt32Builder,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field, Schema};
use syncookie_engine::Timestamp;

use super::Array;
use super::lists::{Lengths, Numbers, Texts, objects};
use crate::report::columns::{
    COLUMNS, Read, ReadCauses, ReadEvidence, ReadOptionalText, ReadOtherFiles, ReadText, ReadTexts, Value,
};
use crate::report::model::{Cause, Evidence, Handshake, OtherFile};

/// Length of an address in bytes: all are written as IPv6.
const ADDRESS: i32 = 16;

const NANOS_PER_MICRO: i64 = 1000;

/// Collected rows, as columns.
pub struct Rows {
    count: usize,
    columns: Vec<(&'static str, Builder)>,
}

impl Default for Rows {
    fn default() -> Self {
        let columns = COLUMNS.iter().filter(|column| column.formats.has_parquet());
        Self { count: 0, columns: columns.map(|column| (column.name, Builder::new(column.value))).collect() }
    }
}

impl Rows {
    /// Returns the number of collected rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Adds a row.
    pub fn push(&mut self, handshake: &Handshake<'_>) {
        self.count += 1;
        for (_, column) in &mut self.columns {
            column.push(handshake);
        }
    }

    /// Takes the collected rows.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.count = 0;
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, column) in &mut self.columns {
            let array = column.take()?;
            fields.push(Field::new(*name, array.data_type().clone(), column.is_nullable()));
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

/// Column: the reader of its values, and the values that were collected.
enum Builder {
    Text(ReadText, StringBuilder),
    OptionalText(ReadOptionalText, StringBuilder),
    Texts(ReadTexts, Texts),
    Time(Read<Timestamp>, TimestampMicrosecondBuilder),
    Nanoseconds(Read<Timestamp>, Int64Builder),
    Address(Read<IpAddr>, StringBuilder),
    AddressBytes(Read<IpAddr>, FixedSizeBinaryBuilder),
    Port(Read<u16>, UInt16Builder),
    Count(Read<Option<u32>>, UInt32Builder),
    Decimal(Read<Option<f64>>, Float64Builder),
    Flag(Read<bool>, BooleanBuilder),
    OtherFiles(ReadOtherFiles, OtherFiles),
    Evidence(ReadEvidence, Box<Pieces>),
    Causes(ReadCauses, Box<Causes>),
}

impl Builder {
    fn new(value: Value) -> Self {
        match value {
            Value::Text(read) => Self::Text(read, StringBuilder::new()),
            Value::OptionalText(read) => Self::OptionalText(read, StringBuilder::new()),
            Value::Texts(read) => Self::Texts(read, Texts::default()),
            Value::Time(read) => Self::Time(read, TimestampMicrosecondBuilder::new()),
            Value::Nanoseconds(read) => Self::Nanoseconds(read, Int64Builder::new()),
            Value::Address(read) => Self::Address(read, StringBuilder::new()),
            Value::AddressBytes(read) => Self::AddressBytes(read, FixedSizeBinaryBuilder::new(ADDRESS)),
            Value::Port(read) => Self::Port(read, UInt16Builder::new()),
            Value::Count(read) => Self::Count(read, UInt32Builder::new()),
            Value::Decimal(read) => Self::Decimal(read, Float64Builder::new()),
            Value::Flag(read) => Self::Flag(read, BooleanBuilder::new()),
            Value::OtherFiles(read) => Self::OtherFiles(read, OtherFiles::default()),
            Value::Evidence(read) => Self::Evidence(read, Box::default()),
            Value::Causes(read) => Self::Causes(read, Box::default()),
        }
    }

    fn is_nullable(&self) -> bool {
        matches!(self, Self::OptionalText(..) | Self::Count(..) | Self::Decimal(..) | Self::Causes(..))
    }

    fn push(&mut self, handshake: &Handshake<'_>) {
        match self {
            Self::Text(read, cells) => cells.append_value(read(handshake)),
            Self::OptionalText(read, cells) => cells.append_option(read(handshake)),
            Self::Texts(read, cells) => cells.push(read(handshake)),
            Self::Time(read, cells) => cells.append_value(read(handshake).as_nanos().div_euclid(NANOS_PER_MICRO)),
            Self::Nanoseconds(read, cells) => cells.append_value(read(handshake).as_nanos()),
            Self::Address(read, cells) => cells.append_value(read(handshake).to_string()),
            // Fails only for another length than `ADDRESS`, which no address has.
            Self::AddressBytes(read, cells) => drop(cells.append_value(as_ipv6(read(handshake)).octets())),
            Self::Port(read, cells) => cells.append_value(read(handshake)),
            Self::Count(read, cells) => cells.append_option(read(handshake)),
            Self::Decimal(read, cells) => cells.append_option(read(handshake)),
            Self::Flag(read, cells) => cells.append_value(read(handshake)),
            Self::OtherFiles(read, cells) => cells.push(read(handshake)),
            Self::Evidence(read, cells) => cells.push(read(handshake)),
            Self::Causes(read, cells) => cells.push(read(handshake)),
        }
    }

    fn take(&mut self) -> Result<Array, ArrowError> {
        Ok(match self {
            Self::Text(_, cells) | Self::OptionalText(_, cells) | Self::Address(_, cells) => Arc::new(cells.finish()),
            Self::Texts(_, cells) => cells.take()?,
            Self::Time(_, cells) => Arc::new(cells.finish().with_timezone("UTC")),
            Self::Nanoseconds(_, cells) => Arc::new(cells.finish()),
            Self::AddressBytes(_, cells) => Arc::new(cells.finish()),
            Self::Port(_, cells) => Arc::new(cells.finish()),
            Self::Count(_, cells) => Arc::new(cells.finish()),
            Self::Decimal(_, cells) => Arc::new(cells.finish()),
            Self::Flag(_, cells) => Arc::new(cells.finish()),
            Self::OtherFiles(_, cells) => cells.take()?,
            Self::Evidence(_, cells) => cells.take()?,
            Self::Causes(_, cells) => cells.take()?,
        })
    }
}

fn as_ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// Column of frames in other captures.
#[derive(Default)]
struct OtherFiles {
    lengths: Lengths,
    frame: StringBuilder,
    capture: StringBuilder,
}

impl OtherFiles {
    fn push(&mut self, other_files: &[OtherFile<'_>]) {
        self.lengths.push(other_files.len());
        for other in other_files {
            self.frame.append_value(other.frame);
            self.capture.append_value(other.capture);
        }
    }

    fn take(&mut self) -> Result<Array, ArrowError> {
        let columns: [(&str, Array); 2] =
            [("frame", Arc::new(self.frame.finish())), ("capture", Arc::new(self.capture.finish()))];
        self.lengths.list(objects(columns)?, None)
    }
}

/// Column of evidence.
#[derive(Default)]
struct Pieces {
    lengths: Lengths,
    kind: StringBuilder,
    bearing: StringBuilder,
    nats: Float64Builder,
    contribution: Float64Builder,
    frames: Numbers,
    detail: StringBuilder,
}

impl Pieces {
    fn push(&mut self, evidence: &[Evidence<'_>]) {
        self.lengths.push(evidence.len());
        for piece in evidence {
            self.kind.append_value(piece.kind);
            self.bearing.append_value(piece.bearing);
            self.nats.append_value(piece.nats);
            self.contribution.append_value(piece.contribution);
            self.frames.push(piece.frames.numbers());
            self.detail.append_value(piece.detail);
        }
    }

    fn take(&mut self) -> Result<Array, ArrowError> {
        let columns: [(&str, Array); 6] = [
            ("kind", Arc::new(self.kind.finish())),
            ("for", Arc::new(self.bearing.finish())),
            ("nats", Arc::new(self.nats.finish())),
            ("contribution", Arc::new(self.contribution.finish())),
            ("frames", self.frames.take()?),
            ("detail", Arc::new(self.detail.finish())),
        ];
        self.lengths.list(objects(columns)?, None)
    }
}

/// Column of causes; the cell is null if the handshake did not fail.
#[derive(Default)]
struct Causes {
    is_there: Vec<bool>,
    lengths: Lengths,
    kind: StringBuilder,
    rank: UInt32Builder,
    supporting: Texts,
    against: Texts,
    not_observable: Texts,
    ruled_out: BooleanBuilder,
    nats: Float64Builder,
    check: StringBuilder,
}

impl Causes {
    fn push(&mut self, causes: Option<&[Cause<'_>]>) {
        self.is_there.push(causes.is_some());
        let causes = causes.unwrap_or_default();
        self.lengths.push(causes.len());
        for cause in causes {
            self.kind.append_value(cause.kind);
            self.rank.append_value(cause.rank as u32);
            self.supporting.push(cause.supporting);
            self.against.push(cause.against);
            self.not_observable.push(cause.not_observable);
            self.ruled_out.append_value(cause.ruled_out);
            self.nats.append_value(cause.nats);
            self.check.append_value(cause.check);
        }
    }

    fn take(&mut self) -> Result<Array, ArrowError> {
        let columns: [(&str, Array); 8] = [
            ("kind", Arc::new(self.kind.finish())),
            ("rank", Arc::new(self.rank.finish())),
            ("for", self.supporting.take()?),
            ("against", self.against.take()?),
            ("not_observable", self.not_observable.take()?),
            ("ruled_out", Arc::new(self.ruled_out.finish())),
            ("nats", Arc::new(self.nats.finish())),
            ("check", Arc::new(self.check.finish())),
        ];
        let is_there = NullBuffer::from(std::mem::take(&mut self.is_there));
        self.lengths.list(objects(columns)?, Some(is_there))
    }
}
