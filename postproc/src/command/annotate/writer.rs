//! Writes pcapng: one section in little-endian order. Each interface is described before its first
//! packet.

use std::collections::HashMap;
use std::io::{self, Write};

use syncookie_engine::Timestamp;

use crate::capture::LinkType;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;

const COMMENT: u16 = 1;
const NAME: u16 = 2;
const FLAGS: u16 = 2;
const APPLICATION: u16 = 4;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

/// Maximum length of an option's value, in bytes: the length field has two bytes, and padding must
/// not overflow it.
const LONGEST: usize = 65_000;

/// Maximum length of a written packet, and of the content of its block with comments, in bytes. No
/// network has longer packets, and a block has at most 16 MiB.
const LONGEST_DATA: usize = 8 << 20;
const LONGEST_BODY: usize = 12 << 20;

/// Maximum number of interfaces of a section that Wireshark and this program read.
const INTERFACES: usize = 1 << 16;

/// Offset in seconds for times before 1970: the earliest time that can be represented.
const EARLY: i64 = i64::MIN.div_euclid(NANOS);
const NANOS: i64 = 1_000_000_000;

/// Interface, as in the inputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interface {
    /// Index of the capture.
    pub capture: usize,
    /// Number of the interface in that capture.
    pub number: u32,
    pub name: Vec<u8>,
    pub link: LinkType,
    /// Number of decimals of a second in its times.
    pub decimals: u8,
}

/// Packet to be written.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub interface: &'a Interface,
    pub time: Option<Timestamp>,
    /// Length on the wire, in bytes.
    pub length: u32,
    pub data: &'a [u8],
    pub flags: Option<u32>,
}

/// Writes packets as pcapng.
pub struct Writer<W> {
    output: W,
    /// Interfaces, each with whether its times are before 1970.
    interfaces: HashMap<(Interface, bool), u32>,
    packets: u32,
    body: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the section header.
    pub fn new(mut output: W) -> io::Result<Self> {
        let mut body = Vec::new();
        body.extend(0x1a2b_3c4d_u32.to_le_bytes());
        body.extend([1, 0, 0, 0]);
        // The length of the section is unknown.
        body.extend((-1_i64).to_le_bytes());
        option(&mut body, APPLICATION, concat!("syncookie ", env!("CARGO_PKG_VERSION")).as_bytes());
        end_of_options(&mut body);
        block(&mut output, SECTION_HEADER, &body)?;
        Ok(Self { output, interfaces: HashMap::new(), packets: 0, body })
    }

    /// Returns the number of packets written so far.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    pub fn packet<'c>(&mut self, packet: Packet<'_>, comments: impl IntoIterator<Item = &'c [u8]>) -> io::Result<()> {
        let nanos = packet.time.unwrap_or_default().as_nanos();
        let is_early = nanos < 0;
        let decimals = decimals(packet.interface, nanos);
        let interface = self.interface(packet.interface, decimals, is_early)?;
        let since = if is_early { i128::from(nanos) - i128::from(EARLY) * i128::from(NANOS) } else { nanos.into() };
        let ticks = (since / i128::from(unit(decimals))) as u64;
        let data = &packet.data[..packet.data.len().min(LONGEST_DATA)];
        let body = &mut self.body;
        body.clear();
        body.extend(interface.to_le_bytes());
        body.extend(((ticks >> 32) as u32).to_le_bytes());
        body.extend((ticks as u32).to_le_bytes());
        body.extend((data.len() as u32).to_le_bytes());
        body.extend(packet.length.max(packet.data.len() as u32).to_le_bytes());
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
        let options = body.len();
        for comment in comments {
            if body.len() < LONGEST_BODY {
                option(body, COMMENT, comment);
            }
        }
        packet.flags.iter().for_each(|flags| option(body, FLAGS, &flags.to_le_bytes()));
        if body.len() > options {
            end_of_options(body);
        }
        self.packets += 1;
        block(&mut self.output, ENHANCED_PACKET, body)
    }

    /// Returns the number of an interface; describes it if it is new.
    fn interface(&mut self, interface: &Interface, decimals: u8, is_early: bool) -> io::Result<u32> {
        let key = (Interface { decimals, ..interface.clone() }, is_early);
        if let Some(&number) = self.interfaces.get(&key) {
            return Ok(number);
        }
        if self.interfaces.len() == INTERFACES {
            return Err(io::Error::other("there are more interfaces than a capture may have"));
        }
        let body = &mut self.body;
        body.clear();
        body.extend(interface.link.0.to_le_bytes());
        // Reserved bytes, and no snap length, because each packet has its own original length.
        body.extend([0; 6]);
        if !interface.name.is_empty() {
            option(body, NAME, &interface.name);
        }
        option(body, RESOLUTION, &[decimals]);
        if is_early {
            option(body, OFFSET, &EARLY.to_le_bytes());
        }
        end_of_options(body);
        block(&mut self.output, INTERFACE_DESCRIPTION, body)?;
        let number = self.interfaces.len() as u32;
        self.interfaces.insert(key, number);
        Ok(number)
    }

    /// Returns the underlying writer.
    pub fn into_inner(self) -> W {
        self.output
    }
}

/// Returns the number of decimals that keeps a time: that of the interface, unless a time beyond the
/// latest possible one was replaced by that.
fn decimals(interface: &Interface, nanos: i64) -> u8 {
    const ALL: u8 = 9;
    if nanos % unit(interface.decimals) == 0 { interface.decimals.min(ALL) } else { ALL }
}

/// Returns the nanoseconds of one unit of time with this number of decimals of a second.
fn unit(decimals: u8) -> i64 {
    10_i64.pow(9 - u32::from(decimals.min(9)))
}

fn block(output: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    output.write_all(&kind.to_le_bytes())?;
    output.write_all(&length)?;
    output.write_all(body)?;
    output.write_all(&length)
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(LONGEST)];
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend([0; 4]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    #[test]
    fn written_packets_can_be_read_again() {
        let interface =
            |decimals| Interface { capture: 0, number: 3, name: b"eth0".to_vec(), link: LinkType(1), decimals };
        let (second, micro, nano) = (interface(0), interface(6), interface(9));
        let mut writer = Writer::new(Vec::new()).unwrap();
        // A reader replaces times that are too late by the latest, whatever their resolution is.
        let times = [(&micro, 5_000), (&nano, i64::MAX), (&nano, -1), (&nano, i64::MIN), (&second, i64::MAX)];
        for (interface, nanos) in times {
            let time = Some(Timestamp::from_nanos(nanos));
            let packet = Packet { interface, time, length: 9, data: b"abcde", flags: Some(1) };
            writer.packet(packet, [&b"a comment"[..], b"another"]).unwrap();
        }
        let bytes = writer.into_inner();
        let mut capture = Capture::open(&bytes[..]).unwrap();
        for (_, nanos) in times {
            let frame = capture.next_frame().unwrap().unwrap();
            assert_eq!((frame.time.unwrap().as_nanos(), frame.data, frame.link.0), (nanos, &b"abcde"[..], 1));
            assert_eq!((frame.record.length, frame.record.interface_name), (9, &b"eth0"[..]));
            assert_eq!((frame.record.flags(), frame.record.comments().last()), (Some(1), Some(&b"another"[..])));
            assert_eq!(frame.record.comments().count(), 2);
        }
        assert!(capture.next_frame().is_none());
    }
}
