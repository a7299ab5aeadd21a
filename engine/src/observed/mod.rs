//! Observations: what the packets of a handshake show, as far as judging needs it. They can be
//! written, and judged elsewhere.

pub(crate) mod fields;
mod header;
mod link;
mod rare;
mod segment;
mod values;

use arrayvec::ArrayVec;

use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::handshake::{Handshake, Previous, SegmentFacts, Side, SynHeader, WrongAcknowledgment};
use crate::connection::large_segments::LargeSegments;
use crate::connection::rare_facts::{RareFacts, Rejection};
use crate::packet::icmp::IcmpError;
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, HandshakeId, Link, Timestamp};
use fields::{Field, Fields, field};
use header::{HeaderRole, Headers};
use segment::{Bases, SegmentRole, Segments};
use values::{Origin, number, optional_endpoint, optional_frame, optional_time};

/// Observation of one handshake.
#[derive(Clone, Debug)]
pub struct ObservedHandshake {
    pub(crate) handshake: Handshake,
    /// Link layer of its SYN, if it is known.
    pub(crate) link: Option<Link>,
}

impl ObservedHandshake {
    /// Returns the number that the observer gave the handshake.
    #[must_use]
    pub const fn id(&self) -> HandshakeId {
        self.handshake.id
    }

    /// Returns whose handshake it is, and when it began.
    #[must_use]
    pub const fn opening(&self) -> Opening {
        let Handshake { client, server, time, .. } = self.handshake;
        Opening { client, server, time }
    }

    /// Writes everything but the opening to `fields`.
    ///
    /// # Errors
    /// Returns the first error of `fields`.
    pub fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        visit(fields, self.opening(), &self.handshake, self.link).map(drop)
    }

    /// Reads the observation of a handshake with this opening from `fields`.
    ///
    /// # Errors
    /// Returns the first error of `fields`; fails if the fields are not those of an observation.
    pub fn read<F: Fields>(opening: Opening, fields: &mut F) -> Result<Self, F::Error> {
        let (handshake, link) = visit(fields, opening, &opening.handshake(), None)?;
        Ok(Self { handshake, link })
    }
}

/// Whose handshake an observation is about, and when it began: observations are divided and sorted
/// by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Client.
    pub client: Endpoint,
    /// Server.
    pub server: Endpoint,
    /// Time of the first frame.
    pub time: Timestamp,
}

impl Opening {
    /// Returns a handshake without segments.
    fn handshake(self) -> Handshake {
        Handshake::new(HandshakeId(0), self.client, self.server, self.time)
    }
}

/// Visits the fields of an observation. Returns what was visited if `fields` reads, with an id of 0.
fn visit<F: Fields>(
    fields: &mut F,
    opening: Opening,
    handshake: &Handshake,
    known_link: Option<Link>,
) -> Result<(Handshake, Option<Link>), F::Error> {
    let mut visited = opening.handshake();
    let headers = header::headers(fields, &headers(handshake), opening.time)?;
    if F::READS {
        add_headers(&mut visited, &headers);
    }
    let known = if F::READS { &visited } else { handshake };
    if known.syn.is_none() && known.syn_ack.is_none() {
        return Err(fields.invalid(header::HEADERS));
    }
    let origin = Origin { time: opening.time, frame: headers.first().map_or(0, |(_, header)| header.frame.number) };
    let bases = Bases {
        origin,
        isns: [known.client_isn(), known.syn_ack.map(|syn_ack| syn_ack.isn)].map(Option::unwrap_or_default),
        timestamps: [&known.syn, &known.syn_ack].map(timestamp),
    };
    let segments = segment::segments(fields, &segments(handshake), &bases)?;
    if F::READS {
        add_segments(&mut visited, &segments);
    }
    syns(fields, handshake, &mut visited, origin)?;
    sizes(fields, handshake, &mut visited, origin)?;
    visited.previous = previous(fields, handshake.previous.as_deref(), origin)?.map(Box::new);
    rare(fields, handshake, &mut visited, origin)?;
    let link = link::link(fields, known_link)?;
    Ok((visited, link))
}

/// Returns TSval of a header, or 0.
fn timestamp(header: &Option<SynHeader>) -> SeqNumber {
    let timestamps = header.as_ref().and_then(|header| header.options.timestamps);
    SeqNumber(timestamps.map_or(0, |timestamps| timestamps.value))
}

/// Returns the headers of a handshake.
fn headers(handshake: &Handshake) -> Headers {
    let all = [
        (HeaderRole::Syn, handshake.syn.as_ref()),
        (HeaderRole::SynAck, handshake.syn_ack.as_ref()),
        (HeaderRole::Elsewhere, handshake.elsewhere().map(|answer| &answer.syn_ack)),
        (HeaderRole::Accepted, handshake.wrong_acknowledgment().and_then(|wrong| wrong.accepted.as_ref())),
    ];
    all.into_iter().filter_map(|(role, header)| Some((role, *header?))).collect()
}

/// Adds the headers to a handshake.
fn add_headers(handshake: &mut Handshake, headers: &Headers) {
    for &(role, header) in headers {
        match role {
            HeaderRole::Syn => handshake.syn = Some(header),
            HeaderRole::SynAck => handshake.syn_ack = Some(header),
            HeaderRole::Elsewhere => {
                let server = handshake.server;
                let answer = AnswerElsewhere { server, syn_ack: header, accepted: false };
                handshake.rare_mut().elsewhere = Some(answer);
            }
            HeaderRole::Accepted => wrong_acknowledgment(handshake).accepted = Some(header),
        }
    }
}

fn wrong_acknowledgment(handshake: &mut Handshake) -> &mut WrongAcknowledgment {
    handshake.rare_mut().wrong_acknowledgment.get_or_insert_default()
}

/// Returns the segments of a handshake after SYN and SYN-ACK.
fn segments(handshake: &Handshake) -> Segments {
    let reset = handshake.reset.as_deref();
    let reset_role = match reset {
        Some((Side::Server, _)) => SegmentRole::ServerReset,
        _ => SegmentRole::ClientReset,
    };
    let all = [
        (SegmentRole::Ack, handshake.ack.as_ref()),
        (SegmentRole::ClientData, handshake.client_data.as_ref()),
        (SegmentRole::WrongAck, handshake.wrong_ack.as_deref()),
        (reset_role, reset.map(|(_, reset)| reset)),
        (SegmentRole::Refusal, handshake.refused_acknowledgment()),
    ];
    let mut segments: Segments = all.into_iter().filter_map(|(role, segment)| Some((role, *segment?))).collect();
    segments.extend(handshake.server_segments.iter().map(|&segment| (SegmentRole::Server, segment)));
    segments
}

/// Adds the segments to a handshake.
fn add_segments(handshake: &mut Handshake, segments: &Segments) {
    for &(role, segment) in segments {
        match role {
            SegmentRole::Ack => handshake.acknowledge(segment),
            SegmentRole::ClientData => handshake.begin_client_data(segment),
            SegmentRole::WrongAck => handshake.wrong_ack = Some(Box::new(segment)),
            SegmentRole::ClientReset => handshake.reset = Some(Box::new((Side::Client, segment))),
            SegmentRole::ServerReset => handshake.reset = Some(Box::new((Side::Server, segment))),
            SegmentRole::Refusal => wrong_acknowledgment(handshake).refusal = Some(segment),
            SegmentRole::Server => add_server_segment(handshake, segment),
        }
    }
}

/// Adds a segment of the server, if there is room. A file may contain more.
fn add_server_segment(handshake: &mut Handshake, segment: SegmentFacts) {
    let _ = handshake.server_segments.try_push(segment);
}

/// Visits what SYNs and SYN-ACKs show beside their headers.
fn syns<F: Fields>(
    fields: &mut F,
    handshake: &Handshake,
    visited: &mut Handshake,
    origin: Origin,
) -> Result<(), F::Error> {
    visited.syn_retransmissions = number(
        fields,
        field!("syn_retransmissions", "Number of retransmissions of the SYN"),
        handshake.syn_retransmissions,
    )?;
    visited.last_syn = optional_time(
        fields,
        field!("last_syn", "Nanoseconds from the first frame to the last SYN before the SYN-ACK"),
        handshake.last_syn,
        origin.time,
    )?;
    visited.syn_acks = number(fields, field!("syn_acks", "Number of SYN-ACKs"), handshake.syn_acks)?;
    visited.last_syn_ack = optional_time(
        fields,
        field!("last_syn_ack", "Nanoseconds from the first frame to the latest SYN-ACK"),
        handshake.last_syn_ack,
        origin.time,
    )?;
    visited.unanswered_retransmission = fields.flag(
        field!(
            "unanswered_retransmission",
            "Whether the client retransmitted its SYN after the SYN-ACK and got no answer to it"
        ),
        handshake.unanswered_retransmission,
    )?;
    visited.simultaneous = fields
        .flag(field!("simultaneous", "Whether the SYNs of both ends crossed on the wire"), handshake.simultaneous)?;
    let timer = handshake.rto_retransmission.as_deref().map(|repeat| (false, *repeat));
    let prompted = handshake.prompted_retransmission.as_deref().map(|repeat| (true, *repeat));
    let repeats: ArrayVec<_, 2> = timer.into_iter().chain(prompted).collect();
    for (is_prompted, repeat) in rare::repeats(fields, &repeats, origin)? {
        let place = if is_prompted { &mut visited.prompted_retransmission } else { &mut visited.rto_retransmission };
        *place = Some(Box::new(repeat));
    }
    Ok(())
}

/// Visits counts of later segments.
fn sizes<F: Fields>(
    fields: &mut F,
    handshake: &Handshake,
    visited: &mut Handshake,
    origin: Origin,
) -> Result<(), F::Error> {
    visited.client_data_retransmissions = number(
        fields,
        field!("client_data_retransmissions", "Number of retransmissions of the client's first payload"),
        handshake.client_data_retransmissions,
    )?;
    visited.server_data = optional_frame(
        fields,
        [
            field!("server_data_frame", "Frame of the server's first payload, minus that of the first header"),
            field!("server_data_capture", "Number of that frame's capture in its series"),
        ],
        handshake.server_data,
        origin.frame,
    )?;
    visited.largest_payload = number(
        fields,
        field!("largest_payload", "Largest payload among the first segments of the server, in bytes"),
        handshake.largest_payload,
    )?;
    visited.largest_count = number(
        fields,
        field!("largest_count", "Number of these segments with the largest payload"),
        handshake.largest_count,
    )?;
    visited.client_fin = fields.flag(field!("client_fin", "Whether the client sent a FIN"), handshake.client_fin)?;
    visited.server_fin = fields.flag(field!("server_fin", "Whether the server sent a FIN"), handshake.server_fin)?;
    visited.server_resets =
        number(fields, field!("server_resets", "Number of resets of the server"), handshake.server_resets)?;
    visited.server_aborted = fields.flag(
        field!("server_aborted", "Whether a reset of the server has an ACK flag and a window or options"),
        handshake.server_aborted,
    )?;
    let large = handshake.large_segments;
    let client = fields.flag(
        field!("client_large_passed", "Whether a large segment of the client was acknowledged"),
        large.has_passed(Side::Client),
    )?;
    let server = fields.flag(
        field!("server_large_passed", "Whether a large segment of the server was acknowledged"),
        large.has_passed(Side::Server),
    )?;
    visited.large_segments = LargeSegments::passed([client, server]);
    Ok(())
}

/// Visits the facts of the previous connection on the same four-tuple.
fn previous<F: Fields>(
    fields: &mut F,
    previous: Option<&Previous>,
    origin: Origin,
) -> Result<Option<Previous>, F::Error> {
    const IS_THERE: &Field = field!("has_previous", "Whether the facts of that connection follow");
    if !fields.flag(IS_THERE, previous.is_some())? {
        return Ok(None);
    }
    let client_isn = fields.number(
        field!("previous_client_isn", "Client's ISN in the previous connection of the same addresses and ports"),
        previous.map(|previous| previous.client_isn.0),
    )?;
    let server_isn = fields.number(
        field!("previous_server_isn", "Server's ISN in that connection"),
        previous.map(|previous| previous.server_isn.0),
    )?;
    let time = optional_time(
        fields,
        field!("previous_time", "Nanoseconds from the first frame to the SYN-ACK of that connection, below 0"),
        previous.map(|previous| previous.time),
        origin.time,
    )?;
    let syn_ack = optional_frame(
        fields,
        [
            field!("previous_frame", "Frame of that SYN-ACK, minus that of the first header"),
            field!("previous_capture", "Number of that frame's capture in its series"),
        ],
        previous.map(|previous| previous.syn_ack),
        origin.frame,
    )?;
    let facts = client_isn.zip(server_isn).zip(time).zip(syn_ack);
    Ok(facts.map(|(((client_isn, server_isn), time), syn_ack)| Previous {
        client_isn: SeqNumber(client_isn),
        server_isn: SeqNumber(server_isn),
        time,
        syn_ack,
    }))
}

/// Visits facts that few handshakes have.
fn rare<F: Fields>(
    fields: &mut F,
    handshake: &Handshake,
    visited: &mut Handshake,
    origin: Origin,
) -> Result<(), F::Error> {
    let known = handshake.rare();
    if !fields.flag(field!("has_rare", "Whether any of the facts follow that few handshakes have"), known.is_some())? {
        return Ok(());
    }
    let none = RareFacts::default();
    // Every field is named, so that a new one is not forgotten.
    let &RareFacts {
        wrong_acknowledgment: wrong,
        isn_changed,
        elsewhere: ref answer,
        is_absorbed,
        rejection,
        too_big,
        repeats_ack,
        stuck,
    } = known.unwrap_or(&none);
    let is_absorbed = fields.flag(
        field!("is_absorbed", "Whether the packets belong to another handshake; then this one is not judged"),
        is_absorbed,
    )?;
    if is_absorbed {
        visited.rare_mut().is_absorbed = true;
    }
    let repeats_ack = fields.flag(
        field!("repeats_ack", "Whether the client acknowledged the SYN-ACK again before the server's next packet"),
        repeats_ack,
    )?;
    if repeats_ack {
        visited.rare_mut().repeats_ack = true;
    }
    let is_wrong = fields.flag(
        field!("wrong_acknowledgment", "Whether the SYN-ACK acknowledges a number that the client never sent"),
        wrong.is_some(),
    )?;
    if is_wrong {
        wrong_acknowledgment(visited);
    }
    let isn_changed = optional_frame(
        fields,
        [
            field!(
                "isn_changed_frame",
                "Frame of the first SYN-ACK for the same SYN with another ISN, minus that of the first header"
            ),
            field!("isn_changed_capture", "Number of that frame's capture in its series"),
        ],
        isn_changed,
        origin.frame,
    )?;
    if isn_changed.is_some() {
        visited.rare_mut().isn_changed = isn_changed;
    }
    elsewhere(fields, answer.as_ref(), visited)?;
    errors(fields, rejection, too_big, visited, origin)?;
    let all = [Side::Client, Side::Server].into_iter();
    let stuck = all.filter_map(|side| Some((side, stuck[side as usize]?))).collect();
    for (side, stuck) in rare::stuck(fields, &stuck, origin)? {
        visited.rare_mut().stuck[side as usize] = Some(stuck);
    }
    Ok(())
}

/// Visits who sent the SYN-ACK from elsewhere, whose header is among the headers.
fn elsewhere<F: Fields>(
    fields: &mut F,
    answer: Option<&AnswerElsewhere>,
    visited: &mut Handshake,
) -> Result<(), F::Error> {
    let server = optional_endpoint(
        fields,
        [
            field!("elsewhere_ip", "Address that the SYN-ACK from elsewhere came from"),
            field!("elsewhere_port", "Port that it came from"),
        ],
        answer.map(|answer| answer.server),
    )?;
    let accepted = fields.flag(
        field!("elsewhere_accepted", "Whether the client went on with the address that it had sent the SYN to"),
        answer.is_some_and(|answer| answer.accepted),
    )?;
    if let (Some(server), Some(answer)) = (server, visited.elsewhere_mut()) {
        (answer.server, answer.accepted) = (server, accepted);
    }
    Ok(())
}

/// Visits the ICMP errors.
fn errors<F: Fields>(
    fields: &mut F,
    rejection: Option<Rejection>,
    too_big: Option<IcmpError>,
    visited: &mut Handshake,
    origin: Origin,
) -> Result<(), F::Error> {
    let rejection = rejection.map(|Rejection { error, packet }| (Some(packet), error));
    let errors = rejection.into_iter().chain(too_big.map(|error| (None, error))).collect();
    for (packet, error) in rare::errors(fields, &errors, origin)? {
        match packet {
            Some(packet) => visited.rare_mut().rejection = Some(Rejection { error, packet }),
            None => visited.rare_mut().too_big = Some(error),
        }
    }
    Ok(())
}
