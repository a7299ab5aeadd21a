//! The attributes that stand out among failed handshakes.

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{Attribute, Compared};
use super::sample::HandshakeSample;
use crate::listener::chance::at_least;

/// Minimum number of failed handshakes that share an attribute.
const FEWEST: u64 = 5;
/// Minimum difference between the share of the failed and the share of the working handshakes.
const LEAST_DIFFERENCE: f64 = 0.5;
/// Maximum probability that chance produces any factor of a report.
const CHANCE: f64 = 0.001;
/// Maximum number of factors that are returned.
const MOST: usize = 3;

/// Attribute that failed handshakes share and working ones do not, or less often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommonFactor {
    /// The attribute.
    pub attribute: Attribute,
    /// Number of failed or delayed handshakes with the attribute.
    pub failed: u64,
    /// Number of all failed or delayed handshakes whose value the capture shows.
    pub of_failed: u64,
    /// Number of working handshakes with the attribute.
    pub working: u64,
    /// Number of all working handshakes whose value the capture shows.
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

/// Capture within which an attribute is compared; `None` if it is compared across captures.
type Scope = Option<u32>;

/// Failed and working handshakes with an attribute.
#[derive(Clone, Copy, Default)]
struct Counts {
    failed: u64,
    working: u64,
}

impl HandshakeSample {
    /// Returns the attributes that stand out among the failed handshakes, the clearest first.
    #[must_use]
    pub fn common_factors(&self) -> Vec<CommonFactor> {
        self.factors(|_| true)
    }

    /// Returns the values that failed handshakes share, for connections that may be in several
    /// captures. Which of these captures gives the verdict says nothing about a connection.
    #[must_use]
    pub fn common_factors_of_connections(&self) -> Vec<CommonFactor> {
        self.factors(|attribute| !matches!(attribute, Attribute::Capture(_)))
    }

    fn factors(&self, is_compared: impl Fn(Attribute) -> bool) -> Vec<CommonFactor> {
        if (self.failed.kept.len() as u64) < FEWEST || self.working.kept.is_empty() {
            return Vec::new();
        }
        let counted = counted(self.failed.kept.iter().chain(&self.working.kept), is_compared);
        let trials = counted.len();
        let shown = shown(&counted);
        let factor =
            |(&(attribute, scope), &counts)| factor(attribute, counts, *shown.get(&(attribute.name(), scope))?, trials);
        let mut factors: Vec<CommonFactor> = counted.iter().filter_map(factor).collect();
        factors.sort_by(|a, b| b.difference().total_cmp(&a.difference()).then_with(|| a.attribute.cmp(&b.attribute)));
        // A network whose failures are all of one client says no more than the client.
        factors.dedup_by(|later, earlier| earlier.attribute.implies(later.attribute));
        // Of several captures, the clearest.
        let mut named = BTreeSet::new();
        factors.retain(|factor| named.insert(factor.attribute));
        factors.truncate(MOST);
        factors
    }

    /// Returns whether a factor compares all handshakes: the sample has all, and the captures show
    /// the value of each.
    #[must_use]
    pub fn is_of_all(&self, factor: &CommonFactor) -> bool {
        let kept = (self.failed.kept.len() as u64, self.working.kept.len() as u64);
        self.is_complete() && kept == (factor.of_failed, factor.of_working)
    }
}

fn counted<'a>(
    handshakes: impl Iterator<Item = &'a Compared>,
    is_compared: impl Fn(Attribute) -> bool,
) -> BTreeMap<(Attribute, Scope), Counts> {
    let mut counted: BTreeMap<_, Counts> = BTreeMap::new();
    for handshake in handshakes {
        for attribute in handshake.all().filter(|&attribute| is_compared(attribute)) {
            let scope = attribute.depends_on_place().then_some(handshake.capture);
            let counts = counted.entry((attribute, scope)).or_default();
            *if handshake.failed { &mut counts.failed } else { &mut counts.working } += 1;
        }
    }
    counted
}

/// Returns how many handshakes show a value of each kind of attribute, by its name and scope. A
/// value that the snap length cut off is not an absent value.
fn shown(counted: &BTreeMap<(Attribute, Scope), Counts>) -> BTreeMap<(&'static str, Scope), Counts> {
    let mut shown: BTreeMap<_, Counts> = BTreeMap::new();
    for ((attribute, scope), counts) in counted {
        let all = shown.entry((attribute.name(), *scope)).or_default();
        all.failed += counts.failed;
        all.working += counts.working;
    }
    shown
}

fn factor(attribute: Attribute, counts: Counts, all: Counts, trials: usize) -> Option<CommonFactor> {
    if all.failed < FEWEST || all.working == 0 {
        return None;
    }
    let share = (counts.failed + counts.working) as f64 / (all.failed + all.working) as f64;
    let chance = trials as f64 * at_least(counts.failed as usize, all.failed as usize, share);
    let Counts { failed, working } = counts;
    let factor = CommonFactor { attribute, failed, of_failed: all.failed, working, of_working: all.working, chance };
    (failed >= FEWEST && chance < CHANCE && factor.difference() >= LEAST_DIFFERENCE).then_some(factor)
}
