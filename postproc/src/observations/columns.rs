//! Columns of handshakes.

use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, UInt32Array};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use syncookie_engine::{Endpoint, Observed, Opening};

use super::packed::Packer;
use super::{CLIENT_IP, CLIENT_PORT, FACTS, SERVER_IP, SERVER_PORT, TIME};

/// Collected values of the columns of handshakes.
#[derive(Debug, Default)]
pub(super) struct Columns {
    client: Ends,
    server: Ends,
    times: Vec<i64>,
    facts: Bytes,
}

impl Columns {
    /// Creates columns with the room that full ones have.
    pub fn with_room_of(full: &Self) -> Self {
        Self {
            client: Ends::with_room_of(&full.client),
            server: Ends::with_room_of(&full.server),
            times: Vec::with_capacity(full.times.capacity()),
            facts: Bytes::with_room_of(&full.facts),
        }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Returns about how many bytes the columns take.
    pub fn bytes(&self) -> usize {
        const OTHERS: usize = 64;
        self.facts.bytes.capacity() + OTHERS * self.times.capacity()
    }

    /// Adds a handshake.
    pub fn push(&mut self, observed: &Observed<'_>) {
        let Opening { client, server, time } = observed.opening();
        self.client.push(client);
        self.server.push(server);
        self.times.push(time.as_nanos());
        // All values can be written.
        let _ = observed.write(&mut Packer { bytes: &mut self.facts.bytes });
        self.facts.end();
    }

    /// Adds a row that is no handshake.
    pub fn push_null(&mut self) {
        [&mut self.client, &mut self.server].into_iter().for_each(Ends::push_null);
        self.times.push(0);
        self.facts.end();
    }

    /// Adds the rows of other columns.
    pub fn append(&mut self, other: &Self) {
        self.client.append(&other.client);
        self.server.append(&other.server);
        self.times.extend_from_slice(&other.times);
        self.facts.append(&other.facts);
    }

    /// Returns the arrays of the columns, with their names. `valid` has the rows of handshakes.
    pub fn arrays(self, valid: &Option<NullBuffer>) -> Result<[(&'static str, ArrayRef); 6], ArrowError> {
        let Self { client, server, times, facts } = self;
        Ok([
            (CLIENT_IP, client.ips.array(valid)?),
            (CLIENT_PORT, Arc::new(UInt32Array::try_new(client.ports.into(), valid.clone())?)),
            (SERVER_IP, server.ips.array(valid)?),
            (SERVER_PORT, Arc::new(UInt32Array::try_new(server.ports.into(), valid.clone())?)),
            (TIME, Arc::new(Int64Array::try_new(times.into(), valid.clone())?)),
            (FACTS, facts.array(valid)?),
        ])
    }
}

/// One end of each handshake.
#[derive(Debug, Default)]
struct Ends {
    ips: Bytes,
    ports: Vec<u32>,
}

impl Ends {
    fn with_room_of(full: &Self) -> Self {
        Self { ips: Bytes::with_room_of(&full.ips), ports: Vec::with_capacity(full.ports.capacity()) }
    }

    #[inline]
    fn push(&mut self, end: Endpoint) {
        match end.ip {
            IpAddr::V4(ip) => self.ips.bytes.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => self.ips.bytes.extend_from_slice(&ip.octets()),
        }
        self.ips.end();
        self.ports.push(end.port.into());
    }

    fn push_null(&mut self) {
        self.ips.end();
        self.ports.push(0);
    }

    fn append(&mut self, other: &Self) {
        self.ips.append(&other.ips);
        self.ports.extend_from_slice(&other.ports);
    }
}

/// Values that consist of bytes.
#[derive(Debug, Default)]
struct Bytes {
    /// Bytes of all values.
    bytes: Vec<u8>,
    /// End of each value among them. There are at most a few megabytes.
    ends: Vec<i32>,
}

impl Bytes {
    fn with_room_of(full: &Self) -> Self {
        Self { bytes: Vec::with_capacity(full.bytes.capacity()), ends: Vec::with_capacity(full.ends.capacity()) }
    }

    /// Ends the value whose bytes were added.
    #[inline]
    fn end(&mut self) {
        self.ends.push(self.bytes.len() as i32);
    }

    fn append(&mut self, other: &Self) {
        let start = self.bytes.len() as i32;
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    fn array(self, valid: &Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let offsets: ScalarBuffer<i32> = std::iter::once(0).chain(self.ends).collect();
        let array = BinaryArray::try_new(OffsetBuffer::new(offsets), Buffer::from_vec(self.bytes), valid.clone())?;
        Ok(Arc::new(array))
    }
}
