//! The columns of a table of handshakes, gathered until they are handed on.

use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
    UInt16Builder, UInt32Builder,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field, Schema};

use super::Array;
use super::lists::{Lengths, Numbers, Texts, objects};
use crate::report::model::{Cause, Elsewhere, Endpoint, Evidence, Handshake};

/// Bytes of an address; IPv4 is written as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2), so that all of them sort together.
const ADDRESS: i32 = 16;

const NANOS_PER_MICRO: i64 = 1000;

/// The columns.
#[derive(Default)]
pub struct Columns {
    rows: usize,
    capture: StringBuilder,
    time: TimestampMicrosecondBuilder,
    time_ns: Int64Builder,
    client: Endpoints,
    server: Endpoints,
    verdict: StringBuilder,
    confidence: StringBuilder,
    log_odds: Float64Builder,
    implementations: Texts,
    outcome: StringBuilder,
    frames: [UInt32Builder; 4],
    elsewhere: Elsewheres,
    evidence: Pieces,
    missing: Texts,
    cause: Causes,
}

impl Columns {
    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn push(&mut self, handshake: &Handshake<'_>) {
        self.rows += 1;
        self.capture.append_value(handshake.capture);
        let nanos = handshake.time.0.as_nanos();
        self.time.append_value(nanos.div_euclid(NANOS_PER_MICRO));
        self.time_ns.append_value(nanos);
        self.client.push(&handshake.client);
        self.server.push(&handshake.server);
        self.verdict.append_value(handshake.verdict);
        self.confidence.append_option(handshake.confidence);
        self.log_odds.append_option(handshake.log_odds);
        self.implementations.push(&handshake.implementations);
        self.outcome.append_value(handshake.outcome);
        let frames = &handshake.frames;
        for (column, frame) in self.frames.iter_mut().zip([frames.syn, frames.syn_ack, frames.ack, frames.reset]) {
            column.append_option(frame);
        }
        self.elsewhere.push(&handshake.elsewhere);
        self.evidence.push(&handshake.evidence);
        self.missing.push(handshake.missing);
        self.cause.push(handshake.cause.as_deref());
    }

    /// What was gathered, which is then forgotten.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let time = self.time.finish().with_timezone("UTC");
        let [client_ip, client_bytes, client_port] = self.client.take();
        let [server_ip, server_bytes, server_port] = self.server.take();
        let [syn, syn_ack, ack, reset] = self.frames.each_mut().map(|column| -> Array { Arc::new(column.finish()) });
        batch([
            required("capture", Arc::new(self.capture.finish())),
            required("time", Arc::new(time)),
            required("time_ns", Arc::new(self.time_ns.finish())),
            required("client_ip", client_ip),
            required("client_ip_bytes", client_bytes),
            required("client_port", client_port),
            required("server_ip", server_ip),
            required("server_ip_bytes", server_bytes),
            required("server_port", server_port),
            required("verdict", Arc::new(self.verdict.finish())),
            optional("confidence", Arc::new(self.confidence.finish())),
            optional("log_odds", Arc::new(self.log_odds.finish())),
            required("implementations", self.implementations.take()?),
            required("outcome", Arc::new(self.outcome.finish())),
            optional("syn_frame", syn),
            optional("syn_ack_frame", syn_ack),
            optional("ack_frame", ack),
            optional("reset_frame", reset),
            required("elsewhere", self.elsewhere.take()?),
            required("evidence", self.evidence.take()?),
            required("missing", self.missing.take()?),
            optional("cause", self.cause.take()?),
        ])
    }
}

/// A column with its name, and whether cells may be empty.
type Column = (&'static str, Array, bool);

fn required(name: &'static str, values: Array) -> Column {
    (name, values, false)
}

fn optional(name: &'static str, values: Array) -> Column {
    (name, values, true)
}

fn batch<const N: usize>(columns: [Column; N]) -> Result<RecordBatch, ArrowError> {
    let field = |(name, values, is_optional): &Column| Field::new(*name, values.data_type().clone(), *is_optional);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, values, _)| values).collect())
}

/// Addresses, as text and as bytes, and ports.
struct Endpoints {
    ip: StringBuilder,
    bytes: FixedSizeBinaryBuilder,
    port: UInt16Builder,
}

impl Default for Endpoints {
    fn default() -> Self {
        let bytes = FixedSizeBinaryBuilder::new(ADDRESS);
        Self { ip: StringBuilder::default(), bytes, port: UInt16Builder::default() }
    }
}

impl Endpoints {
    fn push(&mut self, endpoint: &Endpoint) {
        let address = match endpoint.ip {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        self.ip.append_value(endpoint.ip.to_string());
        // Fails for another length alone, and every address has this one.
        let _ = self.bytes.append_value(address.octets());
        self.port.append_value(endpoint.port);
    }

    fn take(&mut self) -> [Array; 3] {
        [Arc::new(self.ip.finish()), Arc::new(self.bytes.finish()), Arc::new(self.port.finish())]
    }
}

/// Frames in other captures.
#[derive(Default)]
struct Elsewheres {
    lengths: Lengths,
    frame: StringBuilder,
    capture: StringBuilder,
}

impl Elsewheres {
    fn push(&mut self, elsewhere: &[Elsewhere<'_>]) {
        self.lengths.push(elsewhere.len());
        for other in elsewhere {
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

/// Pieces of evidence.
#[derive(Default)]
struct Pieces {
    lengths: Lengths,
    kind: StringBuilder,
    bearing: StringBuilder,
    nats: Float64Builder,
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
            self.frames.push(piece.frames.numbers());
            self.detail.append_value(piece.detail);
        }
    }

    fn take(&mut self) -> Result<Array, ArrowError> {
        let columns: [(&str, Array); 5] = [
            ("kind", Arc::new(self.kind.finish())),
            ("for", Arc::new(self.bearing.finish())),
            ("nats", Arc::new(self.nats.finish())),
            ("frames", self.frames.take()?),
            ("detail", Arc::new(self.detail.finish())),
        ];
        self.lengths.list(objects(columns)?, None)
    }
}

/// Hypotheses; the cell is empty where nothing failed.
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
