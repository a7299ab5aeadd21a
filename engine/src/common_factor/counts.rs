//! Counts of failed and working handshakes by attribute, and the attributes that stand out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::attributes::{Attribute, Compared, Feature};
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
    features: [[Counts; 2]; Feature::ALL.len()],
    /// By shift; the last one is for no window scale.
    scales: [Counts; 16],
    hop_limits: Vec<Counts>,
    /// By minute of the day.
    minutes: Vec<Counts>,
    /// Attributes with many possible values.
    wide: HashMap<Attribute, Counts>,
}

impl Default for AttributeCounts {
    fn default() -> Self {
        Self {
            all: Counts::default(),
            features: Default::default(),
            scales: Default::default(),
            hop_limits: vec![Counts::default(); 1 << 8],
            minutes: vec![Counts::default(); MINUTES_A_DAY as usize],
            wide: HashMap::new(),
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
    /// Counts a handshake.
    pub fn add(&mut self, handshake: &Compared) {
        let Compared { failed, client, server, time, capture, attributes } = *handshake;
        self.all.add(failed);
        let minute = time.second().div_euclid(SECONDS_A_MINUTE).rem_euclid(MINUTES_A_DAY);
        self.minutes[minute as usize].add(failed);
        self.add_wide(Attribute::Client(client), failed);
        self.add_wide(Attribute::Server(server), failed);
        self.add_wide(Attribute::Capture(capture), failed);
        for (feature, has) in attributes.features() {
            self.features[feature as usize][usize::from(has)].add(failed);
        }
        if let Some((mss, scale, hop_limit)) = attributes.values() {
            self.scales[usize::from(scale.unwrap_or(u8::MAX)).min(self.scales.len() - 1)].add(failed);
            self.add_wide(Attribute::Mss(mss), failed);
            hop_limit.into_iter().for_each(|ttl| self.hop_limits[usize::from(ttl)].add(failed));
        }
    }

    fn add_wide(&mut self, attribute: Attribute, failed: bool) {
        if let Some(counts) = self.wide.get_mut(&attribute) {
            counts.add(failed);
        } else if self.wide.len() < WIDE {
            self.wide.entry(attribute).or_default().add(failed);
        }
    }

    /// Adds the counts of other captures, whose index here is greater by `first`.
    pub fn merge(&mut self, other: &Self, first: u32) {
        self.all.merge(other.all);
        for (own, others) in self.features.iter_mut().flatten().zip(other.features.iter().flatten()) {
            own.merge(*others);
        }
        self.scales.iter_mut().zip(other.scales).for_each(|(own, other)| own.merge(other));
        self.hop_limits.iter_mut().zip(&other.hop_limits).for_each(|(own, other)| own.merge(*other));
        self.minutes.iter_mut().zip(&other.minutes).for_each(|(own, other)| own.merge(*other));
        let mut wide: Vec<(Attribute, Counts)> =
            other.wide.iter().map(|(&attribute, &counts)| (attribute, counts)).collect();
        wide.sort_unstable_by_key(|&(attribute, _)| attribute);
        for (attribute, counts) in wide {
            let attribute = match attribute {
                Attribute::Capture(index) => Attribute::Capture(index + first),
                other => other,
            };
            if self.wide.len() < WIDE || self.wide.contains_key(&attribute) {
                self.wide.entry(attribute).or_default().merge(counts);
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

    /// Returns all attributes that some handshake has, with their counts.
    fn counted(&self) -> Vec<(Attribute, Counts)> {
        let mut derived: BTreeMap<Attribute, Counts> = BTreeMap::new();
        for (attribute, counts) in &self.wide {
            if let Attribute::Client(client) = attribute {
                derived.entry(Attribute::ClientNetwork(network_of(*client))).or_default().merge(*counts);
            }
        }
        for (minute, counts) in (0..).zip(&self.minutes) {
            derived.entry(Attribute::Hour((minute / MINUTES_AN_HOUR) as u8)).or_default().merge(*counts);
            derived.entry(Attribute::Minute((minute % MINUTES_AN_HOUR) as u8)).or_default().merge(*counts);
        }
        let wide = self.wide.iter().map(|(&attribute, &counts)| (attribute, counts));
        self.narrow().chain(wide).chain(derived).filter(|(_, counts)| *counts != Counts::default()).collect()
    }

    fn narrow(&self) -> impl Iterator<Item = (Attribute, Counts)> {
        let features = Feature::ALL.into_iter().zip(&self.features).flat_map(|(feature, counts)| {
            [(Attribute::Has(feature, false), counts[0]), (Attribute::Has(feature, true), counts[1])]
        });
        let none = self.scales.len() as u8 - 1;
        let scales = (0..)
            .zip(self.scales)
            .map(move |(shift, counts)| (Attribute::WindowScale(Some(shift).filter(|&shift| shift != none)), counts));
        let hop_limits = (0..=u8::MAX).zip(&self.hop_limits).map(|(ttl, counts)| (Attribute::HopLimit(ttl), *counts));
        features.chain(scales).chain(hop_limits)
    }
}

/// Returns the first address of a client's network.
fn network_of(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !0xff).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
