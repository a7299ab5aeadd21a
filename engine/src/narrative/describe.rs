//! Describes the headers of one segment in words and plain numbers.

use std::fmt::Write as _;

use crate::evidence::hop_limit::field_name;
use crate::intake::flow::same_ends;
use crate::packet::ip;
pub use crate::packet::ip::NoSegment;
use crate::packet::options::walk;
use crate::packet::segment::{Flags, Segment};
use crate::{Endpoint, Frame, Observation, Timestamp};

/// Headers of one TCP segment and its IP packet, in words and plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentDescription {
    /// Frame of the segment.
    pub frame: Frame,
    /// Time of capture.
    pub time: Timestamp,
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// TCP flags, as Wireshark writes them: `SYN, ACK`.
    pub flags: String,
    /// Sequence number, as on the wire.
    pub seq: u32,
    /// Acknowledgment number, as on the wire, whether or not the flag is set.
    pub ack: u32,
    /// Window, as on the wire, not scaled.
    pub window: u16,
    /// Payload, in bytes.
    pub payload: u32,
    /// TCP options: `MSS 1460, SACK permitted`; empty where there are none.
    pub options: String,
    /// TTL or hop limit; `None` where the IP header is not available.
    pub ttl: Option<u8>,
    /// IP identification; IPv4 only.
    pub identification: Option<u16>,
}

/// Describes the segment of a packet.
///
/// # Errors
///
/// Returns why the packet holds no TCP segment that can be read.
pub fn describe(observation: &Observation<'_>) -> Result<SegmentDescription, NoSegment> {
    ip::segment(observation).map(|segment| SegmentDescription::of(&segment))
}

impl SegmentDescription {
    /// Returns whether the segment travels between these two endpoints, in either direction.
    #[must_use]
    pub fn is_between(&self, a: Endpoint, b: Endpoint) -> bool {
        same_ends((self.source, self.destination), (a, b))
    }

    /// Returns the name of the header field that `ttl` holds: TTL in IPv4, hop limit in IPv6.
    #[must_use]
    pub const fn ttl_field(&self) -> &'static str {
        field_name(self.source.ip)
    }

    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            frame: segment.frame,
            time: segment.time,
            source: segment.source(),
            destination: segment.destination(),
            flags: flags(segment.flags()),
            seq: segment.seq().0,
            ack: segment.ack().0,
            window: segment.window(),
            payload: segment.payload,
            options: options(segment),
            ttl: segment.ip_facts().ttl(),
            identification: segment.ip_facts().identification(),
        }
    }
}

/// Names the flags that are set.
fn flags(flags: Flags) -> String {
    let names = [
        (Flags::FIN, "FIN"),
        (Flags::SYN, "SYN"),
        (Flags::RST, "RST"),
        (Flags::PSH, "PSH"),
        (Flags::ACK, "ACK"),
        (Flags::URG, "URG"),
        (Flags::ECE, "ECE"),
        (Flags::CWR, "CWR"),
    ];
    let set: Vec<&str> = names.into_iter().filter(|(bit, _)| flags.has(*bit)).map(|(_, name)| name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(", ") }
}

/// Describes the options in their order.
fn options(segment: &Segment<'_>) -> String {
    let mut text = String::new();
    let read = segment.options();
    for (kind, body) in walk(segment.option_bytes).flatten() {
        let separator = if text.is_empty() { "" } else { ", " };
        text.push_str(separator);
        let _ = match (kind, body) {
            (2, &[a, b]) => write!(text, "MSS {}", u16::from_be_bytes([a, b])),
            (3, &[shift]) => write!(text, "window scale {shift}"),
            (4, []) => write!(text, "SACK permitted"),
            (5, [_, _, _, _, _, _, _, _]) => write!(text, "SACK of 1 block"),
            (5, blocks) => write!(text, "SACK of {} blocks", blocks.len() / 8),
            (8, &[a, b, c, d, e, f, g, h]) => {
                let (value, echo) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
                write!(text, "TSval {value}, TSecr {echo}")
            }
            (19, _) => write!(text, "MD5 signature"),
            (29, _) => write!(text, "TCP-AO"),
            (30, _) => write!(text, "MPTCP"),
            (34, _) => write!(text, "Fast Open"),
            (kind, body) => write!(text, "option {kind} of {} bytes", body.len() + 2),
        };
    }
    if read.incomplete {
        let rest = if text.is_empty() { "" } else { ", the rest " };
        text.push_str(rest);
        text.push_str(if read.truncated { "truncated in the capture" } else { "malformed" });
    }
    text
}
