//! Headline of the report: the answer in a sentence, its details, and the captures that were read.

use std::collections::BTreeMap;

use syncookie_engine::{CauseKind, Confidence, Outcome, Tally, Verdict};
use syncookie_terminal::{count, escape_controls, grouped};

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
    } else {
        format!("No SYN cookie or SYN proxy was found in {}.", all(totals))
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
        sentences.push(format!("{found} of {}{}{confidence}.", all(totals), episodes(totals)));
        sentences.extend(resets(totals.reliable.outcomes[Outcome::ResetByServer as usize], &totals.reliable_resets));
        sentences.extend(match totals.possible.handshakes {
            0 => None,
            1 => Some("Another 1 is a possible match.".into()),
            number => Some(format!("Another {} are possible matches.", grouped(number))),
        });
    } else {
        if totals.possible.handshakes > 0 {
            let found = grouped(totals.possible.handshakes);
            sentences.push(format!("{found} of {}; no finding is likely or certain.", all(totals)));
        } else if tally_of(&totals.tally, Verdict::Ordinary) == 0 {
            sentences.push(match totals.tally.handshakes {
                1 => "The handshake is undetermined.".into(),
                _ => "All handshakes are undetermined.".into(),
            });
        }
        sentences.extend(resets(totals.other_resets.values().sum(), &totals.other_resets));
    }
    sentences.extend(no_handshake::only_syns(totals));
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
        number => format!(" in {}", count(number, "episode")),
    }
}

/// Returns how many connections were reset, and their most frequent likely cause.
fn resets(number: u64, causes: &BTreeMap<CauseKind, u64>) -> Option<String> {
    let were = match number {
        0 => return None,
        1 => "1 connection was reset right after the handshake.".to_owned(),
        _ => format!("{} were reset right after the handshake.", count(number, "connection")),
    };
    Some(match causes.iter().max_by_key(|(_, count)| **count) {
        None => were,
        Some((cause, &count)) if count == number => {
            format!("{were} Most likely cause: {} ({cause}).", cause.clause())
        }
        Some((cause, &count)) => {
            format!("{were} Most likely cause of {}: {} ({cause}).", grouped(count), cause.clause())
        }
    })
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
        " SYN flood at {server}{others}: {} never completed, at most {} per second, {}.",
        count(flood.handshakes, "handshake"),
        grouped(flood.peak_rate()),
        range(flood.first, flood.last)
    )
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
