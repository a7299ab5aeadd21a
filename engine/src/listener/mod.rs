//! What one listener's handshakes say together: its clock, its round trips, its habits. Looks back and forward.

pub(crate) mod clients;
pub(crate) mod clock;
pub(crate) mod path;

use crate::Timestamp;
use crate::connection::handshake::Handshake;
use crate::evidence::bits::BitBook;
use crate::evidence::extensions::Grants;
use crate::evidence::identification::Identifications;
use crate::evidence::isn_bits::IsnLayout;
use crate::evidence::options::OptionBook;
use crate::evidence::round_trip::{self, RoundTrips};
use crate::listener::clients::Clients;
use crate::listener::clock::Clock;
use crate::listener::path::{Path, Trips};

/// The handshakes of one server address and port, in order of time, and what they have in common.
pub(crate) struct Listener<'a> {
    pub handshakes: Vec<&'a Handshake>,
    /// Time of the last packet the analyzer saw: what did not happen until then may still happen.
    pub now: Timestamp,
    /// Of a listener that answered nobody, none.
    pub clients: Clients,
    pub clock: Clock,
    pub options: OptionBook,
    pub bits: BitBook,
    pub grants: Grants,
    pub isn_layout: IsnLayout,
    /// The way to each client, where any was seen often enough.
    ways: Vec<Way>,
    /// Some SYN was answered.
    pub answers: bool,
    /// Some acknowledged SYN-ACK came again: the accept queue was full.
    pub ignores_acks: bool,
    /// What it was asked for and not thanked for.
    pub pressure: Pressure,
    /// Handshakes in which the server's timer repeated the SYN-ACK.
    pub timer_repeats: usize,
    /// IP identifications of its SYN-ACKs.
    pub identifications: Identifications,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(handshakes: Vec<&'a Handshake>, now: Timestamp) -> Self {
        let (mut grants, mut pressure) = (Grants::default(), Pressure::default());
        let (mut answers, mut ignores_acks, mut timer_repeats) = (false, false, 0);
        // In one go: of a flood there are more than the processor's caches hold.
        for handshake in &handshakes {
            grants.add(handshake);
            pressure.add(handshake);
            answers |= handshake.syn_ack.is_some();
            ignores_acks |= handshake.ack_ignored();
            timer_repeats += usize::from(handshake.repeated_by_timer().is_some());
        }
        // Who answers nobody shows nothing, and of what nobody answers there is most: floods and scans.
        let answering = if answers { &handshakes[..] } else { &[] };
        let (clients, clock) = (Clients::of(answering), Clock::of(answering));
        Self {
            now,
            options: OptionBook::of(answering, &clients),
            bits: BitBook::of(answering, &clients, &clock),
            grants,
            isn_layout: IsnLayout::of(answering),
            ways: ways(answering, &clients),
            answers,
            ignores_acks,
            pressure,
            timer_repeats,
            identifications: Identifications::of(answering),
            clients,
            clock,
            handshakes,
        }
    }

    /// The way to a handshake's client.
    pub(crate) fn way(&self, index: usize) -> Option<Way> {
        self.ways.get(self.clients.number(index)?).copied()
    }
}

/// What the round trips to one client show.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    pub path: Option<Path>,
    pub round_trips: Option<RoundTrips>,
}

/// The way to each client by number; none at all where no client came often enough.
fn ways(handshakes: &[&Handshake], clients: &Clients) -> Vec<Way> {
    let (mut ways, mut trips) = (Vec::new(), Vec::new());
    for (number, group) in clients.groups().enumerate() {
        if group.len() >= path::ENOUGH.min(round_trip::ENOUGH) {
            trips.clear();
            trips.extend(group.iter().map(|&index| Trips::of(handshakes[index as usize])));
            ways.resize(clients.count(), Way::default());
            ways[number] = Way { path: Path::of(&trips), round_trips: RoundTrips::of(&trips) };
        }
    }
    ways
}

/// Seconds in which the listener was under a flood: many SYNs that never led to a completed handshake, and most of all.
/// That is what makes a listener turn to cookies.
#[derive(Default)]
pub(crate) struct Pressure {
    /// In order.
    floods: Vec<i64>,
    /// The latest second, how many SYNs were lost in it, and how many there were.
    latest: (i64, u64, u64),
}

impl Pressure {
    /// Adds the next one, in order of time.
    fn add(&mut self, handshake: &Handshake) {
        let now = second(handshake.time);
        let (at, lost, all) = if self.latest.0 == now { self.latest } else { (now, 0, 0) };
        let (lost, all) = (lost + u64::from(handshake.never_completed()), all + 1);
        self.latest = (at, lost, all);
        // What is a flood now may be none at the end of the second, and the other way round.
        self.floods.pop_if(|&mut flood| flood == now);
        if lost >= FLOOD_RATE && lost * 4 >= all * 3 {
            self.floods.push(now);
        }
    }

    /// Whether the listener was under a flood around that time.
    pub(crate) fn is_flood(&self, time: Timestamp) -> bool {
        let now = second(time);
        self.floods.get(self.floods.partition_point(|&flood| flood < now - 2)).is_some_and(|&flood| flood <= now + 1)
    }
}

/// Unacknowledged SYNs a second from which on it is called a flood. The smallest listen backlog in wide use is 128
/// (old `SOMAXCONN`), and an entry lives for a minute: half of that in a second fills it at once.
const FLOOD_RATE: u64 = 64;

fn second(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}
