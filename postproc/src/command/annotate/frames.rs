//! Copies frames from one capture to another.

use std::fs::File;
use std::io;

use super::anonymize::{ETHERNET, Masked, RAW_IP};
use super::mask::Mask;
use super::spool::{Spool, Spooled};
use super::writer::{Interface, Packet};
use crate::capture::{Capture, RawFrame};

/// Copies a frame with other addresses and without payload. Comments and interface names are not
/// copied.
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

/// Returns the interface of a frame.
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

/// Returns the frame in the form in which it is written.
pub fn packet<'a>(frame: &RawFrame<'a>, interface: &'a Interface) -> Packet<'a> {
    let record = &frame.record;
    Packet { interface, time: frame.time, length: record.length, data: frame.data, flags: record.flags() }
}

/// Calls `work` with every frame of a temporary capture.
pub fn for_each(spooled: &Spooled, mut work: impl FnMut(&RawFrame<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut capture: Capture<File> = spooled.open()?;
    while let Some(frame) = capture.next_frame() {
        work(&frame.map_err(|fault| io::Error::other(format!("a temporary file {fault}")))?)?;
    }
    Ok(())
}
