//! Lines of the kernel's log: `dmesg`, `journalctl -k`, syslog files.

use super::{LineParser, decimal};
use crate::facts::{Event, EventKind, Facts};

/// Parser of the kernel's log.
pub struct Log;

/// Number of characters that are kept of a line.
const MAX_TEXT: usize = 512;

impl LineParser for Log {
    fn format(&self) -> &'static str {
        "kernel log"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(event) = log_event(line) {
            facts.add_event(event);
            return true;
        }
        is_log(line)
    }
}

/// Parses a line that reports a resource as exhausted.
pub(crate) fn log_event(line: &str) -> Option<Event> {
    let kind = event_kind(line)?;
    let text = line.trim().chars().take(MAX_TEXT).collect();
    Some(Event { kind, port: port(line), netns: netns(line), text })
}

/// Returns the condition that a line reports, in the words of any kernel version.
fn event_kind(line: &str) -> Option<EventKind> {
    let line = line.to_ascii_lowercase();
    let has = |words: &str| line.contains(words);
    Some(if has("possible syn flooding") {
        if has("dropping request") { EventKind::SynFloodDrop } else { EventKind::SynFloodCookies }
    } else if has("conntrack: table full") {
        EventKind::ConntrackFull
    } else if has("consider tuning tcp_mem") || has("out of socket memory") {
        EventKind::TcpMemory
    } else if has("too many orphaned sockets") || has("too many of orphaned sockets") {
        EventKind::Orphans
    } else if has("time wait bucket table overflow") {
        EventKind::TimeWaitOverflow
    } else if has("file-max limit") && has("reached") {
        EventKind::FileMax
    } else if has("fork rejected by pids controller") {
        EventKind::Tasks
    } else if has("neighbour table overflow") || has("neighbor table overflow") {
        EventKind::Neighbours
    } else {
        return None;
    })
}

/// Parses the port in `on port 80.`, or as newer kernels write it, `on port 0.0.0.0:80.` or `on
/// port [::]:80.`.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("on port ")?;
    let end = rest.split_whitespace().next()?.trim_end_matches('.');
    end.rsplit(':').next()?.parse().ok()
}

/// Parses the namespace in `table full in netns 4026532177, dropping packet`.
fn netns(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(" in netns ")?;
    decimal(rest.split([',', ':', ' ']).next()?)
}

/// Returns whether a line begins as those of a log: `[ 12.3] …`, `<4>[ 12.3] …`, `Nov 22 06:28:21
/// host kernel: …`.
fn is_log(line: &str) -> bool {
    let line = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map_or(line, |(_, rest)| rest);
    let inside = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let is_stamped = inside.is_some_and(|(stamp, _)| {
        stamp.contains(['.', ':'])
            && stamp.starts_with([
                ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'J', 'M', 'N',
                'O', 'S', 'T', 'W',
            ])
    });
    is_stamped || line.contains(" kernel: ")
}
