//! Finds the periods in which a listener answered with SYN cookies or through a SYN proxy.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use crate::verdict::judgement::Judgement;
use crate::{Confidence, Endpoint, Episode, Outcome, Timestamp, Verdict};

/// A pause this long, in seconds, ends an episode: Linux accepts cookies for two minutes after the
/// last overflow.
const PAUSE: f64 = 120.0;
/// Ordinary handshakes in a row, at `likely` or above, that may end an episode: a single one shows
/// only that the queue had room for a moment.
const ORDINARY_IN_A_ROW: usize = 3;
/// Seconds without a cookie-style answer after which ordinary answers in a row end an episode.
/// Linux drops the oldest entries of a SYN queue that is half full after 3 s or less
/// (`reqsk_timer_handler`), so the queue has room for seconds at a time while an overload lasts.
const CALM: f64 = 10.0;
/// Time as [`CALM`], in seconds, while a flood continues at an unchanged rate: long enough for
/// three connections of a client that connects every ten seconds, because one cookie in 64 shows no
/// lag.
const CALM_IN_FLOOD: f64 = 30.0;
/// Minimum SYNs without a completed handshake in the busiest second that count as a flood here.
/// Fewer vary too much from second to second.
const FLOOD: u64 = 32;
/// A flood has stopped when two whole seconds in a row have less than a quarter of its busiest
/// second. A steady 20 a second can have 32 in one, and has at most 7 in two in a row with a
/// probability of 6e-7.
const STOPPED: u64 = 4;
/// Seconds before an episode in which its trigger is looked for.
const BEFORE: i64 = 60;

/// What episodes depend on: how a handshake was answered, when, and whether it led to nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    time: Timestamp,
    verdict: Verdict,
    confidence: Option<Confidence>,
    led_to_nothing: bool,
}

impl From<&Judgement<'_>> for Answer {
    fn from(judgement: &Judgement<'_>) -> Self {
        Self {
            time: judgement.handshake.time,
            verdict: judgement.assessment.verdict,
            confidence: judgement.assessment.confidence,
            led_to_nothing: matches!(judgement.outcome, Outcome::Unanswered | Outcome::Unacknowledged),
        }
    }
}

/// Number of SYNs that led to nothing, by the second of their first frame.
type Rates = BTreeMap<i64, u64>;

/// Finds the episodes of a listener among its answers, which are in order of ids.
pub(super) fn episodes(server: Endpoint, answers: &[Answer]) -> Vec<Episode> {
    let rates = LazyCell::new(|| unacknowledged_by_second(answers));
    let mut found: Vec<Episode> = Vec::new();
    let (mut ordinary, mut counted) = (0, i64::MIN);
    for &Answer { time, verdict, confidence, .. } in answers {
        if confidence < Some(Confidence::Likely) {
            continue;
        }
        if verdict == Verdict::Ordinary {
            ordinary += 1;
            continue;
        }
        let is_interrupted = std::mem::take(&mut ordinary) >= ORDINARY_IN_A_ROW;
        if let Some(last) = found.last_mut()
            && last.verdict == verdict
            && time.seconds_since(last.end) < PAUSE
            && !(is_interrupted && is_over(last, time, &rates, &mut counted))
        {
            last.end = last.end.max(time);
            last.handshakes += 1;
            continue;
        }
        counted = time.second();
        found.push(Episode {
            server,
            verdict,
            start: time,
            end: time,
            handshakes: 1,
            peak_unacknowledged_rate: 0,
            prior_unacknowledged_rate: 0,
        });
    }
    for episode in &mut found {
        let (start, end) = (episode.start.second(), episode.end.second());
        episode.peak_unacknowledged_rate = peak(&rates, start, end);
        episode.prior_unacknowledged_rate = peak(&rates, start.saturating_sub(BEFORE), start.saturating_sub(1));
    }
    found
}

/// Returns whether an episode that ordinary answers interrupted was over before the next
/// cookie-style answer, at `next`. `counted` is the first second that is not in the episode's peak
/// rate yet, so that each second is visited once.
fn is_over(episode: &mut Episode, next: Timestamp, rates: &Rates, counted: &mut i64) -> bool {
    let end = episode.end.second();
    let busiest = episode.peak_unacknowledged_rate.max(peak(rates, *counted, end));
    (episode.peak_unacknowledged_rate, *counted) = (busiest, end.saturating_add(1));
    let calm = next.seconds_since(episode.end);
    if busiest < FLOOD {
        return calm >= CALM;
    }
    let is_quiet = |second: i64| rates.get(&second).copied().unwrap_or(0) * STOPPED < busiest;
    let has_stopped =
        (end.saturating_add(1)..next.second().saturating_sub(1)).any(|second| is_quiet(second) && is_quiet(second + 1));
    has_stopped || calm >= CALM_IN_FLOOD
}

/// Counts the SYNs that led to nothing, by the second of their first frame.
fn unacknowledged_by_second(answers: &[Answer]) -> Rates {
    let mut rates = Rates::new();
    for answer in answers.iter().filter(|answer| answer.led_to_nothing) {
        *rates.entry(answer.time.second()).or_insert(0) += 1;
    }
    rates
}

fn peak(rates: &Rates, from: i64, to: i64) -> u64 {
    if from > to { 0 } else { rates.range(from..=to).map(|(_, &n)| n).max().unwrap_or(0) }
}
