//! Captures of the same traffic from two places: which handshakes are in both, and what a path made of their packets.
//!
//! Two captures can hold the very same packets: then nothing is to be learned but that they were counted twice. Or packets
//! that were changed on the way, and that tells what stands in between. No verdict rests on it: a handshake is judged
//! by its own capture, as Wireshark would have it.

mod difference;
mod matching;
#[cfg(test)]
mod tests;

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::net::IpAddr;

use syncookie_engine::{Endpoint, Finding, Openings, Timestamp};

pub use difference::Difference;

use crate::pipeline::totals::CaptureTotals;

/// Handshakes that are kept to be compared.
const KEPT: usize = 1 << 17;

/// Handshakes whose differences are told one by one.
const TOLD: usize = 1000;

/// The handshakes of all captures, as far as comparing them needs it.
#[derive(Debug, Default)]
pub struct Together {
    noted: Vec<Noted>,
    /// By server, client and the client's sequence number: places in `noted`. Of those that were asked about.
    asked: HashMap<(Endpoint, Endpoint, u32), Vec<usize>>,
    not_compared: u64,
}

/// A handshake of one capture.
#[derive(Clone, Copy, Debug)]
struct Noted {
    client: Endpoint,
    server: Endpoint,
    /// Of the SYN-ACK, else of the SYN.
    capture: u32,
    frame: u32,
    time: Timestamp,
    openings: Openings,
}

/// What came of comparing them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Handshakes that another capture has with the very same packets.
    pub same_packets: u64,
    /// Handshakes that another capture has with packets that differ.
    pub differing: u64,
    /// The first of these, by listener and client.
    pub pairs: Vec<Pair>,
    /// Handshakes that there was no room to compare.
    pub not_compared: u64,
}

/// A handshake in two captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Who sent the SYN.
    pub client: Endpoint,
    /// Who was asked.
    pub server: Endpoint,
    /// Names of the captures and frames in them; the one nearer to the client first, if that can be told.
    pub places: [(String, u32); 2],
    /// Whether it can: by hop limits.
    pub is_direction_known: bool,
    /// What differs, never nothing.
    pub differences: Vec<Difference>,
}

impl Together {
    /// Takes in a handshake; where that is asked, says whether another capture had the very same packets.
    pub fn note(&mut self, finding: &Finding, is_asked: bool) -> bool {
        let Some(new) = Noted::of(finding) else { return false };
        if self.noted.len() >= KEPT {
            self.not_compared += 1;
            return false;
        }
        let is_known = is_asked && self.ask(&new);
        self.noted.push(new);
        is_known
    }

    /// Whether one that was asked about before has the same packets as the next to be noted.
    fn ask(&mut self, new: &Noted) -> bool {
        let Some(isn) = new.openings.client_isn else { return false };
        let before = self.asked.entry((new.server, new.client, isn)).or_default();
        let is_known = before.iter().take(matching::MOST).map(|&place| &self.noted[place]).any(|noted| {
            matching::is_same(noted, new) && difference::differences(&noted.openings, &new.openings).is_empty()
        });
        before.push(self.noted.len());
        is_known
    }

    /// Compares what is in several captures; the same whatever the order in which they were read.
    pub fn compare(&self, captures: &[CaptureTotals]) -> Compared {
        let name = |noted: &Noted| captures.get(noted.capture as usize).map_or("", |capture| capture.name.as_str());
        let mut sorted = self.in_several();
        sorted.sort_by(|a, b| {
            let flow = |noted: &Noted| (noted.server, noted.client);
            flow(a)
                .cmp(&flow(b))
                .then_with(|| a.place().cmp(&b.place()))
                .then_with(|| name(a).cmp(name(b)))
                .then(a.frame.cmp(&b.frame))
        });
        let mut compared = Compared { not_compared: self.not_compared, ..Compared::default() };
        for flow in sorted.chunk_by(|a, b| (a.server, a.client) == (b.server, b.client)) {
            for (near, far) in matching::pairs(flow) {
                compared.add(near, far, [near, far].map(|noted| (name(noted).to_owned(), noted.frame)));
            }
        }
        compared
    }

    /// Those of connections that several captures may have: few, and so few have to be sorted with all there is to it.
    fn in_several(&self) -> Vec<&Noted> {
        let mut sorted: Vec<(u64, &Noted)> = self.noted.iter().map(|noted| (noted.digest(), noted)).collect();
        sorted.sort_unstable_by_key(|(digest, _)| *digest);
        let alike = sorted.chunk_by(|a, b| a.0 == b.0);
        let several = alike.filter(|alike| alike.iter().any(|(_, noted)| noted.capture != alike[0].1.capture));
        several.flatten().map(|(_, noted)| *noted).collect()
    }
}

impl Noted {
    fn of(finding: &Finding) -> Option<Self> {
        let frame = finding.frames.syn_ack.or(finding.frames.syn)?;
        let openings = finding.openings.filter(|openings| openings.client_isn.is_some())?;
        let Finding { client, server, time, .. } = *finding;
        Some(Self { client, server, capture: frame.capture, frame: frame.number, time, openings })
    }

    /// A number that is the same for all of a connection, and for few others.
    fn digest(&self) -> u64 {
        let low = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => ip.to_bits().into(),
            IpAddr::V6(ip) => ip.to_bits() as u64,
        };
        let ports = u64::from(self.client.port) << 48 | u64::from(self.server.port) << 32;
        low(self.client.ip) ^ low(self.server.ip).rotate_left(32) ^ ports
    }

    /// An order in which the nearer to the client comes first. Unlike [`Self::towards_server`] it is one for those whose hop
    /// limits are not known, too: sorting needs a total order.
    fn place(&self) -> impl Ord + use<> {
        let limit = |look: Option<syncookie_engine::Look>| look.and_then(|look| look.hop_limit);
        (Reverse(limit(self.openings.syn)), limit(self.openings.syn_ack))
    }

    /// Before another one if it was seen nearer to the client: SYNs lose hop limit on their way, SYN-ACKs on theirs.
    fn towards_server(&self, other: &Self) -> Ordering {
        let limit = |look: Option<syncookie_engine::Look>| look.and_then(|look| look.hop_limit);
        let (own, others) = (limit(self.openings.syn), limit(other.openings.syn));
        let by_syn = own.zip(others).map_or(Ordering::Equal, |(own, others)| others.cmp(&own));
        by_syn.then_with(|| {
            let (own, others) = (limit(self.openings.syn_ack), limit(other.openings.syn_ack));
            own.zip(others).map_or(Ordering::Equal, |(own, others)| own.cmp(&others))
        })
    }
}

impl Compared {
    /// Whether there is anything to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, near: &Noted, far: &Noted, places: [(String, u32); 2]) {
        let differences = difference::differences(&near.openings, &far.openings);
        if differences.is_empty() {
            self.same_packets += 1;
            return;
        }
        self.differing += 1;
        if self.pairs.len() < TOLD {
            let is_direction_known = near.towards_server(far) == Ordering::Less;
            self.pairs.push(Pair { client: near.client, server: near.server, places, is_direction_known, differences });
        }
    }
}
