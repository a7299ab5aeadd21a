//! Visits the headers of SYNs and SYN-ACKs.

use arrayvec::ArrayVec;

use super::fields::{Field, Fields, field};
use super::values::{frame, list, number, optional_number, sequence, time, word};
use crate::Timestamp;
use crate::connection::handshake::SynHeader;
use crate::packet::checksum::Checksum;
use crate::packet::segment::{Flags, IpFacts, SignatureBits};
use crate::packet::seq::SeqNumber;

/// Role of a header in its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderRole {
    Syn,
    SynAck,
    /// SYN-ACK from another address or port than the SYN was sent to.
    Elsewhere,
    /// First SYN-ACK that acknowledges the SYN, after one with a wrong acknowledgment number.
    Accepted,
}

impl HeaderRole {
    const ALL: [Self; 4] = [Self::Syn, Self::SynAck, Self::Elsewhere, Self::Accepted];
    const WORDS: [&str; 4] = ["syn", "syn-ack", "elsewhere", "accepted"];
}

/// A header and its role.
pub(super) type Header = (HeaderRole, SynHeader);

/// Headers of a handshake, in order of their roles.
pub(super) type Headers<T> = ArrayVec<T, { HeaderRole::ALL.len() }>;

/// The list of headers. It has a SYN or a SYN-ACK.
pub(super) const HEADERS: &Field = field!("headers", "Headers of the SYN and of SYN-ACKs");

static EMPTY: SynHeader = SynHeader::empty();

/// Visits the headers of a handshake that began at `start`. Returns them if `fields` reads.
pub(super) fn headers<F: Fields>(
    fields: &mut F,
    headers: &Headers<(HeaderRole, &SynHeader)>,
    start: Timestamp,
) -> Result<Headers<Header>, F::Error> {
    // The others are near the first one.
    let mut first = None;
    list(fields, HEADERS, headers, (HeaderRole::Syn, &EMPTY), |fields, header| {
        let visited = visit(fields, header, start, first)?;
        let near = if F::READS { &visited.1 } else { header.1 };
        first.get_or_insert((near.frame.number, near.isn));
        Ok(visited)
    })
}

/// Visits a header; `first` has the frame and the ISN of the first one of the handshake, if this is
/// another one.
#[inline]
fn visit<F: Fields>(
    fields: &mut F,
    (role, header): (HeaderRole, &SynHeader),
    start: Timestamp,
    first: Option<(u32, SeqNumber)>,
) -> Result<Header, F::Error> {
    let (first_frame, first_isn) = first.unwrap_or_default();
    let role = word(
        fields,
        field!(
            "role",
            "`syn`, `syn-ack`, `elsewhere` (a SYN-ACK from another address or port) or `accepted` (the first \
             right SYN-ACK after one with a wrong acknowledgment number)"
        ),
        role,
        &HeaderRole::ALL,
        &HeaderRole::WORDS,
    )?;
    let mut visited = SynHeader::empty();
    visited.frame = frame(
        fields,
        [
            field!(
                "frame",
                "Frame number in its capture, minus that of the first header of the list (of the first header itself: \
                 minus 0)"
            ),
            field!("capture", "Number of the frame's capture in its series, from 0"),
        ],
        header.frame,
        first_frame,
    )?;
    visited.time = time(fields, field!("time", "Nanoseconds since the handshake's first frame"), header.time, start)?;
    visited.isn = SeqNumber(fields.random(field!("isn", "Initial sequence number"), header.isn.0)?);
    visited.ack = sequence(
        fields,
        field!(
            "ack",
            "Acknowledgment number, minus the ISN of the first header of the list (of the first header itself: \
             minus 0)"
        ),
        header.ack,
        first_isn,
    )?;
    visited.flags = Flags(number(fields, field!("flags", "TCP flags: byte 13 of the TCP header"), header.flags.0)?);
    visited.window = number(fields, field!("window", "Window as on the wire, not scaled"), header.window)?;
    visited.ip = ip_facts(fields, header.ip)?;
    visited.signature_bits = SignatureBits(number(
        fields,
        field!(
            "signature_bits",
            "Bits 0 to 3: length of the IPv4 options in words of 4 bytes, or 15 if the TCP options are truncated; \
              bit 4: Don't Fragment; bit 5: IPv4 reserved flag or IPv6 flow label; bit 6: ECN; bit 7: urgent \
             pointer"
        ),
        header.signature_bits.0,
    )?);
    visited.payload = number(fields, field!("payload", "Payload in bytes"), header.payload)?;
    visited.checksum = word(
        fields,
        field!("checksum", "Whether the TCP checksum is `right` or `wrong`, or `unknown`"),
        header.checksum,
        &[Checksum::Unknown, Checksum::Right, Checksum::Wrong],
        &["unknown", "right", "wrong"],
    )?;
    options(fields, header, &mut visited)?;
    Ok((role, visited))
}

/// Visits the TCP options.
#[inline]
fn options<F: Fields>(fields: &mut F, header: &SynHeader, visited: &mut SynHeader) -> Result<(), F::Error> {
    const BYTES: &Field = field!("options", "Bytes of the TCP options as captured");
    let mut bytes = header.padded_layout();
    let length = fields.bytes(BYTES, &mut bytes, header.layout().len())?;
    let truncated = fields.flag(
        field!("options_truncated", "Whether the capture lacks a part of the options"),
        header.options.truncated,
    )?;
    if F::READS {
        visited.set_options(bytes.get(..length).ok_or_else(|| fields.invalid(BYTES))?, truncated);
    }
    Ok(())
}

/// Visits the fields of an IP header that characterise its sender.
#[inline]
pub(super) fn ip_facts<F: Fields>(fields: &mut F, ip: IpFacts) -> Result<IpFacts, F::Error> {
    let ttl =
        optional_number(fields, field!("ttl", "TTL or hop limit; null if the IP header is not available"), ip.ttl())?;
    let identification = optional_number(
        fields,
        field!("identification", "Identification of the IPv4 header; null for IPv6"),
        ip.identification(),
    )?;
    Ok(IpFacts::new(ttl, identification))
}
