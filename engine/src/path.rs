//! The ways between a listener and its clients: round trips, and how much they vary.

use std::net::IpAddr;

use crate::handshake::Handshake;
use crate::seeded::Map;

/// Round trips to a client from which on the shortest is taken for the undelayed one.
const ENOUGH: usize = 6;

/// What the round trips to one client show, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// The shortest: no packet was delayed by more than its own trip exceeds this.
    pub shortest: f64,
    /// Half of what the middle one exceeds the shortest by, as two packets make a trip: jitter of the path, or of the
    /// capture's clock.
    pub jitter: f64,
}

/// The paths of a listener, by client address.
pub(crate) struct Paths(Map<IpAddr, Path>);

impl Paths {
    pub(crate) fn of(handshakes: &[&Handshake]) -> Self {
        let mut trips: Map<IpAddr, (Vec<f64>, f64)> = Map::default();
        for handshake in handshakes {
            let (of_syns, of_data) = trips.entry(handshake.client.ip).or_insert((Vec::new(), f64::INFINITY));
            of_syns.extend(handshake.round_trip());
            *of_data = of_data.min(data_round_trip(handshake).unwrap_or(f64::INFINITY));
        }
        let paths = trips.into_iter().filter(|(_, (of_syns, _))| of_syns.len() >= ENOUGH);
        let paths = paths.map(|(client, (mut trips, of_data))| {
            trips.sort_by(f64::total_cmp);
            (client, Path { shortest: trips[0].min(of_data), jitter: (trips[trips.len() / 2] - trips[0]) / 2.0 })
        });
        Self(paths.collect())
    }

    /// The path to a client; `None` where too few round trips were seen.
    pub(crate) fn to(&self, client: IpAddr) -> Option<Path> {
        self.0.get(&client).copied()
    }
}

/// Seconds from the client's first data to the server's acknowledgment of it: at least a round trip.
pub(crate) fn data_round_trip(handshake: &Handshake) -> Option<f64> {
    let data = handshake.client_data.filter(|_| handshake.client_data_repeats == 0)?;
    let end = data.seq.plus(data.payload);
    let acknowledgment = handshake.later.iter().find(|l| l.ack.ahead_of(end) >= 0)?;
    let seconds = acknowledgment.time.seconds_since(data.time);
    (seconds >= 0.0).then_some(seconds)
}
