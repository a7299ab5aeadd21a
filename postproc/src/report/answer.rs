//! Headline of the report: the answer in a sentence, its details, and the captures that were read.

use std::collections::BTreeMap;

use syncookie_engine::{CauseKind, Confidence, Endpoint, Outcome, Tally, Verdict};
use syncookie_terminal::{count, escape_controls, grouped};

use super::caveats::was_were;
use super::no_handshake;
use crate::text::{self, range};
use crate::totals::Totals;

/// Returns the answer in one sentence of at most 12 words, without the names of listeners and
/// files.
pub fn headline(totals: &Totals) -> String {
    let Some(known) = &totals.known else { return whole_headline(totals) };
    let report = escape_controls(&known.report);
    match totals.tally.handshakes {
        0 => format!("No new findings since {report} ({} known).", grouped(known.findings)),
        _ => format!("New since {report}: {}", whole_headline(totals)),
    }
}

fn whole_headline(totals: &Totals) -> String {
    let handshakes = totals.tally.handshakes;
    if totals.captures.is_empty() {
        "No capture could be read.".into()
    } else if handshakes == 0 && totals.filtered_out > 0 {
        "No TCP handshake matches the filter.".into()
    } else if handshakes == 0 {
        no_handshake::headline(totals)
    } else if totals.reliable.handshakes > 0 {
        match style(&totals.reliable) {
            Style::Cookies => format!("{} answered with SYN cookies.", which(totals, Confidence::Likely)),
            Style::Proxy => format!("A SYN proxy answered for {}.", which(totals, Confidence::Likely)),
            Style::Both => format!("{} used SYN cookies or a SYN proxy.", which(totals, Confidence::Likely)),
        }
    } else if totals.possible.handshakes > 0 {
        match style(&totals.possible) {
            Style::Cookies => format!("{} may have answered with SYN cookies.", which(totals, Confidence::Possible)),
            Style::Proxy => format!("A SYN proxy may have answered for {}.", which(totals, Confidence::Possible)),
            Style::Both => format!("{} may have used SYN cookies or proxies.", which(totals, Confidence::Possible)),
        }
    } else if let Some(who) = suggested(totals) {
        format!("Failures suggest {who}, but no handshake proves one.")
    } else {
        match failed(&totals.tally) {
            0 => format!("No SYN cookie or SYN proxy was found in {}.", all(totals)),
            number => {
                format!("No SYN cookie or SYN proxy found; {} of {} failed.", grouped(number), all(totals))
            }
        }
    }
}

/// Returns the SYN cookie or SYN proxy that would explain most failures, although the packets do not
/// show that one answered.
fn suggested(totals: &Totals) -> Option<&'static str> {
    match most_frequent(&totals.other_failures)?.0 {
        CauseKind::CookieRejected => Some("a SYN cookie"),
        CauseKind::ProxyLeakedAck | CauseKind::ProxyBackendRefused | CauseKind::ProxyBackendSilent => {
            Some("a SYN proxy")
        }
        _ => None,
    }
}

/// Returns the sentences that follow the headline: the number of handshakes, the confidence, and
/// the failures; empty if there is nothing to add.
pub fn details(totals: &Totals) -> String {
    let mut sentences = Vec::new();
    if totals.captures.is_empty() {
        return String::new();
    }
    if totals.tally.handshakes == 0 {
        let is_explained = totals.filtered_out == 0 && totals.known.is_none();
        return if is_explained { no_handshake::details(totals).join(" ") } else { String::new() };
    }
    if totals.reliable.handshakes > 0 {
        let confidence = totals.strongest.map_or_else(String::new, |max| format!("; highest confidence: {max}"));
        let found = grouped(totals.reliable.handshakes);
        sentences.push(format!("This affects {found} of {}{}{confidence}.", all(totals), episodes(totals)));
        sentences.extend(resets(&totals.reliable, &totals.reliable_resets));
        sentences.extend(match totals.possible.handshakes {
            0 => None,
            1 => Some("Another 1 is a possible match.".into()),
            number => Some(format!("Another {} are possible matches.", grouped(number))),
        });
    } else {
        if totals.possible.handshakes > 0 {
            let found = grouped(totals.possible.handshakes);
            sentences.push(format!("This affects {found} of {}; no finding is likely or certain.", all(totals)));
        } else if tally_of(&totals.tally, Verdict::Ordinary) == 0 {
            sentences.push(match totals.tally.handshakes {
                1 => "The handshake is undetermined.".into(),
                _ => "All handshakes are undetermined.".into(),
            });
        }
    }
    sentences.extend(failures(totals));
    sentences.extend(counted_twice(totals));
    sentences.extend(no_handshake::only_syns(totals).or_else(|| no_handshake::one_direction(totals)));
    if let Some(known) = &totals.known {
        sentences.push(format!("{} left out.", count(known.findings, "known finding")));
    }
    sentences.join(" ")
}

/// Returns the answer with its details, in one line.
pub fn answer(totals: &Totals) -> String {
    let details = details(totals);
    if details.is_empty() { headline(totals) } else { format!("{} {details}", headline(totals)) }
}

fn episodes(totals: &Totals) -> String {
    match totals.episodes.len() as u64 {
        0 => String::new(),
        number => format!(", in {}", count(number, "episode")),
    }
}

/// Returns how many of the reliable findings the server side reset, and the most frequent likely
/// cause.
fn resets(reliable: &Tally, causes: &BTreeMap<CauseKind, u64>) -> Option<String> {
    let number = reliable.outcomes[Outcome::ResetByServer as usize];
    let which = match (number, reliable.handshakes) {
        (0, _) => return None,
        (1, 1) => "It was".to_owned(),
        (1, _) => "1 of them was".into(),
        (_, all) if number == all => "All of them were".into(),
        _ => format!("{} of them were", grouped(number)),
    };
    let were = format!("{which} reset by the server side.");
    Some(format!("{were}{}", most_likely(number, causes)))
}

/// Outcomes of failed handshakes, in the words of the report.
const FAILURES: [(Outcome, &str); 5] = [
    (Outcome::ResetByServer, "reset by the server side"),
    (Outcome::ResetByClient, "reset by the client"),
    (Outcome::Refused, "refused"),
    (Outcome::Unanswered, "unanswered"),
    (Outcome::Unacknowledged, "unacknowledged"),
];

/// Returns the number of failed handshakes.
fn failed(tally: &Tally) -> u64 {
    FAILURES.iter().map(|(outcome, _)| tally.outcomes[*outcome as usize]).sum()
}

/// Returns how the handshakes failed that [`resets`] does not count, and their most frequent likely
/// cause; `None` if there are none.
fn failures(totals: &Totals) -> Option<String> {
    let is_after_resets = totals.reliable.outcomes[Outcome::ResetByServer as usize] > 0;
    let number = |outcome: Outcome| {
        let counted = if outcome == Outcome::ResetByServer { totals.reliable.outcomes[outcome as usize] } else { 0 };
        totals.tally.outcomes[outcome as usize].saturating_sub(counted)
    };
    let parts: Vec<(u64, &str)> =
        FAILURES.iter().map(|(outcome, words)| (number(*outcome), *words)).filter(|(number, _)| *number > 0).collect();
    let number = parts.iter().map(|(number, _)| number).sum();
    let other = if is_after_resets { "other handshake" } else { "handshake" };
    let failed = match &parts[..] {
        [] => return None,
        [(number, how)] => format!("{} {how}.", was_were(*number, other)),
        several => {
            let parts: Vec<String> =
                several.iter().map(|(number, how)| format!("{} {how}", grouped(*number))).collect();
            format!("{} failed: {}.", count(number, other), parts.join(", "))
        }
    };
    Some(format!("{failed}{}", most_likely(number, &totals.other_failures)))
}

/// Returns the most frequent likely cause of a number of failures as a sentence after a space, or
/// nothing if no cause is known.
fn most_likely(number: u64, causes: &BTreeMap<CauseKind, u64>) -> String {
    let Some((cause, count)) = most_frequent(causes) else { return String::new() };
    let of = if count == number { String::new() } else { format!(" of {}", grouped(count)) };
    format!(" Most likely cause{of}: {} ({cause}).", cause.clause())
}

fn most_frequent(causes: &BTreeMap<CauseKind, u64>) -> Option<(CauseKind, u64)> {
    causes.iter().max_by_key(|(_, count)| **count).map(|(cause, count)| (*cause, *count))
}

/// Returns how many handshakes are in several captures and therefore counted more than once.
fn counted_twice(totals: &Totals) -> Option<String> {
    let compared = totals.compared()?;
    let number = compared.differing + if compared.is_counted_once { 0 } else { compared.same_packets };
    let remedy = match compared.same_packets {
        0 => "",
        _ if compared.is_counted_once => "",
        _ => " --once counts those with the same packets once.",
    };
    let are = match number {
        0 => return None,
        1 => "1 handshake is in two captures and is counted twice.".to_owned(),
        _ => format!("{} are in two captures and are counted twice.", count(number, "handshake")),
    };
    Some(format!("{are}{remedy}"))
}

fn all(totals: &Totals) -> String {
    count(totals.tally.handshakes, "handshake")
}

/// Returns the listener that a SYN cookie or proxy answered for with at least this confidence, or
/// the number of such listeners.
fn which(totals: &Totals, least: Confidence) -> String {
    let mut found = totals.listeners.iter().filter(|(_, listener)| listener.strongest >= Some(least));
    match (found.next(), found.count()) {
        (Some((server, _)), 0) => server.to_string(),
        (_, others) => {
            format!("{} of {}", grouped(others as u64 + 1), count(totals.listeners.len() as u64, "listener"))
        }
    }
}

/// Kinds of answers that were found.
enum Style {
    Cookies,
    Proxy,
    Both,
}

fn style(tally: &Tally) -> Style {
    match (tally_of(tally, Verdict::SynCookie), tally_of(tally, Verdict::SynProxy)) {
        (_, 0) => Style::Cookies,
        (0, _) => Style::Proxy,
        _ => Style::Both,
    }
}

/// Returns the longest folder that all names begin with.
pub fn common_folder<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first = names.next().unwrap_or_default();
    let mut folder = &first[..first.rfind('/').map_or(0, |end| end + 1)];
    for name in names {
        while !name.starts_with(folder) {
            folder = &folder[..folder.trim_end_matches('/').rfind('/').map_or(0, |end| end + 1)];
        }
    }
    folder.into()
}

/// Returns the listener with the largest SYN flood, and how many others had one.
fn flood(totals: &Totals) -> String {
    let flooded = || totals.listeners.iter().filter_map(|(server, listener)| Some((server, listener.flood.as_ref()?)));
    let Some((server, flood)) = flooded().max_by_key(|(_, flood)| flood.handshakes) else { return String::new() };
    let others = match flooded().count() - 1 {
        0 => String::new(),
        number => format!(" (and {} more)", count(number as u64, "listener")),
    };
    format!(
        " SYN flood at {server}{others}: {}{}, at most {} per second, {}.",
        count(flood.handshakes, "handshake"),
        listener_outcomes(totals, *server, flood.handshakes),
        grouped(flood.peak_rate()),
        range(flood.first, flood.last)
    )
}

/// Returns the outcomes of the handshakes of a flood in parentheses, if no other handshakes of the
/// listener had these outcomes; nothing otherwise.
fn listener_outcomes(totals: &Totals, server: Endpoint, number: u64) -> String {
    let Some(listener) = totals.listeners.get(&server) else { return String::new() };
    let parts: Vec<(Outcome, u64)> = [Outcome::Unanswered, Outcome::Unacknowledged, Outcome::Incomplete]
        .map(|outcome| (outcome, listener.tally.outcomes[outcome as usize]))
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .collect();
    if parts.iter().map(|(_, number)| number).sum::<u64>() != number {
        return String::new();
    }
    let parts: Vec<String> = parts.iter().map(|(outcome, number)| format!("{} {outcome}", grouped(*number))).collect();
    format!(" ({})", parts.join(", "))
}

/// Returns how much was read, and its time span.
pub fn read(totals: &Totals, folder: &str) -> String {
    let frames = totals.sum(|capture| capture.frames);
    let first = totals.captures.iter().filter_map(|capture| capture.first).min();
    let last = totals.captures.iter().filter_map(|capture| capture.last).max();
    let span = match (first, last) {
        (Some(first), Some(last)) => format!(", {}", range(first, last)),
        _ => String::new(),
    };
    let early = match totals.sum(|capture| capture.statistics.evicted_early) {
        0 => String::new(),
        early => format!(" {} judged early to limit memory.", count(early, "handshake")),
    };
    let flood = flood(totals);
    let filtered = match totals.filtered_out {
        0 => String::new(),
        number => format!(" {} excluded by the filter.", count(number, "handshake")),
    };
    let partial = if totals.is_interrupted { " Interrupted: the rest was not read." } else { "" };
    let problems = if totals.problems.is_empty() { "" } else { " Not everything could be read: see below." };
    let captures = match &totals.captures[..] {
        [capture] => text::capture(&capture.name).into_owned(),
        _ if folder.is_empty() => count(totals.captures.len() as u64, "capture"),
        several => format!("{} below {}", count(several.len() as u64, "capture"), escape_controls(folder)),
    };
    format!("{} in {captures}{span}.{flood}{early}{filtered}{partial}{problems}", count(frames, "frame"))
}

/// Returns the number of handshakes answered by a SYN cookie or SYN proxy.
pub fn cookie_style(tally: &Tally) -> u64 {
    Verdict::ALL.iter().filter(|verdict| verdict.is_cookie_style()).map(|&verdict| tally_of(tally, verdict)).sum()
}

/// Returns the number of handshakes with this verdict.
pub fn tally_of(tally: &Tally, verdict: Verdict) -> u64 {
    tally.verdicts[verdict as usize]
}
