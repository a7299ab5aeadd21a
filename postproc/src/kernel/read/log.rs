//! Lines of the kernel's log: `dmesg`, `journalctl -k`, syslog files.

use super::Form;
use crate::kernel::facts::{Event, Facts, Kind};

/// The form.
pub struct Log;

/// Characters of a line that are kept.
const KEPT: usize = 512;

impl Form for Log {
    fn name(&self) -> &'static str {
        "kernel log"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(kind) = event(line) {
            facts.add_event(Event { kind, port: port(line), text: line.trim().chars().take(KEPT).collect() });
            return true;
        }
        is_log(line)
    }
}

/// What a line tells of, in the words of any version.
pub fn event(line: &str) -> Option<Kind> {
    let line = line.to_ascii_lowercase();
    let has = |words: &str| line.contains(words);
    Some(if has("possible syn flooding") {
        if has("dropping request") { Kind::SynFloodDrop } else { Kind::SynFloodCookies }
    } else if has("conntrack: table full") {
        Kind::ConntrackFull
    } else if has("consider tuning tcp_mem") || has("out of socket memory") {
        Kind::TcpMemory
    } else if has("too many orphaned sockets") || has("too many of orphaned sockets") {
        Kind::Orphans
    } else if has("time wait bucket table overflow") {
        Kind::TimeWaitOverflow
    } else if has("file-max limit") && has("reached") {
        Kind::FileMax
    } else if has("fork rejected by pids controller") {
        Kind::Tasks
    } else if has("neighbour table overflow") || has("neighbor table overflow") {
        Kind::Neighbours
    } else {
        return None;
    })
}

/// `on port 80.`, and as newer kernels say it, `on port 0.0.0.0:80.` or `on port [::]:80.`.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("on port ")?;
    let end = rest.split_whitespace().next()?.trim_end_matches('.');
    end.rsplit(':').next()?.parse().ok()
}

/// `[ 12.3] …`, `<4>[ 12.3] …`, `Nov 22 06:28:21 host kernel: …`.
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
