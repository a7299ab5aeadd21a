//! Visits facts that few handshakes have.

use std::net::{IpAddr, Ipv4Addr};

use arrayvec::ArrayVec;

use super::fields::{Field, Fields, field};
use super::values::{
    Origin, address, endpoint, frame, list, number, optional_frame, optional_number, optional_time, time, word,
};
use crate::connection::handshake::{Retransmission, Side};
use crate::connection::large_segments::StuckSegment;
use crate::connection::rare_facts::RejectedPacket;
use crate::packet::icmp::{IcmpError, IcmpKind, QuotedSegment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame};

/// A retransmitted SYN-ACK, and whether it may answer a retransmitted SYN.
pub(super) type Repeat = (bool, Retransmission);

/// Visits the retransmitted SYN-ACKs of a handshake.
pub(super) fn repeats<F: Fields>(
    fields: &mut F,
    repeats: &ArrayVec<Repeat, 2>,
    origin: Origin,
) -> Result<ArrayVec<Repeat, 2>, F::Error> {
    list(
        fields,
        field!(
            "repeated_syn_acks",
            "First retransmission of the SYN-ACK by the server's timer, and first one that may answer a \
             retransmitted SYN"
        ),
        repeats,
        (false, Retransmission { frame: Frame::default(), time: origin.time, previous: origin.time }),
        |fields, (is_prompted, repeat)| {
            let is_prompted =
                fields.flag(field!("is_prompted", "Whether it may answer a retransmitted SYN"), is_prompted)?;
            let repeat = Retransmission {
                frame: frame(
                    fields,
                    [
                        field!("frame", "Frame number in its capture, minus that of the first header"),
                        field!("capture", "Number of the frame's capture in its series, from 0"),
                    ],
                    repeat.frame,
                    origin.frame,
                )?,
                time: time(
                    fields,
                    field!("time", "Nanoseconds since the handshake's first frame"),
                    repeat.time,
                    origin.time,
                )?,
                previous: time(
                    fields,
                    field!("previous", "The same for the SYN-ACK before this one"),
                    repeat.previous,
                    origin.time,
                )?,
            };
            Ok((is_prompted, repeat))
        },
    )
}

/// A segment that does not arrive, and its sender.
pub(super) type Stuck = (Side, StuckSegment);

/// Visits the segments that do not arrive.
pub(super) fn stuck<F: Fields>(
    fields: &mut F,
    stuck: &ArrayVec<Stuck, 2>,
    origin: Origin,
) -> Result<ArrayVec<Stuck, 2>, F::Error> {
    list(
        fields,
        field!(
            "stuck_segments",
            "First large segment of the client or the server that, as far as the capture shows, did not arrive"
        ),
        stuck,
        (Side::Client, StuckSegment::since(origin.time)),
        |fields, stuck| stuck_segment(fields, stuck, origin),
    )
}

fn stuck_segment<F: Fields>(fields: &mut F, (sender, stuck): Stuck, origin: Origin) -> Result<Stuck, F::Error> {
    let sender = word(
        fields,
        field!("sender", "`client` or `server`"),
        sender,
        &[Side::Client, Side::Server],
        &["client", "server"],
    )?;
    let since = time(
        fields,
        field!("since", "Nanoseconds from the handshake's first frame to the first sign of the loss"),
        stuck.since,
        origin.time,
    )?;
    let copies = number(fields, field!("copies", "Number of retransmissions"), stuck.copies)?;
    let largest = number(
        fields,
        field!("largest", "Largest payload of a retransmission in bytes; 0 without one"),
        stuck.largest,
    )?;
    let smallest = number(
        fields,
        field!("smallest", "Smallest payload of a retransmission in bytes; 0 without one"),
        stuck.smallest,
    )?;
    let latest = optional_time(
        fields,
        field!("latest", "Nanoseconds from the handshake's first frame to the latest retransmission"),
        stuck.latest,
        origin.time,
    )?;
    let (sack_frame, missing) = stuck.sack.unzip();
    let sack_frame = optional_frame(
        fields,
        [
            field!(
                "sack_frame",
                "Frame of the first selective acknowledgment of octets after the segment, minus that of the first header"
            ),
            field!("sack_capture", "Number of that frame's capture in its series"),
        ],
        sack_frame,
        origin.frame,
    )?;
    let missing = fields.number(field!("sack_missing", "Number of octets missing before those"), missing)?;
    let (again_frame, again_time) = stuck.asked_again.unzip();
    let again_frame = optional_frame(
        fields,
        [
            field!(
                "asked_again_frame",
                "Frame of the receiver's latest segment that still asks for this one, minus that of the first header"
            ),
            field!("asked_again_capture", "Number of that frame's capture in its series"),
        ],
        again_frame,
        origin.frame,
    )?;
    let again_time = optional_time(
        fields,
        field!("asked_again_time", "Nanoseconds from the handshake's first frame to that segment"),
        again_time,
        origin.time,
    )?;
    let stuck = StuckSegment {
        since,
        copies,
        largest,
        smallest,
        latest,
        sack: sack_frame.zip(missing),
        asked_again: again_frame.zip(again_time),
    };
    Ok((sender, stuck))
}

/// An ICMP error, and the packet that it rejects; `None` if it says that a packet is too big.
pub(super) type Error = (Option<RejectedPacket>, IcmpError);

/// Packets that an ICMP error may be about.
const PACKETS: [Option<RejectedPacket>; 5] = [
    None,
    Some(RejectedPacket::Syn),
    Some(RejectedPacket::SynAck),
    Some(RejectedPacket::OfClient),
    Some(RejectedPacket::OfServer),
];

/// Visits the ICMP errors about packets of a handshake.
pub(super) fn errors<F: Fields>(
    fields: &mut F,
    errors: &ArrayVec<Error, 2>,
    origin: Origin,
) -> Result<ArrayVec<Error, 2>, F::Error> {
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let end = Endpoint { ip: nowhere, port: 0 };
    let quoted = QuotedSegment { source: end, destination: end, seq: SeqNumber(0), ttl: 0 };
    let kind = IcmpKind::TooBig { mtu: 0 };
    let empty = IcmpError { frame: Frame::default(), time: origin.time, kind, sender: nowhere, ttl: 0, quoted };
    list(
        fields,
        field!(
            "icmp_errors",
            "First ICMP error that rejects a packet, and first one that says that a packet is too big"
        ),
        errors,
        (None, empty),
        |fields, error| icmp_error(fields, error, origin),
    )
}

fn icmp_error<F: Fields>(fields: &mut F, (packet, error): Error, origin: Origin) -> Result<Error, F::Error> {
    let packet = word(
        fields,
        field!("packet", "`too-big`, or the rejected packet: `syn`, `syn-ack`, `of-client`, `of-server`"),
        packet,
        &PACKETS,
        &["too-big", "syn", "syn-ack", "of-client", "of-server"],
    )?;
    let frame = frame(
        fields,
        [
            field!("frame", "Frame number in its capture, minus that of the first header"),
            field!("capture", "Number of the frame's capture in its series, from 0"),
        ],
        error.frame,
        origin.frame,
    )?;
    let time = time(fields, field!("time", "Nanoseconds since the handshake's first frame"), error.time, origin.time)?;
    let kind = icmp_kind(fields, error.kind)?;
    let sender = address(fields, field!("sender", "Address of the sender, 4 or 16 bytes"), error.sender)?;
    let ttl = number(fields, field!("ttl", "TTL or hop limit of the error"), error.ttl)?;
    let quoted = QuotedSegment {
        source: endpoint(
            fields,
            [
                field!("source_ip", "Source of the quoted packet: its address, 4 or 16 bytes"),
                field!("source_port", "Source of the quoted packet: its port"),
            ],
            error.quoted.source,
        )?,
        destination: endpoint(
            fields,
            [
                field!("destination_ip", "Destination of the quoted packet: its address, 4 or 16 bytes"),
                field!("destination_port", "Destination of the quoted packet: its port"),
            ],
            error.quoted.destination,
        )?,
        seq: SeqNumber(number(fields, field!("seq", "Sequence number of the quoted packet"), error.quoted.seq.0)?),
        ttl: number(fields, field!("quoted_ttl", "TTL or hop limit of the quoted packet"), error.quoted.ttl)?,
    };
    Ok((packet, IcmpError { frame, time, kind, sender, ttl, quoted }))
}

fn icmp_kind<F: Fields>(fields: &mut F, kind: IcmpKind) -> Result<IcmpKind, F::Error> {
    let (version, code, mtu) = match kind {
        IcmpKind::Rejected { version, code } => (Some(version), Some(u16::from_be_bytes([code.0, code.1])), None),
        IcmpKind::TooBig { mtu } => (None, None, Some(mtu)),
    };
    const CODE: &Field = field!("code", "Type times 256, plus code; null if a packet is too big");
    let version = optional_number(
        fields,
        field!("version", "IP version of the error, 4 or 6; null if a packet is too big"),
        version,
    )?;
    let code: Option<u16> = optional_number(fields, CODE, code)?;
    let mtu = fields
        .number(field!("mtu", "MTU of the next link, 0 if the error has none; null if a packet is rejected"), mtu)?;
    match (version.zip(code), mtu) {
        (Some((version, code)), _) => {
            let [kind, code] = code.to_be_bytes();
            Ok(IcmpKind::Rejected { version, code: (kind, code) })
        }
        (None, Some(mtu)) => Ok(IcmpKind::TooBig { mtu }),
        (None, None) => Err(fields.invalid(CODE)),
    }
}
