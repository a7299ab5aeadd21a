//! Describes an ICMP error about a packet of a handshake.

use std::net::IpAddr;

use super::Narrator;
use crate::evidence::hop_limit::{field_name, hops};
use crate::intake::flow::same_ends;
use crate::packet::icmp::{self, IcmpError, IcmpKind};
use crate::{Frame, Observation, Packet, Timestamp};

/// ICMP error about a packet of a handshake, described.
#[derive(Clone, Debug, PartialEq)]
pub struct NarratedError {
    /// Frame of the error.
    pub frame: Frame,
    /// Time of capture.
    pub time: Timestamp,
    /// Seconds since the first packet described.
    pub since_start: f64,
    /// Address that sent the error.
    pub sender: IpAddr,
    /// `client` or `server` if one of them sent it, otherwise `path`.
    pub from: &'static str,
    /// TTL or hop limit of the error.
    pub ttl: u8,
    /// Whether the quoted packet is the client's, so that the error is for the client.
    pub is_to_client: bool,
    /// Conclusions from the error, one sentence each.
    pub shows: Vec<String>,
}

impl NarratedError {
    /// Returns the name of the header field that `ttl` holds: TTL in IPv4, hop limit in IPv6.
    #[must_use]
    pub const fn ttl_field(&self) -> &'static str {
        field_name(self.sender)
    }
}

impl Narrator<'_> {
    /// Describes an ICMP error about this handshake; `None` for any other packet.
    pub fn push_error(&mut self, observation: &Observation<'_>) -> Option<NarratedError> {
        let Packet::Ip(bytes) = observation.packet else { return None };
        let (start, false) = (self.start?, self.ended) else { return None };
        let error = icmp::error(observation.frame, observation.time, bytes)?;
        let quoted = error.quoted;
        if !same_ends((self.finding.client, self.finding.server), (quoted.source, quoted.destination)) {
            return None;
        }
        let is_to_client = quoted.source == self.finding.client;
        Some(NarratedError {
            frame: error.frame,
            time: error.time,
            since_start: error.time.seconds_since(start),
            sender: error.sender,
            from: match error.sender {
                sender if sender == self.finding.server.ip => "server",
                sender if sender == self.finding.client.ip => "client",
                _ => "path",
            },
            ttl: error.ttl,
            is_to_client,
            shows: vec![
                format!("{} about {}", describe(error.kind), self.rejected(&error, is_to_client)),
                distances(&error, is_to_client),
            ],
        })
    }

    /// Names the packet that an error quotes.
    fn rejected(&self, error: &IcmpError, is_to_client: bool) -> &'static str {
        let isn = if is_to_client { self.seen.client_isn } else { self.seen.server_isn };
        match (is_to_client, isn == Some(error.quoted.seq)) {
            (true, true) => "the SYN",
            (false, true) => "the SYN-ACK",
            (true, false) => "a later segment of the client",
            (false, false) => "a later segment of the server",
        }
    }
}

/// Describes type and code.
pub(crate) fn describe(kind: IcmpKind) -> String {
    let meaning = kind.meaning();
    match kind {
        IcmpKind::Rejected { version: 6, code: (number, code) } => {
            format!("ICMPv6 type {number} code {code} ({meaning})")
        }
        IcmpKind::Rejected { code: (number, code), .. } => format!("ICMP type {number} code {code} ({meaning})"),
        IcmpKind::TooBig { mtu } => format!("ICMP {meaning} (MTU {mtu})"),
    }
}

/// Describes how far the sender of the error is from the capture, and how far the quoted packet had
/// come.
pub(crate) fn distances(error: &IcmpError, sent_to_client: bool) -> String {
    let field = field_name(error.sender);
    let (away, passed) = (hops(error.ttl), hops(error.quoted.ttl));
    let plural = |number: u8| if number == 1 { "" } else { "s" };
    let from = if sent_to_client { "client" } else { "server" };
    let sender = match away {
        0 => "its sender is the next device".to_owned(),
        _ => format!("its sender is behind {away} router{}", plural(away)),
    };
    format!(
        "the error has {field} {}: {sender}; the quoted packet has {field} {}: {passed} router{} on \
         the way from the {from} had decremented it",
        error.ttl,
        error.quoted.ttl,
        plural(passed),
    )
}
