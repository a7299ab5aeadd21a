//! Classic pcap files: nanosecond, raw IP when written; either resolution, byte order and any link type when read.

use crate::capture::{Capture, Nanos};
use crate::packet::wire_length;
use std::io::{self, Read, Write};

/// Link type RAW: packets begin with the IP header.
pub const RAW: u32 = 101;
const NANOSECOND: u32 = 0xa1b2_3c4d;
const MICROSECOND: u32 = 0xa1b2_c3d4;

/// A record of a pcap file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Capture time.
    pub time: Nanos,
    /// Length on the wire.
    pub length: u32,
    /// Captured bytes, link layer included.
    pub bytes: Vec<u8>,
}

/// Writes the file header.
pub fn write_header(out: &mut impl Write, link: u32) -> io::Result<()> {
    for word in [NANOSECOND, 0x0004_0002, 0, 0, 262_144, link] {
        out.write_all(&word.to_le_bytes())?;
    }
    Ok(())
}

/// Writes one record.
pub fn write_record(out: &mut impl Write, time: Nanos, length: usize, bytes: &[u8]) -> io::Result<()> {
    let words = [time / 1_000_000_000, time % 1_000_000_000, bytes.len() as u64, length as u64];
    for word in words {
        out.write_all(&(word as u32).to_le_bytes())?;
    }
    out.write_all(bytes)
}

/// Writes the packets of a capture, header included.
pub fn write(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    write_header(out, RAW)?;
    write_packets(out, capture)
}

/// Writes the packets of a capture behind those already written.
pub fn write_packets(out: &mut impl Write, capture: &Capture) -> io::Result<()> {
    capture.packets.iter().try_for_each(|(time, ip)| write_record(out, *time, wire_length(ip), ip))
}

/// Reads a whole file: link type and records. A truncated tail ends the list.
pub fn read(input: &mut impl Read) -> io::Result<(u32, Vec<Record>)> {
    let mut all = Vec::new();
    input.read_to_end(&mut all)?;
    let head = all.first_chunk::<24>().ok_or_else(|| bad("shorter than a pcap file header".into()))?;
    let big = matches!(word(head, 0, true), NANOSECOND | MICROSECOND);
    let scale = match word(head, 0, big) {
        NANOSECOND => 1,
        MICROSECOND => 1_000,
        other => return Err(bad(format!("magic {other:#010x} is no pcap file's"))),
    };
    let mut records = Vec::new();
    let mut rest = &all[24..];
    while let Some(h) = rest.first_chunk::<16>() {
        let [seconds, fraction, captured, length] = [0, 4, 8, 12].map(|at| word(h, at, big));
        let Some(bytes) = rest.get(16..16 + captured as usize) else { break };
        let time = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * scale;
        records.push(Record { time, length, bytes: bytes.to_vec() });
        rest = &rest[16 + captured as usize..];
    }
    Ok((word(head, 20, big), records))
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
}

fn bad(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
