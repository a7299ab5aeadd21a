//! Second reading of a capture: the packets of one handshake, and the segment in a single frame.

use std::io;

use syncookie_engine::{
    Finding, Frame, NarratedError, NarratedPacket, Narrator, Observation, Packet, SegmentDescription, Timestamp,
    describe,
};
use syncookie_terminal::count;

use crate::capture::{Capture, OpenError};
use crate::link::{self, Content};
use crate::source::walk::{Plan, Source};

/// Time in seconds for which the packets of a handshake are searched. A cookie, its last
/// retransmission and a reset all arrive earlier.
const LONGEST: f64 = 300.0;

/// Name of an ICMP error in the list of packets.
pub const ICMP_ERROR: &str = "ICMP error";

/// Packets of a handshake.
#[derive(Debug)]
pub struct Packets {
    /// Explained packets, in the order of the capture.
    pub explained: Vec<Explained>,
    /// Number of later packets of the connection.
    pub omitted: u64,
}

/// Explained packet.
#[derive(Debug)]
pub enum Explained {
    /// TCP segment.
    Segment(NarratedPacket),
    /// ICMP error about a segment.
    Error(NarratedError),
}

impl Explained {
    pub fn frame(&self) -> Frame {
        match self {
            Self::Segment(packet) => packet.segment.frame,
            Self::Error(error) => error.frame,
        }
    }

    pub fn since_start(&self) -> f64 {
        match self {
            Self::Segment(packet) => packet.since_start,
            Self::Error(error) => error.since_start,
        }
    }

    /// Returns whether it acknowledges another number than the SYN-ACK requires.
    pub fn is_wrong_ack(&self) -> bool {
        matches!(self, Self::Segment(packet) if packet.is_wrong_ack())
    }

    pub fn shows(&self) -> &[String] {
        match self {
            Self::Segment(packet) => &packet.shows,
            Self::Error(error) => &error.shows,
        }
    }
}

/// Returns the packets of the handshake. `captures` are the names of the captures in the order of
/// their numbers.
pub fn packets(plan: &Plan, captures: &[String], finding: &Finding) -> io::Result<Packets> {
    let frames = finding.frames;
    let named = || [frames.syn, frames.syn_ack, frames.ack, frames.reset].into_iter().flatten().map(|f| f.capture);
    let (first, last) = (named().min().unwrap_or(0), named().max().unwrap_or(0));
    let mut narrator = Narrator::new(finding);
    let mut explained = Vec::new();
    for index in first..=last {
        let name = captures.get(index as usize);
        let Some(source) = plan.sources.iter().find(|source| Some(&source.name) == name) else { continue };
        let mut capture = open(source)?;
        while let Some(frame) = capture.next_frame() {
            // The first reading reported damaged frames.
            let Ok(frame) = frame else { continue };
            let Content::Ip(packet) = link::ip_packet(frame.link, frame.data) else { continue };
            let time = frame.time.unwrap_or(Timestamp::from_nanos(0));
            let place = Frame { capture: index, number: frame.number };
            let observation = Observation { frame: place, time, packet: Packet::Ip(packet) };
            let segment = narrator.push(&observation).map(Explained::Segment);
            explained.extend(segment.or_else(|| narrator.push_error(&observation).map(Explained::Error)));
            let is_past = index == last && time.seconds_since(finding.time) > LONGEST;
            if narrator.is_done() || is_past {
                break;
            }
        }
    }
    Ok(Packets { explained, omitted: narrator.omitted() })
}

/// Returns the segment in a frame, or the reason why it has none.
pub fn frame(source: &Source, number: u32) -> io::Result<Result<SegmentDescription, String>> {
    let mut capture = open(source)?;
    while let Some(frame) = capture.next_frame() {
        let Ok(frame) = frame else { continue };
        if frame.number != number {
            continue;
        }
        let place = Frame { capture: 0, number };
        let time = frame.time.unwrap_or(Timestamp::from_nanos(0));
        return Ok(match link::ip_packet(frame.link, frame.data) {
            Content::Ip(packet) => describe(&Observation { frame: place, time, packet: Packet::Ip(packet) })
                .map_err(|why| format!("its IP packet {why}")),
            Content::Other => Err("it contains no IP packet".to_owned()),
            Content::Cut => Err("it is truncated before its IP packet begins".to_owned()),
            Content::UnknownLink => Err("its link type is not supported".to_owned()),
        });
    }
    Ok(Err(match number {
        0 => "the first frame has number 1".to_owned(),
        _ => format!("the capture has only {}", count(capture.frames(), "frame")),
    }))
}

fn open(source: &Source) -> io::Result<Capture<Box<dyn io::Read + Send>>> {
    Capture::open(source.open()?.reader).map_err(|error| match error {
        OpenError::Io(error) => error,
        OpenError::NotACapture(kind) => io::Error::other(kind.to_string()),
        OpenError::Fault(fault) => io::Error::other(fault.to_string()),
    })
}
