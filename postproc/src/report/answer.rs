//! Headline of the report: the answer in a sentence, its details, and the captures that were read.

use std::path::is_separator;

use syncookie_engine::{CauseKind, CheckLine, Confidence, Endpoint, NO_SYN_ACK, Outcome, Tally, Verdict, check_lines};
use syncookie_terminal::{count, escape_controls, grouped};

use super::caveats::was_were;
use super::comparison;
use super::no_handshake;
use super::words::{self, capitalised};
use crate::text::{self, range};
use crate::totals::Totals;
use crate::totals::affected::Affected;
use crate::totals::scans::Scan;

/// Maximum number of scans that have a sentence.
const SCANS: usize = 3;

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
    } else if handshakes == 0 && totals.unmatched.is_every_condition() {
        "No listener matches the filter.".into()
    } else if handshakes == 0 && totals.filtered_out > 0 {
        "No TCP handshake matches the filter.".into()
    } else if handshakes == 0 {
        no_handshake::headline(totals)
    } else if totals.failed() > 0 {
        failure_headline(totals)
    } else if totals.midstream.reset_acks > 0 {
        let resets = totals.midstream.reset_acks;
        let were = if resets == 1 { "was" } else { "were" };
        format!("No handshake failed; {} without a SYN {were} reset.", count(resets, "ACK"))
    } else {
        format!("Nothing failed; {}", success(totals))
    }
}

/// Returns who answered, after `Nothing failed;`.
fn success(totals: &Totals) -> String {
    match (answered(totals), number_if_none_is_decided(totals)) {
        // An article, and not the name of a listener.
        (Some(answered), _) => format!("{}.", answered.replacen("A SYN", "a SYN", 1)),
        (None, Some(1)) => "the capture does not show who answered the SYN.".into(),
        (None, Some(number)) => {
            format!("the capture does not show who answered {}.", count(number, totals.noun()))
        }
        (None, None) => match undecided(totals) {
            0 => format!("no SYN cookie or SYN proxy in {}.", all(totals)),
            number => {
                let [ordinary, number] = [tally_of(&totals.tally, Verdict::Ordinary), number].map(grouped);
                format!("of {}, {ordinary} ordinary and {number} undetermined.", all(totals))
            }
        },
    }
}

/// Returns that no SYN cookie or SYN proxy was found, or that the captures cannot show it.
fn not_found(totals: &Totals) -> String {
    match number_if_none_is_decided(totals) {
        None => "No SYN cookie or SYN proxy was found.".to_owned(),
        Some(1) => "The capture does not show who answered the SYN.".to_owned(),
        Some(number) => {
            format!("The capture does not show who answered the SYNs of {}.", count(number, totals.noun()))
        }
    }
}

/// Returns the number of handshakes that were answered, if none of them shows who answered.
fn number_if_none_is_decided(totals: &Totals) -> Option<u64> {
    let is_none_ordinary = tally_of(&totals.tally, Verdict::Ordinary) == 0;
    Some(undecided(totals)).filter(|&number| number > 0 && is_none_ordinary)
}

/// Returns the number of undetermined handshakes, without those that nobody answered with a SYN-ACK.
pub fn undecided(totals: &Totals) -> u64 {
    let unanswered = [Outcome::Unanswered, Outcome::Refused].map(|outcome| totals.tally.outcomes[outcome as usize]);
    // Those of floods are only counted; those at the end of the capture are not unanswered yet.
    let without_syn_ack = totals.missing.get(NO_SYN_ACK).copied().unwrap_or_default().max(unanswered.iter().sum());
    tally_of(&totals.tally, Verdict::Undetermined).saturating_sub(without_syn_ack)
}

/// Returns how many handshakes failed and got stuck, and the most frequent of their most likely
/// causes.
fn failure_headline(totals: &Totals) -> String {
    let (scans, failures) = totals.apart();
    if !scans.is_empty() {
        return scan_headline(totals, scans, failures);
    }
    let (failed, handshakes) = (totals.failed(), totals.tally.handshakes);
    let stuck = stuck(&totals.failures);
    let which = match (failed - stuck, stuck) {
        (0, 1) if handshakes == 1 => "The connection got stuck after the handshake".into(),
        (0, _) if stuck == handshakes => format!("All {} got stuck", count(stuck, "connection")),
        (0, _) => format!("{} of {} got stuck", grouped(stuck), count(handshakes, "connection")),
        (1, 0) if handshakes == 1 => format!("The {} failed", totals.noun()),
        (_, 0) if failed == handshakes => format!("All {} failed", all(totals)),
        (failed, 0) => format!("{} of {} failed", grouped(failed), all(totals)),
        (failed, stuck) => format!("{} of {} failed, {} stuck", grouped(failed), all(totals), grouped(stuck)),
    };
    match totals.most_frequent_failure() {
        Some((cause, number)) if number == failed => format!("{which}; {MOST_LIKELY} {cause}."),
        Some((cause, number)) => format!("{which}; {MOST_FREQUENT} {cause} ({}).", grouped(number)),
        None => format!("{which}."),
    }
}

/// Precedes the cause of all failures that a headline counts.
const MOST_LIKELY: &str = "most likely cause:";
/// Precedes the cause that more of these failures have than any other cause.
const MOST_FREQUENT: &str = "most frequent cause:";

/// Returns the number of scans, and how many other handshakes failed.
fn scan_headline(totals: &Totals, scans: &[Scan], failures: &Affected) -> String {
    let scanned: u64 = scans.iter().map(|scan| scan.handshakes).sum();
    let failed = totals.failed() - scanned;
    let several = || count(scans.len() as u64, "scan");
    if failed == 0 {
        let who = if let [scan] = scans { format!("A scan by {}", scan.client) } else { several() };
        return format!("{who} made {} of {}; no other failed.", grouped(scanned), all(totals));
    }
    let besides = if let [_] = scans { "a scan".to_owned() } else { several() };
    let lead = |number| if number == failed { MOST_LIKELY } else { MOST_FREQUENT };
    let cause = failures.most_frequent().map(|(cause, count)| format!("; {} {cause}", lead(count.handshakes)));
    format!("{} of {} failed besides {besides}{}.", grouped(failed), all(totals), cause.unwrap_or_default())
}

/// Returns a sentence for each of the largest scans.
fn scans(scans: &[Scan], noun: &str) -> Vec<String> {
    let sentence = |scan: &Scan| {
        let Scan { client, handshakes, hosts, ports } = scan;
        let ports = match (ports.first(), ports.len()) {
            (Some(port), 1) => format!("port {port}"),
            (_, number) => count(number as u64, "port"),
        };
        let hosts = match (hosts.first(), hosts.len()) {
            (Some(host), 1) => host.to_string(),
            (_, number) => count(number as u64, "host"),
        };
        format!("{client} scanned {ports} of {hosts} ({}).", count(*handshakes, noun))
    };
    let mut sentences: Vec<String> = scans.iter().take(SCANS).map(sentence).collect();
    if scans.len() > SCANS {
        sentences.push(format!("{} more.", count((scans.len() - SCANS) as u64, "scan")));
    }
    sentences
}

/// Returns for which listeners a SYN cookie or SYN proxy answered, without a full stop; `None`
/// if there is none.
fn answered(totals: &Totals) -> Option<String> {
    if totals.reliable.handshakes > 0 {
        let who = which(totals, Confidence::Likely);
        Some(match style(&totals.reliable) {
            Style::Cookies if totals.reliable.handshakes == 1 => format!("{who} answered with a SYN cookie"),
            Style::Cookies => format!("{who} answered with SYN cookies"),
            Style::Proxy => format!("A SYN proxy answered for {who}"),
            Style::Both => format!("{who} used SYN cookies or a SYN proxy"),
        })
    } else if totals.possible.handshakes > 0 {
        let who = which(totals, Confidence::Possible);
        Some(match style(&totals.possible) {
            Style::Cookies => format!("{who} may have answered with SYN cookies"),
            Style::Proxy => format!("A SYN proxy may have answered for {who}"),
            Style::Both => format!("{who} possibly used SYN cookies or proxies"),
        })
    } else {
        None
    }
}

/// Returns that the most frequent cause assumes a SYN cookie or a SYN proxy, although the packets do
/// not show that one answered; `None` for other causes.
fn assumption(totals: &Totals) -> Option<String> {
    let cause = totals.apart().1.most_frequent()?.0;
    words::assumed_by(cause).map(|who| words::assumption(cause, who))
}

/// Returns the sentences that follow the headline: the number of handshakes, the confidence, and
/// the failures; empty if there is nothing to add.
pub fn details(totals: &Totals) -> String {
    sentences(totals, most_likely)
}

/// Returns the details without the most likely causes, which the table lists below.
pub fn details_without_causes(totals: &Totals) -> String {
    sentences(totals, |_| String::new())
}

fn sentences(totals: &Totals, cause: fn(&Affected) -> String) -> String {
    let mut sentences = Vec::new();
    if totals.captures.is_empty() {
        return String::new();
    }
    if totals.tally.handshakes == 0 {
        let is_explained = totals.filtered_out == 0 && totals.known.is_none();
        return match is_explained {
            true => no_handshake::details(totals).join(" "),
            false if totals.unmatched.is_every_condition() => {
                format!("{}.", capitalised(&totals.unmatched.to_string()))
            }
            false => String::new(),
        };
    }
    let has_failures = totals.failed() > 0;
    let (found, others) = totals.apart();
    sentences.extend(scans(found, totals.noun()));
    sentences.extend(failures(others, totals.noun(), cause));
    match (has_failures, answered(totals)) {
        (true, Some(answered)) => sentences.push(format!("{answered}: {}", extent(totals))),
        (true, None) => sentences.push(assumption(totals).unwrap_or_else(|| not_found(totals))),
        // The headline has the listeners.
        (false, Some(_)) => sentences.push(format!("{} {}", what_answered(totals), extent(totals))),
        (false, None) => {}
    }
    sentences.extend(delays(totals, cause));
    sentences.extend(totals.comparison.as_ref().and_then(comparison::shared));
    // An ICMP error is an answer.
    if !totals.failures.causes.contains_key(&CauseKind::IcmpRejected) {
        sentences.extend(no_handshake::only_syns(totals).or_else(|| no_handshake::one_direction(totals)));
    }
    if let Some(known) = &totals.known {
        sentences.push(format!("{} left out.", count(known.findings, "known finding")));
    }
    sentences.join(" ")
}

/// Returns the answer with its details, and what to check, in one line.
pub fn answer(totals: &Totals) -> String {
    let check = check(totals).map(|check| match check_lines(check).first().is_some_and(CheckLine::is_done) {
        // It begins with what another capture answered.
        true => format!("{}.", capitalised(&escape_controls(check))),
        false => format!("To confirm: {}.", escape_controls(check)),
    });
    let details = Some(details(totals)).filter(|details| !details.is_empty());
    [Some(headline(totals)), details, check].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Returns the check of the most frequent likely cause.
pub fn check(totals: &Totals) -> Option<&str> {
    let (_, failures) = totals.apart();
    let affected = if failures.handshakes > 0 { failures } else { &totals.delays };
    affected.most_frequent().map(|(_, cause)| cause.check.as_str())
}

/// Returns how many handshakes a SYN cookie or SYN proxy answered, and how sure that is.
fn extent(totals: &Totals) -> String {
    let (reliable, possible) = (&totals.reliable, &totals.possible);
    if reliable.handshakes > 0 {
        let confidence = totals.strongest.map_or_else(String::new, |max| format!("; highest confidence: {max}"));
        let (sure, unsure) = match possible.handshakes {
            0 => ("", String::new()),
            1 => (" are likely or certain", "; 1 more is only possible".to_owned()),
            possible => (" are likely or certain", format!("; {} more are only possible", grouped(possible))),
        };
        let number = grouped(reliable.handshakes);
        format!("{number} of {}{sure}{}{unsure}{confidence}.", all(totals), episodes(totals))
    } else {
        format!("{} of {}; no finding is likely or certain.", grouped(possible.handshakes), all(totals))
    }
}

fn episodes(totals: &Totals) -> String {
    match totals.episodes.len() as u64 {
        0 => String::new(),
        number => format!(", in {}", count(number, "episode")),
    }
}

/// Outcomes of failed handshakes, in the words of the report.
const FAILURES: [(&[Outcome], &str); 6] = [
    (&[Outcome::ResetByServer], "reset by the server side"),
    (&[Outcome::ResetByClient], "reset by the client"),
    (&[Outcome::Refused], "refused"),
    (&[Outcome::Unanswered], "unanswered"),
    (&[Outcome::Unacknowledged], "unacknowledged"),
    (&[Outcome::Established, Outcome::Incomplete], "stuck after the handshake"),
];

/// Returns how many of the failed handshakes completed: their connection made no progress
/// afterwards.
pub fn stuck(failures: &Affected) -> u64 {
    sum(&failures.outcomes, |outcome| !outcome.is_failure())
}

/// Returns the number of handshakes whose outcome is a failure.
pub fn failed(tally: &Tally) -> u64 {
    sum(&tally.outcomes, Outcome::is_failure)
}

/// Returns the number of handshakes with these outcomes.
fn sum(outcomes: &[u64], is_meant: fn(Outcome) -> bool) -> u64 {
    Outcome::ALL.iter().filter(|outcome| is_meant(**outcome)).map(|&outcome| outcomes[outcome as usize]).sum()
}

/// Returns how many handshakes failed, how, when and where, and what `cause` adds; `None` if none
/// failed, or if all of them belong to floods and are only counted.
fn failures(failures: &Affected, noun: &str, cause: fn(&Affected) -> String) -> Option<String> {
    let parts: Vec<(u64, &str)> = FAILURES
        .iter()
        .map(|(outcomes, words)| (outcomes.iter().map(|&one| failures.outcomes[one as usize]).sum(), *words))
        .filter(|(number, _)| *number > 0)
        .collect();
    let when = failures.range.map_or_else(String::new, |(first, last)| format!(", {}", range(first, last)));
    let to = format!(" to {}", whose(failures));
    let failed = match &parts[..] {
        [] => return None,
        [(number, _)] if *number == stuck(failures) => {
            format!("{}{to} got stuck after the handshake{when}.", count(*number, "connection"))
        }
        [(1, how)] => format!("1 {noun}{to} was {how}{when}."),
        [(number, how)] => format!("{} {noun}s{to} were {how}{when}.", grouped(*number)),
        several => {
            let parts: Vec<String> =
                several.iter().map(|(number, how)| format!("{} {how}", grouped(*number))).collect();
            let failed = if stuck(failures) > 0 { "failed or got stuck" } else { "failed" };
            format!("{}{to} {failed}{when}: {}.", count(failures.handshakes, noun), parts.join(", "))
        }
    };
    Some(format!("{failed}{}", cause(failures)))
}

/// Returns how many handshakes were delayed, and what `cause` adds.
fn delays(totals: &Totals, cause: fn(&Affected) -> String) -> Option<String> {
    let delays = &totals.delays;
    let were = was_were(delays.handshakes, totals.noun());
    let (first, last) = delays.range?;
    Some(format!("{were} delayed, {}.{}", range(first, last), cause(delays)))
}

/// Returns the only listener, or the number of listeners.
fn whose(affected: &Affected) -> String {
    match (affected.listeners.first(), affected.listeners.len()) {
        (Some(listener), 1) => listener.to_string(),
        (_, several) => count(several as u64, "listener"),
    }
}

/// Returns the most frequent likely cause as a sentence after a space, or nothing if no cause is
/// known.
fn most_likely(affected: &Affected) -> String {
    let Some((cause, count)) = affected.most_frequent() else { return String::new() };
    let of = match count.handshakes {
        all if all == affected.handshakes => String::new(),
        some => format!(" of {}", grouped(some)),
    };
    format!(" Most likely cause{of}: {} ({cause}).", cause.clause())
}

fn all(totals: &Totals) -> String {
    count(totals.tally.handshakes, totals.noun())
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

/// Returns what answered, as the beginning of a sentence that goes on with a number.
fn what_answered(totals: &Totals) -> String {
    let mut all = totals.reliable.clone();
    all.merge(&totals.possible);
    let what = match style(&all) {
        Style::Cookies => "SYN cookies",
        Style::Proxy => "A SYN proxy",
        Style::Both => "SYN cookies or a SYN proxy",
    };
    let answered = if totals.reliable.handshakes > 0 { "answered" } else { "may have answered" };
    format!("{what} {answered}")
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
    let mut folder = above(first);
    for name in names {
        while !name.starts_with(folder) {
            folder = above(folder.trim_end_matches(is_separator));
        }
    }
    folder.into()
}

/// Returns the folder of a path with its separator; nothing if the path has none.
fn above(path: &str) -> &str {
    &path[..path.rfind(is_separator).map_or(0, |end| end + 1)]
}

/// Returns the listener with the largest SYN flood, and how many others had one.
fn flood(totals: &Totals) -> String {
    let flooded = || totals.listeners.iter().filter_map(|(server, listener)| Some((server, listener.flood.as_ref()?)));
    let Some((server, flood)) = flooded().max_by_key(|(_, flood)| flood.handshakes) else { return String::new() };
    let others = match flooded().count() - 1 {
        0 => String::new(),
        number => format!(" (and {} more)", count(number as u64, "listener")),
    };
    let is_once = totals.second_views().is_empty() || flood.counted == 0;
    let twice = if is_once { "" } else { " (both counted in each capture)" };
    format!(
        " SYN flood at {server}{others}: {} never completed{}, at most {} per second{twice}, {}.",
        count(flood.handshakes, totals.noun()),
        listener_outcomes(totals, *server, flood.handshakes),
        grouped(flood.peak_rate()),
        range(flood.first, flood.last)
    )
}

/// Returns the outcomes of the handshakes of a flood in parentheses, if no other handshakes of the
/// listener had these outcomes; otherwise only that some of them are incomplete, if so.
fn listener_outcomes(totals: &Totals, server: Endpoint, number: u64) -> String {
    let Some(listener) = totals.listeners.get(&server) else { return String::new() };
    let parts: Vec<(Outcome, u64)> = [Outcome::Unanswered, Outcome::Unacknowledged, Outcome::Incomplete]
        .map(|outcome| (outcome, listener.tally.outcomes[outcome as usize]))
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .collect();
    let is_incomplete = |(outcome, _): &&(Outcome, u64)| *outcome == Outcome::Incomplete;
    let incomplete = parts.iter().find(is_incomplete).map_or(0, |(_, number)| *number);
    let all = parts.iter().map(|(_, number)| number).sum::<u64>();
    if all != number {
        let has_incomplete = incomplete > 0 && number > all - incomplete;
        return if has_incomplete { " (the incomplete ones do not count as failed)".into() } else { String::new() };
    }
    let unknown = if incomplete > 0 { "; the incomplete ones do not count as failed" } else { "" };
    let parts: Vec<String> = parts.iter().map(|(outcome, number)| format!("{} {outcome}", grouped(*number))).collect();
    format!(" ({}{unknown})", parts.join(", "))
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
    let silent = no_handshake::captures_without_tcp(totals, folder);
    let filtered = match totals.filtered_out {
        0 => String::new(),
        number => format!(" {} excluded by the filter.", count(number, "handshake")),
    };
    let partial = if totals.is_interrupted { " Interrupted: the rest was not read." } else { "" };
    let problems = if totals.problems.is_empty() { "" } else { " Not everything could be read: see below." };
    let captures = match &totals.captures[..] {
        [capture] => text::capture(&capture.name).into_owned(),
        _ if folder.is_empty() => count(totals.captures.len() as u64, "capture"),
        several => format!("{} in {}", count(several.len() as u64, "capture"), escape_controls(folder)),
    };
    format!("{} in {captures}{span}.{silent}{flood}{early}{filtered}{partial}{problems}", count(frames, "frame"))
}

/// Returns the number of handshakes answered by a SYN cookie or SYN proxy.
pub fn cookie_style(tally: &Tally) -> u64 {
    Verdict::ALL.iter().filter(|verdict| verdict.is_cookie_style()).map(|&verdict| tally_of(tally, verdict)).sum()
}

/// Returns the number of handshakes with this verdict.
pub fn tally_of(tally: &Tally, verdict: Verdict) -> u64 {
    tally.verdicts[verdict as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_of_names_ends_at_a_separator_of_the_platform() {
        let common = |names: &[&str]| common_folder(names.iter().copied());
        assert_eq!(common(&["a/b/x.pcap", "a/b/y.pcap"]), "a/b/");
        assert_eq!(common(&["a/b/x.pcap", "a/bc/x.pcap"]), "a/");
        assert_eq!(common(&["a/x.pcap", "b.pcap"]), "");
        assert_eq!(common(&["x.pcap"]), "");
        let is_separated = cfg!(windows);
        assert_eq!(common(&[r"C:\a\x.pcap", r"C:\a\y\z.pcap"]), if is_separated { r"C:\a\" } else { "" });
    }
}
