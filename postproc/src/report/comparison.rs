//! Comparison of captures of the same traffic.

use std::collections::BTreeMap;

use serde::Serialize;
use syncookie_engine::Endpoint as Socket;
use syncookie_engine::compare::{Difference, Meaning};
use syncookie_terminal::count;

use super::endpoint::Endpoint;
use super::words;
use crate::text;
use crate::totals::cross_capture::{self, Pair};

/// Maximum number of kinds of difference that the table lists.
const MAX_KINDS: usize = 3;

/// Key `comparison` of the summary.
#[derive(Serialize)]
pub struct Comparison {
    same_packets: u64,
    differing: u64,
    not_compared: u64,
    handshakes: Vec<Handshake>,
}

#[derive(Serialize)]
struct Handshake {
    client: Endpoint,
    server: Endpoint,
    locations: [Location; 2],
    /// Whether the first location is known to be nearer to the client.
    direction_known: bool,
    differences: Vec<Differing>,
}

#[derive(Serialize)]
struct Location {
    capture: String,
    frame: u32,
}

#[derive(Serialize)]
struct Differing {
    what: &'static str,
    values: [String; 2],
    means: &'static str,
}

impl From<cross_capture::Comparison> for Comparison {
    fn from(compared: cross_capture::Comparison) -> Self {
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
        let is_direction_known = pair.is_direction_known;
        let differing = |difference: Difference| Differing {
            what: difference.kind.as_str(),
            values: words::difference_values(&difference),
            means: words::meaning(&difference, is_direction_known),
        };
        Self {
            client: pair.client.into(),
            server: pair.server.into(),
            locations: pair.locations.map(|(capture, frame)| Location { capture, frame }),
            direction_known: is_direction_known,
            differences: pair.differences.into_iter().map(differing).collect(),
        }
    }
}

/// Returns lines for people: the number of handshakes that are in two captures, and the
/// differences, most frequent first. A difference of TTLs alone gets no line.
pub fn lines(compared: &cross_capture::Comparison, folder: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if compared.same_packets > 0 {
        let handshakes = count(compared.same_packets, "handshake");
        let counted = if compared.is_counted_once { "each is counted once" } else { "--once counts each once" };
        lines.push(format!("{handshakes}: another capture has the same packets ({counted})"));
    }
    let mut kinds: BTreeMap<(&str, &str, Socket), (u64, &Pair, &Difference)> = BTreeMap::new();
    for pair in &compared.pairs {
        for difference in pair.differences.iter().filter(|difference| difference.meaning != Meaning::Distance) {
            let meaning = words::meaning(difference, pair.is_direction_known);
            kinds.entry((difference.kind.as_str(), meaning, pair.server)).or_insert((0, pair, difference)).0 += 1;
        }
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    // Stable, so that kinds of equal weight keep their order.
    kinds.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
    lines
        .extend(kinds.iter().take(MAX_KINDS).map(|(number, pair, difference)| line(*number, pair, difference, folder)));
    if kinds.len() > MAX_KINDS {
        lines.push(format!("{} more; --format jsonl lists all", kinds.len() - MAX_KINDS));
    }
    lines
}

/// Formats one kind of difference with an example of it.
fn line(number: u64, pair: &Pair, difference: &Difference, folder: &str) -> String {
    let [(near, near_frame), (far, far_frame)] = &pair.locations;
    let name = |name: &str| text::capture(name.strip_prefix(folder).unwrap_or(name)).into_owned();
    let [near_value, far_value] = words::difference_values(difference);
    let side = if pair.is_direction_known { "nearer to the client, " } else { "" };
    format!(
        "{}, {}: {}. {}. Example: {near_value} in {} ({side}frame {near_frame}); {far_value} in {} \
         (frame {far_frame}).",
        pair.server,
        count(number, "handshake"),
        words::difference(difference.kind),
        words::capitalised(words::meaning(difference, pair.is_direction_known)),
        name(near),
        name(far),
    )
}
