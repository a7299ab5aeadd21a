//! A capture in memory, and the tap that collects its packets.

use crate::truth::{TrueHandshake, Truth, Verdict};
use std::net::SocketAddr;

/// Nanoseconds since the Unix epoch, or a duration in nanoseconds.
pub type Nanos = u64;
/// One microsecond.
pub const MICRO: Nanos = 1_000;
/// One millisecond.
pub const MILLI: Nanos = 1_000_000;
/// One second.
pub const SECOND: Nanos = 1_000_000_000;

/// Packets in order of time, and the truth about their handshakes.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Time and IP packet.
    pub packets: Vec<(Nanos, Vec<u8>)>,
    /// The truth about the handshakes.
    pub truth: Truth,
}

/// Identifies a handshake in a [`Tap`].
#[derive(Clone, Copy, Debug)]
pub struct HandshakeId(usize);

/// A capture in the making, whose packets come in any order.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    packets: Vec<(Nanos, Vec<u8>)>,
    handshakes: Vec<(TrueHandshake, Vec<usize>)>,
}

impl Tap {
    /// Adds a packet and returns its index.
    pub fn packet(&mut self, time: Nanos, ip: Vec<u8>) -> usize {
        self.packets.push((time, ip));
        self.packets.len() - 1
    }

    /// Adds a handshake; [`Tap::syn_ack`] adds its SYN-ACKs.
    pub fn handshake(
        &mut self,
        client: SocketAddr,
        server: SocketAddr,
        verdict: Verdict,
        implementation: Option<&str>,
    ) -> HandshakeId {
        let truth = TrueHandshake {
            client,
            server,
            syn_ack_frame: None,
            syn_ack_frames: Vec::new(),
            verdict,
            implementation: implementation.map(str::to_owned),
            cause: Vec::new(),
            undecidable: false,
        };
        self.handshakes.push((truth, Vec::new()));
        HandshakeId(self.handshakes.len() - 1)
    }

    /// Adds the index of a packet that is a SYN-ACK of a handshake.
    pub fn syn_ack(&mut self, of: HandshakeId, packet: usize) {
        self.handshakes[of.0].1.push(packet);
    }

    /// Returns the truth about a handshake, to complete it.
    pub fn amend(&mut self, of: HandshakeId) -> &mut TrueHandshake {
        &mut self.handshakes[of.0].0
    }

    /// Returns the number of handshakes so far.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.handshakes.len()
    }

    /// Returns the truth about the handshakes from the number `first` on, to complete it.
    pub fn since(&mut self, first: usize) -> impl Iterator<Item = &mut TrueHandshake> {
        self.handshakes.iter_mut().skip(first).map(|(truth, _)| truth)
    }

    /// Removes the packets for which `unwanted` returns true.
    pub fn leave_out(&mut self, unwanted: impl Fn(&[u8]) -> bool) {
        self.packets.iter_mut().filter(|(_, ip)| unwanted(ip)).for_each(|(_, ip)| ip.clear());
    }

    /// Captures every packet a second time, as `again` makes it from the first copy.
    pub fn double(&mut self, again: impl Fn(Nanos, &[u8]) -> (Nanos, Vec<u8>)) {
        let first = self.packets.len();
        let copies: Vec<_> = self.packets.iter().map(|(t, ip)| again(*t, ip)).collect();
        self.packets.extend(copies);
        for (_, syn_acks) in &mut self.handshakes {
            let twice: Vec<usize> = syn_acks.iter().map(|&p| p + first).collect();
            syn_acks.extend(twice);
        }
    }

    /// Returns the packets, to change them. Indices must stay valid: emptying a packet removes it.
    pub fn packets(&mut self) -> &mut Vec<(Nanos, Vec<u8>)> {
        &mut self.packets
    }

    /// Returns the capture: packets by time, and handshakes with their frame numbers.
    #[must_use]
    pub fn finish(self, mut truth: Truth) -> Capture {
        let mut order: Vec<usize> = (0..self.packets.len()).filter(|&i| !self.packets[i].1.is_empty()).collect();
        order.sort_by_key(|&i| self.packets[i].0);
        let mut frame = vec![0u32; self.packets.len()];
        for (number, &index) in order.iter().enumerate() {
            frame[index] = number as u32 + 1;
        }
        truth.handshakes = self.handshakes.into_iter().map(|(t, packets)| with_frames(t, &packets, &frame)).collect();
        truth.handshakes.sort_by_key(|h| h.syn_ack_frame);
        let mut packets: Vec<_> = self.packets.into_iter().map(Some).collect();
        let packets = order.into_iter().filter_map(|i| packets[i].take()).collect();
        Capture { packets, truth }
    }
}

fn with_frames(mut truth: TrueHandshake, packets: &[usize], frame: &[u32]) -> TrueHandshake {
    truth.syn_ack_frames = packets.iter().map(|&p| frame[p]).filter(|&f| f > 0).collect();
    truth.syn_ack_frames.sort_unstable();
    truth.syn_ack_frame = truth.syn_ack_frames.first().copied();
    truth
}
