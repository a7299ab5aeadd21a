//! Failures of all listeners by their most likely cause, each with the command that confirms it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use syncookie_engine::{CauseKind, Endpoint, Finding, Implementation, Outcome, Verdict};
use syncookie_terminal::{Terminal, count, grouped, paragraph};

use super::findings::{Group, Groups};
use super::{check, strength, words};
use crate::text;
use crate::totals::Totals;
use crate::totals::affected::rival;
use crate::totals::scans::Scan;

/// Maximum causes that are listed, and maximum lines of them.
const CAUSES: usize = 3;
const LINES: usize = 16;
/// Maximum causes whose number alone is listed.
const OTHERS: usize = 8;
/// Maximum causes of these that have their strength and an example.
const DETAILED: usize = 2;
/// Heading of causes that are neither failures nor delays.
const NO_FAILURE: &str = "not a failure";

/// Failures with the same most likely cause.
struct Remedy<'a> {
    cause: CauseKind,
    count: u64,
    /// Number of them that failed, and were not only delayed.
    failed: u64,
    /// Number of them that ended with a reset from the server side.
    reset: u64,
    /// Number of them that completed, and whose connections got stuck.
    stuck: u64,
    listeners: Vec<Endpoint>,
    check: &'a str,
    /// Causes that are ruled out in the example.
    ruled_out: Vec<CauseKind>,
    /// Whether this cause is ruled out, and therefore all others are, too.
    is_ruled_out: bool,
    /// Strength of the cause in the example.
    strength: String,
    /// Frame of an example, such as `; see frame 2 of client.pcap`.
    example: String,
    /// Number of handshakes that a SYN flood hindered, and that are not part of it.
    hindered: u64,
    /// Frame of the first of them, as in `example`.
    hindered_example: String,
    /// Size of the group with the example.
    largest: u64,
}

/// Writes the causes; those with the most failures come first, and those that only delayed last.
/// Failures of scans, which have a sentence of their own, are left out. `folder` is left out of the
/// names of captures.
pub fn remedies(
    output: &mut dyn Write,
    terminal: Terminal,
    groups: &Groups,
    totals: &Totals,
    folder: &str,
) -> io::Result<()> {
    let remedies = by_cause(groups, totals.apart().0);
    let cookies = linux_cookies(groups);
    if remedies.is_empty() && cookies == 0 {
        return Ok(());
    }
    if !remedies.is_empty() {
        causes(output, terminal, &remedies, totals, folder)?;
    }
    if cookies > 0 {
        why_cookies(output, terminal, cookies)?;
    }
    Ok(())
}

/// Writes the causes of failures and delays.
fn causes(
    output: &mut dyn Write,
    terminal: Terminal,
    remedies: &[Remedy<'_>],
    totals: &Totals,
    folder: &str,
) -> io::Result<()> {
    writeln!(output, "\n{}", terminal.bold("Most likely causes, and what to check"))?;
    let mut text = Vec::new();
    let mut number = 0;
    for remedy in remedies.iter().take(CAUSES) {
        let before = text.len();
        remedy.write(&mut text, terminal, totals.noun(), folder, remedies.len() == 1)?;
        // The first is written whatever its length.
        if number > 0 && text.iter().filter(|&&byte| byte == b'\n').count() > LINES {
            text.truncate(before);
            break;
        }
        number += 1;
    }
    output.write_all(&text)?;
    let others = &remedies[number..];
    if !others.is_empty() {
        let shown = &remedies[..number];
        let parts = ["failures", "delays", NO_FAILURE].into_iter().filter_map(|effect| {
            let some: Vec<_> = others.iter().filter(|remedy| remedy.effect() == effect).collect();
            let what = match (effect, shown.iter().any(|remedy| remedy.effect() == effect)) {
                (NO_FAILURE, _) => NO_FAILURE.to_owned(),
                (_, true) => format!("other causes of {effect}"),
                (_, false) => format!("causes of {effect}"),
            };
            (!some.is_empty()).then(|| format!("{what}: {}", numbers(&some, totals.noun())))
        });
        let parts: Vec<String> = parts.collect();
        paragraph(output, terminal.width, "  ", &words::capitalised(&parts.join("; ")))?;
    }
    Ok(())
}

/// Writes why a Linux host sent this number of SYN cookies, which are not failures.
fn why_cookies(output: &mut dyn Write, terminal: Terminal, cookies: u64) -> io::Result<()> {
    writeln!(output, "\n{}", terminal.bold("Why SYN cookies were sent, and what to check"))?;
    let fit = if cookies == 1 { "fits" } else { "fit" };
    let cookies = count(cookies, "likely or certain SYN cookie");
    let text = format!("{cookies} {fit} Linux. {}.", words::WHY_COOKIES);
    paragraph(output, terminal.width, "  ", &text)?;
    check::write(output, terminal, "    ", "", words::CHECK_COOKIES)
}

/// Lists causes with the numbers of what they affect: `syn-lost (4 connections; likely cause; see
/// frame 7 of a.pcap), ack-lost (1; likely cause; see frame 9 of a.pcap)`.
fn numbers(causes: &[&Remedy<'_>], noun: &str) -> String {
    let counted = causes.iter().enumerate().map(|(index, other)| {
        let number = if index == 0 { count(other.count, noun) } else { grouped(other.count) };
        let details = if index < DETAILED { [&*other.strength, &other.example] } else { [""; 2] };
        format!("{} ({number}{})", other.cause, details.concat())
    });
    let more = causes.len().saturating_sub(OTHERS) as u64;
    let rest = (more > 0).then(|| format!("and {}", count(more, "other")));
    counted.take(OTHERS).chain(rest).collect::<Vec<_>>().join(", ")
}

/// Returns the number of SYN cookies that are likely or certain and fit Linux, for which the
/// commands are known.
fn linux_cookies(groups: &Groups) -> u64 {
    let fits = |group: &&Group| {
        let example = group.examples.first().map(|(_, example)| example);
        group.likeness.verdict == Verdict::SynCookie
            && example.is_some_and(|e| e.is_reliable() && e.assessment.implementations.contains(&Implementation::Linux))
    };
    groups.all().filter(fits).map(|group| group.reliable).sum()
}

fn by_cause<'a>(groups: &'a Groups, scans: &[Scan]) -> Vec<Remedy<'a>> {
    let mut remedies: BTreeMap<CauseKind, Remedy<'_>> = BTreeMap::new();
    let is_scan = |finding: &Finding| scans.iter().any(|scan| scan.client == finding.client.ip);
    for group in groups.all().filter(|group| !group.has_only(is_scan)) {
        let Some(cause) = group.likeness.cause else { continue };
        remedies.entry(cause).or_insert_with(|| Remedy::new(cause)).add(group);
    }
    let mut remedies: Vec<_> = remedies.into_values().collect();
    remedies.sort_by_key(|remedy| Reverse((remedy.failed, remedy.count)));
    remedies
}

impl<'a> Remedy<'a> {
    fn new(cause: CauseKind) -> Self {
        let listeners = Vec::new();
        Self {
            cause,
            count: 0,
            failed: 0,
            reset: 0,
            stuck: 0,
            listeners,
            check: "",
            ruled_out: Vec::new(),
            is_ruled_out: false,
            strength: String::new(),
            example: String::new(),
            hindered: 0,
            hindered_example: String::new(),
            largest: 0,
        }
    }

    /// Returns what the cause leads to. A health check neither fails nor is delayed.
    fn effect(&self) -> &'static str {
        match self.cause {
            _ if self.failed > 0 => "failures",
            CauseKind::HealthCheck => NO_FAILURE,
            _ => "delays",
        }
    }

    fn add(&mut self, group: &'a Group) {
        self.count += group.count;
        self.failed += group.failed;
        self.reset += if group.outcome == Outcome::ResetByServer { group.count } else { 0 };
        self.stuck += group.stuck();
        self.hindered += group.hindered;
        if let Some((capture, first)) = group.first_hindered.as_ref().filter(|_| self.hindered_example.is_empty()) {
            self.hindered_example = example(capture, first);
        }
        if !self.listeners.contains(&group.likeness.server) {
            self.listeners.push(group.likeness.server);
        }
        let Some((capture, example)) = group.examples.first().filter(|_| group.count > self.largest) else { return };
        self.largest = group.count;
        self.ruled_out = example.causes.iter().filter(|cause| cause.ruled_out).map(|cause| cause.kind).collect();
        if let Some(cause) = example.causes.first() {
            (self.check, self.is_ruled_out) = (&cause.check, cause.ruled_out);
        }
        self.strength = if self.is_ruled_out {
            String::new()
        } else {
            format!("; {}", strength::cause(rival(&example.causes), self.check))
        };
        self.example = self::example(capture, example);
    }

    /// Writes the cause and its check; the causes that are ruled out if there is room.
    fn write(
        &self,
        output: &mut dyn Write,
        terminal: Terminal,
        noun: &str,
        folder: &str,
        is_alone: bool,
    ) -> io::Result<()> {
        paragraph(output, terminal.width, "  ", &self.title(noun))?;
        if self.hindered > 0 {
            let text = format!("{}{}", words::hindered(self.hindered), self.hindered_example);
            paragraph(output, terminal.width, "    ", &text)?;
        }
        if !self.is_ruled_out {
            check::write(output, terminal, "    ", "", &check::below(folder, self.check))?;
        }
        let is_listed = is_alone || self.is_ruled_out;
        if !is_listed || self.ruled_out.is_empty() {
            return Ok(());
        }
        let kinds: Vec<_> = self.ruled_out.iter().map(|kind| kind.as_str()).collect();
        let text = format!("ruled out: {} (explain shows why)", kinds.join(", "));
        paragraph(output, terminal.width, "    ", &text)
    }

    /// Formats the title: `3 handshakes of 10.9.2.1:8080, reset by the server side: …
    /// (proxy-leaked-ack)`.
    fn title(&self, noun: &str) -> String {
        let whose = match &self.listeners[..] {
            [listener] => listener.to_string(),
            several => count(several.len() as u64, "listener"),
        };
        let how = match (self.reset, self.stuck) {
            (0, 0) => String::new(),
            (all, _) if all == self.count && self.cause == CauseKind::InjectedReset => {
                ", reset in the server's name".into()
            }
            (all, _) if all == self.count => ", reset by the server side".into(),
            (_, all) if all == self.count && self.cause == CauseKind::InjectedReset => {
                ", reset after the handshake, for the client only".into()
            }
            (_, all) if all == self.count => ", stuck after the handshake".into(),
            (reset, 0) => format!(" ({} of them reset by the server side)", grouped(reset)),
            (0, stuck) => format!(" ({} of them stuck after the handshake)", grouped(stuck)),
            (reset, stuck) => {
                format!(" ({} reset by the server side, {} stuck after the handshake)", grouped(reset), grouped(stuck))
            }
        };
        let parts = match (self.failed, self.count.saturating_sub(self.failed)) {
            (0, _) | (_, 0) => String::new(),
            (failed, delayed) => format!(", {} of them failed and {} delayed", grouped(failed), grouped(delayed)),
        };
        // What gets stuck is the connection.
        let noun = if self.stuck == self.count { "connection" } else { noun };
        let why = match self.is_ruled_out {
            true => words::NO_CAUSE.to_owned(),
            false => format!("{} ({}{})", self.cause.clause(), self.cause, self.strength),
        };
        format!("{} to {whose}{parts}{how}: {why}{}", count(self.count, noun), self.example)
    }
}

/// Returns where an example is: `; see frame 2 of client.pcap`; empty if it has no frame.
fn example(capture: &str, finding: &Finding) -> String {
    let frames = finding.frames;
    let frame = frames.syn_ack.or(frames.syn).or(frames.reset);
    frame.map_or_else(String::new, |frame| format!("; see frame {} of {}", frame.number, text::capture(capture)))
}
