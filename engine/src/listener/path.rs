//! The ways between a listener and its clients: round trips, and how much they vary.

use crate::connection::handshake::Handshake;

/// Round trips to a client from which on the shortest is taken for the undelayed one.
pub(crate) const ENOUGH: usize = 6;

/// What the round trips to one client show, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// The shortest: no packet was delayed by more than its own trip exceeds this.
    pub shortest: f64,
    /// Half of what the middle one exceeds the shortest by, as two packets make a trip: jitter of the path, or of the
    /// capture's clock.
    pub jitter: f64,
}

impl Path {
    /// From the round trips of one client's handshakes; `None` where too few were seen.
    pub(crate) fn of(trips: &[Trips]) -> Option<Self> {
        let mut of_syns: Vec<f64> = trips.iter().filter_map(|trips| trips.syn).collect();
        if of_syns.len() < ENOUGH {
            return None;
        }
        of_syns.sort_unstable_by(f64::total_cmp);
        let of_data = trips.iter().filter_map(|trips| trips.data).fold(f64::INFINITY, f64::min);
        let jitter = (of_syns[of_syns.len() / 2] - of_syns[0]) / 2.0;
        Some(Self { shortest: of_syns[0].min(of_data), jitter })
    }
}

/// The round trips that a handshake shows, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trips {
    /// Of the SYN.
    pub syn: Option<f64>,
    /// Of the client's first data.
    pub data: Option<f64>,
}

impl Trips {
    pub(crate) fn of(handshake: &Handshake) -> Self {
        Self { syn: handshake.round_trip(), data: data_round_trip(handshake) }
    }
}

/// Seconds from the client's first data to the server's acknowledgment of it: at least a round trip.
fn data_round_trip(handshake: &Handshake) -> Option<f64> {
    let data = handshake.client_data.filter(|_| handshake.client_data_retransmissions == 0)?;
    let end = data.seq.plus(data.payload);
    let acknowledgment = handshake.server_segments.iter().find(|l| l.ack.ahead_of(end) >= 0)?;
    let seconds = acknowledgment.time.seconds_since(data.time);
    (seconds >= 0.0).then_some(seconds)
}
