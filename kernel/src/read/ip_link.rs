//! `ip -s link`, `ip -s -s link`, `ip -s -d link` and `ip -s addr`: the counters of each interface
//! in lines of names and of values.

use super::{LineParser, decimal};
use crate::facts::Facts;

/// Parser of `ip -s link`.
#[derive(Default)]
pub struct IpLink {
    interface: Option<String>,
    /// Whether counters of the interface may follow: lines of details and addresses precede them.
    is_before_counters: bool,
    /// Direction and columns of the next line.
    columns: Option<(&'static str, Vec<String>)>,
}

impl LineParser for IpLink {
    fn format(&self) -> &'static str {
        "ip -s link"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(name) = interface(line) {
            *self = Self { interface: Some(name), is_before_counters: true, columns: None };
            return true;
        }
        let Some(interface) = &self.interface else { return false };
        if let Some((direction, columns)) = columns(line) {
            self.columns = Some((direction, columns));
            self.is_before_counters = false;
            return true;
        }
        if let Some((direction, columns)) = self.columns.take() {
            let values: Option<Vec<u64>> = line.split_whitespace().map(decimal).collect();
            if let Some(values) = values.filter(|values| values.len() == columns.len()) {
                columns.iter().zip(values).for_each(|(column, value)| add(interface, direction, column, value, facts));
                return true;
            }
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        if word.starts_with("prog/xdp") {
            facts.set_gauge(format!("interface.{interface}.xdp_program"), 1);
        }
        let is_detail = self.is_before_counters && line.starts_with("    ");
        is_detail || word.starts_with("link/") || word.starts_with("prog/") || word == "altname" || word == "alias"
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Parses the name in `2: eth0@if2: <BROADCAST,UP> mtu 1500 …`.
fn interface(line: &str) -> Option<String> {
    let (number, rest) = line.split_once(": ")?;
    let (name, rest) = rest.split_once(": <")?;
    let is_it = decimal(number).is_some() && rest.contains("> mtu ") && name.len() <= 64;
    is_it.then(|| name.split('@').next().unwrap_or(name).to_owned())
}

/// Parses `RX:  bytes packets errors dropped  missed   mcast` or `RX errors:  length    crc …`.
fn columns(line: &str) -> Option<(&'static str, Vec<String>)> {
    let (heading, rest) = line.trim_start().split_once(':')?;
    let direction = match heading {
        "RX" | "RX errors" => "rx",
        "TX" | "TX errors" => "tx",
        _ => return None,
    };
    Some((direction, rest.split_whitespace().map(str::to_owned).collect()))
}

/// Adds a value under the name that `/proc/net/dev` has for it. That file's `rx_drop` includes
/// missed packets (net/core/net-procfs.c).
fn add(interface: &str, direction: &str, column: &str, value: u64, facts: &mut Facts) {
    let name = |column: &str| format!("interface.{interface}.{direction}_{column}");
    match (direction, column) {
        (_, "bytes" | "packets" | "fifo") => facts.set_counter(name(column), value),
        (_, "errors") => facts.set_counter(name("errs"), value),
        (_, "dropped") => facts.set_counter(name("drop"), value),
        ("rx", "missed") => {
            facts.add_to_counter(&name("drop"), value);
            facts.set_counter(name("missed_errors"), value);
        }
        ("rx", "overrun") => facts.set_counter(name("over_errors"), value),
        ("rx", "crc") => facts.set_counter(name("crc_errors"), value),
        _ => {}
    }
}
