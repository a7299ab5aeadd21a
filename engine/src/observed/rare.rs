//! Visits facts that few handshakes have.

use std::net::{IpAddr, Ipv4Addr};

use arrayvec::ArrayVec;

use super::fields::{Field, Fields, field};
use super::values::{
    Origin, address, bits, endpoint, frame, list, number, optional, optional_number, optional_time, time, word,
};
use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::handshake::{Handshake, Retransmission, Side};
use crate::connection::large_segments::StuckSegment;
use crate::connection::other_answers::OtherAnswers;
use crate::connection::rare_facts::{RareFacts, RejectedPacket, Rejection};
use crate::packet::icmp::{IcmpError, IcmpKind, QuotedSegment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame};

/// Facts that few handshakes have.
pub(super) struct Rare {
    is_absorbed: bool,
    repeats_ack: bool,
    is_wrong: bool,
    isn_changed: Option<Frame>,
    /// Sender of the SYN-ACK from elsewhere, and whether the client accepted it.
    elsewhere: Option<(Endpoint, bool)>,
    other_answers: OtherAnswers,
    errors: ArrayVec<Error, 2>,
    stuck: ArrayVec<Stuck, 2>,
    repeats: ArrayVec<Repeat, 2>,
}

/// Visits facts that few handshakes have.
pub(super) fn visit<F: Fields>(
    fields: &mut F,
    handshake: &Handshake,
    other_answers: OtherAnswers,
    origin: Origin,
) -> Result<Rare, F::Error> {
    let none = RareFacts::default();
    // Every field is named, so that a new one is not forgotten.
    let &RareFacts {
        wrong_acknowledgment: ref wrong,
        isn_changed,
        elsewhere: ref answer,
        is_absorbed,
        rejection,
        too_big,
        repeats_ack,
        stuck,
        // Given apart: the handshake has them only after they were read.
        other_answers: _,
    } = handshake.rare().unwrap_or(&none);
    let [is_absorbed, repeats_ack, is_wrong, has_isn_changed, has_elsewhere, has_answers] = bits(
        fields,
        field!(
            "rare_bits",
            "Bit 0: the packets belong to another handshake, and this one is not judged; bit 1: the client \
             acknowledged the SYN-ACK again before the server's next packet; bit 2: the SYN-ACK acknowledges a number \
             that the client never sent; bit 3: `isn_changed_frame` and `isn_changed_capture` follow; bit 4: the \
             fields from `elsewhere_ip` to `elsewhere_accepted` follow; bit 5: `other_answers` and \
             `other_answers_of_host` follow"
        ),
        [
            is_absorbed,
            repeats_ack,
            wrong.is_some(),
            isn_changed.is_some(),
            answer.is_some(),
            other_answers != OtherAnswers::default(),
        ],
    )?;
    let mut rare = Rare {
        is_absorbed,
        repeats_ack,
        is_wrong,
        isn_changed: None,
        elsewhere: None,
        other_answers: OtherAnswers::default(),
        errors: ArrayVec::new(),
        stuck: ArrayVec::new(),
        repeats: ArrayVec::new(),
    };
    if has_isn_changed {
        let names = [
            field!(
                "isn_changed_frame",
                "Frame of the first SYN-ACK for the same SYN with another ISN, minus that of the first header"
            ),
            field!("isn_changed_capture", "Number of that frame's capture in its series"),
        ];
        rare.isn_changed = Some(frame(fields, names, isn_changed.unwrap_or_default(), origin.frame)?);
    }
    if has_elsewhere {
        rare.elsewhere = Some(elsewhere(fields, answer.as_ref(), handshake.server)?);
    }
    if has_answers {
        rare.other_answers = self::other_answers(fields, other_answers)?;
    }
    let rejection = rejection.map(|Rejection { error, packet }| (Some(packet), error));
    let all = rejection.into_iter().chain(too_big.map(|error| (None, error))).collect();
    rare.errors = errors(fields, &all, origin)?;
    let all = [Side::Client, Side::Server].into_iter();
    let all = all.filter_map(|side| Some((side, stuck[side as usize]?))).collect();
    rare.stuck = self::stuck(fields, &all, origin)?;
    let timer = handshake.rto_retransmission.as_deref().map(|repeat| (false, *repeat));
    let prompted = handshake.prompted_retransmission.as_deref().map(|repeat| (true, *repeat));
    rare.repeats = repeats(fields, &timer.into_iter().chain(prompted).collect(), origin)?;
    Ok(rare)
}

/// Visits who sent the SYN-ACK from elsewhere, whose header is among the headers.
fn elsewhere<F: Fields>(
    fields: &mut F,
    answer: Option<&AnswerElsewhere>,
    server: Endpoint,
) -> Result<(Endpoint, bool), F::Error> {
    let names = [
        field!("elsewhere_ip", "Address that the SYN-ACK from elsewhere came from, 4 or 16 bytes"),
        field!("elsewhere_port", "Port that it came from"),
    ];
    let server = endpoint(fields, names, answer.map_or(server, |answer| answer.server))?;
    let accepted = fields.flag(
        field!("elsewhere_accepted", "Whether the client went on with the address that it had sent the SYN to"),
        answer.is_some_and(|answer| answer.accepted),
    )?;
    Ok((server, accepted))
}

/// Visits the answers of other listeners.
fn other_answers<F: Fields>(fields: &mut F, answers: OtherAnswers) -> Result<OtherAnswers, F::Error> {
    let about = field!(
        "other_answers",
        "Number of SYNs of the client that other listeners answered between its first SYN and its last, among the \
         400 handshakes before this one and the 400 after it"
    );
    let count = number(fields, about, answers.count)?;
    let about = field!("other_answers_of_host", "Whether one of these listeners has the address of this one");
    Ok(OtherAnswers { count, of_same_host: fields.flag(about, answers.of_same_host)? })
}

impl Rare {
    /// Adds the facts to a handshake that has its headers and segments.
    pub fn set(self, handshake: &mut Handshake) {
        if let (Some((server, accepted)), Some(answer)) = (self.elsewhere, handshake.elsewhere_mut()) {
            (answer.server, answer.accepted) = (server, accepted);
        }
        for (is_prompted, repeat) in self.repeats {
            let place =
                if is_prompted { &mut handshake.prompted_retransmission } else { &mut handshake.rto_retransmission };
            *place = Some(Box::new(repeat));
        }
        let rare = handshake.rare_mut();
        rare.is_absorbed = self.is_absorbed;
        rare.repeats_ack = self.repeats_ack;
        rare.isn_changed = self.isn_changed;
        rare.other_answers = self.other_answers;
        if self.is_wrong {
            rare.wrong_acknowledgment.get_or_insert_default();
        }
        for (packet, error) in self.errors {
            match packet {
                Some(packet) => rare.rejection = Some(Rejection { error, packet }),
                None => rare.too_big = Some(error),
            }
        }
        for (side, stuck) in self.stuck {
            rare.stuck[side as usize] = Some(stuck);
        }
    }
}

/// A retransmitted SYN-ACK, and whether it may answer a retransmitted SYN.
type Repeat = (bool, Retransmission);

/// Visits the retransmitted SYN-ACKs of a handshake.
fn repeats<F: Fields>(
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
type Stuck = (Side, StuckSegment);

/// Visits the segments that do not arrive.
fn stuck<F: Fields>(
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
    let sack = optional(
        fields,
        field!("has_sack", "Whether the next three fields follow"),
        stuck.sack,
        (Frame::default(), 0),
        |fields, (sack, missing)| {
            let names = [
                field!(
                    "sack_frame",
                    "Frame of the first selective acknowledgment of bytes after the segment, minus that of the first \
                     header"
                ),
                field!("sack_capture", "Number of that frame's capture in its series"),
            ];
            let sack = frame(fields, names, sack, origin.frame)?;
            Ok((sack, fields.number(field!("sack_missing", "Number of bytes missing before those"), missing)?))
        },
    )?;
    let asked_again = optional(
        fields,
        field!("has_asked_again", "Whether the next three fields follow"),
        stuck.asked_again,
        (Frame::default(), origin.time),
        |fields, (again, at)| {
            let names = [
                field!(
                    "asked_again_frame",
                    "Frame of the receiver's latest segment that still asks for this one, minus that of the first header"
                ),
                field!("asked_again_capture", "Number of that frame's capture in its series"),
            ];
            let again = frame(fields, names, again, origin.frame)?;
            let about = field!("asked_again_time", "Nanoseconds from the handshake's first frame to that segment");
            Ok((again, time(fields, about, at, origin.time)?))
        },
    )?;
    let stuck = StuckSegment { since, copies, largest, smallest, latest, sack, asked_again };
    Ok((sender, stuck))
}

/// An ICMP error, and the packet that it rejects; `None` if it says that a packet is too big.
type Error = (Option<RejectedPacket>, IcmpError);

/// Packets that an ICMP error may be about.
const PACKETS: [Option<RejectedPacket>; 5] = [
    None,
    Some(RejectedPacket::Syn),
    Some(RejectedPacket::SynAck),
    Some(RejectedPacket::OfClient),
    Some(RejectedPacket::OfServer),
];

/// Visits the ICMP errors about packets of a handshake.
fn errors<F: Fields>(
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
        .optional(field!("mtu", "MTU of the next link, 0 if the error has none; null if a packet is rejected"), mtu)?;
    match (version.zip(code), mtu) {
        (Some((version, code)), _) => {
            let [kind, code] = code.to_be_bytes();
            Ok(IcmpKind::Rejected { version, code: (kind, code) })
        }
        (None, Some(mtu)) => Ok(IcmpKind::TooBig { mtu }),
        (None, None) => Err(fields.invalid(CODE)),
    }
}
