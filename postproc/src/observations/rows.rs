//! Collects rows of a file of observations, as columns.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, Int64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use syncookie_engine::{Endpoint, Opening};

use super::observing::Packed;
use super::{CLIENT_IP, CLIENT_PORT, FACTS, RECORD, Record, SERVER_IP, SERVER_PORT, TIME};

/// Collected rows.
#[derive(Default)]
pub(super) struct Rows {
    pub count: usize,
    records: StringBuilder,
    client: Ends,
    server: Ends,
    times: Int64Builder,
    facts: BinaryBuilder,
}

impl Rows {
    /// Adds a row that is no handshake.
    pub fn push_record(&mut self, record: &Record) -> io::Result<()> {
        self.count += 1;
        self.records.append_value(serde_json::to_string(record)?);
        self.client.push_null();
        self.server.push_null();
        self.times.append_null();
        self.facts.append_null();
        Ok(())
    }

    /// Adds the rows of handshakes.
    pub fn push(&mut self, packed: &Packed) {
        let before = self.count;
        for (Opening { client, server, time }, facts) in packed.all() {
            self.count += 1;
            self.client.push(client);
            self.server.push(server);
            self.times.append_value(time.as_nanos());
            self.facts.append_value(facts);
        }
        self.records.append_nulls(self.count - before);
    }

    /// Takes the collected rows.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.count = 0;
        let columns: [(&str, ArrayRef); 7] = [
            (RECORD, Arc::new(self.records.finish())),
            (CLIENT_IP, Arc::new(self.client.ips.finish())),
            (CLIENT_PORT, Arc::new(self.client.ports.finish())),
            (SERVER_IP, Arc::new(self.server.ips.finish())),
            (SERVER_PORT, Arc::new(self.server.ports.finish())),
            (TIME, Arc::new(self.times.finish())),
            (FACTS, Arc::new(self.facts.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
    }
}

/// One end of each handshake.
#[derive(Default)]
struct Ends {
    ips: BinaryBuilder,
    ports: UInt32Builder,
}

impl Ends {
    fn push(&mut self, end: Endpoint) {
        match end.ip {
            IpAddr::V4(ip) => self.ips.append_value(ip.octets()),
            IpAddr::V6(ip) => self.ips.append_value(ip.octets()),
        }
        self.ports.append_value(end.port.into());
    }

    fn push_null(&mut self) {
        self.ips.append_null();
        self.ports.append_null();
    }
}
