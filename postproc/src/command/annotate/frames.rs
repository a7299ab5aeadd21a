//! Frames on their way from one capture into another.

use std::fs::File;
use std::io;

use super::anonymize::{ETHERNET, Masked, RAW_IP};
use super::mask::Mask;
use super::spool::{Spool, Spooled};
use super::writer::{Interface, Packet};
use crate::capture::{Capture, RawFrame};

/// A frame with other addresses and without payload; comments and names of interfaces are not copied.
pub fn anonymous(
    mask: &Mask,
    capture: usize,
    frame: &RawFrame<'_>,
    masked: &mut Masked,
    spool: &mut Spool,
) -> io::Result<()> {
    masked.rebuild(mask, frame.link, frame.data, frame.record.length);
    let link = if frame.link == ETHERNET { ETHERNET } else { RAW_IP };
    let interface = Interface { link, name: Vec::new(), ..interface(capture, frame) };
    let packet = Packet { length: masked.length, data: &masked.bytes, ..packet(frame, &interface) };
    spool.packet(packet, std::iter::empty())
}

/// The interface it was captured on.
pub fn interface(capture: usize, frame: &RawFrame<'_>) -> Interface {
    let record = &frame.record;
    Interface {
        capture,
        number: record.interface,
        name: record.interface_name.to_vec(),
        link: frame.link,
        decimals: record.decimals,
    }
}

/// The frame as it is written again.
pub fn packet<'a>(frame: &RawFrame<'a>, interface: &'a Interface) -> Packet<'a> {
    let record = &frame.record;
    Packet { interface, time: frame.time, length: record.length, data: frame.data, flags: record.flags() }
}

/// Hands out every frame of a capture that was written here.
pub fn for_each(spooled: &Spooled, mut work: impl FnMut(&RawFrame<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut capture: Capture<File> = spooled.open()?;
    while let Some(frame) = capture.next_frame() {
        work(&frame.map_err(|fault| io::Error::other(format!("a temporary file {fault}")))?)?;
    }
    Ok(())
}
