//! The second look at a capture: the packets of the one handshake, and what a single frame holds.

use std::io;

use syncookie_engine::{
    Finding, Frame, NarratedPacket, Narrator, Observation, Packet, SegmentDescription, Timestamp, describe,
};

use crate::capture::{Capture, OpenError};
use crate::link::{self, Content};
use crate::source::walk::{Plan, Source};

/// How long after its beginning a handshake's packets are looked for, in seconds: a cookie, its last repetition and a
/// reset all come sooner.
const LONGEST: f64 = 300.0;

/// The packets of a handshake.
#[derive(Debug)]
pub struct Packets {
    /// Those that are explained, in the order of the capture.
    pub explained: Vec<NarratedPacket>,
    /// Later packets of the connection.
    pub omitted: u64,
}

/// The packets of the handshake. `captures` has the names by which the finding numbers them.
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
            // What is damaged was named in the first reading.
            let Ok(frame) = frame else { continue };
            let Content::Ip(packet) = link::ip_packet(frame.link, frame.data) else { continue };
            let time = frame.time.unwrap_or(Timestamp::from_nanos(0));
            let place = Frame { capture: index, number: frame.number };
            explained.extend(narrator.push(&Observation { frame: place, time, packet: Packet::Ip(packet) }));
            let is_past = index == last && time.seconds_since(finding.time) > LONGEST;
            if narrator.is_done() || is_past {
                break;
            }
        }
    }
    Ok(Packets { explained, omitted: narrator.omitted() })
}

/// The segment in a frame, or why there is none.
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
            Content::Other => Err("it holds no IP packet".to_owned()),
            Content::Cut => Err("it is cut before its IP packet begins".to_owned()),
            Content::UnknownLink => Err("its link layer is not known".to_owned()),
        });
    }
    Ok(Err(format!("the capture has {} frames", capture.frames())))
}

fn open(source: &Source) -> io::Result<Capture<Box<dyn io::Read + Send>>> {
    Capture::open(source.open()?.reader).map_err(|error| match error {
        OpenError::Io(error) => error,
        OpenError::NotACapture(kind) => io::Error::other(kind.to_string()),
        OpenError::Fault(fault) => io::Error::other(fault.to_string()),
    })
}
