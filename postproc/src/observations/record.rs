//! Rows that are no handshakes, as JSON.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use syncookie_engine::{EndOfPackets, Endpoint, Frame, LooseSegment, Midstream, ResetAcks, Statistics, Timestamp};

use crate::format::{Compression, Format};
use crate::pipeline::Defects;
use crate::pipeline::stretch::{Edges, Stretch};
use crate::problem::Problem;
use crate::source::frame_times::FrameTimes;
use crate::source::walk::{Origin, Source};
use crate::totals::CaptureTotals;

/// Row that is no handshake.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub enum Record {
    /// First row of a file.
    Head(Head),
    /// Capture to be read, of all series; these rows follow the head.
    Source(Planned),
    /// A series of captures begins.
    Series,
    /// The capture with this name is read from now on.
    Capture {
        /// Name of the capture.
        capture: String,
        /// Whether the capture continues the one before; only in a stretch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        continues: Option<bool>,
    },
    /// A stretch begins.
    Begin(Begin),
    /// A part of a capture was read.
    Part(Box<Part>),
    /// A capture is read that follows the stretch.
    Beyond,
    /// Something could not be read.
    Problem(Problem),
    /// The last capture was read.
    Read(Box<Read>),
    /// A capture was not read because the run ended.
    NotReached {
        /// Number of the source, from 0.
        source: usize,
    },
    /// No handshake of these captures follows.
    End(Box<End>),
    /// What is known at the end of captures whose stretches follow, if it needs the handshakes of
    /// listeners that are judged elsewhere.
    Whole(Box<End>),
}

/// First row of a file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Version of the columns and the records.
    pub version: u32,
    /// Number of captures, which the next rows name.
    pub sources: usize,
    /// Number of series.
    pub series: usize,
    /// The stretch of each series that the file has, if it has not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretch: Option<Stretch>,
}

impl Head {
    /// Returns whether there is such a stretch.
    pub fn is_valid(&self) -> bool {
        self.stretch.is_none_or(Stretch::is_valid)
    }
}

/// Beginning of a stretch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begin {
    /// Number of frames that were read of each capture before, in the worker's own count.
    pub frames: Vec<u64>,
    /// Whether the stretch begins within the last of these captures.
    pub within: bool,
}

/// Part of a capture that belongs to a stretch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its contents.
    pub read: Read,
    /// What is wrong with it; frames are counted as in observations.
    pub defects: Defects,
    /// Its first frame, and the first frame after it.
    pub edges: Edges,
}

/// Capture to be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Planned {
    capture: String,
    format: Option<Format>,
    compression: Option<Compression>,
    bytes: Option<u64>,
}

impl From<&Source> for Planned {
    fn from(source: &Source) -> Self {
        let Source { name, format, compression, bytes, .. } = source;
        Self { capture: name.clone(), format: *format, compression: *compression, bytes: *bytes }
    }
}

impl From<Planned> for Source {
    fn from(Planned { capture, format, compression, bytes }: Planned) -> Self {
        // It is never opened: its packets were read before.
        let origin = Origin::File(capture.clone().into());
        Self { name: capture, origin, format, compression, bytes }
    }
}

/// Contents of a capture that was read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Read {
    capture: String,
    frames: u64,
    /// Times in nanoseconds since 1970: of the earliest and the latest frame, and those of the first
    /// and of the last frames.
    first: Option<i64>,
    last: Option<i64>,
    first_frames: Vec<i64>,
    last_frames: Vec<i64>,
    not_ip: u64,
    without_time: u64,
    packets: u64,
    segments: u64,
    syns: u64,
    syn_acks: u64,
    not_tcp: u64,
    fragments: u64,
    unreadable: u64,
    evicted_early: u64,
}

impl From<&CaptureTotals> for Read {
    fn from(totals: &CaptureTotals) -> Self {
        let CaptureTotals { name, frames, first, last, frame_times, not_ip, without_time, statistics, .. } = totals;
        let [first_frames, last_frames] =
            frame_times.both().map(|times| times.into_iter().flatten().map(Timestamp::as_nanos).collect());
        Self {
            capture: name.clone(),
            frames: *frames,
            first: first.map(Timestamp::as_nanos),
            last: last.map(Timestamp::as_nanos),
            first_frames,
            last_frames,
            not_ip: *not_ip,
            without_time: *without_time,
            packets: statistics.packets,
            segments: statistics.segments,
            syns: statistics.syns,
            syn_acks: statistics.syn_acks,
            not_tcp: statistics.not_tcp,
            fragments: statistics.fragments,
            unreadable: statistics.unreadable,
            evicted_early: statistics.evicted_early,
        }
    }
}

impl From<Read> for CaptureTotals {
    fn from(read: Read) -> Self {
        let times = |nanos: Vec<i64>| nanos.into_iter().map(Timestamp::from_nanos);
        Self {
            name: read.capture,
            frames: read.frames,
            first: read.first.map(Timestamp::from_nanos),
            last: read.last.map(Timestamp::from_nanos),
            frame_times: FrameTimes::new(times(read.first_frames), times(read.last_frames)),
            not_ip: read.not_ip,
            without_time: read.without_time,
            statistics: Statistics {
                packets: read.packets,
                segments: read.segments,
                syns: read.syns,
                syn_acks: read.syn_acks,
                not_tcp: read.not_tcp,
                fragments: read.fragments,
                unreadable: read.unreadable,
                evicted_early: read.evicted_early,
                ..Statistics::default()
            },
            ..Self::default()
        }
    }
}

/// What is known at the end of captures that continue each other.
#[derive(Debug, Serialize, Deserialize)]
pub struct End {
    /// Number of the first capture in the series.
    pub first: usize,
    /// Number of the last capture in the series.
    pub last: usize,
    /// Time of the latest packet, in nanoseconds since 1970.
    time: i64,
    wrong_checksums_work: bool,
    /// Connections without a SYN.
    midstream: u64,
    midstream_first: Option<Frames>,
    reset_acks: u64,
    reset_ack_servers: Vec<ResetAckServer>,
    /// Segments, in a stretch, of connections whose handshake may be in another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    loose: Vec<Loose>,
}

/// Segment of a connection whose handshake may be in another stretch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Loose {
    capture: u32,
    frame: u32,
    source: SocketAddr,
    destination: SocketAddr,
    seq: u32,
    ack: u32,
    flags: u8,
}

/// Frame of a capture of the series.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Frames {
    capture: u32,
    frame: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct ResetAckServer {
    ip: IpAddr,
    port: u16,
    connections: u64,
    ack: Option<Frames>,
    reset: Frames,
}

impl From<Frame> for Frames {
    fn from(Frame { capture, number }: Frame) -> Self {
        Self { capture, frame: number }
    }
}

impl From<Frames> for Frame {
    fn from(Frames { capture, frame }: Frames) -> Self {
        Self { capture, number: frame }
    }
}

impl From<&LooseSegment> for Loose {
    fn from(segment: &LooseSegment) -> Self {
        let &LooseSegment { frame, source, destination, seq, ack, flags } = segment;
        let Frame { capture, number } = frame;
        Self { capture, frame: number, source: source.into(), destination: destination.into(), seq, ack, flags }
    }
}

impl From<Loose> for LooseSegment {
    fn from(loose: Loose) -> Self {
        let Loose { capture, frame, source, destination, seq, ack, flags } = loose;
        let end = |address: SocketAddr| Endpoint { ip: address.ip(), port: address.port() };
        let frame = Frame { capture, number: frame };
        Self { frame, source: end(source), destination: end(destination), seq, ack, flags }
    }
}

impl End {
    /// Creates the record of the end of these captures.
    pub(super) fn new(first: usize, last: usize, end: &EndOfPackets) -> Self {
        let server = |server: &ResetAcks| ResetAckServer {
            ip: server.server.ip,
            port: server.server.port,
            connections: server.connections,
            ack: server.ack.map(Frames::from),
            reset: server.reset.into(),
        };
        Self {
            first,
            last,
            time: end.time.as_nanos(),
            wrong_checksums_work: end.wrong_checksums_work,
            midstream: end.midstream.connections,
            midstream_first: end.midstream.first.map(Frames::from),
            reset_acks: end.midstream.reset_acks,
            reset_ack_servers: end.midstream.servers.iter().map(server).collect(),
            loose: end.loose.iter().map(Loose::from).collect(),
        }
    }
}

impl End {
    /// Returns whether the frames and captures are among the first `captures` of the series.
    pub(super) fn is_within(&self, captures: u32) -> bool {
        let of_servers = self.reset_ack_servers.iter().flat_map(|server| server.ack.iter().chain([&server.reset]));
        let mut frames = self.midstream_first.iter().chain(of_servers);
        self.first <= self.last
            && self.last < captures as usize
            && frames.all(|frame| frame.capture < captures)
            && self.loose.iter().all(|segment| segment.capture < captures)
    }
}

impl From<End> for EndOfPackets {
    fn from(end: End) -> Self {
        let server = |server: ResetAckServer| ResetAcks {
            server: Endpoint { ip: server.ip, port: server.port },
            connections: server.connections,
            ack: server.ack.map(Frame::from),
            reset: server.reset.into(),
        };
        Self {
            time: Timestamp::from_nanos(end.time),
            midstream: Midstream {
                connections: end.midstream,
                first: end.midstream_first.map(Frame::from),
                reset_acks: end.reset_acks,
                servers: end.reset_ack_servers.into_iter().map(server).collect(),
            },
            wrong_checksums_work: end.wrong_checksums_work,
            loose: end.loose.into_iter().map(LooseSegment::from).collect(),
        }
    }
}
