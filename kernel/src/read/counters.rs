//! `/proc/net/netstat` and `/proc/net/snmp`: a line of names, then a line of numbers.
//! `/proc/net/snmp6`: a name and a number on each line.

use super::{LineParser, decimal, split_at_colon};
use crate::facts::Facts;

/// Parser of SNMP counters.
#[derive(Default)]
pub struct Counters {
    /// Group and names of the first line, until the second is read.
    open: Option<(String, Vec<String>)>,
}

impl LineParser for Counters {
    fn format(&self) -> &'static str {
        "/proc/net/netstat or snmp"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some((name, value)) = snmp6(line) {
            facts.set_counter(name, value);
            return true;
        }
        let Some((group, rest)) = split_at_colon(line) else { return false };
        if let Some((open, names)) = self.open.take()
            && open == group
            && is_values(rest)
        {
            for (name, value) in names.iter().zip(rest.split_whitespace()) {
                // MaxConn is -1, and not a counter.
                if let Some(value) = decimal(value) {
                    facts.set_counter(format!("{group}.{name}"), value);
                }
            }
            return true;
        }
        if !is_name(group) || rest.split_whitespace().next().is_none() || !rest.split_whitespace().all(is_name) {
            return false;
        }
        let names: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
        // A line of a log, such as `RPC: unsuccessful`, is not a table: all tables but IcmpMsg have
        // several names.
        if names.len() < 2 && group != "IcmpMsg" {
            return false;
        }
        self.open = Some((group.to_owned(), names));
        true
    }

    fn reset(&mut self) {
        self.open = None;
    }
}

/// Returns whether the text is a list of integers.
fn is_values(rest: &str) -> bool {
    let mut values = rest.split_whitespace().peekable();
    values.peek().is_some() && values.all(|value| value.parse::<i128>().is_ok())
}

/// Returns whether the text has the form of the kernel's names for counters and groups.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Parses a line of `/proc/net/snmp6`: `Ip6InReceives 1234`.
fn snmp6(line: &str) -> Option<(String, u64)> {
    let mut words = line.split_whitespace();
    let (name, value) = (words.next()?, words.next()?);
    let group = ["Ip6", "Icmp6", "UdpLite6", "Udp6"].into_iter().find(|group| name.starts_with(group))?;
    if words.next().is_some() || !is_name(name) {
        return None;
    }
    Some((format!("{group}.{}", &name[group.len()..]), decimal(value)?))
}
