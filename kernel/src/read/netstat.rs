//! `netstat -s`: older counters in words, newer ones by name.

use super::{LineParser, decimal, netstat_phrases};
use crate::facts::{Facts, is_in_every_kernel};

/// Parser of `netstat -s`.
#[derive(Default)]
pub struct Netstat {
    /// Group that the line is in.
    group: Option<String>,
    /// Direction of the ICMP messages in a histogram: `In `, `Out ` or nothing.
    direction: &'static str,
}

impl LineParser for Netstat {
    fn format(&self) -> &'static str {
        "netstat -s"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(group) = line.strip_suffix(':').filter(|group| is_group(group)) {
            *self = Self { group: Some(group.to_owned()), direction: "" };
            return true;
        }
        let is_indented = line.starts_with([' ', '\t']);
        match &self.group {
            Some(_) if is_indented && line.ends_with("histogram:") => {
                self.direction = if line.contains("input") { "In " } else { "Out " };
                true
            }
            Some(group) if is_indented => {
                // The lines of a histogram are indented further.
                let direction = if line.starts_with("        ") { self.direction } else { "" };
                add_counter(group, direction, line.trim(), facts)
            }
            _ => add_lone_line(line.trim(), facts),
        }
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Adds the counter of a line in a group.
fn add_counter(group: &str, direction: &str, line: &str, facts: &mut Facts) -> bool {
    let Some((name, value)) = parse_named(line).or_else(|| parse_phrase(group, line)) else { return false };
    if group == "TcpExt" {
        update_omits_zeros(&name, value, facts);
    }
    facts.set_counter(format!("{group}.{direction}{name}"), value);
    true
}

/// Records whether the group leaves out zeros. It does unless a zero is in it, other than that of
/// `TCPHPHits`, which `netstat` always prints.
fn update_omits_zeros(name: &str, value: u64, facts: &mut Facts) {
    if value == 0 && name != "TCPHPHits" {
        facts.omits_zeros.netstat = Some(false);
    } else {
        facts.omits_zeros.netstat.get_or_insert(true);
    }
}

/// Adds the counter of a line without its group, as `grep` prints it, if the line cannot mean
/// anything else.
fn add_lone_line(line: &str, facts: &mut Facts) -> bool {
    let (template, Some(value)) = netstat_phrases::template(line) else { return false };
    let found =
        ["TcpExt", "Tcp"].into_iter().find_map(|group| Some((group, netstat_phrases::counter_name(group, &template)?)));
    let by_name = || {
        let word = line.split([' ', ':', '=']).find(|word| is_in_every_kernel(&format!("TcpExt.{word}")))?;
        (line.split_whitespace().count() == 2).then_some(("TcpExt", word))
    };
    let Some((group, name)) = found.or_else(by_name) else { return false };
    facts.set_counter(format!("{group}.{name}"), value);
    true
}

/// Parses `TCPBacklogDrop: 53`.
fn parse_named(line: &str) -> Option<(String, u64)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name { Some((name.to_owned(), decimal(value.trim())?)) } else { None }
}

/// Parses `9107 times the listen queue of a socket overflowed`. An unknown phrase is the counter's
/// name itself.
fn parse_phrase(group: &str, line: &str) -> Option<(String, u64)> {
    let (template, value) = netstat_phrases::template(line);
    let name = netstat_phrases::counter_name(group, &template).map_or(template.clone(), str::to_owned);
    Some((name, value?))
}

/// Returns whether the text has the form of a group's name.
fn is_group(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
