//! Reads what people save of a kernel: one output, or several in one file, recognised by content.
//!
//! Each format is a small `LineParser`. Each line is offered to every parser in turn, and the
//! first that recognises it takes it. A parser may keep a state between lines (the group of
//! counters, the columns of a table); it is reset when another parser takes a line. Parsers are
//! bounded and never fail: a line that none recognises is counted.

mod counters;
mod error;
mod ethtool;
mod files;
mod headings;
mod interfaces;
mod ip_link;
mod log;
mod names;
mod netstat;
mod netstat_phrases;
mod nstat;
mod packet_filter;
mod percpu;
mod snapshot;
mod sockets;
mod sockstat;
mod softnet;
mod sysctl;
#[cfg(test)]
mod tests;
mod traced;

use std::io::{self, BufRead};

use crate::facts::Facts;

pub use error::Error;
pub use files::{file, files, samples, samples_by_namespace, text};
#[cfg(target_os = "linux")]
pub(crate) use log::log_event;
#[cfg(target_os = "linux")]
pub(crate) use snapshot::{PREFIX, single_line};
#[cfg(test)]
pub(crate) use sockets::parse_local_address;

/// Number of bytes that are kept of one line; the longest line of an honest source, in
/// `/proc/net/netstat`, has about 4000.
const MAX_LINE: usize = 64 << 10;

/// Parser of one format.
trait LineParser {
    /// Returns the name of the format in reports.
    fn format(&self) -> &'static str;

    /// Adds the facts in a line; returns false if the line has another format.
    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool;

    /// Forgets the state between lines, because another parser took a line.
    fn reset(&mut self) {}
}

/// Reads a document to its end. Lines without a known format are counted in
/// [`Facts::unrecognised_lines`].
///
/// # Errors
///
/// Returns the error of the input.
pub fn document(source: &str, mut input: impl BufRead) -> io::Result<Facts> {
    let mut facts = Facts { source: source.to_owned(), ..Facts::default() };
    let mut parsers = parsers();
    let mut last: Option<usize> = None;
    let mut buffer = Vec::new();
    while read_line(&mut input, &mut buffer)? {
        let line = String::from_utf8_lossy(&buffer);
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        let taker = parsers.iter_mut().position(|parser| {
            facts.format = parser.format();
            parser.parse_line(line, &mut facts)
        });
        match taker {
            Some(_) => *facts.formats.entry(facts.format).or_default() += 1,
            None => facts.unrecognised_lines += 1,
        }
        if taker != last {
            if let Some(last) = last {
                parsers[last].reset();
            }
            last = taker;
        }
    }
    Ok(facts)
}

/// Returns the parsers in the order in which a line is offered to them: the stricter formats first.
fn parsers() -> [Box<dyn LineParser>; 17] {
    [
        Box::new(snapshot::Snapshot),
        Box::<headings::Headings>::default(),
        Box::<traced::TracedPackets>::default(),
        Box::<counters::Counters>::default(),
        Box::<percpu::PerCpu>::default(),
        Box::<softnet::Softnet>::default(),
        Box::new(sockstat::Sockstat),
        Box::<ethtool::Ethtool>::default(),
        Box::<ip_link::IpLink>::default(),
        Box::<packet_filter::Nft>::default(),
        Box::<packet_filter::Iptables>::default(),
        Box::new(interfaces::Interfaces),
        Box::<nstat::Nstat>::default(),
        Box::new(sysctl::Sysctl),
        Box::<sockets::Sockets>::default(),
        Box::new(log::Log),
        Box::<netstat::Netstat>::default(),
    ]
}

/// Reads a line without its end into `buffer`, cut to [`MAX_LINE`] bytes; returns false at the end
/// of the input.
fn read_line(input: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let mut is_any = false;
    loop {
        let chunk = match input.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            return Ok(is_any);
        }
        is_any = true;
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        buffer.extend_from_slice(&part[..part.len().min(MAX_LINE - buffer.len())]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Parses a text that consists of decimal digits.
fn decimal(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Splits a line at its first colon, if something precedes it.
fn split_at_colon(line: &str) -> Option<(&str, &str)> {
    let (before, after) = line.split_once(':')?;
    (!before.is_empty()).then_some((before, after))
}
