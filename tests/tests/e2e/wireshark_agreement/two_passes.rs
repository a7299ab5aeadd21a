//! In two passes, everything agrees with the command-line tool.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use syncookie_tests::statistics::Counts;

use super::Clauses;
use super::batch::Handshake;
use super::printed::{COLUMNS, Experts, Printed, Row};

/// Columns whose text the command-line tool decides. The expert items depend on floods, too, and
/// are compared as a whole.
const COMPARED: usize = 14;

/// Returns what the two programs do not agree on.
pub fn disagreements(handshakes: &[Value], printed: &Printed, clauses: &Clauses) -> Vec<String> {
    let handshakes: Vec<_> = handshakes.iter().map(Handshake).collect();
    let mut found = compare_list(&handshakes, &printed.list);
    found.extend(compare_marks(&handshakes, &printed.list));
    found.extend(compare_statistics(&handshakes, &printed.statistics));
    found.extend(compare_experts(&handshakes, &printed.experts));
    found.extend(compare_clauses(&printed.list, clauses));
    found
}

/// Compares the frames with a finding, column by column.
fn compare_list(handshakes: &[Handshake], list: &[Row]) -> Vec<String> {
    let mut batch = BTreeMap::<u32, Vec<&Handshake>>::new();
    for handshake in handshakes {
        if let Some(frame) = handshake.carrier() {
            batch.entry(frame).or_default().push(handshake);
        }
    }
    let batch: BTreeMap<_, _> = batch.into_iter().map(|(frame, handshakes)| (frame, merged(&handshakes))).collect();
    let shown = list.iter().filter(|row| !row.text("syncookie.verdict").is_empty());
    let shown: BTreeMap<_, Vec<_>> = shown
        .filter_map(|row| {
            Some((
                row.number("frame.number")?,
                COLUMNS[..COMPARED].iter().map(|name| row.text(name).to_owned()).collect(),
            ))
        })
        .collect();
    let frames: BTreeSet<_> = shown.keys().chain(batch.keys()).collect();
    let differ = frames.into_iter().filter(|frame| shown.get(frame) != batch.get(frame));
    differ
        .map(|frame| format!("frame {frame}: list {:?}, analyze {:?}", shown.get(frame), batch.get(frame)))
        .take(5)
        .collect()
}

/// Returns the columns of the handshakes that one frame carries, as tshark prints them.
fn merged(handshakes: &[&Handshake]) -> Vec<String> {
    let column = |name: &&str| {
        let mut texts: Vec<_> = handshakes.iter().map(|handshake| handshake.text(name)).collect();
        texts.retain(|text| !text.is_empty());
        // A frame has one number.
        texts.truncate(if *name == "frame.number" { 1 } else { texts.len() });
        texts.join(",")
    };
    COLUMNS[..COMPARED].iter().map(column).collect()
}

/// Compares the marks in the Info column. A frame has one, that of its first handshake with one.
fn compare_marks(handshakes: &[Handshake], list: &[Row]) -> Vec<String> {
    let mut batch = BTreeMap::<u32, Vec<String>>::new();
    for handshake in handshakes {
        for frame in ["syn_ack", "reset"].into_iter().filter_map(|which| handshake.frame(which)) {
            batch.entry(frame).or_default().extend(handshake.mark(frame));
        }
    }
    let mut shown: BTreeMap<_, _> =
        list.iter().filter_map(|row| Some((row.number("frame.number")?, row.mark()))).collect();
    shown.retain(|_, mark| !mark.is_empty());
    batch.retain(|_, marks| !marks.is_empty());
    let frames: BTreeSet<_> = shown.keys().chain(batch.keys()).collect();
    let fits = |frame: &&u32| match (shown.get(frame), batch.get(frame)) {
        (Some(mark), Some(marks)) => marks.iter().any(|other| other == mark),
        _ => false,
    };
    let differ = frames.into_iter().filter(|frame| !fits(frame));
    differ
        .map(|frame| format!("frame {frame}: mark {:?}, analyze {:?}", shown.get(frame), batch.get(frame)))
        .take(5)
        .collect()
}

fn compare_statistics(handshakes: &[Handshake], statistics: &Counts) -> Vec<String> {
    let mut expected = Counts::new();
    let mut add = |path: String| *expected.entry(path).or_default() += 1;
    for handshake in handshakes {
        let [verdict, confidence, outcome, cause] =
            ["verdict", "confidence", "outcome", "cause"].map(|word| handshake.text(&format!("syncookie.{word}")));
        add("Verdict".to_owned());
        add(format!("Verdict/{verdict}"));
        if !confidence.is_empty() {
            add(format!("Verdict/{verdict}/{confidence}"));
        }
        for (topic, word) in [("Outcome", outcome), ("Cause", cause)].into_iter().filter(|(_, word)| !word.is_empty()) {
            add(topic.to_owned());
            add(format!("{topic}/{word}"));
        }
    }
    let is_compared = |path: &str| ["Verdict", "Outcome", "Cause"].iter().any(|topic| path.starts_with(topic));
    let compared = statistics.iter().filter(|(path, _)| is_compared(path));
    let counted: Counts = compared.map(|(path, count)| (path.clone(), *count)).collect();
    let zeros = statistics.iter().filter(|(_, count)| **count == 0);
    let mut found: Vec<_> = zeros.map(|(path, _)| format!("the statistics have a row of zeros: {path}")).collect();
    if counted != expected {
        found.push(format!("statistics {counted:?}, analyze {expected:?}"));
    }
    found
}

/// Compares the expert items by severity and message. Those of failures are compared by how their
/// messages begin, and [`compare_clauses`] compares the rest.
fn compare_experts(handshakes: &[Handshake], experts: &Experts) -> Vec<String> {
    let mut expected = Experts::new();
    let mut add = |severity: &str, message: &str| {
        *expected.entry((severity.to_owned(), message.to_owned())).or_default() += 1;
    };
    let mut floods = BTreeMap::<String, Vec<&Handshake>>::new();
    for handshake in handshakes {
        handshake.verdict_expert().into_iter().for_each(|(severity, message)| add(severity, message));
        handshake.reset_expert().into_iter().for_each(|message| add("Warns", message));
        match handshake.cause().as_str() {
            "syn-flood" => floods.entry(handshake.0["server"].to_string()).or_default().push(handshake),
            _ => handshake.failure().into_iter().for_each(|begin| add("Warns", begin)),
        }
    }
    for mut flood in floods.into_values() {
        flood.sort_by_key(|handshake| handshake.second());
        // A flood is one failure. After a minute without a SYN of it, another one begins. A client
        // that retransmits its SYN wants to connect, and fails on its own.
        let begins = |at: usize| at == 0 || flood[at].second() - flood[at - 1].second() > 60;
        (0..flood.len())
            .filter(|&at| begins(at) || flood[at].syns() > 1)
            .filter_map(|at| flood[at].failure())
            .for_each(|begin| add("Warns", begin));
    }
    let mut shown = Experts::new();
    for ((severity, message), count) in experts {
        let begin = message.split_once(": ").map_or(message.as_str(), |(begin, _)| &message[..begin.len() + 2]);
        *shown.entry((severity.clone(), begin.to_owned())).or_default() += count;
    }
    let numbers = experts.keys().filter(|(_, message)| message.contains(|c: char| c.is_ascii_digit()));
    let mut found: Vec<_> = numbers.map(|(_, message)| format!("an expert message has a number: {message}")).collect();
    if shown != expected {
        found.push(format!("expert items {shown:?}, analyze {expected:?}"));
    }
    found
}

/// Compares the words of each failure's expert item with the first cause in the same frame.
fn compare_clauses(list: &[Row], clauses: &Clauses) -> Vec<String> {
    let failures = ["Handshake failed: ", "Handshake delayed: ", "Connection failed: ", "Connection stuck: "];
    let clause = |row: &Row| {
        // Releases before 4.0 cut a column here.
        let message = Some(row.text("_ws.expert.message")).filter(|message| message.len() < 255)?;
        let begin = failures.iter().find_map(|begin| Some(message.find(begin)? + begin.len()))?;
        // The items of one frame are separated by commas, and ours is the last one.
        Some((row.text("syncookie.cause").to_owned(), message[begin..].to_owned()))
    };
    let is_single =
        |row: &&Row| !row.text("syncookie.verdict").is_empty() && !row.text("syncookie.verdict").contains(',');
    list.iter()
        .filter(is_single)
        .filter_map(clause)
        .filter_map(|(cause, clause)| clauses.complaint(&cause, &clause))
        .collect()
}
