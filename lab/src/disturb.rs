//! Worse networks: jitter in the times of a capture, and lost packets.

use crate::capture::{Capture, MICRO, MILLI, Nanos};
use crate::truth::Truth;
use std::collections::HashMap;
use syncookie_testkit::rng::Rng;

/// Jitter and loss to add.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Disturbance {
    /// Largest delay of a packet, in milliseconds.
    pub jitter_ms: f64,
    /// Share of the packets to remove.
    pub loss: f64,
}

/// New index of each packet of the old capture; `None` for a lost one.
pub type Moved = Vec<Option<usize>>;

impl Disturbance {
    /// Disturbs packets, given as a time and something that contains an IP packet. The order within
    /// a flow stays: an answer never precedes what it answers, on whichever side the capture was
    /// taken.
    pub fn apply<T>(
        &self,
        packets: Vec<(Nanos, T)>,
        ip: impl Fn(&T) -> &[u8],
        rng: &mut Rng,
    ) -> (Vec<(Nanos, T)>, Moved) {
        let mut last: HashMap<u64, Nanos> = HashMap::new();
        let total = packets.len();
        let mut kept = Vec::with_capacity(total);
        for (index, (time, packet)) in packets.into_iter().enumerate() {
            let late = (rng.unit() * self.jitter_ms * MILLI as f64) as Nanos;
            let lost = rng.chance(self.loss);
            let mut time = time + late;
            if self.jitter_ms > 0.0 {
                let before = last.entry(flow(ip(&packet))).or_default();
                time = time.max(*before + MICRO);
                *before = time;
            }
            if !lost {
                kept.push((time, index, packet));
            }
        }
        kept.sort_by_key(|(time, ..)| *time);
        let mut moved = vec![None; total];
        kept.iter().enumerate().for_each(|(now, (_, was, _))| moved[*was] = Some(now));
        (kept.into_iter().map(|(time, _, packet)| (time, packet)).collect(), moved)
    }

    /// Disturbs a capture, and renumbers the frames in its truth.
    #[must_use]
    pub fn capture(&self, capture: Capture, rng: &mut Rng) -> Capture {
        let (packets, moved) = self.apply(capture.packets, |ip| ip, rng);
        let mut truth = capture.truth;
        renumber(&mut truth, &moved);
        Capture { packets, truth }
    }
}

/// Renumbers the frames in a truth.
pub fn renumber(truth: &mut Truth, moved: &Moved) {
    for handshake in &mut truth.handshakes {
        let to = |frame: &u32| moved.get(*frame as usize - 1).copied().flatten().map(|i| i as u32 + 1);
        handshake.syn_ack_frames = handshake.syn_ack_frames.iter().filter_map(to).collect();
        handshake.syn_ack_frames.sort_unstable();
        handshake.syn_ack_frame = handshake.syn_ack_frames.first().copied();
    }
}

/// Returns a hash of the flow of an IP packet, the same in both directions; 0 without ports.
fn flow(ip: &[u8]) -> u64 {
    let (source, destination, ports) = match ip.first().map(|b| b >> 4) {
        Some(4) => (ip.get(12..16), ip.get(16..20), usize::from(ip[0] & 15) * 4),
        Some(6) => (ip.get(8..24), ip.get(24..40), 40),
        _ => return 0,
    };
    let port = |at: usize| ip.get(at..at + 2);
    match (source, port(ports), destination, port(ports + 2)) {
        (Some(a), Some(ap), Some(b), Some(bp)) => end(a, ap) ^ end(b, bp),
        _ => 0,
    }
}

fn end(address: &[u8], port: &[u8]) -> u64 {
    let bytes = address.iter().chain(port);
    let seed = bytes.fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    Rng::new(seed).next_u64()
}

/// Returns the offset of the IP packet in a record of this link type; `None` for an unknown type.
#[must_use]
pub fn ip_offset(link: u32, bytes: &[u8]) -> Option<usize> {
    match link {
        101 | 12 | 14 | 228 | 229 => Some(0),
        0 | 108 => Some(4),
        1 => {
            let mut at = 12;
            while matches!(bytes.get(at..at + 2), Some([0x81, 0] | [0x88, 0xa8])) {
                at += 4;
            }
            Some(at + 2)
        }
        113 => Some(16),
        276 => Some(20),
        _ => None,
    }
}
