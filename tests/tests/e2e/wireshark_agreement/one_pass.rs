//! In one pass, the list, the statistics and the expert information agree with each other, and
//! show of the final findings what `docs/wireshark.md` says.

use std::collections::BTreeMap;

use serde_json::Value;
use syncookie_tests::analyze::is_cookie_style;
use syncookie_tests::statistics::Counts;

use super::batch::Handshake;
use super::printed::{Experts, Printed, Row};

/// What only later frames, or their absence, show.
const NEVER_SHOWN: [&str; 2] = ["unanswered", "unacknowledged"];

/// The last words of the packet list about a handshake.
#[derive(Default)]
struct LastWords<'a> {
    verdict: &'a str,
    outcome: &'a str,
    cause: &'a str,
}

/// Returns where one pass contradicts itself, the command-line tool or the document.
pub fn disagreements(handshakes: &[Value], printed: &Printed) -> Vec<String> {
    let handshakes: Vec<_> = handshakes.iter().map(Handshake).collect();
    let mut found = check_frames(&handshakes, &printed.list);
    found.extend(check_marks(&printed.list));
    found.extend(compare_experts(&printed.list, &printed.experts));
    if printed.statistics.get("Verdict").copied().unwrap_or_default() != handshakes.len() as i64 {
        found.push(format!("{} handshakes, statistics {:?}", handshakes.len(), printed.statistics));
    }
    // Of a frame with several handshakes, the columns do not show which text belongs to which.
    if printed.list.iter().all(|row| !row.text("syncookie.client.port").contains(',')) {
        let last = last_words(&printed.list);
        found.extend(compare_statistics(&last, &printed.statistics));
        found.extend(compare_verdicts(&handshakes, &last));
    }
    found.into_iter().map(|complaint| format!("one pass: {complaint}")).collect()
}

/// Checks that no frame shows what later frames decide.
fn check_frames(handshakes: &[Handshake], list: &[Row]) -> Vec<String> {
    let first_answer = handshakes.iter().filter_map(|handshake| handshake.frame("syn_ack")).min();
    let complaint = |row: &Row| {
        let outcome = row.text("syncookie.outcome");
        let has_ended = !row.text("syncookie.reset_frame").is_empty();
        let has_cause = !row.text("syncookie.expert.failure").is_empty() || !row.text("syncookie.cause").is_empty();
        if NEVER_SHOWN.iter().any(|word| outcome.contains(word)) {
            Some(format!("shows the outcome {outcome}"))
        } else if has_cause && !has_ended {
            Some(format!("shows a cause without a reset: {}", row.text("_ws.expert.message")))
        } else if !has_ended && first_answer.is_none_or(|first| row.number("frame.number") < Some(first)) {
            Some("shows something before any SYN was answered".to_owned())
        } else {
            None
        }
    };
    list.iter().filter_map(|row| Some(format!("frame {} {}", row.text("frame.number"), complaint(row)?))).collect()
}

/// Checks that each mark in the Info column says what the frame's fields say.
fn check_marks(list: &[Row]) -> Vec<String> {
    let is_right = |row: &&Row| match row.mark() {
        "" => true,
        mark if mark.starts_with("[reset") => !row.text("syncookie.reset_frame").is_empty(),
        mark => {
            let name = if row.text("syncookie.verdict").contains("syn-proxy") { "SYN proxy" } else { "SYN cookie" };
            row.text("syncookie.confidence").split(',').any(|confidence| mark == format!("[{name}, {confidence}]"))
        }
    };
    let wrong = list.iter().filter(|row| !is_right(row));
    wrong
        .map(|row| {
            format!(
                "frame {}: mark {}, verdict {}",
                row.text("frame.number"),
                row.mark(),
                row.text("syncookie.verdict")
            )
        })
        .collect()
}

/// Compares the table of expert items with the items of each frame.
fn compare_experts(list: &[Row], experts: &Experts) -> Vec<String> {
    let differ = experts.iter().filter_map(|((_, message), _)| {
        let counted: usize = experts.iter().filter(|((_, other), _)| other == message).map(|(_, count)| count).sum();
        let shown: usize =
            list.iter().map(|row| row.text("_ws.expert.message").matches(message.as_str()).count()).sum();
        (counted != shown).then(|| format!("{counted} expert items '{message}', {shown} in the list"))
    });
    differ.collect()
}

/// Returns the last words about each handshake, by the frame of its SYN, or of its SYN-ACK if it
/// has no SYN.
fn last_words(list: &[Row]) -> BTreeMap<(bool, u32), LastWords<'_>> {
    let mut last = BTreeMap::<_, LastWords>::new();
    for row in list {
        let syn = row.number("syncookie.syn_frame").map(|frame| (true, frame));
        let Some(key) = syn.or_else(|| row.number("syncookie.syn_ack_frame").map(|frame| (false, frame))) else {
            continue;
        };
        let words = last.entry(key).or_default();
        if !row.text("syncookie.verdict").is_empty() {
            words.verdict = row.text("syncookie.verdict");
        }
        if !row.text("syncookie.outcome").is_empty() {
            (words.outcome, words.cause) = (row.text("syncookie.outcome"), row.text("syncookie.cause"));
        }
    }
    last
}

/// Compares the statistics with the last words of the list: the verdicts, and the outcomes and
/// causes that a reset shows.
fn compare_statistics(last: &BTreeMap<(bool, u32), LastWords>, statistics: &Counts) -> Vec<String> {
    let count = |path: &str| statistics.get(path).copied().unwrap_or_default();
    let shown = |is_meant: &dyn Fn(&LastWords) -> bool| last.values().filter(|words| is_meant(words)).count() as i64;
    let mut found = Vec::new();
    for verdict in ["ordinary", "syn-cookie", "syn-proxy"] {
        let (counted, shown) = (count(&format!("Verdict/{verdict}")), shown(&|words| words.verdict == verdict));
        if counted != shown {
            found.push(format!("{counted} handshakes are {verdict} in the statistics, {shown} in the list"));
        }
    }
    for outcome in ["reset-by-server", "reset-by-client", "refused"] {
        let (counted, shown) = (count(&format!("Outcome/{outcome}")), shown(&|words| words.outcome == outcome));
        if counted != shown {
            found.push(format!("{counted} handshakes are {outcome} in the statistics, {shown} in the list"));
        }
    }
    for (path, counted) in statistics {
        let Some(cause) = path.strip_prefix("Cause/") else { continue };
        let shown = shown(&|words| words.cause == cause);
        if *counted != shown {
            found.push(format!("{counted} handshakes have the cause {cause} in the statistics, {shown} in the list"));
        }
    }
    found.extend(
        NEVER_SHOWN
            .iter()
            .filter(|outcome| count(&format!("Outcome/{outcome}")) > 0)
            .map(|outcome| format!("{outcome} is counted")),
    );
    found
}

/// Checks that a SYN cookie or SYN proxy that one pass reports is one in the final finding, too.
fn compare_verdicts(handshakes: &[Handshake], last: &BTreeMap<(bool, u32), LastWords>) -> Vec<String> {
    let differs = handshakes.iter().filter_map(|handshake| {
        let syn = handshake.frame("syn").map(|frame| (true, frame));
        let words = last.get(&syn.or_else(|| handshake.frame("syn_ack").map(|frame| (false, frame)))?)?;
        let verdict = handshake.text("syncookie.verdict");
        let is_wrong = is_cookie_style(words.verdict) && words.verdict != verdict;
        is_wrong.then(|| format!("{} is finally {verdict}: {}", words.verdict, handshake.0["frames"]))
    });
    differs.collect()
}
