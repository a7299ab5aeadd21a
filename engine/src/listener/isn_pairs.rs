//! Initial sequence numbers of both sides, compared between connections on one four-tuple.
//!
//! Linux takes its ISNs, as client and as server, from a hash of the four-tuple plus a clock of
//! 64 ns (secure_seq.c `secure_tcp_seq`, `seq_scale`). Between two connections on one four-tuple
//! both ISNs advance together, and their difference moves only by the jitter of the path and by the
//! drift of the clocks. A cookie's difference repeats exactly.

use crate::Endpoint;
use crate::connection::handshake::Handshake;

/// A minute of cookies, in seconds (syncookies.h `COOKIE_TIME`).
pub(crate) const PERIOD: f64 = 60.0;
/// Number of MSS table entries. A cookie's difference moves by less than this (syncookies.c
/// `msstab`).
const MSS_ENTRIES: u32 = 4;
/// Largest movement of the difference of two clocks, in steps of 64 ns: 67 ms. All of 6,708
/// measured pairs of ordinary Linux hosts were below it.
const CLOCKS_MOVE: u32 = 1 << 20;
/// Largest difference between an ISN's advance and a clock of 64 ns, in its steps: 134 ms, for the
/// variation of a round trip.
const CLOCK_ERROR: u32 = 1 << 21;
/// Length of a step of the clock, in seconds.
const STEP: f64 = 64e-9;
/// Distance from 0 below which a difference was chosen by the program that crafted the packets. Of
/// differences of hashes, one in 32,768 is that small.
const CRAFTED: u32 = 1 << 16;
/// One in this many of a listener's pairs must have moved as clocks do, repeated ones left out, for
/// its ISNs to count as clocks. By chance, one in 2,048 does.
const CLOCKS_SHARE: usize = 16;

/// Movement of the difference of the server's and the client's ISN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// The difference repeats, give or take the MSS index.
    Repeats(i32),
    /// Both ISNs advanced with clocks.
    Clocks,
    /// The difference moved further than clocks do.
    Unrelated,
}

/// Two connections on one four-tuple, less than a minute apart, with different client ISNs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsnPair {
    /// Server ISN minus client ISN of the later connection.
    pub difference: u32,
    /// Movement of the difference since the earlier connection.
    moved: i32,
    /// Seconds between the SYN-ACKs.
    pub elapsed: f64,
    /// Whether the client's ISN advanced with a clock of 64 ns.
    pub client_has_clock: bool,
}

impl IsnPair {
    /// Compares a handshake with the previous one on its four-tuple.
    pub(crate) fn of(handshake: &Handshake) -> Option<Self> {
        let (syn_ack, previous) = (handshake.syn_ack.as_ref()?, handshake.previous.as_deref()?);
        let client = handshake.client_isn()?;
        let elapsed = syn_ack.time.seconds_since(previous.time);
        if client == previous.client_isn || !(0.0..PERIOD).contains(&elapsed) {
            return None;
        }
        let difference = syn_ack.isn.0.wrapping_sub(client.0);
        let before = previous.server_isn.0.wrapping_sub(previous.client_isn.0);
        let advanced = client.0.wrapping_sub(previous.client_isn.0);
        let error = advanced.wrapping_sub((elapsed / STEP) as u64 as u32).cast_signed();
        Some(Self {
            difference,
            moved: difference.wrapping_sub(before).cast_signed(),
            elapsed,
            client_has_clock: error.unsigned_abs() < CLOCK_ERROR,
        })
    }

    pub(crate) const fn movement(&self) -> Movement {
        match self.moved.unsigned_abs() {
            0..MSS_ENTRIES => Movement::Repeats(self.moved),
            MSS_ENTRIES..CLOCKS_MOVE => Movement::Clocks,
            _ => Movement::Unrelated,
        }
    }

    const fn repeats(&self) -> bool {
        matches!(self.movement(), Movement::Repeats(_))
    }
}

/// Facts that the pairs of a listener show together.
#[derive(Debug, Default)]
pub(crate) struct IsnPairs {
    /// Whether both ISNs of its connections advance with clocks. Some differences then repeat
    /// without a cookie.
    pub are_of_clocks: bool,
    /// The differences of all handshakes with their clients, in ascending order; empty where none
    /// repeats, because nothing reads them then.
    differences: Vec<(u32, Endpoint)>,
}

impl IsnPairs {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let (mut repeats, mut clocks, mut unrelated) = (0, 0, 0);
        for pair in handshakes.iter().filter_map(|handshake| IsnPair::of(handshake)) {
            *match pair.movement() {
                Movement::Repeats(_) => &mut repeats,
                Movement::Clocks => &mut clocks,
                Movement::Unrelated => &mut unrelated,
            } += 1_usize;
        }
        let mut differences = Vec::new();
        if repeats > 0 {
            differences.extend(handshakes.iter().filter_map(|handshake| {
                let difference = handshake.syn_ack.as_ref()?.isn.0.wrapping_sub(handshake.client_isn()?.0);
                Some((difference, handshake.client))
            }));
            differences.sort_unstable();
            differences.dedup();
        }
        Self { are_of_clocks: clocks > 0 && clocks * CLOCKS_SHARE >= clocks + unrelated, differences }
    }

    /// Returns whether a pair repeats because both ISNs were crafted with a fixed difference: the
    /// difference is small, or other four-tuples have it, too.
    pub(crate) fn is_crafted(&self, pair: &IsnPair, client: Endpoint) -> bool {
        let near = pair.difference.cast_signed().unsigned_abs() < CRAFTED;
        let first = pair.difference.saturating_sub(MSS_ENTRIES - 1);
        let last = pair.difference.saturating_add(MSS_ENTRIES - 1);
        let from = self.differences.partition_point(|&(difference, _)| difference < first);
        let alike = self.differences[from..].iter().take_while(|&&(difference, _)| difference <= last);
        // A four-tuple has at most seven differences in this range, so the search is short.
        pair.repeats() && (near || alike.into_iter().any(|&(_, other)| other != client))
    }
}
