//! `netstat -s`: counters in words, and newer ones by name.

use super::{Form, number, wording};
use crate::kernel::facts::Facts;

/// The form; in it, the group, and in a histogram of ICMP messages, which way they went.
#[derive(Default)]
pub struct Netstat {
    group: Option<String>,
    way: &'static str,
}

impl Form for Netstat {
    fn name(&self) -> &'static str {
        "netstat -s"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(group) = line.strip_suffix(':').filter(|group| is_group(group)) {
            *self = Self { group: Some(group.to_owned()), way: "" };
            return true;
        }
        let is_indented = line.starts_with([' ', '\t']);
        match &self.group {
            Some(_) if is_indented && line.ends_with("histogram:") => {
                self.way = if line.contains("input") { "In " } else { "Out " };
                true
            }
            Some(group) if is_indented => {
                // What is in a histogram is indented by more.
                let way = if line.starts_with("        ") { self.way } else { "" };
                in_group(group, way, line.trim(), facts)
            }
            _ => alone(line.trim(), facts),
        }
    }

    fn leave(&mut self) {
        *self = Self::default();
    }
}

fn in_group(group: &str, way: &str, line: &str, facts: &mut Facts) -> bool {
    let Some((name, value)) = named(line).or_else(|| worded(group, line)) else { return false };
    if group == "TcpExt" {
        leaves_out(&name, value, facts);
    }
    facts.set_counter(format!("{group}.{way}{name}"), value);
    true
}

/// The group was printed, not searched for one counter: what is not in it is zero, unless zeros are shown. One counter
/// is shown in any case.
fn leaves_out(name: &str, value: u64, facts: &mut Facts) {
    if value == 0 && name != "TCPHPHits" {
        facts.implied().netstat = Some(false);
    } else {
        facts.implied().netstat.get_or_insert(true);
    }
}

/// A line by itself, as `grep` leaves it: only what can be nothing else.
fn alone(line: &str, facts: &mut Facts) -> bool {
    let (template, Some(value)) = wording::template(line) else { return false };
    let found = ["TcpExt", "Tcp"].into_iter().find_map(|group| Some((group, wording::name(group, &template)?)));
    let by_name = || {
        let word = line.split([' ', ':', '=']).find(|word| super::is_old(&format!("TcpExt.{word}")))?;
        (line.split_whitespace().count() == 2).then_some(("TcpExt", word))
    };
    let Some((group, name)) = found.or_else(by_name) else { return false };
    facts.set_counter(format!("{group}.{name}"), value);
    true
}

/// `TCPBacklogDrop: 53`
fn named(line: &str) -> Option<(String, u64)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name { Some((name.to_owned(), number(value.trim())?)) } else { None }
}

/// `9107 times the listen queue of a socket overflowed`. Words that are not known stay as they are.
fn worded(group: &str, line: &str) -> Option<(String, u64)> {
    let (template, value) = wording::template(line);
    let name = wording::name(group, &template).map_or(template.clone(), str::to_owned);
    Some((name, value?))
}

fn is_group(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
