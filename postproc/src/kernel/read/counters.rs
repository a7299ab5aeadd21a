//! `/proc/net/netstat` and `/proc/net/snmp`: a line of names, then a line of numbers. `/proc/net/snmp6`: one of each.

use super::{Form, colon, number};
use crate::kernel::facts::Facts;

/// The forms; between the two lines, the group and its names.
#[derive(Default)]
pub struct Counters {
    open: Option<(String, Vec<String>)>,
}

impl Form for Counters {
    fn name(&self) -> &'static str {
        "/proc/net/netstat or snmp"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some((name, value)) = six(line) {
            facts.set_counter(name, value);
            return true;
        }
        let Some((group, rest)) = colon(line) else { return false };
        if let Some((open, names)) = self.open.take()
            && open == group
            && is_values(rest)
        {
            for (name, value) in names.iter().zip(rest.split_whitespace()) {
                // MaxConn is -1: no counter.
                if let Some(value) = number(value) {
                    facts.set_counter(format!("{group}.{name}"), value);
                }
            }
            return true;
        }
        if !is_name(group) || rest.split_whitespace().next().is_none() || !rest.split_whitespace().all(is_name) {
            return false;
        }
        let names: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
        // `RPC: unsuccessful` of a log is no table; every table of the kernel's has more than that, but IcmpMsg.
        if names.len() < 2 && group != "IcmpMsg" {
            return false;
        }
        self.open = Some((group.to_owned(), names));
        true
    }

    fn leave(&mut self) {
        self.open = None;
    }
}

fn is_values(rest: &str) -> bool {
    let mut values = rest.split_whitespace().peekable();
    values.peek().is_some() && values.all(|value| value.parse::<i128>().is_ok())
}

/// How the kernel names counters and their groups.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `Ip6InReceives 1234`
fn six(line: &str) -> Option<(String, u64)> {
    let mut words = line.split_whitespace();
    let (name, value) = (words.next()?, words.next()?);
    let group = ["Ip6", "Icmp6", "UdpLite6", "Udp6"].into_iter().find(|group| name.starts_with(group))?;
    if words.next().is_some() || !is_name(name) {
        return None;
    }
    Some((format!("{group}.{}", &name[group.len()..]), number(value)?))
}
