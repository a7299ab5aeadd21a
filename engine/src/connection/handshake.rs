//! The facts of one handshake: what was seen, with frames and times. No judgement here.

use arrayvec::ArrayVec;

use crate::intake::flow::Direction;
use crate::packet::options::Options;
use crate::packet::segment::{Flags, IpFacts, Segment};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Frames, HandshakeId, Timestamp};

/// Segments of the server after its SYN-ACK that are kept, at most. Enough to estimate its clock, window, hop limit
/// and IP identification; a handshake's memory stays bounded.
pub(crate) const SERVER_SEGMENTS: usize = 8;

/// Segments of the server after its SYN-ACK whose payload is measured, at most: where no size can tell anything, that ends with
/// the last one that is kept. Its first flight is ten full segments (RFC 6928) behind the acknowledgment of the request: that
/// shows what size they are, and most connections have no more.
pub(crate) const SIZED_SEGMENTS: u16 = 16;

/// Largest number of option bytes a TCP header holds (RFC 9293 section 3.1).
const OPTION_BYTES: usize = 40;

/// A SYN or SYN-ACK, in full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynHeader {
    pub frame: Frame,
    pub time: Timestamp,
    pub isn: SeqNumber,
    /// Acknowledgment field: of a SYN it means nothing, and SYNPROXY leaves something in it.
    pub ack: SeqNumber,
    pub flags: Flags,
    pub window: u16,
    pub ip: IpFacts,
    pub options: Options,
    layout: [u8; OPTION_BYTES],
    layout_length: u8,
}

impl SynHeader {
    pub(crate) fn of(segment: &Segment<'_>) -> Self {
        let mut layout = [0; OPTION_BYTES];
        let length = segment.option_bytes.len().min(OPTION_BYTES);
        layout[..length].copy_from_slice(&segment.option_bytes[..length]);
        Self {
            frame: segment.frame,
            time: segment.time,
            isn: segment.seq(),
            ack: segment.ack(),
            flags: segment.flags(),
            window: segment.window(),
            ip: segment.ip_facts(),
            options: segment.options(),
            layout,
            layout_length: length as u8,
        }
    }

    /// The option bytes as captured.
    pub(crate) fn layout(&self) -> &[u8] {
        &self.layout[..usize::from(self.layout_length)]
    }
}

/// A segment after the SYN-ACK, as far as evidence needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SegmentFacts {
    pub frame: Frame,
    pub time: Timestamp,
    pub seq: SeqNumber,
    pub ack: SeqNumber,
    pub flags: Flags,
    pub window: u16,
    pub payload: u32,
    pub ip: IpFacts,
    /// TSval, where the segment has timestamps.
    pub timestamp: Option<u32>,
    /// Whether it carries any option.
    pub has_options: bool,
}

impl SegmentFacts {
    #[inline]
    pub(crate) fn of(segment: &Segment<'_>) -> Self {
        Self {
            frame: segment.frame,
            time: segment.time,
            seq: segment.seq(),
            ack: segment.ack(),
            flags: segment.flags(),
            window: segment.window(),
            payload: segment.payload,
            ip: segment.ip_facts(),
            timestamp: segment.timestamp(),
            has_options: segment.options_promised() > 0,
        }
    }
}

/// A SYN-ACK that came again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retransmission {
    pub frame: Frame,
    /// Seconds since the SYN-ACK before it.
    pub gap: f64,
    pub time: Timestamp,
}

/// The connection before this one on the same four-tuple.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Previous {
    pub client_isn: SeqNumber,
    pub server_isn: SeqNumber,
    pub time: Timestamp,
    pub syn_ack: Frame,
}

/// Who sent a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// The facts of one handshake.
///
/// In this order in memory: what is asked of every segment while its connection is watched stands first, in one of the processor's
/// cache lines; what few handshakes have stands elsewhere, so that fourteen lines are enough.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Handshake {
    /// First segment of the server with payload.
    pub server_data: Option<Frame>,
    /// Largest payload among the server's segments after its SYN-ACK that were looked at.
    pub largest_payload: u32,
    /// Segments of that size.
    pub largest_count: u32,
    /// Sequence number of the last one in `server_segments`.
    pub last_server_seq: SeqNumber,
    /// Segments of the server after its SYN-ACK that were looked at, capture duplicates included.
    pub server_segment_count: u16,
    /// Resets of the server: one for each segment it does not know.
    pub server_resets: u8,
    pub server_fin: bool,
    pub client_fin: bool,
    /// Direction of what the client sends.
    pub client_direction: Direction,
    /// Whether sizes of the server's segments may tell anything.
    pub mss_bound_observable: bool,
    /// Whether there is an `ack`.
    is_acknowledged: bool,
    /// Whether there is `client_data`, and its sequence number.
    has_client_data: bool,
    /// Whether the server acknowledged some of it.
    client_data_acknowledged: bool,
    client_data_seq: SeqNumber,
    /// First segments of the server after its SYN-ACK.
    pub server_segments: ArrayVec<SegmentFacts, SERVER_SEGMENTS>,
    pub client: Endpoint,
    pub server: Endpoint,
    /// SYNs crossed on the wire (RFC 9293 section 3.5, figure 7).
    pub simultaneous: bool,
    /// Whether a SYN came again after the SYN-ACK and was not answered yet.
    pub unanswered_retransmission: bool,
    /// SYNs that came again, capture duplicates left out.
    pub syn_retransmissions: u32,
    /// How often the client sent its first payload again.
    pub client_data_retransmissions: u32,
    pub id: HandshakeId,
    /// Time of its first frame.
    pub time: Timestamp,
    /// First segment of the client that acknowledges the SYN-ACK.
    pub ack: Option<SegmentFacts>,
    /// First segment of the client with payload.
    pub client_data: Option<SegmentFacts>,
    pub syn_ack: Option<SynHeader>,
    pub syn: Option<SynHeader>,
    /// Time of the last SYN before the SYN-ACK: what tells a repetition from a packet captured twice.
    pub last_syn: Option<Timestamp>,
    /// Time of the latest SYN-ACK, repetitions included.
    pub last_syn_ack: Option<Timestamp>,
    /// First SYN-ACK that came again with no SYN in between: the server's own timer sent it.
    pub rto_retransmission: Option<Box<Retransmission>>,
    /// First SYN-ACK that came again for a SYN that came again.
    pub prompted_retransmission: Option<Box<Retransmission>>,
    /// A SYN-ACK for the same SYN with another ISN.
    pub isn_changed: Option<Frame>,
    /// First segment of the client that acknowledges something the server never sent.
    pub wrong_ack: Option<Box<SegmentFacts>>,
    /// First reset, and who sent it.
    pub reset: Option<Box<(Side, SegmentFacts)>>,
    pub previous: Option<Box<Previous>>,
}

impl Handshake {
    pub(crate) fn new(id: HandshakeId, client: Endpoint, server: Endpoint, time: Timestamp) -> Self {
        Self {
            id,
            client,
            server,
            time,
            syn: None,
            last_syn: None,
            syn_retransmissions: 0,
            unanswered_retransmission: false,
            syn_ack: None,
            last_syn_ack: None,
            rto_retransmission: None,
            prompted_retransmission: None,
            isn_changed: None,
            ack: None,
            wrong_ack: None,
            client_data: None,
            client_data_retransmissions: 0,
            server_segments: ArrayVec::new(),
            server_data: None,
            server_segment_count: 0,
            largest_payload: 0,
            largest_count: 0,
            last_server_seq: SeqNumber::default(),
            server_fin: false,
            client_fin: false,
            client_direction: Direction::FromLower,
            mss_bound_observable: false,
            is_acknowledged: false,
            has_client_data: false,
            client_data_acknowledged: false,
            client_data_seq: SeqNumber::default(),
            reset: None,
            server_resets: 0,
            previous: None,
            simultaneous: false,
        }
    }

    pub(crate) fn frames(&self) -> Frames {
        Frames {
            syn: self.syn.map(|s| s.frame),
            syn_ack: self.syn_ack.map(|s| s.frame),
            ack: self.ack.map(|s| s.frame),
            reset: self.deciding_reset().map(|(_, reset)| reset.frame),
        }
    }

    /// Nobody acknowledged anything or refused, as far as was seen.
    pub(crate) fn never_completed(&self) -> bool {
        self.ack.is_none() && self.reset.is_none()
    }

    /// Sequence number of the client's SYN: from the SYN, else from what the SYN-ACK acknowledges.
    pub(crate) fn client_isn(&self) -> Option<SeqNumber> {
        self.syn.map(|s| s.isn).or_else(|| self.syn_ack.map(|s| s.ack.plus(u32::MAX)))
    }

    /// Seconds from the SYN that was answered to the SYN-ACK; of several SYNs, any may be the one.
    pub(crate) fn round_trip(&self) -> Option<f64> {
        let seconds = self.syn_ack?.time.seconds_since(self.syn?.time);
        (seconds >= 0.0 && self.syn_retransmissions == 0).then_some(seconds)
    }

    /// The reset that decided the outcome, if one did: before the server sent any payload, and while the handshake
    /// was still fresh.
    pub(crate) fn deciding_reset(&self) -> Option<&(Side, SegmentFacts)> {
        let reset = self.reset.as_deref()?;
        (self.server_data.is_none() && !self.is_stale(reset.1.time)).then_some(reset)
    }

    /// Whether the client acknowledged the SYN-ACK.
    #[inline]
    pub(crate) const fn is_acknowledged(&self) -> bool {
        self.is_acknowledged
    }

    /// The client acknowledges the SYN-ACK.
    pub(crate) fn acknowledge(&mut self, ack: SegmentFacts) {
        (self.ack, self.is_acknowledged) = (Some(ack), true);
    }

    /// Sequence number of the client's first payload.
    #[inline]
    pub(crate) fn client_data_seq(&self) -> Option<SeqNumber> {
        self.has_client_data.then_some(self.client_data_seq)
    }

    /// The client sends its first payload.
    pub(crate) fn begin_client_data(&mut self, data: SegmentFacts) {
        (self.client_data_seq, self.has_client_data) = (data.seq, true);
        self.client_data = Some(data);
    }

    /// The server acknowledges what is before that octet.
    #[inline]
    pub(crate) fn server_acknowledges(&mut self, end: SeqNumber) {
        self.client_data_acknowledged |= self.has_client_data && end.ahead_of(self.client_data_seq) > 0;
    }

    /// Whether no segment without SYN, RST or FIN can tell anything more: the server was heard enough, and either its
    /// data shows that the connection works, or whatever happens now is no longer about the handshake.
    #[inline]
    pub(crate) fn is_over(&self, time: Timestamp) -> bool {
        self.is_settled() || self.server_is_heard() && self.is_stale(time)
    }

    /// Whether it is over at any time: the connection works, and the server was heard enough.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        self.server_is_heard() && self.server_data.is_some() && self.is_acknowledged
    }

    /// Whether no segment of the server without SYN, RST, FIN and payload can tell anything more.
    #[inline]
    pub(crate) fn server_is_heard(&self) -> bool {
        self.server_segments.is_full() && (self.server_segment_count >= SIZED_SEGMENTS || !self.mss_bound_observable)
    }

    /// Whether no segment of the client without SYN, RST or FIN can tell anything more.
    #[inline]
    pub(crate) fn client_is_done(&self) -> bool {
        self.is_acknowledged && self.has_client_data && (self.server_data.is_some() || self.client_data_acknowledged)
    }

    /// Whether no segment of the server without SYN, RST or FIN can tell anything more.
    #[inline]
    pub(crate) fn server_is_done(&self) -> bool {
        self.server_is_heard() && self.server_data.is_some()
    }

    /// Both sides sent a FIN.
    pub(crate) const fn is_closed(&self) -> bool {
        self.server_fin && self.client_fin
    }

    fn is_stale(&self, time: Timestamp) -> bool {
        time.seconds_since(self.last_move()) > FRESH_SECONDS
    }

    /// The client's last move of the handshake, else the latest known.
    fn last_move(&self) -> Timestamp {
        self.client_data.or(self.ack).map(|s| s.time).or(self.syn_ack.map(|s| s.time)).unwrap_or(self.time)
    }

    /// The ACK was there, and the SYN-ACK came again: the server did not take it.
    pub(crate) fn ack_ignored(&self) -> bool {
        let Some(ack) = self.ack else { return false };
        self.rto_retransmission.as_ref().is_some_and(|r| r.time > ack.time) && self.server_data.is_none()
    }

    /// Largest window shift the server may have announced that also applies: both sides must have offered it
    /// (RFC 7323 section 2.2).
    pub(crate) fn server_scale(&self) -> Option<u8> {
        let (syn, syn_ack) = (self.syn?, self.syn_ack?);
        Some(match (syn.options.window_scale, syn_ack.options.window_scale) {
            (Some(_), Some(shift)) => shift,
            _ => 0,
        })
    }
}

// Of a flood there are as many as memory is given to.
const _: () = assert!(size_of::<Handshake>() <= 14 * 64 && std::mem::offset_of!(Handshake, server_segments) <= 40);

/// How long after the client's last move a reset still belongs to the handshake, in seconds. A cookie lives two
/// minutes (Linux `MAX_SYNCOOKIE_AGE`), a reset answers within a round trip or a retransmission or two; later ones
/// end a connection that worked.
const FRESH_SECONDS: f64 = 60.0;
