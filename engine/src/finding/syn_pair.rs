//! The fields of a handshake's SYN and SYN-ACK, and which later packets a capture contains, for
//! front ends that compare captures.

/// The fields of a SYN or SYN-ACK that distinguish packets, or that a middlebox may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynFields {
    /// Initial sequence number.
    pub isn: u32,
    /// Acknowledgment number. Netfilter's SYNPROXY writes the sequence number of its SYN-ACK to it in
    /// the SYN that it sends to the server; other SYNs have 0.
    pub acknowledgment: u32,
    /// TTL (IPv4) or hop limit (IPv6).
    pub hop_limit: Option<u8>,
    /// IP identification; IPv4 only.
    pub identification: Option<u16>,
    /// Window as on the wire, in bytes.
    pub window: u16,
    /// Maximum segment size, in bytes.
    pub mss: Option<u16>,
    /// Window scale shift.
    pub window_scale: Option<u8>,
    /// Whether SACK is permitted.
    pub sack_permitted: bool,
    /// TSval.
    pub timestamp: Option<u32>,
    /// Whether all options were captured.
    pub is_whole: bool,
}

/// The fields of the SYN and SYN-ACK of one handshake; `None` where one was not captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynPair {
    /// First SYN.
    pub syn: Option<SynFields>,
    /// First SYN-ACK.
    pub syn_ack: Option<SynFields>,
    /// Sequence number of the SYN; if only the SYN-ACK was captured, its acknowledgment number
    /// minus 1.
    pub client_isn: Option<u32>,
    /// Time from the first SYN to the first SYN-ACK, in nanoseconds.
    pub answer_nanos: Option<i64>,
    /// Packets after the SYN-ACK that were captured.
    pub later: LaterPackets,
}

/// Packets after the SYN-ACK that a capture contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaterPackets {
    /// Whether the SYN-ACK was retransmitted: the server had received no acknowledgment.
    pub repeated_syn_ack: bool,
    /// Whether there is an acknowledgment of the SYN-ACK.
    pub ack: bool,
    /// Whether there is data of the client.
    pub client_data: bool,
    /// Whether the first reset, or a later one, is from the server's side.
    pub server_reset: bool,
    /// Whether the first reset is from the client's side.
    pub client_reset: bool,
    /// Wrong number that the client acknowledged before the server's side reset the connection;
    /// `None` if the client also acknowledged the number that the SYN-ACK requires.
    pub wrong_ack: Option<u32>,
}
