//! What two captures of the same traffic say of each other.

use std::collections::BTreeMap;

use serde::Serialize;
use syncookie_engine::Endpoint as Socket;
use syncookie_engine::compare::{Difference, Meaning};
use syncookie_terminal::count;

use super::model::Endpoint;
use super::words;
use crate::text;
use crate::totals::cross_capture::{Comparison, Pair};

/// Kinds of difference that people are told of.
const TOLD: usize = 3;

/// The key `both_sides` of the summary.
#[derive(Serialize)]
pub struct BothSides {
    same_packets: u64,
    differing: u64,
    not_compared: u64,
    handshakes: Vec<Handshake>,
}

#[derive(Serialize)]
struct Handshake {
    client: Endpoint,
    server: Endpoint,
    places: [Place; 2],
    /// Whether the first place is known to be nearer to the client.
    direction_known: bool,
    differences: Vec<Differing>,
}

#[derive(Serialize)]
struct Place {
    capture: String,
    frame: u32,
}

#[derive(Serialize)]
struct Differing {
    what: &'static str,
    values: [String; 2],
    means: &'static str,
}

impl From<Comparison> for BothSides {
    fn from(compared: Comparison) -> Self {
        Self {
            same_packets: compared.same_packets,
            differing: compared.differing,
            not_compared: compared.not_compared,
            handshakes: compared.pairs.into_iter().map(Handshake::from).collect(),
        }
    }
}

impl From<Pair> for Handshake {
    fn from(pair: Pair) -> Self {
        let differing = |difference: Difference| Differing {
            what: difference.kind.as_str(),
            values: words::difference_values(&difference),
            means: words::meaning(difference.meaning),
        };
        Self {
            client: pair.client.into(),
            server: pair.server.into(),
            places: pair.places.map(|(capture, frame)| Place { capture, frame }),
            direction_known: pair.is_direction_known,
            differences: pair.differences.into_iter().map(differing).collect(),
        }
    }
}

/// Lines for people: how many handshakes are in two captures, and what differs, most frequent first. Distance alone is
/// not worth a line.
pub fn lines(compared: &Comparison, folder: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if compared.same_packets > 0 {
        let handshakes = count(compared.same_packets, "handshake");
        lines.push(format!("{handshakes}: another capture has the very same packets (--once tells each once)"));
    }
    let mut kinds: BTreeMap<(&str, Socket), (u64, &Pair, &Difference)> = BTreeMap::new();
    for pair in &compared.pairs {
        for difference in pair.differences.iter().filter(|difference| difference.meaning != Meaning::Distance) {
            kinds.entry((difference.kind.as_str(), pair.server)).or_insert((0, pair, difference)).0 += 1;
        }
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    // Stable, so that kinds of equal weight keep their order.
    kinds.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
    lines.extend(kinds.iter().take(TOLD).map(|(number, pair, difference)| line(*number, pair, difference, folder)));
    if kinds.len() > TOLD {
        lines.push(format!("{} more; --format jsonl has all", kinds.len() - TOLD));
    }
    lines
}

fn line(number: u64, pair: &Pair, difference: &Difference, folder: &str) -> String {
    let [(near, near_frame), (far, far_frame)] = &pair.places;
    let name = |name: &str| text::capture(name.strip_prefix(folder).unwrap_or(name)).into_owned();
    let [near_value, far_value] = words::difference_values(difference);
    let sides = if pair.is_direction_known { " (nearer to the client)" } else { "" };
    format!(
        "{}, {}: {} is {near_value} in {}{sides} and {far_value} in {}: {} (for example frames {near_frame} and {far_frame})",
        pair.server,
        count(number, "handshake"),
        difference.kind,
        name(near),
        name(far),
        words::meaning(difference.meaning),
    )
}
