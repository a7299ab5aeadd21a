//! Data of the charts, as JSON.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use syncookie_engine::{CauseKind, Endpoint, Flood, Verdict};
use syncookie_terminal::escape_controls;

use super::Gathered;
use super::points::Point;
use super::rows::{GroupRow, hundredths, micros};
use super::sections::{by_weight, shown_episodes};
use super::series::{Series, VALUES};
use super::texts::{Text, Texts};
use crate::totals::{ListenerTotals, Totals};

/// Head of the page's data.
#[derive(Serialize)]
pub struct Data {
    verdicts: &'static [&'static str],
    /// Common beginning of the names of all captures.
    folder: String,
    /// Meaning of each cause, as a clause.
    causes: BTreeMap<&'static str, &'static str>,
    /// Counts over time of all listeners together; those of each listener follow.
    all: Line,
    listeners: Vec<Listener>,
    floods: Vec<FloodRow>,
    episodes: Vec<Episode>,
    points: Vec<Dot>,
    /// Number of answered handshakes; `points` is a sample of them.
    answered: u64,
    /// Whether several captures show the same connections: each shows its packets as a point.
    shared: bool,
    /// Groups of findings that are not all listed.
    groups: Vec<GroupRow>,
}

/// Listener of the table, with its handshakes over time.
#[derive(Serialize)]
struct Listener {
    name: Text,
    #[serde(flatten)]
    line: Line,
}

/// Handshakes over time.
#[derive(Default, Serialize)]
struct Line {
    /// Width of a bucket in microseconds.
    width: i64,
    buckets: Vec<(i64, [u32; VALUES])>,
}

/// SYN flood of a listener, or of all together (-1): listener, start and width of a count in seconds,
/// counts.
#[derive(Serialize)]
struct FloodRow(i64, i64, i64, Vec<u64>);

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
        let listener = |server: &Endpoint, texts: &mut Texts| Listener {
            name: texts.text(&server.to_string()),
            line: timelines.get(server).map_or_else(Line::default, Line::new),
        };
        let listeners = shown.iter().map(|(server, _)| listener(server, texts)).collect();
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
            all: Line::new(&timelines.all),
            listeners,
            floods: floods(totals, &shown),
            episodes: episodes.collect(),
            points: points.by_time().iter().map(|point| Dot::new(point, number(&point.server))).collect(),
            answered: points.offered(),
            shared: !totals.second_views().is_empty(),
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

impl Line {
    fn new(series: &Series) -> Self {
        Self { width: series.width(), buckets: series.buckets().collect() }
    }
}

/// Returns the floods of the listeners that are shown, after that of all listeners together.
fn floods(totals: &Totals, shown: &[(&Endpoint, &ListenerTotals)]) -> Vec<FloodRow> {
    let mut of_all: Option<Flood> = None;
    for flood in totals.listeners.values().filter_map(|listener| listener.flood.as_ref()) {
        match &mut of_all {
            Some(sum) => sum.merge(flood),
            None => of_all = Some(flood.clone()),
        }
    }
    let of_each = shown.iter().zip(0..).filter_map(|((_, listener), number)| Some((number, listener.flood.as_ref()?)));
    let floods = of_all.iter().map(|flood| (-1, flood)).chain(of_each);
    floods.map(|(number, flood)| FloodRow(number, flood.start, flood.step, flood.counts.clone())).collect()
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
