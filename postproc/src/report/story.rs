//! Findings as text for people.

use std::io::{self, Write};

use syncookie_engine::{Episode, Finding, Frame, Timestamp};
use syncookie_terminal::{Terminal, count, escape_controls, grouped, paragraph};

use super::findings::Group;
use super::{check, strength, words};
use crate::text::{self, microsecond, range};

/// Maximum pieces of evidence shown of a finding: the strongest.
const EVIDENCE: usize = 5;

/// Formats an episode, with the rates that show whether a SYN flood came with it. `noun` is what is
/// counted, [`crate::totals::Totals::noun`].
pub fn episode_line(episode: &Episode, noun: &str) -> String {
    format!(
        "{}: {}, {}, {}; uncompleted {noun}s per second: at most {} during the episode, {} before it",
        episode.server,
        episode.verdict,
        count(episode.handshakes, noun),
        range(episode.start, episode.end),
        grouped(episode.peak_unacknowledged_rate),
        grouped(episode.prior_unacknowledged_rate)
    )
}

/// Writes one group of findings of a listener: the strongest in full, the next ones in a line each.
pub fn finding(output: &mut dyn Write, terminal: Terminal, group: &Group, noun: &str) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, terminal.width, "  ", &title(group, noun))?;
    for (number, (capture, finding)) in group.examples.iter().enumerate() {
        let lead = match number {
            0 if group.count == 1 => "    ",
            0 => "    the strongest: ",
            _ => "    another: ",
        };
        paragraph(output, terminal.width, lead, &line(capture, finding))?;
        if number == 0 {
            evidence(output, terminal, finding)?;
            sum(output, terminal, finding)?;
            cause(output, terminal, finding)?;
        }
    }
    more(output, (group.count as usize).saturating_sub(group.examples.len()), &format!("{noun} like these"))
}

/// Writes the strongest finding of a group, without its cause, which has its own section. Without its
/// evidence, it says which option lists that.
pub fn strongest(output: &mut dyn Write, terminal: Terminal, group: &Group, has_evidence: bool) -> io::Result<()> {
    let Some((capture, finding)) = group.examples.first() else { return Ok(()) };
    let likeness = &group.likeness;
    let text = format!("{}: {}, {}; {}", likeness.server, likeness.verdict, group.outcome, line(capture, finding));
    if !has_evidence {
        return paragraph(output, terminal.width, "  ", &format!("{text}; --verbose lists its evidence"));
    }
    paragraph(output, terminal.width, "  ", &text)?;
    evidence(output, terminal, finding)?;
    match strength::prior(&finding.assessment) {
        Some(prior) => paragraph(output, terminal.width, "      - ", &prior),
        None => Ok(()),
    }
}

/// Formats confidence, time, client and frames of a finding.
fn line(capture: &str, finding: &Finding) -> String {
    let assessment = &finding.assessment;
    let confidence = strength::confidence(assessment).unwrap_or_else(|| "confidence unknown".into());
    let implementations: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    let like =
        if implementations.is_empty() { String::new() } else { format!(", fits {}", implementations.join(" or ")) };
    format!(
        "{}{like}; {} {}, client {}, {} {}",
        confidence,
        microsecond(finding.time),
        text::zone(finding.time),
        finding.client,
        text::capture(capture),
        frames(finding)
    )
}

fn frames(finding: &Finding) -> String {
    let frames = &finding.frames;
    let place = |frame: Frame| {
        let other = if frame.capture == finding.capture() { "" } else { " of another file" };
        format!("{}{other}", frame.number)
    };
    let parts: Vec<String> =
        [("SYN", frames.syn), ("SYN-ACK", frames.syn_ack), ("ACK", frames.ack), ("RST", frames.reset)]
            .into_iter()
            .filter_map(|(name, frame)| frame.map(|frame| format!("{name} {}", place(frame))))
            .collect();
    if parts.is_empty() { String::new() } else { format!("(frames: {})", parts.join(", ")) }
}

fn evidence(output: &mut dyn Write, terminal: Terminal, finding: &Finding) -> io::Result<()> {
    let evidence: Vec<_> = strength::listed(&finding.assessment).collect();
    for seen in evidence.iter().take(EVIDENCE) {
        let text = format!("{} [{}]", escape_controls(&seen.detail), strength::evidence(seen));
        paragraph(output, terminal.width, "      - ", &text)?;
    }
    more_indented(output, evidence.len().saturating_sub(EVIDENCE), "      - ", "piece of evidence")
}

/// Writes the terms that add up to the log-odds.
fn sum(output: &mut dyn Write, terminal: Terminal, finding: &Finding) -> io::Result<()> {
    let Some(sum) = strength::sum(&finding.assessment) else { return Ok(()) };
    let terms: Vec<String> = sum.terms.iter().map(|(nats, name)| format!("{nats:+.2} {name}")).collect();
    let text = format!("{}: {:.2} = {}", sum.heading, sum.total, terms.join(", "));
    paragraph(output, terminal.width, "      ", &text)
}

fn cause(output: &mut dyn Write, terminal: Terminal, finding: &Finding) -> io::Result<()> {
    let Some(cause) = finding.causes.first() else { return Ok(()) };
    if cause.ruled_out {
        paragraph(output, terminal.width, "      ", words::NO_CAUSE)?;
    } else {
        let reasons =
            if cause.supporting.is_empty() { String::new() } else { format!(": {}", cause.supporting.join("; ")) };
        let reasons = escape_controls(&format!("{}{reasons}", cause.kind)).into_owned();
        paragraph(output, terminal.width, "      most likely cause: ", &reasons)?;
    }
    for excluded in finding.causes.iter().filter(|cause| cause.ruled_out) {
        let why = excluded.against.join("; ");
        paragraph(output, terminal.width, "      ruled out: ", &escape_controls(&format!("{}: {why}", excluded.kind)))?;
    }
    if cause.ruled_out {
        return Ok(());
    }
    check::write(output, terminal, "      ", "to confirm", &cause.check)
}

/// Writes one group of failures of a listener.
pub fn failure(output: &mut dyn Write, terminal: Terminal, group: &Group, noun: &str) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, terminal.width, "  ", &title(group, noun))?;
    let Some((capture, finding)) = group.examples.first() else { return Ok(()) };
    cause(output, terminal, finding)?;
    let example = format!("client {}, {} {}", finding.client, text::capture(capture), frames(finding));
    paragraph(output, terminal.width, "      example: ", &example)
}

/// Formats the title of a group: listener, verdict, outcome, number and time.
fn title(group: &Group, noun: &str) -> String {
    let likeness = &group.likeness;
    let span = span(group.count, noun, group.first, group.last);
    let stuck = match group.stuck() {
        0 => String::new(),
        all if all == group.count => ", stuck".into(),
        some => format!(", {} of them stuck", grouped(some)),
    };
    let unsure = match group.count - group.reliable {
        0 => String::new(),
        _ if !likeness.verdict.is_cookie_style() => String::new(),
        all if all == group.count => " (only possible)".into(),
        some => format!(" ({} likely or certain, {} only possible)", grouped(group.reliable), grouped(some)),
    };
    format!("{}: {}, {}{stuck}; {span}{unsure}", likeness.server, likeness.verdict, group.outcome)
}

/// Formats the number of handshakes or connections and their time span.
fn span(number: u64, noun: &str, first: Timestamp, last: Timestamp) -> String {
    match number {
        1 => count(number, noun),
        _ => format!("{}, {}", count(number, noun), range(first, last)),
    }
}

/// Writes the number of findings that are not shown.
pub fn more(output: &mut dyn Write, number: usize, what: &str) -> io::Result<()> {
    more_indented(output, number, "    ", what)
}

fn more_indented(output: &mut dyn Write, number: usize, indent: &str, what: &str) -> io::Result<()> {
    match number {
        0 => Ok(()),
        1 => writeln!(output, "{indent}and 1 more {what}; --format jsonl lists all"),
        _ => writeln!(output, "{indent}and {} more; --format jsonl lists all", grouped(number as u64)),
    }
}
