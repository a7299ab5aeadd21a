//! Findings told to people.

use std::io::{self, Write};

use syncookie_engine::{Episode, Finding, Frame, Timestamp};
use syncookie_terminal::{Terminal, count, escape_controls, grouped, paragraph};

use super::findings::Group;
use crate::text::{self, microsecond, range};

/// Evidence shown of a finding: the strongest.
const EVIDENCE: usize = 5;

/// When a listener answered cookie-style, and whether a flood of SYNs came with it.
pub fn episode_line(episode: &Episode) -> String {
    format!(
        "{}: {}, {}, {}; up to {} unacknowledged SYNs a second in it, {} before",
        episode.server,
        episode.verdict,
        count(episode.handshakes, "handshake"),
        range(episode.start, episode.end),
        grouped(episode.peak_unacknowledged_rate),
        grouped(episode.prior_unacknowledged_rate)
    )
}

/// One kind of finding of a listener: the strongest in full, the next ones in a line each.
pub fn finding(output: &mut dyn Write, terminal: Terminal, group: &Group) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, terminal.width, "  ", &title(group))?;
    for (number, (capture, finding)) in group.examples.iter().enumerate() {
        paragraph(output, terminal.width, if number == 0 { "    " } else { "    also " }, &line(capture, finding))?;
        if number == 0 {
            evidence(output, terminal, finding)?;
            cause(output, terminal, finding)?;
        }
    }
    more(output, (group.count as usize).saturating_sub(group.examples.len()), "handshake like these")
}

/// The strongest of a group, without what is told of its cause elsewhere.
pub fn surest(output: &mut dyn Write, terminal: Terminal, group: &Group) -> io::Result<()> {
    let Some((capture, finding)) = group.examples.first() else { return Ok(()) };
    let likeness = &group.likeness;
    let told = format!("{}: {}, {}; {}", likeness.server, likeness.verdict, group.outcome, line(capture, finding));
    paragraph(output, terminal.width, "  ", &told)?;
    evidence(output, terminal, finding)
}

/// When, who, how sure, and where to look.
fn line(capture: &str, finding: &Finding) -> String {
    let assessment = &finding.assessment;
    let sure = match (assessment.confidence, assessment.log_odds) {
        (Some(confidence), Some(odds)) => format!("{confidence} ({odds:.1} nats)"),
        (Some(confidence), None) => confidence.to_string(),
        (None, _) => "confidence unknown".into(),
    };
    let implementations: Vec<_> = assessment.implementations.iter().map(|known| known.as_str()).collect();
    let like =
        if implementations.is_empty() { String::new() } else { format!(", like {}", implementations.join(" or ")) };
    format!(
        "{}{like}; {} UTC, client {}, {} {}",
        sure,
        microsecond(finding.time),
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
    let evidence = &finding.assessment.evidence;
    for seen in evidence.iter().take(EVIDENCE) {
        let text =
            format!("{} [{}, {:.1} nats for {}]", escape_controls(&seen.detail), seen.kind, seen.nats, seen.favours);
        paragraph(output, terminal.width, "      - ", &text)?;
    }
    more_indented(output, evidence.len().saturating_sub(EVIDENCE), "      - ", "piece of evidence")
}

fn cause(output: &mut dyn Write, terminal: Terminal, finding: &Finding) -> io::Result<()> {
    let Some(cause) = finding.causes.first() else { return Ok(()) };
    let reasons =
        if cause.supporting.is_empty() { String::new() } else { format!(": {}", cause.supporting.join("; ")) };
    // Where everything thought of is contradicted, the first is not the most likely: it is the least impossible.
    let lead = if cause.ruled_out { "      nothing fits; nearest " } else { "      most likely " };
    paragraph(output, terminal.width, lead, &escape_controls(&format!("{}{reasons}", cause.kind)))?;
    for excluded in finding.causes.iter().filter(|cause| cause.ruled_out) {
        let why = excluded.against.join("; ");
        paragraph(output, terminal.width, "      ruled out: ", &escape_controls(&format!("{}: {why}", excluded.kind)))?;
    }
    paragraph(output, terminal.width, "      to check: ", &escape_controls(&cause.check))
}

/// One kind of failure of a listener.
pub fn failure(output: &mut dyn Write, terminal: Terminal, group: &Group) -> io::Result<()> {
    writeln!(output)?;
    paragraph(output, terminal.width, "  ", &title(group))?;
    let Some((capture, finding)) = group.examples.first() else { return Ok(()) };
    cause(output, terminal, finding)?;
    let example = format!("client {}, {} {}", finding.client, text::capture(capture), frames(finding));
    paragraph(output, terminal.width, "      for example: ", &example)
}

/// Which listener, what is alike, how many and when.
fn title(group: &Group) -> String {
    let likeness = &group.likeness;
    let span = span(group.count, group.first, group.last);
    format!("{}: {}, {}; {span}", likeness.server, likeness.verdict, group.outcome)
}

/// How many, and when.
fn span(number: u64, first: Timestamp, last: Timestamp) -> String {
    match number {
        1 => "1 handshake".into(),
        _ => format!("{}, {}", count(number, "handshake"), range(first, last)),
    }
}

/// Says how many more there are than are shown.
pub fn more(output: &mut dyn Write, number: usize, what: &str) -> io::Result<()> {
    more_indented(output, number, "    ", what)
}

fn more_indented(output: &mut dyn Write, number: usize, indent: &str, what: &str) -> io::Result<()> {
    match number {
        0 => Ok(()),
        1 => writeln!(output, "{indent}and 1 more {what}; --format jsonl has all"),
        _ => writeln!(output, "{indent}and {} more; --format jsonl has all", grouped(number as u64)),
    }
}
