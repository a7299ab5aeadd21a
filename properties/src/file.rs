//! Capture files: written from packets whose fields the input chooses, then damaged and compressed.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use lz4_flex::frame::FrameEncoder;
use syncookie_testkit::ByteOrder;
use syncookie_testkit::link::{self, Ethernet};
use syncookie_testkit::pcap::{self, Pcap, Resolution};
use syncookie_testkit::pcapng::{IF_TSOFFSET, IF_TSRESOL, Pcapng};

use crate::choices::Choices;
use crate::traffic::{Packet, SECRET, traffic};

/// First byte of an input whose rest is the file itself.
const AS_IS: u8 = 0;

/// Link types that packets are written with.
const LINKS: [u32; 6] = [link::ETHERNET, link::RAW, link::LINUX_SLL, link::LINUX_SLL2, link::NULL, link::LOOP];

/// Last time of a pcap record, in nanoseconds: seconds have 32 bits.
const LAST_PCAP: i64 = u32::MAX as i64 * 1_000_000_000;

/// Returns the capture file of an input.
#[must_use]
pub fn file(choices: &mut Choices<'_>) -> Vec<u8> {
    let form = choices.u8();
    if form == AS_IS {
        return choices.rest().to_vec();
    }
    let link = choices.pick(&LINKS);
    let damage: Vec<_> = (0..choices.u8() & 7).map(|_| (choices.u8(), choices.u16(), choices.u32())).collect();
    let order = if form & 1 == 0 { ByteOrder::Little } else { ByteOrder::Big };
    let mut bytes = match form & 2 {
        0 => pcap(order, if form & 4 == 0 { Resolution::Micro } else { Resolution::Nano }, link, choices),
        _ => pcapng(order, form & 4 != 0, link, choices),
    };
    let half = damage.len() / 2;
    damage[..half].iter().for_each(|&damage| apply(damage, &mut bytes));
    bytes = compress(form >> 3, bytes);
    damage[half..].iter().for_each(|&damage| apply(damage, &mut bytes));
    bytes
}

fn pcap(order: ByteOrder, resolution: Resolution, link: u32, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut file = Pcap::new(order, resolution, link);
    for packet in traffic(choices) {
        let frame = frame(link, order, &packet);
        file.record_at(packet.nanos.clamp(0, LAST_PCAP) as u64, pcap::Packet::from(&frame));
    }
    file.bytes
}

/// Writes pcapng with two interfaces, names and comments, and other kinds of blocks.
fn pcapng(order: ByteOrder, is_varied: bool, link: u32, choices: &mut Choices<'_>) -> Vec<u8> {
    const IF_NAME: u16 = 2;
    let (resolution, offset) = (choices.u8(), i64::from(choices.u16() as i16));
    let mut file = Pcapng::new(order);
    file.interface(link, 0, &[(IF_NAME, SECRET), (IF_TSRESOL, &[9])]);
    file.interface(link, 0, &[(IF_TSRESOL, &[resolution]), (IF_TSOFFSET, &order.i64(offset))]);
    for (index, packet) in traffic(choices).into_iter().enumerate() {
        let (frame, ticks) = (frame(link, order, &packet), packet.nanos as u64);
        match index % 8 {
            3 if is_varied => file.simple(&frame),
            4 if is_varied => file.obsolete(0, 0, ticks, &frame),
            5 if is_varied => file.enhanced(1, ticks, &frame),
            6 if is_varied => file.section(order).interface(link, 0, &[(IF_TSRESOL, &[9])]).interface(link, 0, &[]),
            _ => commented(&mut file, order, ticks, &frame),
        };
    }
    file.bytes
}

/// Adds an enhanced packet block with a comment.
fn commented<'a>(file: &'a mut Pcapng, order: ByteOrder, ticks: u64, frame: &[u8]) -> &'a mut Pcapng {
    const ENHANCED_PACKET: u32 = 6;
    const COMMENT: u16 = 1;
    let length = frame.len() as u32;
    let words = [0, (ticks >> 32) as u32, ticks as u32, length, length];
    let mut body: Vec<u8> = words.iter().flat_map(|&word| order.u32(word)).collect();
    body.extend(frame);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend([order.u16(COMMENT), order.u16(SECRET.len() as u16)].as_flattened());
    body.extend(SECRET);
    body.resize(body.len().next_multiple_of(4) + 4, 0);
    file.block(ENHANCED_PACKET, &body)
}

/// Returns the frame of a packet. A frame without one is ARP.
fn frame(link: u32, order: ByteOrder, packet: &Packet) -> Vec<u8> {
    let ip = packet.ip.as_deref().unwrap_or_default();
    let ether_type = match ip.first().map(|first| first >> 4) {
        Some(4) => link::IPV4,
        Some(6) => link::IPV6,
        _ => link::ARP,
    };
    let ethernet = Ethernet { destination: [2, 0, 0, 0, 0, 1], source: [2, 0, 0, 0, 0, 2], ether_type };
    let header = match link {
        link::ETHERNET => ethernet.header(&[]),
        link::LINUX_SLL => ethernet.to_linux_sll(),
        link::LINUX_SLL2 => ethernet.to_linux_sll2(),
        link::NULL => ethernet.to_loopback(order),
        link::LOOP => ethernet.to_loopback(ByteOrder::Big),
        _ => Vec::new(),
    };
    [&header, ip].concat()
}

/// Changes, removes or inserts bytes at a place.
fn apply((kind, at, value): (u8, u16, u32), bytes: &mut Vec<u8>) {
    let at = usize::from(at).min(bytes.len());
    let end = (at + 4).min(bytes.len());
    match kind % 6 {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => drop(bytes.splice(at..at, value.to_le_bytes())),
        3 => bytes[at..end].fill(0xff),
        4 => bytes[at..end].iter_mut().zip(value.to_le_bytes()).for_each(|(byte, value)| *byte = value),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= value as u8),
    }
}

/// Compresses in one of the formats, or not. Files of several parts are concatenated, as `cat` does.
fn compress(form: u8, bytes: Vec<u8>) -> Vec<u8> {
    let parts = bytes.split_at(if form & 8 == 0 { bytes.len() } else { bytes.len() / 2 });
    let each = |pack: fn(&[u8]) -> io::Result<Vec<u8>>| -> Vec<u8> {
        [parts.0, parts.1].iter().flat_map(|part| pack(part).expect("memory takes all bytes")).collect()
    };
    match form & 7 {
        1 => each(gzip),
        2 => each(|part| zstd::encode_all(part, 1)),
        3 => each(lz4),
        _ => bytes,
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = FrameEncoder::new(Vec::new());
    encoder.write_all(bytes)?;
    encoder.finish().map_err(io::Error::other)
}
