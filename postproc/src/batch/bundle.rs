//! Frames on their way from a capture to the engine, many at a time: what the engine needs of each, and no more.

use syncookie_engine::{Frame, Observation, Packet, Timestamp};

/// Frames in a bundle: as many as the processor's caches hold together with the engine's tables.
const FRAMES: usize = 1024;

/// Bytes in a bundle from which on it is handed over, whatever the number of frames.
const BYTES: usize = 1 << 20;

/// Consecutive frames of one capture.
#[derive(Debug, Default)]
pub struct Bundle {
    frames: Vec<Entry>,
    bytes: Vec<u8>,
}

/// One frame.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u32,
    /// Where its bytes end.
    end: u32,
    is_packet: bool,
    time: Timestamp,
}

impl Bundle {
    /// Nothing, with the room that was there before.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes.clear();
    }

    /// Whether it has enough to be handed over.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.frames.len() >= FRAMES || self.bytes.len() >= BYTES
    }

    /// Adds a frame that holds an IP packet.
    #[inline]
    pub fn packet(&mut self, number: u32, time: Timestamp, packet: &[u8]) {
        self.bytes.extend_from_slice(&packet[..needed(packet)]);
        self.frames.push(Entry { number, end: self.bytes.len() as u32, is_packet: true, time });
    }

    /// Adds a frame that only shows that time went by.
    #[inline]
    pub fn time(&mut self, number: u32, time: Timestamp) {
        self.frames.push(Entry { number, end: self.bytes.len() as u32, is_packet: false, time });
    }

    /// The frames as the engine takes them, those of this capture.
    pub fn observations(&self, capture: u32) -> impl Iterator<Item = Observation<'_>> {
        let mut start = 0;
        self.frames.iter().map(move |entry| {
            let bytes = &self.bytes[start..entry.end as usize];
            start = entry.end as usize;
            let packet = if entry.is_packet { Packet::Ip(bytes) } else { Packet::None };
            Observation { frame: Frame { capture, number: entry.number }, time: entry.time, packet }
        })
    }
}

/// Longest TCP header, in bytes.
const LONGEST_TCP: usize = 60;

/// How much of a packet is needed: of one with TCP right behind its header, no more than the headers, since its length
/// stands in them; nearly nothing of a datagram; all of any other.
#[inline]
fn needed(packet: &[u8]) -> usize {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    let headers = match *packet {
        [0x45, _, high, low, _, _, _, _, _, TCP, ..] if u16::from_be_bytes([high, low]) >= 40 => 20 + LONGEST_TCP,
        [0x60..=0x6f, _, _, _, high, low, TCP, ..] if u16::from_be_bytes([high, low]) >= 20 => 40 + LONGEST_TCP,
        // Datagrams are only counted.
        [0x45, _, high, low, _, _, 0x00 | 0x40, 0, _, UDP, ..] if u16::from_be_bytes([high, low]) >= 20 => 20,
        [0x60..=0x6f, _, _, _, _, _, UDP, ..] => 40,
        _ => packet.len(),
    };
    headers.min(packet.len())
}
