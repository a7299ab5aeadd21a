//! Visits the headers of SYNs and SYN-ACKs.

use arrayvec::ArrayVec;

use super::fields::{Field, Fields, field};
use super::values::{frame, list, number, optional_number, sequence, time, word};
use crate::Timestamp;
use crate::connection::handshake::{OPTION_BYTES, SynHeader};
use crate::packet::checksum::Checksum;
use crate::packet::options::{TIMESTAMPS, tcp_options};
use crate::packet::segment::{Flags, IpFacts, SignatureBits};
use crate::packet::seq::SeqNumber;

/// Length of TSval and TSecr in bytes.
const TIMESTAMP_BYTES: usize = 8;

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

/// The headers of a handshake, in order of their roles.
pub(super) type Headers = ArrayVec<Header, { HeaderRole::ALL.len() }>;

/// The list of headers. It has a SYN or a SYN-ACK.
pub(super) const HEADERS: &Field = field!("headers", "Headers of the SYN and of SYN-ACKs");

/// Visits the headers of a handshake that began at `start`.
pub(super) fn headers<F: Fields>(fields: &mut F, headers: &Headers, start: Timestamp) -> Result<Headers, F::Error> {
    // The others answer the first one.
    let mut first = None;
    list(fields, HEADERS, headers, (HeaderRole::Syn, SynHeader::empty()), |fields, header| {
        let visited = visit(fields, header, start, first)?;
        first.get_or_insert(if F::READS { visited.1 } else { header.1 });
        Ok(visited)
    })
}

/// Visits a header; `first` is the first one of the handshake, if this is another one.
fn visit<F: Fields>(
    fields: &mut F,
    (role, header): Header,
    start: Timestamp,
    first: Option<SynHeader>,
) -> Result<Header, F::Error> {
    let (base, first_timestamp) = first.map_or((SeqNumber::default(), SeqNumber::default()), |first| {
        (first.isn, SeqNumber(first.options.timestamps.map_or(0, |timestamps| timestamps.value)))
    });
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
        first.map_or(0, |first| first.frame.number),
    )?;
    visited.time = time(fields, field!("time", "Nanoseconds since the handshake's first frame"), header.time, start)?;
    visited.isn = SeqNumber(number(fields, field!("isn", "Initial sequence number"), header.isn.0)?);
    visited.ack = sequence(
        fields,
        field!(
            "ack",
            "Acknowledgment number, minus the ISN of the first header of the list (of the first header itself: \
             minus 0)"
        ),
        header.ack,
        base,
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
    options(fields, &header, &mut visited, first_timestamp)?;
    Ok((role, visited))
}

/// Visits the TCP options: their bytes without TSval and TSecr, and these two.
fn options<F: Fields>(
    fields: &mut F,
    header: &SynHeader,
    visited: &mut SynHeader,
    first_timestamp: SeqNumber,
) -> Result<(), F::Error> {
    const BYTES: &Field =
        field!("options", "Bytes of the TCP options as captured; TSval and TSecr of the last timestamps option are 0");
    let mut bytes = [0; OPTION_BYTES];
    let layout = header.layout();
    bytes[..layout.len()].copy_from_slice(layout);
    let timestamps = timestamps_in(layout).and_then(|at| bytes.get_mut(at..)?.first_chunk_mut::<TIMESTAMP_BYTES>());
    let (value, echo) = timestamps.map(take_timestamps).unzip();
    let length = fields.bytes(BYTES, &mut bytes, Some(layout.len()))?.filter(|&length| length <= OPTION_BYTES);
    let length = length.ok_or_else(|| fields.invalid(BYTES))?;
    let value = fields.number(field!("timestamp", "TSval"), value)?;
    let echo = echo.map(|echo: u32| SeqNumber(echo).ahead_of(first_timestamp));
    let echo = fields.difference(
        field!(
            "timestamp_echo",
            "TSecr, minus the TSval of the first header of the list (of the first header itself: minus 0)"
        ),
        echo,
    )?;
    let truncated = fields.flag(
        field!("options_truncated", "Whether the capture lacks a part of the options"),
        header.options.truncated,
    )?;
    if !F::READS {
        return Ok(());
    }
    if let Some((value, echo)) = value.zip(echo)
        && let Some(at) = timestamps_in(&bytes[..length])
        && let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<TIMESTAMP_BYTES>())
    {
        let echo = first_timestamp.plus(echo.cast_unsigned()).0;
        *place = (u64::from(value) << 32 | u64::from(echo)).to_be_bytes();
    }
    visited.set_options(&bytes[..length], truncated);
    Ok(())
}

/// Returns the offset of TSval in the last timestamps option.
fn timestamps_in(options: &[u8]) -> Option<usize> {
    let is_timestamps = |option: &crate::TcpOption| option.kind == TIMESTAMPS && option.length == 2 + TIMESTAMP_BYTES;
    tcp_options(options)
        .filter(|option| is_timestamps(option) && option.is_whole())
        .last()
        .map(|last| last.range.start + 2)
}

/// Returns TSval and TSecr, and replaces them with 0.
fn take_timestamps(place: &mut [u8; TIMESTAMP_BYTES]) -> (u32, u32) {
    let both = u64::from_be_bytes(std::mem::take(place));
    ((both >> 32) as u32, both as u32)
}

/// Visits the fields of an IP header that characterise its sender.
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
