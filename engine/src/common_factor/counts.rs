//! Counts of failed and working handshakes by attribute, and the attributes that stand out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::attributes::{Attribute, Compared, Feature, SynAttributes};
use crate::Endpoint;
use crate::intake::keyed_hash::KeyedHash;
use crate::listener::chance::at_least;

/// Minimum number of failed handshakes that share an attribute.
const FEWEST: u64 = 5;
/// Minimum difference between the share of the failed and the share of the working handshakes.
const LEAST_DIFFERENCE: f64 = 0.5;
/// Maximum probability that chance produces any factor of a report.
const CHANCE: f64 = 0.001;
/// Maximum number of addresses, servers, captures and segment sizes that are counted; the others
/// are compared by their other attributes only.
const WIDE: usize = 1 << 16;
/// Maximum number of factors that are returned.
const MOST: usize = 3;

const SECONDS_A_MINUTE: i64 = 60;
const MINUTES_AN_HOUR: i64 = 60;
const MINUTES_A_DAY: i64 = 24 * MINUTES_AN_HOUR;

/// Failed and working handshakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    failed: u64,
    working: u64,
}

impl Counts {
    const fn add(&mut self, failed: bool) {
        *if failed { &mut self.failed } else { &mut self.working } += 1;
    }

    const fn merge(&mut self, other: Self) {
        self.failed += other.failed;
        self.working += other.working;
    }
}

/// Counts of failed and working handshakes by attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeCounts {
    all: Counts,
    /// By set of features.
    features: [Counts; 1 << Feature::ALL.len()],
    /// By shift; the last one is for no window scale.
    scales: [Counts; 16],
    /// By bytes; 0 is for no MSS.
    segment_sizes: Vec<Counts>,
    hop_limits: Vec<Counts>,
    /// By minute of the day.
    minutes: Vec<Counts>,
    captures: Vec<Counts>,
    servers: BTreeMap<Endpoint, Counts>,
    /// By address as IPv6.
    clients: HashMap<u128, Counts, KeyedHash>,
}

impl Default for AttributeCounts {
    fn default() -> Self {
        Self {
            all: Counts::default(),
            features: [Counts::default(); 1 << Feature::ALL.len()],
            scales: Default::default(),
            segment_sizes: Vec::new(),
            hop_limits: vec![Counts::default(); 1 << 8],
            minutes: vec![Counts::default(); MINUTES_A_DAY as usize],
            captures: Vec::new(),
            servers: BTreeMap::new(),
            clients: HashMap::default(),
        }
    }
}

/// An attribute that failed handshakes have and working ones have not, or less often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommonFactor {
    /// The attribute.
    pub attribute: Attribute,
    /// Number of failed or delayed handshakes with the attribute.
    pub failed: u64,
    /// Number of all failed or delayed handshakes.
    pub of_failed: u64,
    /// Number of working handshakes with the attribute.
    pub working: u64,
    /// Number of all working handshakes.
    pub of_working: u64,
    /// Upper bound of the probability that chance produces this factor or a clearer one, over all
    /// attributes compared.
    pub chance: f64,
}

impl CommonFactor {
    /// Returns the share of the failed handshakes with the attribute less that of the working ones.
    fn difference(&self) -> f64 {
        self.failed as f64 / self.of_failed as f64 - self.working as f64 / self.of_working as f64
    }
}

impl AttributeCounts {
    /// Counts handshakes of one server.
    pub fn add(&mut self, server: Endpoint, handshakes: &[Compared]) {
        let mut of_server = Counts::default();
        for handshake in handshakes {
            of_server.add(handshake.failed);
            self.add_one(handshake);
        }
        self.all.merge(of_server);
        if of_server != Counts::default() && (self.servers.len() < WIDE || self.servers.contains_key(&server)) {
            self.servers.entry(server).or_default().merge(of_server);
        }
    }

    fn add_one(&mut self, handshake: &Compared) {
        let Compared { failed, client, time, capture, attributes } = *handshake;
        let minute = time.second().div_euclid(SECONDS_A_MINUTE).rem_euclid(MINUTES_A_DAY);
        self.minutes[minute as usize].add(failed);
        at(&mut self.captures, capture as usize).into_iter().for_each(|counts| counts.add(failed));
        let client = to_number(client);
        if let Some(counts) = self.clients.get_mut(&client) {
            counts.add(failed);
        } else if self.clients.len() < WIDE {
            self.clients.entry(client).or_default().add(failed);
        }
        if let Some(SynAttributes { features, mss, window_scale: scale, hop_limit }) = attributes.0 {
            self.features[usize::from(features)].add(failed);
            self.scales[usize::from(scale.unwrap_or(u8::MAX)).min(self.scales.len() - 1)].add(failed);
            at(&mut self.segment_sizes, mss.unwrap_or(0).into()).into_iter().for_each(|counts| counts.add(failed));
            hop_limit.into_iter().for_each(|ttl| self.hop_limits[usize::from(ttl)].add(failed));
        }
    }

    /// Adds `first` to the index of each capture.
    pub fn renumber(&mut self, first: u32) {
        let before = (first as usize).min(WIDE);
        self.captures.splice(0..0, std::iter::repeat_n(Counts::default(), before));
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: Self) {
        if self.all == Counts::default() {
            *self = other;
            return;
        }
        self.all.merge(other.all);
        self.features.iter_mut().zip(other.features).for_each(|(own, other)| own.merge(other));
        merge_all(&mut self.hop_limits, &other.hop_limits);
        merge_all(&mut self.minutes, &other.minutes);
        merge_all(&mut self.segment_sizes, &other.segment_sizes);
        merge_all(&mut self.captures, &other.captures);
        self.scales.iter_mut().zip(other.scales).for_each(|(own, other)| own.merge(other));
        for (server, counts) in other.servers {
            if self.servers.len() < WIDE || self.servers.contains_key(&server) {
                self.servers.entry(server).or_default().merge(counts);
            }
        }
        // In a fixed order, so that the same ones are counted where there are too many.
        let mut clients: Vec<_> = other.clients.into_iter().collect();
        clients.sort_unstable_by_key(|&(client, _)| client);
        for (client, counts) in clients {
            if self.clients.len() < WIDE || self.clients.contains_key(&client) {
                self.clients.entry(client).or_default().merge(counts);
            }
        }
    }

    /// Returns the attributes that stand out among the failed handshakes, the clearest first.
    #[must_use]
    pub fn common_factors(&self) -> Vec<CommonFactor> {
        if self.all.failed < FEWEST || self.all.working == 0 {
            return Vec::new();
        }
        let counted: Vec<(Attribute, Counts)> = self.counted();
        let mut factors: Vec<CommonFactor> =
            counted.iter().filter_map(|&(attribute, counts)| self.factor(attribute, counts, counted.len())).collect();
        factors.sort_by(|a, b| b.difference().total_cmp(&a.difference()).then_with(|| a.attribute.cmp(&b.attribute)));
        // A network whose failures are all of one client says no more than the client.
        factors.dedup_by(|later, earlier| {
            matches!((earlier.attribute, later.attribute), (Attribute::Client(client), Attribute::ClientNetwork(network))
                if network_of(client) == network)
        });
        factors.truncate(MOST);
        factors
    }

    fn factor(&self, attribute: Attribute, counts: Counts, trials: usize) -> Option<CommonFactor> {
        let Counts { failed: of_failed, working: of_working } = self.all;
        let share = (counts.failed + counts.working) as f64 / (of_failed + of_working) as f64;
        let chance = trials as f64 * at_least(counts.failed as usize, of_failed as usize, share);
        let Counts { failed, working } = counts;
        let factor = CommonFactor { attribute, failed, of_failed, working, of_working, chance };
        (failed >= FEWEST && chance < CHANCE && factor.difference() >= LEAST_DIFFERENCE).then_some(factor)
    }

    /// Returns the sum over all sets with or without a feature.
    fn with_feature(&self, feature: Feature, has: bool) -> Counts {
        let mut sum = Counts::default();
        let sets = self.features.iter().enumerate().filter(|(set, _)| (set >> feature as usize & 1 == 1) == has);
        sets.for_each(|(_, counts)| sum.merge(*counts));
        sum
    }

    /// Returns all attributes that some handshake has, with their counts.
    fn counted(&self) -> Vec<(Attribute, Counts)> {
        let mut networks: BTreeMap<IpAddr, Counts> = BTreeMap::new();
        let mut hours = [Counts::default(); 24];
        let mut minutes = [Counts::default(); MINUTES_AN_HOUR as usize];
        for (&client, &counts) in &self.clients {
            networks.entry(network_of(to_address(client))).or_default().merge(counts);
        }
        for (minute, &counts) in self.minutes.iter().enumerate() {
            hours[minute / minutes.len()].merge(counts);
            minutes[minute % minutes.len()].merge(counts);
        }
        let none = self.scales.len() as u8 - 1;
        let features = Feature::ALL.into_iter().flat_map(|feature| {
            [false, true].map(|has| (Attribute::Has(feature, has), self.with_feature(feature, has)))
        });
        let all = features
            .chain(numbered(&self.scales, |shift| Attribute::WindowScale(Some(shift).filter(|&n| n != none))))
            .chain(numbered(&self.hop_limits, Attribute::HopLimit))
            .chain(numbered(&hours, Attribute::Hour))
            .chain(numbered(&minutes, Attribute::Minute))
            .chain(numbered(&self.segment_sizes, |bytes| Attribute::Mss(Some(bytes).filter(|&n| n != 0))))
            .chain(numbered(&self.captures, |index: u32| Attribute::Capture(index)))
            .chain(self.servers.iter().map(|(&server, &counts)| (Attribute::Server(server), counts)))
            .chain(networks.into_iter().map(|(network, counts)| (Attribute::ClientNetwork(network), counts)))
            .chain(self.clients.iter().map(|(&client, &counts)| (Attribute::Client(to_address(client)), counts)));
        all.filter(|(_, counts)| *counts != Counts::default()).collect()
    }
}

/// Returns the attribute of each index with its counts.
fn numbered<N: TryFrom<usize>>(
    counts: &[Counts],
    attribute: impl Fn(N) -> Attribute,
) -> impl Iterator<Item = (Attribute, Counts)> {
    counts.iter().enumerate().filter_map(move |(index, &counts)| Some((attribute(N::try_from(index).ok()?), counts)))
}

/// Returns the counts of an index; `None` beyond the limit.
fn at(counts: &mut Vec<Counts>, index: usize) -> Option<&mut Counts> {
    if index >= counts.len() && index < WIDE {
        counts.resize(index + 1, Counts::default());
    }
    counts.get_mut(index)
}

/// Adds the counts of each index.
fn merge_all(own: &mut Vec<Counts>, others: &[Counts]) {
    own.resize(own.len().max(others.len()), Counts::default());
    own.iter_mut().zip(others).for_each(|(own, other)| own.merge(*other));
}

/// Returns an address as a number; IPv4 as a mapped address of IPv6.
fn to_number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// Returns the address of a number.
fn to_address(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

/// Returns the first address of a client's network.
fn network_of(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !0xff).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
