//! Comparison of captures of the same traffic.

use std::collections::BTreeMap;

use serde::Serialize;
use syncookie_engine::compare::{Difference, Meaning};
use syncookie_engine::{Crossing, Endpoint as Socket, Outcome};
use syncookie_terminal::{count, grouped};

use super::answer::common_folder;
use super::endpoint::Endpoint;
use super::words;
use crate::text;
use crate::totals::cross_capture::{self, Disagreement, LoneReset, Pair, Reason};

/// Maximum number of kinds of difference that the table lists.
const MAX_KINDS: usize = 3;

/// Key `comparison` of the summary.
#[derive(Serialize)]
pub struct Comparison {
    same_packets: u64,
    differing: u64,
    not_compared: u64,
    handshakes: Vec<Handshake>,
    disagreements: Vec<Disagreeing>,
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

/// Connections of a listener that two captures show differently; the first capture counts.
#[derive(Serialize)]
struct Disagreeing {
    server: Endpoint,
    connections: u64,
    locations: [Location; 2],
    verdicts: [&'static str; 2],
    outcomes: [&'static str; 2],
    direction_known: bool,
}

#[derive(Serialize)]
struct Differing {
    what: &'static str,
    values: [String; 2],
    means: &'static str,
}

impl From<&cross_capture::Comparison> for Comparison {
    fn from(compared: &cross_capture::Comparison) -> Self {
        Self {
            same_packets: compared.same_packets,
            differing: compared.differing,
            not_compared: compared.not_compared,
            handshakes: compared.pairs.iter().cloned().map(Handshake::from).collect(),
            disagreements: compared.disagreements.iter().map(Disagreeing::from).collect(),
        }
    }
}

impl From<&Disagreement> for Disagreeing {
    fn from(found: &Disagreement) -> Self {
        Self {
            server: found.server.into(),
            connections: found.connections,
            locations: found.locations.clone().map(Location::from),
            verdicts: found.views.map(|(verdict, _)| verdict.as_str()),
            outcomes: found.views.map(|(_, outcome)| outcome.as_str()),
            direction_known: matches!(found.reason, Reason::BeforeProxy | Reason::NearerToClient),
        }
    }
}

impl From<(String, u32)> for Location {
    fn from((capture, frame): (String, u32)) -> Self {
        Self { capture, frame }
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
            locations: pair.locations.map(Location::from),
            direction_known: is_direction_known,
            differences: pair.differences.into_iter().map(differing).collect(),
        }
    }
}

/// Returns lines for people: what the captures disagree about, the number of handshakes that are in
/// two captures, and the differences, most frequent first. A difference of TTLs alone gets no line.
pub fn lines(compared: &cross_capture::Comparison, folder: &str) -> Vec<String> {
    let mut lines: Vec<String> = by_frequency(compared).into_iter().map(|found| disagreement(found, folder)).collect();
    if compared.same_packets > 0 {
        let connections = count(compared.same_packets, "connection");
        lines.push(format!("{connections}: another capture has the same packets (each counts once)"));
    }
    lines.extend(compared.lone_resets.iter().take(MAX_KINDS).map(|found| lone_reset(found, folder)));
    let mut kinds: BTreeMap<(&str, &str, Socket), (u64, &Pair, &Difference)> = BTreeMap::new();
    for pair in &compared.pairs {
        for difference in pair.differences.iter().filter(|difference| has_line(pair, difference)) {
            let meaning = words::meaning(difference, pair.is_direction_known);
            kinds.entry((difference.kind.as_str(), meaning, pair.server)).or_insert((0, pair, difference)).0 += 1;
        }
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    // Stable, so that kinds of equal weight keep their order.
    kinds.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
    let (listed, differing) = (compared.pairs.len() as u64, compared.differing);
    let of = if listed < differing { format!(" of the first {} that differ", grouped(listed)) } else { String::new() };
    let line = |(number, pair, difference): &(u64, &Pair, &Difference)| {
        line(&format!("{}{of}", count(*number, "connection")), pair, difference, folder)
    };
    lines.extend(kinds.iter().take(MAX_KINDS).map(line));
    if kinds.len() > MAX_KINDS {
        lines.push(format!("{}; --format jsonl lists all", count((kinds.len() - MAX_KINDS) as u64, "more difference")));
    }
    if listed < differing && !kinds.is_empty() {
        let rest = count(differing - listed, "more connection");
        // The lines above leave out hop limits.
        lines.push(format!("{rest} differ, perhaps only in the TTL; they are not in these numbers."));
    }
    lines
}

/// Returns whether a difference has a line. Where a device between the captures answered, the fields
/// of the two answers differ for this reason alone.
fn has_line(pair: &Pair, difference: &Difference) -> bool {
    let is_answered_between = pair.differences.iter().any(|other| other.meaning == Meaning::AnsweredBetween);
    match difference.meaning {
        Meaning::Distance => false,
        meaning => meaning == Meaning::AnsweredBetween || !is_answered_between,
    }
}

/// Returns what captures disagree about, the most frequent first.
fn by_frequency(compared: &cross_capture::Comparison) -> Vec<&Disagreement> {
    let mut found: Vec<_> = compared.disagreements.iter().collect();
    // Stable, so that equally frequent ones keep their order.
    found.sort_by_key(|found| std::cmp::Reverse(found.connections));
    found.truncate(MAX_KINDS);
    found
}

/// Formats what two captures show of the same connections, and which of them counts.
fn disagreement(found: &Disagreement, folder: &str) -> String {
    let [main, other] = &found.locations;
    let place = |(capture, frame): &(String, u32)| format!("{} (frame {frame})", short(capture, folder));
    let view = |index: usize| {
        let (verdict, outcome) = found.views[index];
        let is_stuck = found.failed[index] && matches!(outcome, Outcome::Established | Outcome::Incomplete);
        format!("{verdict} and {outcome}{}", if is_stuck { ", then stuck," } else { "" })
    };
    let [shown, elsewhere] = [0, 1].map(view);
    let name = short(&main.0, folder);
    let which = match found.reason {
        Reason::BeforeProxy => {
            format!("Something between the captures answered the client, so {name} gives the verdict")
        }
        Reason::ShowsMore => format!("The handshake went further in {name}, so {name} gives the verdict"),
        Reason::NearerToClient => format!("{name} is nearer to the client and gives the verdict"),
        Reason::Unknown => format!("The captures do not show which is nearer to the client; {name} gives the verdict"),
    };
    format!(
        "{}, {}: {shown} in {}; {elsewhere} in {}. {which}.",
        found.server,
        count(found.connections, "connection"),
        place(main),
        place(other)
    )
}

/// Formats resets that only one of two captures contains.
fn lone_reset(found: &LoneReset, folder: &str) -> String {
    let [(with, with_frame), (without, without_frame)] = &found.locations;
    let (with, without) = (short(with, folder), short(without, folder));
    let side = match found.reset {
        Crossing::ServerReset => "server",
        Crossing::ClientReset => "client",
    };
    format!(
        "{}, {}: only {with} contains a reset from the {side}'s side. A device between the captures sent it, or \
         {without} missed it. Example: the connection of frame {with_frame} in {with} and of frame {without_frame} in \
         {without}.",
        found.server,
        count(found.connections, "connection"),
    )
}

/// Returns which captures share connections, and how often they disagree; `None` if none do.
pub fn shared(compared: &cross_capture::Comparison) -> Option<String> {
    let connections = compared.second_views.len() as u64;
    let ((first, second), _) = compared.shared.iter().max_by_key(|(_, number)| **number)?;
    let folder = common_folder(compared.shared.keys().flat_map(|(a, b)| [a.as_str(), b.as_str()]));
    let (first, second) = (short(first, &folder), short(second, &folder));
    let are = if connections == 1 { "is" } else { "are" };
    let place = match compared.shared.len() {
        1 => format!("{first} and in {second}"),
        _ => format!("several captures, most in {first} and {second}"),
    };
    let differ = match compared.disagreements.iter().map(|found| found.connections).sum::<u64>() {
        0 => return Some(format!("{} {are} in {place}; each counts once.", count(connections, "connection"))),
        all if all == connections => "it".to_owned(),
        some => format!("{} of them", grouped(some)),
    };
    let has = |reason| compared.disagreements.iter().any(|found| found.reason == reason);
    let which = if has(Reason::Unknown) {
        "they do not always show which capture is nearer to the client"
    } else if has(Reason::ShowsMore) {
        "the report uses the capture in which the handshake went further"
    } else {
        "the report uses the capture nearer to the client"
    };
    let differ = if connections > 1 && differ == "it" { "all of them" } else { &differ };
    let number = count(connections, "connection");
    Some(format!(
        "{number} {are} in {place}; each counts once. The captures show different results for {differ}: {which}."
    ))
}

fn short(capture: &str, folder: &str) -> String {
    text::capture(capture.strip_prefix(folder).unwrap_or(capture)).into_owned()
}

/// Formats one kind of difference with an example of it. `number` is that of the connections.
fn line(number: &str, pair: &Pair, difference: &Difference, folder: &str) -> String {
    let [(near, near_frame), (far, far_frame)] = &pair.locations;
    let [near_value, far_value] = words::difference_values(difference);
    let side = if pair.is_direction_known { "nearer to the client, " } else { "" };
    // A location without the SYN-ACK is that of the SYN.
    let frame = |value: &str, frame: &u32| match value {
        words::MISSING => format!("its SYN is frame {frame}"),
        _ => format!("frame {frame}"),
    };
    format!(
        "{}, {number}: {}. {}. Example: {near_value} in {} ({side}{}); {far_value} in {} ({}).",
        pair.server,
        words::difference(difference.kind),
        words::capitalised(words::meaning(difference, pair.is_direction_known)),
        short(near, folder),
        frame(&near_value, near_frame),
        short(far, folder),
        frame(&far_value, far_frame),
    )
}
