//! What to bear in mind with these results: only what applies to these captures, with the numbers.

use std::collections::BTreeMap;

use syncookie_engine::{Confidence, Outcome, Verdict};
use syncookie_terminal::{count, grouped};

use super::answer::tally_of;
use crate::totals::{CaptureTotals, Totals};

/// Reasons for `undetermined` that are told.
const REASONS: usize = 5;

/// One sentence or two for each; `missing` counts what undetermined handshakes lacked.
pub fn caveats(totals: &Totals, missing: &BTreeMap<String, u64>) -> Vec<String> {
    let mut caveats = Vec::new();
    caveats.extend(confidence(totals));
    caveats.extend(undetermined(totals, missing));
    caveats.extend(no_contrast(totals));
    caveats.extend(named(totals));
    caveats.extend(outside(totals));
    caveats.extend(not_analysed(totals));
    caveats
}

fn confidence(totals: &Totals) -> Vec<String> {
    let mut said = Vec::new();
    if totals.strongest.is_some() {
        said.push(
            "“likely” is meant to be right at least 95 times in 100, “certain” 999 times in 1000; the number beside it \
             is the log-odds in nats (3 are about 20 to 1, 7 about 1000 to 1)."
                .into(),
        );
    }
    if totals.possible.handshakes > 0 {
        said.push(format!(
            "{} only possible: a hint, more likely than not by the numbers, and often wrong where cookies are rare.",
            is_are(totals.possible.handshakes, "finding")
        ));
    }
    said
}

fn undetermined(totals: &Totals, missing: &BTreeMap<String, u64>) -> Option<String> {
    let number = tally_of(&totals.tally, Verdict::Undetermined);
    if number == 0 {
        return None;
    }
    let mut reasons: Vec<_> = missing.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let reasons: Vec<String> =
        reasons.iter().take(REASONS).map(|(reason, count)| format!("{reason} ({})", grouped(**count))).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" What they lack: {}.", reasons.join("; ")) };
    Some(format!(
        "Of {} of {} the captures cannot tell who answered.{reasons}",
        grouped(number),
        count(totals.tally.handshakes, "handshake")
    ))
}

/// Listeners of which no ordinary answer is known.
fn no_contrast(totals: &Totals) -> Option<String> {
    let alone = totals.listeners.values().filter(|listener| {
        listener.strongest >= Some(Confidence::Possible) && tally_of(&listener.tally, Verdict::Ordinary) == 0
    });
    let number = alone.count() as u64;
    (number > 0).then(|| {
        format!(
            "Of {} with findings no ordinary answer was captured that its cookies could be compared with: captures from \
             a calm hour would make these findings surer, or refute them.",
            count(number, "listener")
        )
    })
}

fn named(totals: &Totals) -> Vec<String> {
    let mut said = Vec::new();
    if totals.strongest.is_some() {
        said.push(
            "Implementations are those that nothing in the captures contradicts; a window of 0 and an MSS of 1380 prove \
             no vendor. Behind a proxy one sees the proxy's own handshakes with the server, which are ordinary."
                .into(),
        );
    }
    let failed = [Outcome::ResetByServer, Outcome::ResetByClient, Outcome::Refused, Outcome::Unanswered];
    if failed.iter().any(|&outcome| totals.tally.outcomes[outcome as usize] > 0) {
        said.push("Causes are hypotheses, ranked; the check beside each settles it.".into());
    }
    said
}

fn outside(totals: &Totals) -> Option<String> {
    let number = totals.tally.outcomes[Outcome::Incomplete as usize];
    (number > 0).then(|| {
        format!(
            "{} began before the capture or went on after it: the outcome is not known.",
            count(number, "handshake")
        )
    })
}

fn not_analysed(totals: &Totals) -> Vec<String> {
    let sum = |number: fn(&CaptureTotals) -> u64| totals.captures.iter().map(number).sum::<u64>();
    let facts = [
        (
            totals.flood_counted(),
            "left behind by a flood, and counted by listener and time instead of told one by one",
            "handshake",
        ),
        (totals.unlisted, "counted in the totals only: there are too many listeners to report each", "handshake"),
        (totals.episodes_lost, "given up: more were found than are kept", "episode"),
        (
            sum(|capture| capture.statistics.evicted_early),
            "judged before the end of the capture, to bound memory: later handshakes of their listeners could not be \
             used for them",
            "handshake",
        ),
        (
            sum(|capture| capture.statistics.fragments),
            "not put together, and what they carry not analysed",
            "IP fragment",
        ),
        (
            sum(|capture| capture.statistics.unreadable),
            "too short or too malformed to find a TCP header in (a short snap length does that)",
            "packet",
        ),
        (sum(|capture| capture.without_time), "stored without a time", "frame"),
    ];
    let applying = facts.into_iter().filter(|(number, _, _)| *number > 0);
    applying.map(|(number, what, noun)| format!("{} {what}.", was_were(number, noun))).collect()
}

fn is_are(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "is" } else { "are" })
}

fn was_were(number: u64, noun: &str) -> String {
    format!("{} {}", count(number, noun), if number == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncookie_engine::Statistics;

    #[test]
    fn only_what_applies_is_said() {
        assert!(caveats(&Totals::default(), &BTreeMap::new()).is_empty());
    }

    #[test]
    fn what_was_given_up_and_what_is_missing_is_said_with_its_numbers() {
        let statistics = Statistics { fragments: 3, evicted_early: 1, ..Statistics::default() };
        let mut totals =
            Totals { captures: vec![CaptureTotals { statistics, ..CaptureTotals::default() }], ..Totals::default() };
        totals.tally.handshakes = 9;
        totals.tally.verdicts[Verdict::Undetermined as usize] = 7;
        let missing = BTreeMap::from([("no SYN".to_owned(), 2), ("no clock".to_owned(), 5)]);
        let said = caveats(&totals, &missing).join("\n");
        for part in
            ["Of 7 of 9 handshakes", "no clock (5); no SYN (2)", "3 IP fragments were", "1 handshake was judged"]
        {
            assert!(said.contains(part), "{part:?} is not in\n{said}");
        }
    }
}
