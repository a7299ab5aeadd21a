//! The answer in a sentence, and what it was read from.

use std::collections::BTreeMap;

use syncookie_engine::{CauseKind, Confidence, Outcome, Tally, Verdict};
use syncookie_terminal::{count, escape_controls, grouped};

use crate::text::{self, range};
use crate::totals::Totals;

/// What all of it says, in a sentence or two; what is merely possible is never told as if it were so.
pub fn answer(totals: &Totals) -> String {
    let Some(known) = &totals.known else { return whole_answer(totals) };
    let (report, left_out) = (escape_controls(&known.report), count(known.findings, "known finding"));
    match totals.tally.handshakes {
        0 => format!("Nothing is new against {report}: {left_out}."),
        _ => format!("New against {report}, without {left_out}: {}", whole_answer(totals)),
    }
}

fn whole_answer(totals: &Totals) -> String {
    let handshakes = totals.tally.handshakes;
    if totals.captures.is_empty() {
        "No capture could be read.".into()
    } else if handshakes == 0 && totals.filtered_out > 0 {
        "No TCP handshake fits the filter.".into()
    } else if handshakes == 0 {
        "No TCP handshake was found.".into()
    } else if totals.reliable.handshakes > 0 {
        reliable(totals)
    } else if totals.possible.handshakes > 0 {
        possible(totals)
    } else if tally_of(&totals.tally, Verdict::Ordinary) == 0 {
        format!("No SYN cookie and no SYN proxy was found, and of {} nothing can be told.", all(totals))
    } else {
        format!("No SYN cookie and no SYN proxy was found in {}{}.", all(totals), other_resets(totals))
    }
}

fn reliable(totals: &Totals) -> String {
    let surest = totals.strongest.map_or_else(String::new, |confidence| format!(", the surest {confidence}"));
    let reset = resets(totals.reliable.outcomes[Outcome::ResetByServer as usize], &totals.reliable_resets);
    let possible = match totals.possible.handshakes {
        0 => String::new(),
        1 => " Of 1 more it is possible.".into(),
        number => format!(" Of {} more it is possible.", grouped(number)),
    };
    format!(
        "{} {}{}: {} of {}{surest}{reset}.{possible}",
        which(totals, Confidence::Likely),
        style(&totals.reliable),
        episodes(totals),
        grouped(totals.reliable.handshakes),
        all(totals),
    )
}

fn possible(totals: &Totals) -> String {
    format!(
        "No SYN cookie and no SYN proxy is likely, but it is possible that {} {}: {} of {}{}.",
        which(totals, Confidence::Possible),
        style(&totals.possible),
        grouped(totals.possible.handshakes),
        all(totals),
        other_resets(totals),
    )
}

fn episodes(totals: &Totals) -> String {
    match totals.episodes.len() as u64 {
        0 => String::new(),
        number => format!(", in {}", count(number, "episode")),
    }
}

fn other_resets(totals: &Totals) -> String {
    resets(totals.other_resets.values().sum(), &totals.other_resets)
}

/// How many connections were reset, and what stands first among the hypotheses on why.
fn resets(number: u64, causes: &BTreeMap<CauseKind, u64>) -> String {
    let why = match causes.iter().max_by_key(|(_, count)| **count) {
        None => String::new(),
        Some((cause, &count)) if count == number => format!("; most likely {} ({cause})", cause.clause()),
        Some((cause, &count)) => {
            format!("; most likely {} ({cause}, {} of them)", cause.clause(), grouped(count))
        }
    };
    match number {
        0 => String::new(),
        1 => format!("; 1 connection was reset right after the handshake{why}"),
        _ => format!("; {} were reset right after the handshake{why}", count(number, "connection")),
    }
}

fn all(totals: &Totals) -> String {
    count(totals.tally.handshakes, "handshake")
}

/// The listener that answered cookie-style with at least this confidence, or how many did.
fn which(totals: &Totals, least: Confidence) -> String {
    let mut found = totals.listeners.iter().filter(|(_, listener)| listener.strongest >= Some(least));
    match (found.next(), found.count()) {
        (Some((server, _)), 0) => server.to_string(),
        (_, others) => {
            format!("{} of {}", grouped(others as u64 + 1), count(totals.listeners.len() as u64, "listener"))
        }
    }
}

fn style(tally: &Tally) -> &'static str {
    match (tally_of(tally, Verdict::SynCookie), tally_of(tally, Verdict::SynProxy)) {
        (_, 0) => "answered with SYN cookies",
        (0, _) => "had a SYN proxy answer instead",
        _ => "answered with SYN cookies or had a SYN proxy answer instead",
    }
}

/// The longest beginning that ends a folder and that all names share.
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

/// The listener that was flooded most, and how many others were.
fn flood(totals: &Totals) -> String {
    let flooded = || totals.listeners.iter().filter_map(|(server, listener)| Some((server, listener.flood.as_ref()?)));
    let Some((server, flood)) = flooded().max_by_key(|(_, flood)| flood.handshakes) else { return String::new() };
    let others = match flooded().count() - 1 {
        0 => String::new(),
        number => format!(" (and {} more)", count(number as u64, "listener")),
    };
    format!(
        " {server} was flooded{others}: {} never completed, up to {} a second, {}.",
        count(flood.handshakes, "handshake"),
        grouped(flood.peak_rate()),
        range(flood.first, flood.last)
    )
}

/// How much was read, and of what time.
pub fn read(totals: &Totals, folder: &str) -> String {
    let frames = totals.captures.iter().map(|capture| capture.frames).sum();
    let first = totals.captures.iter().filter_map(|capture| capture.first).min();
    let last = totals.captures.iter().filter_map(|capture| capture.last).max();
    let span = match (first, last) {
        (Some(first), Some(last)) => format!(", {}", range(first, last)),
        _ => String::new(),
    };
    let early: u64 = totals.captures.iter().map(|capture| capture.statistics.evicted_early).sum();
    let early = match early {
        0 => String::new(),
        _ => format!(" {} judged early, to bound memory.", count(early, "handshake")),
    };
    let flood = flood(totals);
    let filtered = match totals.filtered_out {
        0 => String::new(),
        number => format!(" {} not told, as the filter asks.", count(number, "handshake")),
    };
    let partial = if totals.is_interrupted { " Interrupted: this is what was known by then." } else { "" };
    let problems = if totals.problems.is_empty() { "" } else { " Not everything could be read: see below." };
    let captures = match &totals.captures[..] {
        [capture] => text::capture(&capture.name).into_owned(),
        _ if folder.is_empty() => count(totals.captures.len() as u64, "capture"),
        several => format!("{} below {}", count(several.len() as u64, "capture"), escape_controls(folder)),
    };
    format!("{} in {captures}{span}.{flood}{early}{filtered}{partial}{problems}", count(frames, "frame"))
}

/// Handshakes answered cookie-style.
pub fn cookie_style(tally: &Tally) -> u64 {
    Verdict::ALL.iter().filter(|verdict| verdict.is_cookie_style()).map(|&verdict| tally_of(tally, verdict)).sum()
}

/// Handshakes with this verdict.
pub fn tally_of(tally: &Tally, verdict: Verdict) -> u64 {
    tally.verdicts[verdict as usize]
}
