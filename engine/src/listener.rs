//! What one listener's handshakes say together: its clock, its round trips, its habits. Looks back and forward.

use std::net::IpAddr;

use crate::Timestamp;
use crate::clock::Clock;
use crate::evidence::bits::BitBook;
use crate::evidence::extensions::Grants;
use crate::evidence::isn_bits::IsnLayout;
use crate::evidence::options::OptionBook;
use crate::evidence::round_trip::RoundTrips;
use crate::handshake::Handshake;
use crate::path::Paths;
use crate::seeded::Map;

/// The handshakes of one server address and port, in the order of their ids, and what they have in common.
pub(crate) struct Listener<'a> {
    pub handshakes: Vec<&'a Handshake>,
    /// Time of the last packet the analyzer saw: what did not happen until then may still happen.
    pub now: Timestamp,
    pub clock: Clock,
    pub options: OptionBook,
    pub bits: BitBook,
    pub grants: Grants,
    pub isn_layout: IsnLayout,
    pub round_trips: Map<IpAddr, RoundTrips>,
    /// Round trips to each client.
    pub paths: Paths,
    /// Some SYN was answered.
    pub answers: bool,
    /// Some acknowledged SYN-ACK came again: the accept queue was full.
    pub ignores_acks: bool,
    /// Position of the next handshake of the same client.
    pub next_of_client: Vec<Option<u32>>,
    /// What it was asked for and not thanked for.
    pub pressure: Pressure,
    /// Handshakes in which the server's timer repeated the SYN-ACK.
    pub timer_repeats: usize,
    /// How often each IP identification stood in a SYN-ACK.
    identifications: Map<u16, usize>,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(handshakes: Vec<&'a Handshake>, now: Timestamp) -> Self {
        let clock = Clock::of(&handshakes);
        let paths = Paths::of(&handshakes);
        let mut identifications = Map::default();
        let mut round_trips = Map::default();
        for handshake in &handshakes {
            let seen = round_trips.get(&handshake.client.ip).copied();
            if let Some(trips) = RoundTrips::take(seen, handshake) {
                round_trips.insert(handshake.client.ip, trips);
            }
            if let Some(id) = handshake.syn_ack.and_then(|s| s.ip.identification) {
                *identifications.entry(id).or_insert(0) += 1;
            }
        }
        let pressure = Pressure::of(&handshakes);
        let options = OptionBook::of(&handshakes, &pressure);
        let bits = BitBook::of(&handshakes, &clock);
        let answers = handshakes.iter().any(|h| h.syn_ack.is_some());
        let ignores_acks = handshakes.iter().any(|h| h.acknowledged_in_vain());
        let mut latest: Map<IpAddr, u32> = Map::default();
        let mut next_of_client = vec![None; handshakes.len()];
        for (index, handshake) in handshakes.iter().enumerate().rev() {
            next_of_client[index] = latest.insert(handshake.client.ip, index as u32);
        }
        let (grants, isn_layout) = (Grants::of(&handshakes), IsnLayout::of(&handshakes));
        let timer_repeats = handshakes.iter().filter(|h| h.repeated_by_timer().is_some()).count();
        Self {
            handshakes,
            now,
            clock,
            options,
            bits,
            grants,
            isn_layout,
            round_trips,
            paths,
            answers,
            ignores_acks,
            next_of_client,
            pressure,
            timer_repeats,
            identifications,
        }
    }

    /// In how many SYN-ACKs of this listener that identification stands.
    pub(crate) fn identification_count(&self, identification: u16) -> usize {
        self.identifications.get(&identification).copied().unwrap_or(0)
    }
}

/// SYNs a second that never led to a completed handshake: what makes a listener turn to cookies.
pub(crate) struct Pressure {
    by_second: Map<i64, (u64, u64)>,
}

impl Pressure {
    fn of(handshakes: &[&Handshake]) -> Self {
        let mut by_second: Map<i64, (u64, u64)> = Map::default();
        for handshake in handshakes {
            let (lost, all) = by_second.entry(second(handshake.time)).or_default();
            *lost += u64::from(handshake.never_completed());
            *all += 1;
        }
        Self { by_second }
    }

    /// Whether the listener was under a flood around that time: many SYNs that nobody acknowledges, and most of all.
    pub(crate) fn is_flood(&self, time: Timestamp) -> bool {
        let now = second(time);
        (now - 2..=now + 1)
            .filter_map(|s| self.by_second.get(&s))
            .any(|&(lost, all)| lost >= FLOOD_RATE && lost * 4 >= all * 3)
    }
}

/// Unacknowledged SYNs a second from which on it is called a flood. The smallest listen backlog in wide use is 128
/// (old `SOMAXCONN`), and an entry lives for a minute: half of that in a second fills it at once.
const FLOOD_RATE: u64 = 64;

fn second(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}
