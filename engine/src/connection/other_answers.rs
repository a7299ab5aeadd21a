//! Answers that a client got from other listeners while one listener did not answer it: the client
//! works elsewhere.
//!
//! This is the only fact of a handshake that comes from handshakes of other listeners. An observation
//! has it, so that each listener can be judged alone.

use std::cell::OnceCell;
use std::net::IpAddr;

use crate::HandshakeId;
use crate::connection::handshake::Handshake;
use crate::connection::handshakes::Handshakes;

/// Number of handshakes of all listeners, before and after one, that are searched for those of its
/// client.
const REACH: u64 = 400;

/// SYNs of a client that other listeners answered between its first SYN to one listener and its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OtherAnswers {
    /// Number of these SYNs.
    pub count: u16,
    /// Whether one of them was sent to another port of the same host.
    pub of_same_host: bool,
}

impl OtherAnswers {
    /// Finds the answers among the handshakes that the capture has before and after one.
    pub(crate) fn around(own: &Handshake, all: &Handshakes) -> Self {
        let ids = reach(own.id).map(HandshakeId);
        Self::among(own, ids.filter_map(|id| all.get(id)))
    }

    fn among<'a>(own: &Handshake, others: impl Iterator<Item = &'a Handshake>) -> Self {
        let mut found = Self::default();
        for other in others.filter(|other| was_answered_meanwhile(own, other)) {
            if other.client.ip == own.client.ip && other.server != own.server {
                found.count += 1;
                found.of_same_host |= other.server.ip == own.server.ip;
            }
        }
        found
    }
}

/// Returns whether another SYN was answered while one was not.
pub(crate) fn was_answered_meanwhile(own: &Handshake, other: &Handshake) -> bool {
    let until = own.last_syn.unwrap_or(own.time);
    other.syn_ack.is_some_and(|syn_ack| other.time > own.time && syn_ack.time < until)
}

fn reach(id: HandshakeId) -> impl Iterator<Item = u64> {
    id.0.saturating_sub(REACH)..=id.0 + REACH
}

/// Finds the answers for many handshakes; few of them share a client with those around them.
pub(crate) struct Search<'a> {
    all: &'a Handshakes,
    /// Digest of the client of each handshake that was answered: most of the others are left out
    /// without looking at them.
    clients: OnceCell<Vec<Option<u16>>>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(all: &'a Handshakes) -> Self {
        Self { all, clients: OnceCell::new() }
    }

    /// Finds the answers for a handshake, if its SYN was retransmitted.
    pub(crate) fn of(&self, own: &Handshake) -> OtherAnswers {
        if own.syn_retransmissions == 0 { OtherAnswers::default() } else { self.of_retransmitted(own) }
    }

    #[inline(never)]
    fn of_retransmitted(&self, own: &Handshake) -> OtherAnswers {
        let clients = self.clients.get_or_init(|| self.all.before(self.all.end()).map(client).collect());
        let start = self.all.start().0;
        let wanted = Some(digest(own.client.ip));
        let alike = |id: &u64| {
            let place = id.checked_sub(start).and_then(|place| usize::try_from(place).ok());
            place.and_then(|place| clients.get(place)).is_some_and(|&client| client == wanted)
        };
        let ids = reach(own.id).filter(alike).map(HandshakeId);
        OtherAnswers::among(own, ids.filter_map(|id| self.all.get(id)))
    }
}

fn client(handshake: &Handshake) -> Option<u16> {
    handshake.syn_ack.is_some().then(|| digest(handshake.client.ip))
}

fn digest(ip: IpAddr) -> u16 {
    let bits = match ip {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(ip) => ip
            .segments()
            .chunks(2)
            .fold(0, |sum, pair| pair.iter().fold(sum, |sum: u32, &part| sum.rotate_left(16) ^ u32::from(part))),
    };
    (bits ^ bits >> 16) as u16
}
