//! Paths between a listener and its clients: round trips and their variation.

use crate::connection::handshake::Handshake;
use crate::listener::clients::Clients;

/// Minimum round trips to a client before the shortest is taken for the undelayed one.
const ENOUGH: usize = 6;
/// Minimum connections from one client that show the round trip of the SYN and of data.
const ENOUGH_PAIRS: usize = 5;

/// Path to one client, as its round trips show it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ClientPath {
    pub path: Option<Path>,
    pub round_trips: Option<ShortestRoundTrips>,
}

impl ClientPath {
    /// Returns the path to each client by number; none at all where no client came often enough.
    pub(crate) fn of_all(handshakes: &[&Handshake], clients: &Clients) -> Vec<Self> {
        let (mut paths, mut samples) = (Vec::new(), Vec::new());
        for (number, group) in clients.groups().enumerate() {
            if group.len() >= ENOUGH.min(ENOUGH_PAIRS) {
                samples.clear();
                samples.extend(group.iter().map(|&index| RoundTripSample::of(handshakes[index as usize])));
                paths.resize(clients.count(), Self::default());
                paths[number] = Self { path: Path::of(&samples), round_trips: ShortestRoundTrips::of(&samples) };
            }
        }
        paths
    }
}

/// The round trips to one client, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// Shortest round trip; 0 where no data shows one, because every SYN-ACK may have been slower
    /// than data. A packet's delay is at most the excess of its round trip over this.
    pub shortest: f64,
    /// Jitter of the path or of the capture's clock: half of the excess of the median over the
    /// shortest round trip, because a round trip is two packets.
    pub jitter: f64,
}

impl Path {
    /// Returns the path of one client's handshakes; `None` where too few round trips were seen.
    fn of(samples: &[RoundTripSample]) -> Option<Self> {
        let mut of_syns: Vec<f64> = samples.iter().filter_map(|sample| sample.syn).collect();
        if of_syns.len() < ENOUGH {
            return None;
        }
        of_syns.sort_unstable_by(f64::total_cmp);
        let of_data = samples.iter().filter_map(|sample| sample.data).fold(f64::INFINITY, f64::min);
        let jitter = (of_syns[of_syns.len() / 2] - of_syns[0]) / 2.0;
        let shortest = if of_data.is_finite() { of_syns[0].min(of_data) } else { 0.0 };
        Some(Self { shortest, jitter })
    }
}

/// The shortest round trips to one client, in seconds, among the connections that show both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortestRoundTrips {
    pub syn: f64,
    pub data: f64,
    /// Number of connections that show both.
    pub count: usize,
}

impl ShortestRoundTrips {
    /// Returns the shortest round trips of one client's handshakes; `None` where too few show both.
    fn of(samples: &[RoundTripSample]) -> Option<Self> {
        let none = Self { syn: f64::INFINITY, data: f64::INFINITY, count: 0 };
        let both = samples.iter().filter_map(|sample| sample.syn.zip(sample.data));
        let all = both.fold(none, |all, (syn, data)| Self {
            syn: all.syn.min(syn),
            data: all.data.min(data),
            count: all.count + 1,
        });
        (all.count >= ENOUGH_PAIRS).then_some(all)
    }
}

/// The round trips that one handshake shows, in seconds.
#[derive(Clone, Copy, Debug)]
struct RoundTripSample {
    /// Time from the SYN to the SYN-ACK.
    syn: Option<f64>,
    /// Time from the client's first data to its acknowledgment.
    data: Option<f64>,
}

impl RoundTripSample {
    fn of(handshake: &Handshake) -> Self {
        Self { syn: handshake.round_trip(), data: data_round_trip(handshake) }
    }
}

/// Returns the seconds from the client's first data to the server's acknowledgment of it: at least
/// a round trip.
fn data_round_trip(handshake: &Handshake) -> Option<f64> {
    let data = handshake.client_data.filter(|_| handshake.client_data_retransmissions == 0)?;
    if handshake.syn.is_some_and(|syn| syn.payload > 0) {
        return None;
    }
    let end = data.seq.plus(data.payload);
    let acknowledgment = handshake.server_segments.iter().find(|l| l.ack.ahead_of(end) >= 0)?;
    let seconds = acknowledgment.time.seconds_since(data.time);
    (seconds >= 0.0).then_some(seconds)
}
