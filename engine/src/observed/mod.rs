//! Observations: what the packets of a handshake show, as far as judging needs it. They can be
//! written, and judged elsewhere.

pub(crate) mod fields;
mod header;
mod link;
mod plain;
mod rare;
mod renumber;
mod segment;
mod values;

use arrayvec::ArrayVec;

use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::handshake::{Handshake, SegmentFacts, Side, SynHeader, WrongAcknowledgment};
use crate::connection::other_answers::OtherAnswers;
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, HandshakeId, Link, Timestamp};
use fields::Fields;
use header::{Header, HeaderRole, Headers};
use plain::Groups;
use segment::{Bases, SegmentRole, Segments};
use values::Origin;

/// Observation of one handshake.
#[derive(Clone, Debug)]
pub struct ObservedHandshake {
    pub(crate) handshake: Handshake,
    /// Link layer of its SYN, if it is known.
    pub(crate) link: Option<Link>,
}

impl ObservedHandshake {
    /// Reads the observation of a handshake with this opening from `fields`.
    ///
    /// # Errors
    /// Returns the first error of `fields`; fails if the fields are not those of an observation.
    pub fn read<F: Fields>(opening: Opening, fields: &mut F) -> Result<Self, F::Error> {
        const { assert!(F::READS, "a visitor that writes has nothing to read") };
        let mut handshake = Handshake::new(HandshakeId(0), opening.client, opening.server, opening.time);
        let link = read(fields, &mut handshake)?;
        Ok(Self { handshake, link })
    }
}

/// A handshake that an [`crate::Observer`] keeps, to be written.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    handshake: &'a Handshake,
    link: Option<Link>,
    other_answers: OtherAnswers,
}

impl<'a> Observed<'a> {
    pub(crate) const fn new(handshake: &'a Handshake, link: Option<Link>, other_answers: OtherAnswers) -> Self {
        Self { handshake, link, other_answers }
    }

    /// Returns the number that the observer gave the handshake.
    #[must_use]
    pub const fn id(&self) -> HandshakeId {
        self.handshake.id
    }

    /// Returns whose handshake it is, and when it began.
    #[must_use]
    pub const fn opening(&self) -> Opening {
        let &Handshake { client, server, time, .. } = self.handshake;
        Opening { client, server, time }
    }

    /// Writes everything but the opening to `fields`.
    ///
    /// # Errors
    /// Returns the first error of `fields`.
    pub fn write<F: Fields>(&self, fields: &mut F) -> Result<(), F::Error> {
        let Self { handshake, link, other_answers } = *self;
        let all = headers(handshake);
        header::headers(fields, &all, handshake.time)?;
        let bases = bases(handshake, all.first().map_or(0, |(_, header)| header.frame.number));
        segment::segments(fields, &segments(handshake), &bases)?;
        let has_others = [other_answers != OtherAnswers::default(), link.is_some()];
        let groups = plain::visit(fields, handshake, bases.origin, has_others)?.groups;
        if groups.has_rare {
            rare::visit(fields, handshake, other_answers, bases.origin)?;
        }
        if groups.has_link {
            link::link(fields, link.unwrap_or_default())?;
        }
        Ok(())
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

/// Reads everything but the opening into a handshake without segments, in the order in which
/// [`Observed::write`] writes it. Returns the link layer.
fn read<F: Fields>(fields: &mut F, handshake: &mut Handshake) -> Result<Option<Link>, F::Error> {
    let headers = header::headers(fields, &ArrayVec::new(), handshake.time)?;
    add_headers(handshake, &headers);
    if handshake.syn.is_none() && handshake.syn_ack.is_none() {
        return Err(fields.invalid(header::HEADERS));
    }
    let bases = bases(handshake, headers.first().map_or(0, |(_, header)| header.frame.number));
    let segments = segment::segments(fields, &ArrayVec::new(), &bases)?;
    add_segments(handshake, &segments);
    let plain = plain::visit(fields, handshake, bases.origin, [false; 2])?;
    let Groups { has_rare, has_link } = plain.groups;
    plain.set(handshake);
    if has_rare {
        rare::visit(fields, handshake, OtherAnswers::default(), bases.origin)?.set(handshake);
    }
    if has_link { link::link(fields, Link::default()).map(Some) } else { Ok(None) }
}

/// Returns the numbers that the first segments of a handshake are close to. `frame` is that of its
/// first header.
fn bases(handshake: &Handshake, frame: u32) -> Bases {
    let timestamp = |header: &Option<SynHeader>| {
        let timestamps = header.as_ref().and_then(|header| header.options.timestamps);
        SeqNumber(timestamps.map_or(0, |timestamps| timestamps.value))
    };
    Bases {
        origin: Origin { time: handshake.time, frame },
        isns: [handshake.client_isn(), handshake.syn_ack.map(|syn_ack| syn_ack.isn)].map(Option::unwrap_or_default),
        timestamps: [timestamp(&handshake.syn), timestamp(&handshake.syn_ack)],
    }
}

/// Returns the headers of a handshake.
#[inline]
fn headers(handshake: &Handshake) -> Headers<(HeaderRole, &SynHeader)> {
    let all = [
        (HeaderRole::Syn, handshake.syn.as_ref()),
        (HeaderRole::SynAck, handshake.syn_ack.as_ref()),
        (HeaderRole::Elsewhere, handshake.elsewhere().map(|answer| &answer.syn_ack)),
        (HeaderRole::Accepted, handshake.wrong_acknowledgment().and_then(|wrong| wrong.accepted.as_ref())),
    ];
    all.iter().filter_map(|&(role, header)| Some((role, header?))).collect()
}

/// Adds the headers to a handshake.
fn add_headers(handshake: &mut Handshake, headers: &Headers<Header>) {
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
#[inline]
fn segments(handshake: &Handshake) -> Segments<&SegmentFacts> {
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
    let mut segments: Segments<&SegmentFacts> =
        all.iter().filter_map(|&(role, segment)| Some((role, segment?))).collect();
    segments.extend(handshake.server_segments.iter().map(|segment| (SegmentRole::Server, segment)));
    segments
}

/// Adds the segments to a handshake.
fn add_segments(handshake: &mut Handshake, segments: &Segments<SegmentFacts>) {
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
