//! Stretches of time in which a listener answered cookie-style.

use std::collections::BTreeMap;

use crate::verdict::judgement::Judgement;
use crate::{Confidence, Episode, Outcome, Verdict};

/// A pause this long, in seconds, ends an episode: Linux accepts cookies for two minutes after the
/// last overflow.
const PAUSE: f64 = 120.0;
/// Ordinary handshakes in a row, at `likely` or above, that end an episode: a single one shows only
/// that the queue had room for a moment.
const ORDINARY_IN_A_ROW: usize = 3;
/// Seconds before an episode in which its trigger is looked for.
const BEFORE: i64 = 60;

/// Finds the episodes among a listener's judgements, which are in order of ids.
pub(super) fn episodes(judgements: &[Judgement<'_>]) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    let mut open = false;
    let mut ordinary = 0;
    for judgement in judgements {
        let (verdict, time) = (judgement.assessment.verdict, judgement.handshake.time);
        if judgement.assessment.confidence < Some(Confidence::Likely) {
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
                server: judgement.handshake.server,
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
        let rates = unacknowledged_by_second(judgements);
        for episode in &mut found {
            let (start, end) = (episode.start.second(), episode.end.second());
            episode.peak_unacknowledged_rate = peak(&rates, start, end);
            episode.prior_unacknowledged_rate = peak(&rates, start.saturating_sub(BEFORE), start.saturating_sub(1));
        }
    }
    found
}

/// Counts the SYNs that led to nothing, by the second of their first frame.
fn unacknowledged_by_second(judgements: &[Judgement<'_>]) -> BTreeMap<i64, u64> {
    let mut rates = BTreeMap::new();
    for judgement in judgements {
        if matches!(judgement.outcome, Outcome::Unanswered | Outcome::Unacknowledged) {
            *rates.entry(judgement.handshake.time.second()).or_insert(0) += 1;
        }
    }
    rates
}

fn peak(rates: &BTreeMap<i64, u64>, from: i64, to: i64) -> u64 {
    if from > to { 0 } else { rates.range(from..=to).map(|(_, &n)| n).max().unwrap_or(0) }
}
