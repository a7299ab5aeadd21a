//! False alarms over ordinary traffic, by kind of traffic and by signal.

use crate::capture::Capture;
use crate::disturb::Disturbance;
use crate::expect::Side;
use crate::judge::{Judged, without_ordinary_evidence};
use crate::ordinary::Ordinary;
use crate::score::{LEVELS, Score};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use syncookie_testkit::rng::Rng;

/// Handshakes for each acceptable false alarm at `likely`.
const HANDSHAKES_PER_ALARM: u64 = 1_000_000;

/// A wrong finding, and what is wrong with it.
pub type Wrong = (String, Judged);

/// Function that is called with every capture and its wrong findings, on any thread.
pub type Report<'a> = &'a (dyn Fn(&Capture, &[Wrong]) -> io::Result<()> + Sync);

/// Scores of ordinary traffic by kind, and the signals behind its false alarms.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    kinds: BTreeMap<String, Score>,
    /// Number of false alarms by kind of traffic and by the signal that contributes most.
    signals: BTreeMap<(String, String), u64>,
}

/// Judges ordinary traffic on all processors. The same seed gives the same scores on any number of
/// them.
///
/// # Errors
/// The first error of `report`.
pub fn ordinary(seed: u64, handshakes: usize, worse: Disturbance, report: Report<'_>) -> io::Result<Alarms> {
    let parts = Ordinary::parts(seed, handshakes);
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<Alarms> {
        let mut alarms = Alarms::default();
        while let Some((number, part)) = parts.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let mut rng = Rng::new(seed ^ number as u64).fork("disturb");
            part.clone().try_for_each(|capture| alarms.judge(&worse.capture(capture, &mut rng), report))?;
        }
        Ok(alarms)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let done: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.into_iter().try_fold(Alarms::default(), |mut sum, alarms| {
        sum.merge(&alarms?);
        Ok(sum)
    })
}

impl Alarms {
    fn judge(&mut self, capture: &Capture, report: Report<'_>) -> io::Result<()> {
        let mut wrong: Vec<Wrong> = Vec::new();
        let findings = without_ordinary_evidence(capture);
        let score = Score::of(&capture.truth, Side::Client, &findings, |what, j| {
            wrong.push((what.to_owned(), j.clone()));
        });
        let kind = &capture.truth.name;
        *self.kinds.entry(kind.clone()).or_default() += &score;
        for (_, judged) in wrong.iter().filter(|(what, _)| what == "false alarm") {
            *self.signals.entry((kind.clone(), strongest(judged))).or_default() += 1;
        }
        report(capture, &wrong)
    }

    /// Adds the scores of other traffic.
    pub fn merge(&mut self, other: &Self) {
        for (kind, score) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += score;
        }
        for (signal, number) in &other.signals {
            *self.signals.entry(signal.clone()).or_default() += number;
        }
    }

    /// Returns the score of all kinds together.
    #[must_use]
    pub fn total(&self) -> Score {
        self.kinds.values().fold(Score::default(), |mut sum, score| {
            sum += score;
            sum
        })
    }

    /// Returns a Markdown table of the kinds.
    #[must_use]
    pub fn table(&self) -> String {
        let head = "| kind | handshakes | at `likely` | at `certain` | at `possible` | signals of false alarms |";
        let rows = self.kinds.iter().map(|(kind, score)| {
            let [possible, likely, certain] = score.cookie_style.map(|of_level| of_level.all);
            let (all, signals) = (score.ordinary, self.signals_of(kind));
            format!("| `{kind}` | {all} | {likely} | {certain} | {possible} | {signals} |\n")
        });
        format!("{head}\n|---|---|---|---|---|---|\n{}", rows.collect::<String>())
    }

    /// Returns the signals behind the false alarms of a kind, with their numbers.
    fn signals_of(&self, kind: &str) -> String {
        let signals = self.signals.iter().filter(|((of, _), _)| of == kind);
        signals.map(|((_, signal), number)| format!("{signal} {number}")).collect::<Vec<_>>().join(", ")
    }

    /// Returns whether there is no false alarm at `certain`, and at most one in a million
    /// handshakes at `likely`.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        let total = self.total();
        let [_, likely, certain] = total.cookie_style;
        certain.all == 0 && likely.all <= total.ordinary.div_ceil(HANDSHAKES_PER_ALARM)
    }
}

/// Returns the kind of evidence that favours a finding most.
fn strongest(judged: &Judged) -> String {
    let favouring = judged.evidence.iter().filter(|e| e.favours == judged.verdict);
    let most = favouring.max_by(|a, b| a.nats.total_cmp(&b.nats));
    most.map_or_else(|| "none".to_owned(), |e| e.kind.clone())
}

impl fmt::Display for Alarms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        if total.handshakes == 0 {
            return Ok(());
        }
        let [possible, likely, certain] = LEVELS;
        writeln!(
            f,
            "  {:20} {:>10} {possible:>9} {likely:>8} {certain:>8}  `ordinary`  signals of false alarms",
            "ordinary traffic", "handshakes"
        )?;
        for (kind, score) in &self.kinds {
            row(f, kind, score, &self.signals_of(kind))?;
        }
        row(f, "all", &total, "")
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, score: &Score, signals: &str) -> fmt::Result {
    let [possible, likely, certain] = score.cookie_style.map(|of_level| of_level.all);
    let mark = if score.false_alarms > 0 { '!' } else { ' ' };
    let named = 100.0 * score.ordinary_named as f64 / score.ordinary.max(1) as f64;
    writeln!(
        f,
        "{mark} {name:20} {:>10} {possible:>9} {likely:>8} {certain:>8} {named:>9.1} %  {signals}",
        score.ordinary
    )
}
