//! Data of the charts, as JSON.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use syncookie_engine::{CauseKind, Endpoint, Verdict};
use syncookie_terminal::escape_controls;

use super::Gathered;
use super::points::Point;
use super::rows::{GroupRow, hundredths, micros};
use super::sections::{by_weight, shown_episodes};
use super::series::{COUNTS, Series};
use super::texts::{Text, Texts};
use crate::totals::Totals;

/// Head of the page's data.
#[derive(Serialize)]
pub struct Data {
    verdicts: &'static [&'static str],
    /// Common beginning of the names of all captures.
    folder: String,
    /// Meaning of each cause, as a clause.
    causes: BTreeMap<&'static str, &'static str>,
    listeners: Vec<Listener>,
    episodes: Vec<Episode>,
    points: Vec<Dot>,
    /// Number of answered handshakes; `points` is a sample of them.
    answered: u64,
    /// Groups of findings that are not all listed.
    groups: Vec<GroupRow>,
}

/// Listener of the table, with its handshakes over time.
#[derive(Serialize)]
struct Listener {
    name: Text,
    /// Width of a bucket in microseconds.
    width: i64,
    buckets: Vec<(i64, [u32; COUNTS])>,
}

/// Row of an episode: listener, verdict, start and end, handshakes, handshakes per second that never completed
/// during and before it.
#[derive(Serialize)]
struct Episode(i64, u8, i64, i64, u64, u64, u64);

/// Row of a point: time, listener, verdict, lag in ms, window, TTL, TTL of the reset or of the next
/// segment.
#[derive(Serialize)]
struct Dot(i64, i64, u8, Option<f64>, u16, Option<u8>, Option<u8>);

impl Data {
    pub fn new(totals: &Totals, folder: &str, gathered: &mut Gathered) -> Self {
        let Gathered { timelines, points, rows, texts } = gathered;
        let shown = by_weight(totals);
        let listeners = shown.iter().map(|(server, _)| Listener::new(server, timelines.get(server), texts)).collect();
        let numbers: HashMap<Endpoint, i64> = shown.iter().map(|(server, _)| **server).zip(0..).collect();
        let number = |server: &Endpoint| numbers.get(server).copied().unwrap_or(-1);
        let episodes = shown_episodes(totals).map(|episode| {
            let (start, end) = (micros(episode.start), micros(episode.end));
            let rates = (episode.peak_unacknowledged_rate, episode.prior_unacknowledged_rate);
            Episode(number(&episode.server), episode.verdict as u8, start, end, episode.handshakes, rates.0, rates.1)
        });
        Self {
            verdicts: WORDS,
            causes: CauseKind::ALL.iter().map(|cause| (cause.as_str(), cause.clause())).collect(),
            folder: escape_controls(folder).into_owned(),
            listeners,
            episodes: episodes.collect(),
            points: points.by_time().iter().map(|point| Dot::new(point, number(&point.server))).collect(),
            answered: points.offered(),
            groups: rows.groups(texts),
        }
    }
}

/// Verdicts, in the order in which they are counted.
const WORDS: &[&str] = &{
    let mut words = [""; Verdict::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = Verdict::ALL[at].as_str();
        at += 1;
    }
    words
};

impl Listener {
    fn new(server: &Endpoint, series: Option<&Series>, texts: &mut Texts) -> Self {
        Self {
            name: texts.text(&server.to_string()),
            width: series.map_or(0, Series::width),
            buckets: series.map_or_else(Vec::new, |series| series.buckets().collect()),
        }
    }
}

impl Dot {
    fn new(point: &Point, listener: i64) -> Self {
        Self(
            micros(point.time),
            listener,
            point.verdict as u8,
            point.lag_seconds.map(|seconds| hundredths(seconds * 1e3)),
            point.window,
            point.hop_limit,
            point.later_hop_limit,
        )
    }
}
