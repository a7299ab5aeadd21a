//! Explanation of a handshake as one JSON object.

use std::io::{self, Write};

use serde::Serialize;
use syncookie_engine::{NarratedError, NarratedPacket};
use syncookie_terminal::escape_json_controls;

use super::Story;
use super::choose::Match;
use super::packets::{Explained, ICMP_ERROR};
use super::text::checks;
use crate::report::model::{Handshake, SCHEMA};
use crate::text::Rfc3339;
use crate::totals::CaptureTotals;

#[derive(Serialize)]
struct Explanation<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: u32,
    /// Handshake, as in the output of `analyze`.
    handshake: Handshake<'a>,
    packets: Vec<Packet<'a>>,
    /// Number of later packets of the connection that are left out.
    packets_omitted: u64,
    /// Assumptions about the files given with `--kernel`.
    kernel: Option<String>,
    /// Next steps; the check of the most likely cause is first.
    next: Vec<&'a str>,
    /// Number of handshakes that match.
    matching: u64,
    /// Other handshakes that match, the most informative first.
    others: Vec<Other<'a>>,
}

#[derive(Serialize)]
struct Packet<'a> {
    capture: &'a str,
    frame: u32,
    time: String,
    /// Time in seconds since the first packet.
    since_start: f64,
    from: &'static str,
    /// Address that sent the packet.
    sender: String,
    what: &'static str,
    flags: Option<&'a str>,
    seq: Option<u32>,
    ack: Option<u32>,
    relative_seq: Option<u32>,
    relative_ack: Option<u32>,
    window: Option<u16>,
    payload: Option<u32>,
    options: Option<&'a str>,
    hop_limit: Option<u8>,
    ip_id: Option<u16>,
    shows: &'a [String],
}

#[derive(Serialize)]
struct Other<'a> {
    capture: &'a str,
    /// Frame that identifies the handshake, for `--frame`.
    frame: Option<u32>,
    client: String,
    server: String,
    verdict: &'static str,
    outcome: &'static str,
    cause: Option<&'static str>,
}

pub fn write(output: &mut dyn Write, story: &Story<'_>) -> io::Result<()> {
    // The JSON of the handshake needs the names of the captures, which the totals contain.
    let named = |name: &String| CaptureTotals { name: name.clone(), ..CaptureTotals::default() };
    let captures: Vec<CaptureTotals> = story.captures.iter().map(named).collect();
    let explanation = Explanation {
        kind: "explanation",
        schema: SCHEMA,
        handshake: Handshake::new(&captures, &story.chosen.finding),
        packets: story.packets.explained.iter().map(|packet| Packet::of(packet, story.captures)).collect(),
        packets_omitted: story.packets.omitted,
        kernel: kernel(story),
        next: checks(&story.chosen.finding),
        matching: story.matching,
        others: story.others.iter().map(Other::from).collect(),
    };
    output.write_all(&escape_json_controls(&serde_json::to_vec_pretty(&explanation)?))?;
    output.write_all(b"\n")
}

/// Returns the sentences about the files given with `--kernel`.
fn kernel(story: &Story<'_>) -> Option<String> {
    let sentences: Vec<&str> = story.kernel.iter().map(|source| source.sentence.as_str()).collect();
    (!sentences.is_empty()).then(|| sentences.join(". "))
}

impl<'a> Packet<'a> {
    fn of(packet: &'a Explained, captures: &'a [String]) -> Self {
        let capture = captures.get(packet.frame().capture as usize).map_or("", String::as_str);
        match packet {
            Explained::Segment(packet) => Self::segment(packet, capture),
            Explained::Error(error) => Self::error(error, capture),
        }
    }

    fn segment(packet: &'a NarratedPacket, capture: &'a str) -> Self {
        let segment = &packet.segment;
        Self {
            capture,
            frame: segment.frame.number,
            time: Rfc3339(segment.time).to_string(),
            since_start: packet.since_start,
            from: if packet.from_client { "client" } else { "server" },
            sender: segment.source.ip.to_string(),
            what: packet.what,
            flags: Some(&segment.flags),
            seq: Some(segment.seq),
            ack: Some(segment.ack),
            relative_seq: packet.relative_seq,
            relative_ack: packet.relative_ack,
            window: Some(segment.window),
            payload: Some(segment.payload),
            options: Some(&segment.options),
            hop_limit: segment.ttl,
            ip_id: segment.identification,
            shows: &packet.shows,
        }
    }

    fn error(error: &'a NarratedError, capture: &'a str) -> Self {
        Self {
            capture,
            frame: error.frame.number,
            time: Rfc3339(error.time).to_string(),
            since_start: error.since_start,
            from: error.from,
            sender: error.sender.to_string(),
            what: ICMP_ERROR,
            flags: None,
            seq: None,
            ack: None,
            relative_seq: None,
            relative_ack: None,
            window: None,
            payload: None,
            options: None,
            hop_limit: Some(error.ttl),
            ip_id: None,
            shows: &error.shows,
        }
    }
}

impl<'a> From<&'a Match> for Other<'a> {
    fn from(other: &'a Match) -> Self {
        let finding = &other.finding;
        let frames = finding.frames;
        let frame = frames.syn_ack.or(frames.syn).or(frames.ack).or(frames.reset);
        Self {
            capture: &other.capture,
            frame: frame.map(|frame| frame.number),
            client: finding.client.to_string(),
            server: finding.server.to_string(),
            verdict: finding.assessment.verdict.as_str(),
            outcome: finding.outcome.as_str(),
            cause: finding.causes.first().map(|cause| cause.kind.as_str()),
        }
    }
}
