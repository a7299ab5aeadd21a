//! Likelihood ratio of each signal in labelled captures, compared with the weight in use.
//!
//! Handshakes of one capture are not independent, because they share a configuration and a path. So
//! a capture is one trial. Its result is the share of its handshakes that show the observation.

use crate::accuracy;
use crate::capture::Capture;
use crate::expect::{Expectations, Side};
use crate::interval::jeffreys;
use crate::judge::{Judged, in_process};
use crate::ordinary::Ordinary;
use crate::scenario;
use crate::score::{captures, cases};
use crate::truth::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Probability outside the interval of a rate, on each side. Both rates are inside at once with a
/// probability of at least 95 %.
const OUTSIDE: f64 = 0.0125;
/// Widest interval, in nats, that decides about a weight: a factor of about 7 between its ends.
const DECIDES: f64 = 2.0;
/// Half of the unit to which weights are rounded, in nats.
const ROUNDING: f64 = 0.05;
/// Maximum number of different weights of a signal with constant weights; a signal with more is
/// continuous.
const CONSTANTS: usize = 8;
/// Ordinary handshakes to make for the synthetic captures.
const ORDINARY: usize = 100_000;
/// Seed of the synthetic captures.
const SEED: u64 = 1;

/// A weight of a signal: its kind, the hypothesis, and the log-likelihood ratio of the hypothesis
/// over an ordinary handshake in tenths of a nat.
type Weight = (String, Verdict, i64);

/// The handshakes of one class in one capture.
#[derive(Clone, Debug, Default)]
struct Trial {
    handshakes: u64,
    /// Number of handshakes on which a kind of signal was observed.
    observed: BTreeMap<String, u64>,
    /// Number of handshakes with each weight.
    weights: BTreeMap<Weight, u64>,
}

/// The trials of one class.
#[derive(Clone, Debug, Default)]
struct Class {
    recorded: Vec<Trial>,
    synthetic: Vec<Trial>,
}

/// Observations on labelled captures.
#[derive(Clone, Debug, Default)]
pub struct Likelihoods {
    ordinary: Class,
    cookie: Class,
    proxy: Class,
}

/// What the data say about a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The weight is at most the cautious end of the interval, the one nearer to zero.
    Supported,
    /// The interval is too wide to decide, or these captures lack the observation in the class
    /// where it should be frequent.
    NotEnoughData,
    /// The weight is above the cautious end of an interval that is narrow enough to decide, or
    /// above the whole interval.
    TooStrong,
    /// Only synthetic captures show the observation, so the interval decides nothing.
    Synthetic,
}

/// A weight in use, and the interval of the likelihood ratio in captures.
#[derive(Clone, Debug)]
pub struct Row {
    /// Kind of the signal.
    pub kind: String,
    /// Hypothesis that is compared with an ordinary handshake: a cookie or a proxy.
    pub hypothesis: Verdict,
    /// Weight in use, in nats, negative if it contradicts the hypothesis; the mean weight if it is
    /// continuous.
    pub weight: f64,
    /// Number of captures with the observation, and of all captures: first of the hypothesis, then
    /// of ordinary handshakes.
    pub rates: [(f64, usize); 2],
    /// Interval of the log-likelihood ratio, in nats.
    pub interval: (f64, f64),
    /// What the data say.
    pub outcome: Outcome,
}

impl Likelihoods {
    /// Adds every case below a folder. A case whose kernel is `synthetic` counts as synthetic.
    ///
    /// # Errors
    /// When a case cannot be read.
    pub fn add_folder(&mut self, folder: &Path) -> io::Result<()> {
        for case in cases(folder)? {
            let mut trials = <[Trial; 3]>::default();
            let mut is_synthetic = false;
            for (path, side) in captures(&case) {
                let capture = accuracy::read(&path)?;
                is_synthetic |= capture.truth.kernel == "synthetic";
                observe(&mut trials, &capture, side);
            }
            self.add(trials, is_synthetic);
        }
        Ok(())
    }

    /// Adds every scenario, and ordinary traffic.
    pub fn add_synthetic(&mut self) {
        let scenarios = scenario::all().into_iter().map(|scenario| scenario.build(SEED));
        for capture in scenarios.chain(Ordinary::new(SEED, ORDINARY)) {
            let mut trials = <[Trial; 3]>::default();
            observe(&mut trials, &capture, Side::Client);
            self.add(trials, true);
        }
    }

    fn add(&mut self, trials: [Trial; 3], is_synthetic: bool) {
        for (class, trial) in [&mut self.ordinary, &mut self.cookie, &mut self.proxy].into_iter().zip(trials) {
            let list = if is_synthetic { &mut class.synthetic } else { &mut class.recorded };
            if trial.handshakes > 0 {
                list.push(trial);
            }
        }
    }

    /// Returns a row for each weight that was observed, by kind, hypothesis and weight.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut weights: BTreeMap<(&str, Verdict), BTreeSet<i64>> = BTreeMap::new();
        for (kind, hypothesis, tenths) in self.trials().flat_map(|trial| trial.weights.keys()) {
            weights.entry((kind, *hypothesis)).or_default().insert(*tenths);
        }
        let mut rows = Vec::new();
        for ((kind, hypothesis), weights) in weights {
            let is_two_sided = weights.first() < Some(&0) && weights.last() > Some(&0);
            let bands = split(&weights).into_iter();
            rows.extend(bands.filter_map(|band| self.row(&Observation { kind, hypothesis, band, is_two_sided })));
        }
        rows
    }

    fn trials(&self) -> impl Iterator<Item = &Trial> {
        [&self.ordinary, &self.cookie, &self.proxy].into_iter().flat_map(|c| c.recorded.iter().chain(&c.synthetic))
    }

    /// Returns the row of an observation; `None` where the captures of one class are missing.
    fn row(&self, observation: &Observation<'_>) -> Option<Row> {
        let class = if observation.hypothesis == Verdict::SynProxy { &self.proxy } else { &self.cookie };
        let recorded = [&class.recorded, &self.ordinary.recorded].map(|trials| observation.count(trials));
        let synthetic = [&class.synthetic, &self.ordinary.synthetic].map(|trials| observation.count(trials));
        let is_usable = |rates: &[(f64, usize); 2]| {
            rates.iter().all(|(_, trials)| *trials > 0) && rates.iter().any(|(hits, _)| *hits > 0.0)
        };
        let is_recorded = is_usable(&recorded);
        let rates = Some(if is_recorded { recorded } else { synthetic }).filter(is_usable)?;
        let weight = observation.mean(self.trials());
        let interval = ratio(rates);
        let outcome = if is_recorded { judge(weight, interval, rates) } else { Outcome::Synthetic };
        let Observation { kind, hypothesis, .. } = *observation;
        Some(Row { kind: kind.to_owned(), hypothesis, weight, rates, interval, outcome })
    }
}

/// A weight or a range of weights of a signal.
#[derive(Clone, Copy)]
struct Observation<'a> {
    kind: &'a str,
    hypothesis: Verdict,
    /// Tenths of a nat, both ends included.
    band: (i64, i64),
    /// Whether the signal has weights both for and against the hypothesis. Only handshakes on which
    /// it was observed count then.
    is_two_sided: bool,
}

impl Observation<'_> {
    fn is_of(&self, (kind, hypothesis, tenths): &Weight) -> bool {
        kind == self.kind && *hypothesis == self.hypothesis && (self.band.0..=self.band.1).contains(tenths)
    }

    fn hits(&self, trial: &Trial) -> u64 {
        trial.weights.iter().filter(|(weight, _)| self.is_of(weight)).map(|(_, number)| number).sum()
    }

    /// Returns the sum of the shares of handshakes that show the observation, and the number of
    /// captures in which it could have been seen.
    fn count(&self, trials: &[Trial]) -> (f64, usize) {
        let mut sum = (0.0, 0);
        for trial in trials {
            let all = if self.is_two_sided { trial.observed.get(self.kind).copied() } else { Some(trial.handshakes) };
            if let Some(all) = all {
                sum = (sum.0 + self.hits(trial) as f64 / all as f64, sum.1 + 1);
            }
        }
        sum
    }

    /// Returns the mean weight, in nats.
    fn mean<'a>(&self, trials: impl Iterator<Item = &'a Trial>) -> f64 {
        let all = trials.flat_map(|trial| &trial.weights).filter(|(weight, _)| self.is_of(weight));
        let (sum, number) = all
            .fold((0, 0), |(sum, all), ((_, _, tenths), number)| (sum + tenths * number.cast_signed(), all + number));
        sum as f64 / 10.0 / (number.max(1)) as f64
    }
}

/// Splits the weights of a signal into ranges: one for each weight if they are few, otherwise one
/// for each whole nat.
fn split(tenths: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    if tenths.len() <= CONSTANTS {
        return tenths.iter().map(|&t| (t, t)).collect();
    }
    let nats: BTreeSet<(bool, i64)> = tenths.iter().map(|t| (*t > 0, t.abs() / 10)).collect();
    let band = |(is_for, n): (bool, i64)| if is_for { (n * 10, n * 10 + 9) } else { (-n * 10 - 9, -n * 10) };
    nats.into_iter().map(band).collect()
}

/// Returns the interval of the log-likelihood ratio of a class over ordinary handshakes.
fn ratio(rates: [(f64, usize); 2]) -> (f64, f64) {
    let [class, ordinary] = rates.map(|(hits, trials)| jeffreys(hits, trials as f64, OUTSIDE));
    ((class.0 / ordinary.1).ln(), (class.1 / ordinary.0).ln())
}

fn judge(weight: f64, (low, high): (f64, f64), [class, ordinary]: [(f64, usize); 2]) -> Outcome {
    // The end nearer to zero is the cautious one.
    let (cautious, far) = if weight > 0.0 { (low, high) } else { (-high, -low) };
    let favoured = if weight > 0.0 { class } else { ordinary };
    let claimed = weight.abs() - ROUNDING;
    if claimed <= cautious {
        Outcome::Supported
    } else if favoured.0 >= 1.0 && (claimed > far || far - cautious <= DECIDES) {
        Outcome::TooStrong
    } else {
        Outcome::NotEnoughData
    }
}

/// Adds the handshakes of a capture to the trials: ordinary, cookies, proxies.
fn observe(trials: &mut [Trial; 3], capture: &Capture, side: Side) {
    let findings = in_process(capture);
    let mut by_time: Vec<&Judged> = findings.iter().collect();
    by_time.sort_by(|a, b| a.time.total_cmp(&b.time));
    let expectations = Expectations::new(&capture.truth, side);
    for (index, judged) in by_time.into_iter().enumerate() {
        let expected = expectations.of(judged, index).filter(|e| judged.syn_ack.is_some() && !e.undecidable);
        let Some(expected) = expected else { continue };
        let [ordinary, cookie, proxy] = &mut *trials;
        match expected.verdict {
            Verdict::Ordinary => ordinary,
            Verdict::SynCookie => cookie,
            Verdict::SynProxy => proxy,
        }
        .add(judged);
    }
}

impl Trial {
    /// Adds a handshake. The listener's context is not a signal of its own.
    fn add(&mut self, judged: &Judged) {
        self.handshakes += 1;
        for seen in judged.evidence.iter().filter(|e| e.kind != "listener-context") {
            *self.observed.entry(seen.kind.clone()).or_default() += 1;
            for (hypothesis, nats) in [Verdict::SynCookie, Verdict::SynProxy].into_iter().zip(seen.weights) {
                let tenths = (nats * 10.0).round() as i64;
                if tenths != 0 {
                    *self.weights.entry((seen.kind.clone(), hypothesis, tenths)).or_default() += 1;
                }
            }
        }
    }
}

/// Returns a Markdown table.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut text = "\n| signal | hypothesis | weight | captures of the hypothesis | ordinary captures | interval | result |\n|---|---|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let rate = |(hits, trials): (f64, usize)| format!("{hits:.1}/{trials}");
        let hypothesis = if row.hypothesis == Verdict::SynProxy { "proxy" } else { "cookie" };
        let result = match row.outcome {
            Outcome::Supported => "supported",
            Outcome::NotEnoughData => "not enough data",
            Outcome::TooStrong => "**too strong**",
            Outcome::Synthetic => "synthetic only",
        };
        let _ = writeln!(
            text,
            "| `{}` | {hypothesis} | {} | {} | {} | {} to {} | {result} |",
            row.kind,
            nats_text(row.weight),
            rate(row.rates[0]),
            rate(row.rates[1]),
            end(row.interval.0),
            end(row.interval.1)
        );
    }
    text.push('\n');
    text
}

/// Formats an end of an interval; an end that the data do not limit is infinite.
fn end(nats: f64) -> String {
    if nats == f64::INFINITY {
        "∞".to_owned()
    } else if nats == f64::NEG_INFINITY {
        "−∞".to_owned()
    } else {
        nats_text(nats)
    }
}

/// Formats a number of nats, with the minus sign of the other tables.
fn nats_text(nats: f64) -> String {
    format!("{nats:.1}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(weight: f64, rates: [(f64, usize); 2]) -> Outcome {
        judge(weight, ratio(rates), rates)
    }

    #[test]
    fn a_weight_is_supported_up_to_the_cautious_end_and_too_strong_above_a_narrow_interval() {
        // About 0.9 and 0.1: a log-likelihood ratio of 2.2.
        let rates = [(900.0, 1000), (100.0, 1000)];
        assert_eq!([1.9, 2.6].map(|weight| outcome(weight, rates)), [Outcome::Supported, Outcome::TooStrong]);
        let against = [(100.0, 1000), (900.0, 1000)];
        assert_eq!([-1.9, -2.6].map(|weight| outcome(weight, against)), [Outcome::Supported, Outcome::TooStrong]);
        assert_eq!(outcome(2.0, against), Outcome::TooStrong, "the data say the opposite");
    }

    #[test]
    fn few_captures_do_not_decide() {
        assert_eq!(outcome(10.0, [(13.0, 13), (0.0, 41)]), Outcome::NotEnoughData);
        assert_eq!(outcome(-0.5, [(40.0, 40), (0.0, 40)]), Outcome::NotEnoughData, "its condition never held");
    }

    #[test]
    fn many_weights_are_grouped_by_whole_nats_and_by_sign() {
        let few = BTreeSet::from([-60, 12]);
        assert_eq!(split(&few), [(-60, -60), (12, 12)]);
        let many = (-12..13).filter(|&t| t != 0).collect();
        assert_eq!(split(&many), [(-9, 0), (-19, -10), (0, 9), (10, 19)]);
    }
}
