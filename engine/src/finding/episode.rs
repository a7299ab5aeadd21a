//! Stretches of time in which a listener answered cookie-style.

use std::collections::BTreeMap;

use crate::verdict::judgement::Judged;
use crate::{Confidence, Episode, Outcome, Timestamp, Verdict};

/// A pause this long, in seconds, ends an episode: Linux accepts cookies for two minutes after the last overflow.
const PAUSE: f64 = 120.0;
/// Ordinary handshakes in a row, at `likely` or above, that end an episode: one alone is the queue having had room
/// for a moment.
const ORDINARY_IN_A_ROW: usize = 3;
/// Seconds before an episode in which its trigger is looked for.
const BEFORE: i64 = 60;

/// The episodes among a listener's handshakes, which are in order of their ids.
pub(crate) fn episodes(judged: &[Judged<'_>]) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    let mut open = false;
    let mut ordinary = 0;
    for one in judged {
        let (verdict, time) = (one.assessment.verdict, one.handshake.time);
        if one.assessment.confidence < Some(Confidence::Likely) {
            continue;
        }
        if verdict == Verdict::Ordinary {
            ordinary += 1;
            open &= ordinary < ORDINARY_IN_A_ROW;
            continue;
        }
        ordinary = 0;
        match found.last_mut() {
            Some(last) if open && last.verdict == verdict && time.seconds_since(last.end) < PAUSE => {
                last.end = last.end.max(time);
                last.handshakes += 1;
            }
            _ => found.push(Episode {
                server: one.handshake.server,
                verdict,
                start: time,
                end: time,
                handshakes: 1,
                peak_unacknowledged_rate: 0,
                prior_unacknowledged_rate: 0,
            }),
        }
        open = true;
    }
    if !found.is_empty() {
        let rates = unacknowledged_by_second(judged);
        for episode in &mut found {
            let (start, end) = (second(episode.start), second(episode.end));
            episode.peak_unacknowledged_rate = peak(&rates, start, end);
            episode.prior_unacknowledged_rate = peak(&rates, start.saturating_sub(BEFORE), start.saturating_sub(1));
        }
    }
    found
}

/// SYNs that came to nothing, by second of their first frame.
fn unacknowledged_by_second(judged: &[Judged<'_>]) -> BTreeMap<i64, u64> {
    let mut rates = BTreeMap::new();
    for one in judged {
        if matches!(one.outcome, Outcome::Unanswered | Outcome::Unacknowledged) {
            *rates.entry(second(one.handshake.time)).or_insert(0) += 1;
        }
    }
    rates
}

fn peak(rates: &BTreeMap<i64, u64>, from: i64, to: i64) -> u64 {
    if from > to { 0 } else { rates.range(from..=to).map(|(_, &n)| n).max().unwrap_or(0) }
}

fn second(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}
