//! A capture in memory, and the tap that collects it.

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

/// Packets in order of time, and the truth about them.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Time and IP packet.
    pub packets: Vec<(Nanos, Vec<u8>)>,
    /// What they are.
    pub truth: Truth,
}

/// Names a handshake in a [`Tap`].
#[derive(Clone, Copy, Debug)]
pub struct Noted(usize);

/// Collects packets in any order.
#[derive(Clone, Debug, Default)]
pub struct Tap {
    packets: Vec<(Nanos, Vec<u8>)>,
    handshakes: Vec<(TrueHandshake, Vec<usize>)>,
}

impl Tap {
    /// Takes a packet; its index is the one to name it by.
    pub fn packet(&mut self, time: Nanos, ip: Vec<u8>) -> usize {
        self.packets.push((time, ip));
        self.packets.len() - 1
    }

    /// Notes the truth about a handshake; its SYN-ACKs follow.
    pub fn handshake(
        &mut self,
        client: SocketAddr,
        server: SocketAddr,
        verdict: Verdict,
        implementation: Option<&str>,
    ) -> Noted {
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
        Noted(self.handshakes.len() - 1)
    }

    /// One of its SYN-ACKs was captured.
    pub fn syn_ack(&mut self, of: Noted, packet: usize) {
        self.handshakes[of.0].1.push(packet);
    }

    /// Lets the caller say more about a handshake.
    pub fn amend(&mut self, of: Noted) -> &mut TrueHandshake {
        &mut self.handshakes[of.0].0
    }

    /// Handshakes noted so far.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.handshakes.len()
    }

    /// Everything noted since the count `first`, to say more about.
    pub fn since(&mut self, first: usize) -> impl Iterator<Item = &mut TrueHandshake> {
        self.handshakes.iter_mut().skip(first).map(|(truth, _)| truth)
    }

    /// Leaves packets out of the capture.
    pub fn leave_out(&mut self, unwanted: impl Fn(&[u8]) -> bool) {
        self.packets.iter_mut().filter(|(_, ip)| unwanted(ip)).for_each(|(_, ip)| ip.clear());
    }

    /// Captures every packet a second time, as `again` makes it out of the first.
    pub fn double(&mut self, again: impl Fn(Nanos, &[u8]) -> (Nanos, Vec<u8>)) {
        let first = self.packets.len();
        let copies: Vec<_> = self.packets.iter().map(|(t, ip)| again(*t, ip)).collect();
        self.packets.extend(copies);
        for (_, syn_acks) in &mut self.handshakes {
            let twice: Vec<usize> = syn_acks.iter().map(|&p| p + first).collect();
            syn_acks.extend(twice);
        }
    }

    /// The packets, to change them. Indices must stay valid: an emptied packet is left out.
    pub fn packets(&mut self) -> &mut Vec<(Nanos, Vec<u8>)> {
        &mut self.packets
    }

    /// The capture: packets by time, handshakes with their frame numbers.
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
