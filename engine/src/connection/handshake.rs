//! The facts of one handshake with their frames and times, without judgement.

use arrayvec::ArrayVec;

use crate::connection::DUPLICATE_SECONDS;
use crate::connection::elsewhere::AnswerElsewhere;
use crate::connection::large_segments::{LargeSegments, StuckSegment};
use crate::connection::links::LinkNumber;
use crate::connection::rare_facts::{RareFacts, RejectedPacket, Rejection};
use crate::intake::flow::Direction;
use crate::packet::checksum::Checksum;
use crate::packet::icmp::IcmpError;
use crate::packet::options::Options;
use crate::packet::segment::{Flags, IpFacts, Segment, SignatureBits};
use crate::packet::seq::SeqNumber;
use crate::{Endpoint, Frame, Frames, HandshakeId, Timestamp};

/// Maximum number of server segments after the SYN-ACK that are kept. They suffice to estimate
/// clock, window, TTL and IP identification, and limit the memory of a handshake.
pub(crate) const SERVER_SEGMENTS: usize = 8;

/// Maximum number of server segments after the SYN-ACK whose payload is measured;
/// [`SERVER_SEGMENTS`] where no size is informative. After the acknowledgment of the request, the
/// first flight is ten full segments (RFC 6928). They show the segment size, and most connections
/// have no more.
pub(crate) const SIZED_SEGMENTS: u16 = 16;

/// Maximum number of option bytes in a TCP header (RFC 9293 section 3.1).
pub(crate) const OPTION_BYTES: usize = 40;

/// Headers of a SYN or SYN-ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SynHeader {
    pub frame: Frame,
    pub time: Timestamp,
    pub isn: SeqNumber,
    /// Acknowledgment field. It has no meaning in a SYN, but SYNPROXY leaves a value there.
    pub ack: SeqNumber,
    pub flags: Flags,
    pub window: u16,
    pub ip: IpFacts,
    pub signature_bits: SignatureBits,
    pub options: Options,
    /// Payload in bytes, which Fast Open puts into a SYN (RFC 7413).
    pub payload: u16,
    /// Checksum; wrong only if every copy of the SYN has a wrong one.
    pub checksum: Checksum,
    layout: [u8; OPTION_BYTES],
    layout_length: u8,
}

impl SynHeader {
    /// Reads the headers of a SYN or SYN-ACK.
    #[inline]
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
            signature_bits: segment.signature_bits(),
            options: segment.options(),
            payload: u16::try_from(segment.payload).unwrap_or(u16::MAX),
            checksum: segment.checksum(),
            layout,
            layout_length: length as u8,
        }
    }

    /// Creates a header in which nothing is set.
    pub(crate) const fn empty() -> Self {
        Self {
            frame: Frame { capture: 0, number: 0 },
            time: Timestamp::MIN,
            isn: SeqNumber(0),
            ack: SeqNumber(0),
            flags: Flags(0),
            window: 0,
            ip: IpFacts::new(None, None),
            signature_bits: SignatureBits(0),
            options: Options::NONE,
            payload: 0,
            checksum: Checksum::Unknown,
            layout: [0; OPTION_BYTES],
            layout_length: 0,
        }
    }

    /// Sets the options from the bytes as captured; `truncated` says whether the capture lacks a part
    /// of the list.
    pub(crate) fn set_options(&mut self, bytes: &[u8], truncated: bool) {
        let length = bytes.len().min(OPTION_BYTES);
        self.layout[..length].copy_from_slice(&bytes[..length]);
        self.layout_length = length as u8;
        self.options = Options::read(&self.layout[..length], length + usize::from(truncated));
    }

    /// Returns whether a SYN-ACK that acknowledges `ack` answers this SYN: a server accepts the
    /// payload of a Fast Open SYN (RFC 7413 section 4.2.2), or leaves it to be retransmitted.
    pub(crate) fn is_answered_by(&self, ack: SeqNumber) -> bool {
        let start = self.isn.plus(1);
        ack == start || ack == start.plus(u32::from(self.payload))
    }

    /// Returns whether `ack` acknowledges the SYN, and its payload in whole, in part or not at all.
    pub(crate) fn is_reached_by(&self, ack: SeqNumber) -> bool {
        (0..=i32::from(self.payload)).contains(&ack.ahead_of(self.isn.plus(1)))
    }

    /// Returns the option bytes as captured, with zeros up to their maximum length.
    pub(crate) const fn padded_layout(&self) -> [u8; OPTION_BYTES] {
        self.layout
    }

    /// Returns the option bytes as captured.
    pub(crate) fn layout(&self) -> &[u8] {
        &self.layout[..usize::from(self.layout_length)]
    }
}

/// Facts of a segment after the SYN-ACK that evidence needs.
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
    /// TSval, or 0 without timestamps.
    timestamp: u32,
    options: SegmentOptions,
}

/// TCP options of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SegmentOptions {
    None,
    WithoutTimestamps,
    WithTimestamps,
}

impl SegmentFacts {
    #[inline]
    pub(crate) fn of(segment: &Segment<'_>) -> Self {
        let timestamp = segment.timestamp();
        Self {
            frame: segment.frame,
            time: segment.time,
            seq: segment.seq(),
            ack: segment.ack(),
            flags: segment.flags(),
            window: segment.window(),
            payload: segment.payload,
            ip: segment.ip_facts(),
            timestamp: timestamp.unwrap_or_default(),
            options: match timestamp {
                Some(_) => SegmentOptions::WithTimestamps,
                None if segment.options_promised() > 0 => SegmentOptions::WithoutTimestamps,
                None => SegmentOptions::None,
            },
        }
    }

    /// Creates facts in which nothing is set.
    pub(crate) const fn empty() -> Self {
        Self {
            frame: Frame { capture: 0, number: 0 },
            time: Timestamp::MIN,
            seq: SeqNumber(0),
            ack: SeqNumber(0),
            flags: Flags(0),
            window: 0,
            payload: 0,
            ip: IpFacts::new(None, None),
            timestamp: 0,
            options: SegmentOptions::None,
        }
    }

    /// Sets whether the segment has options, and its TSval.
    pub(crate) fn set_options(&mut self, has_options: bool, timestamp: Option<u32>) {
        self.timestamp = timestamp.unwrap_or_default();
        self.options = match timestamp {
            Some(_) => SegmentOptions::WithTimestamps,
            None if has_options => SegmentOptions::WithoutTimestamps,
            None => SegmentOptions::None,
        };
    }

    /// Returns TSval, if the segment has timestamps.
    #[inline]
    pub(crate) fn timestamp(&self) -> Option<u32> {
        (self.options == SegmentOptions::WithTimestamps).then_some(self.timestamp)
    }

    /// Returns whether the segment has any TCP option.
    pub(crate) fn has_options(&self) -> bool {
        self.options != SegmentOptions::None
    }
}

/// A retransmitted SYN-ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retransmission {
    pub frame: Frame,
    pub time: Timestamp,
    /// Time of the previous SYN-ACK.
    pub previous: Timestamp,
}

impl Retransmission {
    /// Returns the seconds since the previous SYN-ACK.
    pub(crate) fn gap(&self) -> f64 {
        self.time.seconds_since(self.previous)
    }
}

/// Facts of the previous connection on the same four-tuple.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Previous {
    pub client_isn: SeqNumber,
    pub server_isn: SeqNumber,
    pub time: Timestamp,
    pub syn_ack: Frame,
}

/// What followed a SYN-ACK that acknowledges a number that the client never sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WrongAcknowledgment {
    /// Client's reset with that number (RFC 9293 section 3.10.7.3).
    pub refusal: Option<SegmentFacts>,
    /// First SYN-ACK that acknowledges the client's SYN.
    pub accepted: Option<SynHeader>,
}

/// End of the connection that sent a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    /// Returns the name of the end.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// Returns the other end.
    #[inline]
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// The facts of one handshake.
///
/// The order of the fields is their order in memory. Fields that every segment of an active
/// connection needs come first, in one cache line. Facts that few handshakes have are boxed, so
/// that thirteen cache lines are enough.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Handshake {
    /// First segment of the server with payload.
    pub server_data: Option<Frame>,
    /// Largest payload among the measured server segments after the SYN-ACK, in bytes.
    pub largest_payload: u32,
    /// Number of measured segments with the largest payload.
    pub largest_count: u32,
    /// Sequence number of the last element of `server_segments`.
    pub last_server_seq: SeqNumber,
    /// Number of measured server segments after the SYN-ACK, capture duplicates included.
    pub server_segment_count: u16,
    /// Number of resets from the server. A server sends one for each segment of an unknown
    /// connection.
    pub server_resets: u8,
    pub server_fin: bool,
    pub client_fin: bool,
    /// Direction of the client's segments.
    pub client_direction: Direction,
    /// Whether the sizes of the server's segments can show a cookie's MSS.
    pub mss_bound_observable: bool,
    /// Whether `ack` is set.
    is_acknowledged: bool,
    /// Whether `client_data` is set.
    has_client_data: bool,
    /// Whether the server acknowledged some of the client's data.
    client_data_acknowledged: bool,
    /// Whether `rare` is set.
    has_rare: bool,
    /// Whether large segments pass the path.
    pub large_segments: LargeSegments,
    /// Sequence number of `client_data`.
    client_data_seq: SeqNumber,
    /// Time after which segments without SYN, RST or FIN do not belong to the handshake any more.
    end: Timestamp,
    /// First segments of the server after the SYN-ACK.
    pub server_segments: ArrayVec<SegmentFacts, SERVER_SEGMENTS>,
    pub client: Endpoint,
    pub server: Endpoint,
    /// Whether the SYNs of both ends crossed on the wire (RFC 9293 section 3.5, figure 7).
    pub simultaneous: bool,
    /// Whether the client retransmitted its SYN after the SYN-ACK and has no answer to it yet.
    pub unanswered_retransmission: bool,
    /// Number of SYN-ACKs, without capture duplicates.
    pub syn_acks: u8,
    /// Whether `other_isn` is set.
    has_other_isn: bool,
    /// Whether the server sent a reset with an ACK flag and a window or options: an application
    /// aborted the connection.
    pub server_aborted: bool,
    /// Number of SYN retransmissions, without capture duplicates.
    pub syn_retransmissions: u32,
    /// Number of retransmissions of the client's first payload.
    pub client_data_retransmissions: u32,
    /// Sequence numbers of the first large segment of the client and of the server.
    pub large_seqs: [SeqNumber; 2],
    /// Sequence number of another SYN on the same four-tuple.
    other_isn: SeqNumber,
    /// Link layer of the SYN, if the SYN was the first frame.
    pub link: Option<LinkNumber>,
    pub id: HandshakeId,
    /// Time of the handshake's first frame.
    pub time: Timestamp,
    /// First segment of the client that acknowledges the SYN-ACK.
    pub ack: Option<SegmentFacts>,
    /// First segment of the client with payload.
    pub client_data: Option<SegmentFacts>,
    pub syn_ack: Option<SynHeader>,
    pub syn: Option<SynHeader>,
    /// Time of the last SYN before the SYN-ACK. It distinguishes a retransmission from a packet
    /// captured twice.
    pub last_syn: Option<Timestamp>,
    /// Time of the latest SYN-ACK, retransmissions included.
    pub last_syn_ack: Option<Timestamp>,
    /// First SYN-ACK that no SYN is left for: sent by the server's retransmission timer.
    pub rto_retransmission: Option<Box<Retransmission>>,
    /// First SYN-ACK retransmission that may answer a SYN retransmission.
    pub prompted_retransmission: Option<Box<Retransmission>>,
    /// First segment of the client that acknowledges data the server never sent.
    pub wrong_ack: Option<Box<SegmentFacts>>,
    /// First reset, and who sent it.
    pub reset: Option<Box<(Side, SegmentFacts)>>,
    pub previous: Option<Box<Previous>>,
    rare: Option<Box<RareFacts>>,
}

impl Handshake {
    /// Creates a handshake without segments; `time` is the time of its first frame.
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
            syn_acks: 0,
            last_syn_ack: None,
            rto_retransmission: None,
            prompted_retransmission: None,
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
            server_aborted: false,
            client_direction: Direction::FromLower,
            mss_bound_observable: false,
            is_acknowledged: false,
            has_client_data: false,
            client_data_acknowledged: false,
            large_segments: LargeSegments::default(),
            large_seqs: [SeqNumber::default(); 2],
            client_data_seq: SeqNumber::default(),
            end: time.plus(LIFETIME),
            reset: None,
            server_resets: 0,
            previous: None,
            has_other_isn: false,
            other_isn: SeqNumber::default(),
            has_rare: false,
            rare: None,
            link: None,
            simultaneous: false,
        }
    }

    /// Returns the facts that few handshakes have, if this one has any.
    #[inline]
    pub(crate) fn rare(&self) -> Option<&RareFacts> {
        if self.has_rare { self.rare.as_deref() } else { None }
    }

    /// Returns the facts that few handshakes have, to add one.
    pub(crate) fn rare_mut(&mut self) -> &mut RareFacts {
        self.has_rare = true;
        self.rare.get_or_insert_default()
    }

    /// Returns the facts that few handshakes have, if this one has any, to change one.
    pub(crate) fn known_rare_mut(&mut self) -> Option<&mut RareFacts> {
        if self.has_rare { self.rare.as_deref_mut() } else { None }
    }

    /// Returns what followed a SYN-ACK that acknowledges a number that the client never sent.
    pub(crate) fn wrong_acknowledgment(&self) -> Option<&WrongAcknowledgment> {
        self.rare()?.wrong_acknowledgment.as_ref()
    }

    /// Returns the record of a wrong acknowledgment number, to add later packets.
    pub(crate) fn wrong_acknowledgment_mut(&mut self) -> Option<&mut WrongAcknowledgment> {
        self.known_rare_mut()?.wrong_acknowledgment.as_mut()
    }

    /// Returns the first SYN-ACK for the same SYN with another ISN.
    pub(crate) fn isn_changed(&self) -> Option<Frame> {
        self.rare()?.isn_changed
    }

    /// Returns whether another handshake has the packets of this one.
    pub(crate) fn is_absorbed(&self) -> bool {
        self.rare().is_some_and(|rare| rare.is_absorbed)
    }

    /// Returns whether the client acknowledged the SYN-ACK again before the server's next packet.
    pub(crate) fn repeats_ack(&self) -> bool {
        self.rare().is_some_and(|rare| rare.repeats_ack)
    }

    /// Returns the SYN-ACK that came from another address or port.
    pub(crate) fn elsewhere(&self) -> Option<&AnswerElsewhere> {
        self.rare()?.elsewhere.as_ref()
    }

    /// Returns the SYN-ACK that came from another address or port, to add later packets.
    pub(crate) fn elsewhere_mut(&mut self) -> Option<&mut AnswerElsewhere> {
        self.known_rare_mut()?.elsewhere.as_mut()
    }

    /// Returns the segment of one end that does not arrive.
    pub(crate) fn stuck(&self, sender: Side) -> Option<&StuckSegment> {
        self.rare()?.stuck[sender as usize].as_ref()
    }

    /// Returns the ICMP error that says that a segment of one end is too big.
    pub(crate) fn too_big(&self, sender: Side) -> Option<&IcmpError> {
        let end = if sender == Side::Client { self.client } else { self.server };
        self.rare()?.too_big.as_ref().filter(|error| error.quoted.source == end)
    }

    /// Returns the first ICMP error that rejected a packet.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.rare()?.rejection.as_ref()
    }

    /// Returns the ICMP error that rejected the SYN.
    pub(crate) fn rejected_syn(&self) -> Option<&Rejection> {
        self.rejection().filter(|rejection| rejection.packet == RejectedPacket::Syn)
    }

    /// Returns the frames of SYN, SYN-ACK and ACK, and of the reset that decided the outcome.
    pub(crate) fn frames(&self) -> Frames {
        Frames {
            syn: self.syn.map(|s| s.frame),
            syn_ack: self.syn_ack.map(|s| s.frame).or(self.elsewhere().map(|answer| answer.syn_ack.frame)),
            ack: self.ack.map(|s| s.frame),
            reset: self.deciding_reset().map(|(_, reset)| reset.frame),
        }
    }

    /// Returns whether the capture shows neither the client's ACK nor a reset.
    pub(crate) fn never_completed(&self) -> bool {
        self.ack.is_none() && self.reset.is_none()
    }

    /// Returns whether the SYN-ACK acknowledges payload of the SYN.
    pub(crate) fn syn_payload_accepted(&self) -> bool {
        let (Some(syn), Some(syn_ack)) = (&self.syn, &self.syn_ack) else { return false };
        syn.payload > 0 && syn_ack.ack == syn.isn.plus(1 + u32::from(syn.payload))
    }

    /// Returns the sequence number of the client's SYN: from the SYN, else from the SYN-ACK's
    /// acknowledgment field.
    pub(crate) fn client_isn(&self) -> Option<SeqNumber> {
        self.syn.map(|s| s.isn).or_else(|| self.syn_ack.map(|s| s.ack.plus(u32::MAX)))
    }

    /// Returns the SYN-ACK that the client can accept: the first one that does not acknowledge a
    /// wrong number, else the first one.
    pub(crate) fn acceptable_syn_ack(&self) -> Option<&SynHeader> {
        let accepted = self.wrong_acknowledgment().and_then(|wrong| wrong.accepted.as_ref());
        accepted.or(self.syn_ack.as_ref())
    }

    /// Returns the sequence number of another SYN on the same four-tuple: that of the previous
    /// handshake, or that of this one as a firewall rewrote it.
    pub(crate) fn other_isn(&self) -> Option<SeqNumber> {
        self.has_other_isn.then_some(self.other_isn)
    }

    /// Records the sequence number of another SYN on the same four-tuple.
    pub(crate) fn add_other_isn(&mut self, isn: SeqNumber) {
        (self.other_isn, self.has_other_isn) = (isn, true);
    }

    /// Returns the client's reset with the number that the SYN-ACK wrongly acknowledged.
    pub(crate) fn refused_acknowledgment(&self) -> Option<&SegmentFacts> {
        self.wrong_acknowledgment()?.refusal.as_ref()
    }

    /// Returns the seconds from the SYN to the SYN-ACK; `None` after SYN retransmissions, as any of
    /// the SYNs may be the answered one.
    pub(crate) fn round_trip(&self) -> Option<f64> {
        let seconds = self.syn_ack?.time.seconds_since(self.syn?.time);
        (seconds >= 0.0 && self.syn_retransmissions == 0).then_some(seconds)
    }

    /// Returns the reset that decided the outcome: it came before any payload of the server, within
    /// [`FRESH_SECONDS`] of the client's last move, and was not followed by a SYN-ACK.
    pub(crate) fn deciding_reset(&self) -> Option<&(Side, SegmentFacts)> {
        let reset = self.reset.as_deref()?;
        let decides = self.server_data.is_none() && self.early_reset().is_none() && !self.is_stale(reset.1.time);
        decides.then_some(reset)
    }

    /// Returns the reset after which a retransmitted SYN was answered, so that it decided nothing.
    pub(crate) fn early_reset(&self) -> Option<&(Side, SegmentFacts)> {
        let (reset, syn_ack) = (self.reset.as_deref()?, self.syn_ack?);
        let after = syn_ack.time.seconds_since(reset.1.time);
        // A client that resets an earlier connection repeats its SYN at once.
        let is_early = after > DUPLICATE_SECONDS || after > 0.0 && self.stale_answer().is_some();
        is_early.then_some(reset)
    }

    /// Returns the server's answer to the SYN that has no SYN flag and acknowledges a number of
    /// another connection (RFC 9293 section 3.10.7.4, RFC 5961 section 4): the server still has
    /// that connection.
    pub(crate) fn stale_answer(&self) -> Option<&SegmentFacts> {
        let (first, isn) = (self.server_segments.first()?, self.syn?.isn);
        let is_first = self.syn_ack.is_none_or(|syn_ack| first.frame < syn_ack.frame);
        let acknowledges_this = acknowledges_beginning(first.ack, isn);
        let is_pure_ack = first.flags.0 & (Flags::FIN | Flags::ACK) == Flags::ACK && first.payload == 0;
        (is_first && is_pure_ack && !acknowledges_this).then_some(first)
    }

    /// Returns the time after which no packet of the handshake is expected any more.
    pub(crate) fn expected_end(&self) -> Timestamp {
        // Resets may follow after the end of the data.
        let opening = Some(self.time).max(self.last_syn).max(self.last_syn_ack);
        self.end.max(opening.unwrap_or(self.time).plus(LIFETIME))
    }

    /// Returns whether the connection was closed long before a segment of this time without SYN, RST
    /// and FIN.
    #[inline]
    pub(super) fn is_past_for_data(&self, time: Timestamp) -> bool {
        time > self.end && self.is_closed()
    }

    /// Expects packets for longer: a SYN or SYN-ACK of this time belongs to the handshake.
    pub(super) fn extend(&mut self, time: Timestamp) {
        if !self.is_closed() {
            self.end = self.end.max(time.plus(LIFETIME));
        }
    }

    /// Records that both ends closed the connection at this time.
    pub(super) fn close(&mut self, time: Timestamp) {
        self.end = time.plus(TIME_WAIT);
    }

    /// Returns whether the client acknowledged the SYN-ACK.
    #[inline]
    pub(crate) const fn is_acknowledged(&self) -> bool {
        self.is_acknowledged
    }

    /// Records the client's acknowledgment of the SYN-ACK.
    pub(crate) fn acknowledge(&mut self, ack: SegmentFacts) {
        (self.ack, self.is_acknowledged) = (Some(ack), true);
    }

    /// Returns the sequence number of the client's first payload.
    #[inline]
    pub(crate) fn client_data_seq(&self) -> Option<SeqNumber> {
        self.has_client_data.then_some(self.client_data_seq)
    }

    /// Records the client's first payload.
    pub(crate) fn begin_client_data(&mut self, data: SegmentFacts) {
        (self.client_data_seq, self.has_client_data) = (data.seq, true);
        self.client_data = Some(data);
    }

    /// Records that the server acknowledged all octets before `end`.
    #[inline]
    pub(crate) fn server_acknowledges(&mut self, end: SeqNumber) {
        self.client_data_acknowledged |= self.has_client_data && end.ahead_of(self.client_data_seq) > 0;
    }

    /// Returns whether no further segment without SYN, RST or FIN is informative: enough server
    /// segments are known, and either server data shows that the connection works, or the handshake
    /// is too old to be affected.
    #[inline]
    pub(crate) fn is_over(&self, time: Timestamp) -> bool {
        self.is_settled() || self.server_is_heard() && self.is_stale(time)
    }

    /// Returns whether the handshake is over regardless of time: the connection works, and enough
    /// server segments are known.
    #[inline]
    pub(crate) fn is_settled(&self) -> bool {
        self.server_is_done() && self.is_acknowledged && !self.large_segments.is_pending(Side::Client)
    }

    /// Returns whether enough of the server's segments after the SYN-ACK are known.
    #[inline]
    pub(crate) fn server_is_heard(&self) -> bool {
        self.server_segments.is_full() && (self.server_segment_count >= SIZED_SEGMENTS || !self.mss_bound_observable)
    }

    /// Returns whether no further segment of the client without SYN, RST or FIN is informative.
    #[inline]
    pub(crate) fn client_is_done(&self) -> bool {
        let is_answered = self.server_data.is_some() || self.client_data_acknowledged;
        self.is_acknowledged && self.has_client_data && is_answered && self.is_passage_known(Side::Client)
    }

    /// Returns whether no further pure ACK of the client is informative.
    #[inline]
    pub(crate) fn client_acks_are_done(&self) -> bool {
        self.is_acknowledged && self.is_passage_known(Side::Server)
    }

    /// Returns whether no further pure ACK of the server is informative.
    #[inline]
    pub(crate) fn server_acks_are_done(&self) -> bool {
        self.server_is_heard() && !self.large_segments.is_pending(Side::Client)
    }

    /// Returns whether a large segment of this end was acknowledged, or will not be watched for any
    /// more.
    #[inline]
    fn is_passage_known(&self, sender: Side) -> bool {
        let large = self.large_segments;
        large.has_passed(sender) || self.server_is_heard() && !large.is_pending(sender)
    }

    /// Returns whether no further segment of the server without SYN, RST or FIN is informative.
    #[inline]
    pub(crate) fn server_is_done(&self) -> bool {
        self.server_is_heard() && self.server_data.is_some() && !self.large_segments.is_pending(Side::Server)
    }

    /// Returns whether both sides sent a FIN.
    pub(crate) const fn is_closed(&self) -> bool {
        self.server_fin && self.client_fin
    }

    /// Returns whether the connection was open at a time, as far as the kept segments show.
    pub(crate) fn was_open_at(&self, time: Timestamp) -> bool {
        let mut fins = self.server_segments.iter().filter(|segment| segment.flags.has(Flags::FIN));
        let is_unreset = self.reset.as_deref().is_none_or(|(_, reset)| reset.time > time);
        is_unreset && (!self.is_closed() || fins.next().is_some_and(|fin| fin.time > time))
    }

    fn is_stale(&self, time: Timestamp) -> bool {
        time.seconds_since(self.last_move()) > FRESH_SECONDS
    }

    /// Returns the time of the client's last move in the handshake, else of the latest known
    /// segment.
    fn last_move(&self) -> Timestamp {
        self.client_data.or(self.ack).map(|s| s.time).or(self.syn_ack.map(|s| s.time)).unwrap_or(self.time)
    }

    /// Returns whether the server ignored the client's ACK: it retransmitted the SYN-ACK after the
    /// ACK and sent no data. After a reset, the ACK had reached another sender.
    pub(crate) fn ack_ignored(&self) -> bool {
        self.repeated_after_ack().is_some() && self.server_data.is_none() && !self.outlived_reset()
    }

    /// Returns whether the SYN-ACK was retransmitted after a reset of the server's side: the entry
    /// of the SYN queue outlived the reset, so that its host had not sent the reset.
    pub(crate) fn outlived_reset(&self) -> bool {
        let reset = self.reset.as_deref().filter(|(side, _)| *side == Side::Server);
        let again = self.rto_retransmission.as_deref();
        reset.zip(again).is_some_and(|((_, reset), again)| again.time > reset.time)
    }

    /// Returns the acknowledgment of a wrong number, if the client sent it before a reset of the
    /// server's side, and acknowledged the SYN-ACK not before it.
    pub(crate) fn wrong_ack_before(&self, reset: &SegmentFacts) -> Option<&SegmentFacts> {
        let is_right = self.ack.is_some_and(|ack| ack.frame < reset.frame);
        self.wrong_ack.as_deref().filter(|wrong| wrong.frame < reset.frame && !is_right)
    }

    /// Returns the SYN-ACK that the server retransmitted after the client had acknowledged it.
    pub(crate) fn repeated_after_ack(&self) -> Option<&Retransmission> {
        let ack = self.ack?;
        self.rto_retransmission.as_deref().filter(|r| r.time > ack.time)
    }

    /// Returns whether the capture lacks data of the client: none was seen, and the server
    /// acknowledged more than the client's SYN and FIN.
    pub(crate) fn has_uncaptured_data(&self) -> bool {
        let isn = self.client_isn().filter(|_| self.client_data.is_none());
        isn.is_some_and(|isn| self.server_segments.iter().any(|segment| segment.ack.ahead_of(isn) > 2))
    }

    /// Returns the time of the server's first data or FIN; `None` without either.
    pub(crate) fn served_at(&self) -> Option<Timestamp> {
        let serves = |segment: &&SegmentFacts| segment.payload > 0 || segment.flags.has(Flags::FIN);
        // Data that came after the kept segments came after the last of them.
        let later = self.server_segments.last().filter(|_| self.server_data.is_some());
        self.server_segments.iter().find(serves).or(later).map(|segment| segment.time)
    }

    /// Returns the seconds from the first SYN to the last SYN before the SYN-ACK; 0 without a
    /// retransmission. Also 0 if the first SYN was answered after the client's retransmission timer
    /// had fired: then the SYN-ACKs follow each other as the SYNs did.
    pub(crate) fn seconds_to_answered_syn(&self) -> f64 {
        let (Some(syn), Some(last), Some(syn_ack)) = (&self.syn, self.last_syn, &self.syn_ack) else { return 0.0 };
        let waited = last.seconds_since(syn.time);
        if waited < DUPLICATE_SECONDS {
            return 0.0;
        }
        let again = self.rto_retransmission.as_deref().or(self.prompted_retransmission.as_deref());
        let gap = again.map_or(0.0, |again| again.time.seconds_since(syn_ack.time));
        let is_late = (0.25 * waited..1.5 * waited).contains(&gap);
        if is_late { 0.0 } else { waited }
    }

    /// Returns SYN and SYN-ACK if the options of both were read to their end, so that an option that
    /// was not seen is absent.
    pub(crate) fn whole_headers(&self) -> Option<(&SynHeader, &SynHeader)> {
        let (syn, syn_ack) = (self.syn.as_ref()?, self.syn_ack.as_ref()?);
        (!syn.options.incomplete && !syn_ack.options.incomplete).then_some((syn, syn_ack))
    }

    /// Returns the server's window scale shift, or 0 unless both sides offered window scaling (RFC
    /// 7323 section 2.2); `None` where the options are not known.
    pub(crate) fn server_scale(&self) -> Option<u8> {
        let (syn, syn_ack) = self.whole_headers()?;
        Some(match (syn.options.window_scale, syn_ack.options.window_scale) {
            (Some(_), Some(shift)) => shift,
            _ => 0,
        })
    }
}

// A flood fills all the memory that the limit allows.
const _: () = assert!(size_of::<Handshake>() <= 13 * 64 && std::mem::offset_of!(Handshake, server_segments) <= 48);

/// Time in nanoseconds after the latest SYN or SYN-ACK for which packets of a handshake are expected.
/// Clients repeat a SYN for two minutes (Linux `tcp_syn_retries`: 127 s), and servers a SYN-ACK for
/// one. A worker that observes a stretch of a capture reads no further for it.
const LIFETIME: i64 = 600_000_000_000;

/// Time in nanoseconds after the second FIN after which segments show nothing more: an
/// acknowledgment takes a round trip.
pub(super) const TIME_WAIT: i64 = 1_000_000_000;

/// Maximum time between the client's last move and a reset that belongs to the handshake, in
/// seconds. A cookie lives two minutes (Linux `MAX_SYNCOOKIE_AGE`). A reset answers within a round
/// trip or one or two retransmissions. Later resets end a connection that worked.
const FRESH_SECONDS: f64 = 60.0;

/// Range of acknowledgment numbers, in octets after the client's ISN, that belong to the
/// connection: far more than a server's first segments acknowledge. A random number falls in it
/// once in 256 times.
pub(crate) const FIRST_OCTETS: i32 = 1 << 24;

/// Returns whether an acknowledgment number of the server belongs to the connection of the client's
/// initial sequence number.
pub(crate) fn acknowledges_beginning(ack: SeqNumber, isn: SeqNumber) -> bool {
    (0..FIRST_OCTETS).contains(&ack.ahead_of(isn))
}
