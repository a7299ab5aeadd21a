//! Connections whose handshake is not in the capture.

use crate::{Endpoint, Frame};

/// Connections without a SYN in the capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Midstream {
    /// Number of connections with a segment before the first SYN or SYN-ACK of the capture, at most
    /// [`Self::MOST_CONNECTIONS`].
    pub connections: u64,
    /// First frame of the first of these connections.
    pub first: Option<Frame>,
    /// Number of connections whose ACK a server answered with a reset.
    pub reset_acks: u64,
    /// The servers that sent these resets, in the order of their first reset, at most
    /// [`Self::MOST_SERVERS`].
    pub servers: Vec<ResetAcks>,
}

/// ACKs of connections without a SYN in the capture that one server answered with a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetAcks {
    /// Sender of the resets.
    pub server: Endpoint,
    /// Number of connections.
    pub connections: u64,
    /// First of the client's segments, if it was examined.
    pub ack: Option<Frame>,
    /// Reset that answered it.
    pub reset: Frame,
}

impl Midstream {
    /// Maximum number of connections that are counted.
    pub const MOST_CONNECTIONS: u64 = 1 << 14;
    /// Maximum number of servers in [`Self::servers`].
    pub const MOST_SERVERS: usize = 16;

    /// Counts a connection whose ACK was answered with a reset.
    pub(crate) fn add_reset(&mut self, server: Endpoint, ack: Option<Frame>, reset: Frame) {
        self.reset_acks += 1;
        self.add_server(ResetAcks { server, connections: 1, ack, reset });
    }

    fn add_server(&mut self, added: ResetAcks) {
        if let Some(known) = self.servers.iter_mut().find(|known| known.server == added.server) {
            known.connections += added.connections;
        } else if self.servers.len() < Self::MOST_SERVERS {
            self.servers.push(added);
        }
    }

    /// Adds the connections of another capture.
    pub fn merge(&mut self, other: &Self) {
        self.connections += other.connections;
        self.first = self.first.or(other.first);
        self.reset_acks += other.reset_acks;
        other.servers.iter().for_each(|&server| self.add_server(server));
    }

    /// Increases the capture index of every frame by `first`.
    pub fn renumber(&mut self, first: u32) {
        let of_servers = self.servers.iter_mut().flat_map(|server| server.ack.iter_mut().chain([&mut server.reset]));
        self.first.iter_mut().chain(of_servers).for_each(|frame| frame.capture += first);
    }
}
