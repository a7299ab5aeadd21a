//! Scripts of conversations: what the programs at both ends do.

use crate::capture::{MILLI, Nanos};

/// Behaviour of the client after a SYN-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientConduct {
    /// Acknowledges and talks.
    Talks,
    /// Never answers (a flood, a spoofed source).
    Vanishes,
    /// Resets at once (a SYN scanner).
    Resets,
    /// Acknowledges with a wrong number.
    WrongAck,
    /// Resets with a number that the server ignores.
    WrongReset,
}

/// How the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The server closes after its response.
    ServerCloses,
    /// The client closes.
    ClientCloses,
    /// The server program resets, this long after the handshake, instead of answering.
    ServerResets(Nanos),
    /// The client program resets after the response.
    ClientResets,
    /// A box on the path resets the client right after the handshake with packets of its own.
    Injected,
    /// The capture ends first.
    Open,
}

/// A TTL of data that differs from the SYN-ACK's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataTtl {
    /// TTL with which data leaves the server (GTSM, capture artefacts).
    Sent(u8),
    /// TTL with which data is captured, as it comes from a box nearby (transparent proxies).
    Seen(u8),
}

/// A conversation's script.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Behaviour of the client.
    pub conduct: ClientConduct,
    /// Time from the handshake to the request.
    pub wait: Nanos,
    /// Bytes of the request; 0 when the client never speaks.
    pub request: u16,
    /// Time from the handshake to the server's banner, if the server speaks first.
    pub banner: Option<Nanos>,
    /// Time from the request to its ACK; `None` when the response carries it.
    pub ack_after: Option<Nanos>,
    /// Whether the server's program has read the request when its ACK is sent.
    pub read: bool,
    /// Time from the request to the response.
    pub think: Nanos,
    /// Bytes of the response.
    pub response: u32,
    /// Number of requests and responses.
    pub rounds: u32,
    /// Time from a response to the next request.
    pub pause: Nanos,
    /// How the connection ends.
    pub end: End,
    /// SYN retransmissions before the client gives up.
    pub syn_retries: u32,
    /// TTL of the server's data, if it differs from that of its SYN-ACKs.
    pub data_ttl: Option<DataTtl>,
    /// TTL of the client's data, if it differs from that of its SYN (multihop BGP).
    pub client_ttl: Option<u8>,
}

impl Plan {
    /// A web request.
    pub const WEB: Self = Self {
        conduct: ClientConduct::Talks,
        wait: MILLI / 10,
        request: 78,
        banner: None,
        ack_after: Some(MILLI / 20),
        read: false,
        think: 2 * MILLI,
        response: 3000,
        rounds: 1,
        pause: MILLI,
        end: End::ServerCloses,
        syn_retries: 3,
        data_ttl: None,
        client_ttl: None,
    };
    /// A SYN with a spoofed source.
    pub const FLOOD: Self = Self { conduct: ClientConduct::Vanishes, syn_retries: 0, ..Self::WEB };
}
