//! Caveats: only those that apply to these captures, with their numbers.

use syncookie_engine::{Confidence, Outcome, Verdict};
use syncookie_terminal::{count, grouped};

use super::answer::tally_of;
use super::no_handshake;
use crate::totals::Totals;

/// Maximum reasons for `undetermined` that are listed.
const REASONS: usize = 5;

/// Returns the caveats, a few sentences each.
pub fn caveats(totals: &Totals) -> Vec<String> {
    let mut caveats = Vec::new();
    caveats.extend(kernel(totals));
    caveats.extend(confidence(totals));
    caveats.extend(undetermined(totals));
    caveats.extend(no_contrast(totals));
    caveats.extend(named(totals));
    caveats.extend(outside(totals));
    caveats.extend(not_analysed(totals));
    caveats
}

/// Returns the files with kernel counters, and which machine each was used for.
pub fn kernel(totals: &Totals) -> impl Iterator<Item = String> {
    totals.kernel.iter().map(|source| format!("Kernel counters: {}.", source.sentence))
}

fn confidence(totals: &Totals) -> Vec<String> {
    let mut said = Vec::new();
    if totals.strongest.is_some() {
        said.push(
            "“likely” is meant to be right at least 95 times in 100, “certain” 999 times in 1,000. The odds beside \
             the confidence compare the verdict with the next most probable one. “How the log-odds add up” gives their \
             natural logarithm (nats)."
                .into(),
        );
    }
    if totals.possible.handshakes > 0 {
        said.push(format!(
            "{} only “possible”: expect false alarms where cookies are rare.",
            is_are(totals.possible.handshakes, "finding")
        ));
    }
    said
}

fn undetermined(totals: &Totals) -> Option<String> {
    let number = tally_of(&totals.tally, Verdict::Undetermined);
    if number == 0 {
        return None;
    }
    let reasons = lacking(totals).into_iter().take(REASONS);
    let reasons: Vec<String> = reasons.map(|(reason, count)| format!("{reason} ({})", grouped(count))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" Reasons: {}.", reasons.join("; ")) };
    Some(format!(
        "{} of {} are undetermined: the captures do not show who answered.{reasons}",
        grouped(number),
        count(totals.tally.handshakes, totals.noun())
    ))
}

/// Returns what the captures lack of undetermined handshakes, the most frequent first, with the
/// number of handshakes.
pub(super) fn lacking(totals: &Totals) -> Vec<(&'static str, u64)> {
    let mut reasons: Vec<_> =
        totals.missing.iter().map(|(reason, count)| (*reason, *count)).filter(|(_, count)| *count > 0).collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

/// Returns the number of listeners with findings and without any ordinary answer.
fn no_contrast(totals: &Totals) -> Option<String> {
    let alone = totals.listeners.values().filter(|listener| {
        listener.strongest >= Some(Confidence::Possible) && tally_of(&listener.tally, Verdict::Ordinary) == 0
    });
    let number = alone.count() as u64;
    (number > 0).then(|| {
        format!(
            "{} with findings gave no ordinary answer to compare with. A capture with ordinary handshakes of the \
             same listener would confirm or refute these findings.",
            count(number, "listener")
        )
    })
}

fn named(totals: &Totals) -> Vec<String> {
    let mut said = Vec::new();
    if totals.strongest.is_some() {
        said.push(
            "The implementations listed are those that no observation contradicts. A window of 0 and an MSS of 1380 do \
             not identify a vendor. A capture behind a SYN proxy shows the proxy's own handshakes with the server, which are ordinary."
                .into(),
        );
    }
    let failed = [Outcome::ResetByServer, Outcome::ResetByClient, Outcome::Refused, Outcome::Unanswered];
    if failed.iter().any(|&outcome| totals.tally.outcomes[outcome as usize] > 0) {
        said.push("Causes are ranked hypotheses; the command given with each cause confirms or refutes it.".into());
    }
    said
}

fn outside(totals: &Totals) -> Option<String> {
    let number = totals.tally.outcomes[Outcome::Incomplete as usize];
    (number > 0).then(|| {
        format!(
            "The outcome of {} is unknown: the captures begin or end in the middle of the handshake, or contain one \
             direction only.",
            count(number, totals.noun())
        )
    })
}

/// Returns the resets for connections without a SYN, unless they are the headline.
pub(super) fn reset_acks(totals: &Totals) -> Option<String> {
    let resets = no_handshake::reset_acks(totals).filter(|_| totals.tally.handshakes > 0)?;
    if totals.midstream.servers.iter().any(|resets| totals.leaked.contains(&resets.server)) {
        return Some(format!("{resets} This fits proxy-leaked-ack: the ACKs arrive, with no SYN before them."));
    }
    Some(format!("{resets} {}", no_handshake::UNKNOWN_CONNECTIONS))
}

fn not_analysed(totals: &Totals) -> Vec<String> {
    let facts = [
        (
            totals.flood_counted(),
            "part of a SYN flood, never completed, and only counted by listener and time",
            "handshake",
        ),
        (
            totals.handshakes_of_other_listeners,
            "counted in the totals only, because there are too many listeners",
            "handshake",
        ),
        (totals.episodes_lost, "dropped, because more were found than are kept", "episode"),
        (
            totals.sum(|capture| capture.statistics.evicted_early),
            "judged before the end of the capture to limit memory, without later handshakes of their listeners",
            "handshake",
        ),
        (
            totals.sum(|capture| capture.statistics.fragments),
            "not reassembled, and their contents were not analysed",
            "IP fragment",
        ),
        (
            totals.sum(|capture| capture.statistics.unreadable),
            "too short or malformed to contain a TCP header (a short snap length has this effect)",
            "packet",
        ),
        (totals.sum(|capture| capture.without_time), "stored without a timestamp", "frame"),
    ];
    let applying = facts.into_iter().filter(|(number, _, _)| *number > 0);
    applying.map(|(number, what, noun)| format!("{} {what}.", was_were(number, noun))).collect()
}

fn is_are(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

/// Returns a counted noun and its verb: `2 frames were`.
pub(super) fn was_were(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totals::CaptureTotals;
    use syncookie_engine::Statistics;

    #[test]
    fn only_caveats_that_apply_are_shown() {
        assert!(caveats(&Totals::default()).is_empty());
    }

    #[test]
    fn evictions_and_missing_observations_are_shown_with_their_numbers() {
        let statistics = Statistics { fragments: 3, evicted_early: 1, ..Statistics::default() };
        let mut totals =
            Totals { captures: vec![CaptureTotals { statistics, ..CaptureTotals::default() }], ..Totals::default() };
        totals.tally.handshakes = 9;
        totals.tally.verdicts[Verdict::Undetermined as usize] = 7;
        totals.missing.extend([("no SYN", 2), ("no clock", 5)]);
        let said = caveats(&totals).join("\n");
        for part in [
            "7 of 9 handshakes are undetermined",
            "no clock (5); no SYN (2)",
            "3 IP fragments were",
            "1 handshake was judged",
        ] {
            assert!(said.contains(part), "{part:?} is not in\n{said}");
        }
    }
}
