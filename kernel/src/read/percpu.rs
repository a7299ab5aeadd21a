//! `/proc/net/stat/*`: a line of names, then a line of hexadecimal numbers for each CPU. `conntrack
//! -S`: a line of names and decimal numbers for each CPU.

use super::{LineParser, decimal};
use crate::facts::Facts;

/// Parser of tables with one line per CPU.
#[derive(Default)]
pub struct PerCpu {
    /// Name and columns of the table that the line is in.
    open: Option<(&'static str, Vec<String>)>,
    /// Whether lines of `conntrack -S` were read.
    is_conntrack: bool,
}

impl LineParser for PerCpu {
    fn format(&self) -> &'static str {
        "/proc/net/stat"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(table) = table(line, facts.heading.as_deref().unwrap_or_default()) {
            facts.clear_counters(&format!("{table}."));
            let columns = line.split_whitespace().map(str::to_owned).collect();
            self.open = Some((table, columns));
            return true;
        }
        if line.starts_with("cpu=") && line.contains("insert_failed=") {
            return self.conntrack(line, facts);
        }
        let Some((table, columns)) = &self.open else { return false };
        let values: Option<Vec<u64>> = line.split_whitespace().map(hexadecimal).collect();
        let Some(values) = values.filter(|values| values.len() == columns.len()) else { return false };
        for (column, value) in columns.iter().zip(values) {
            if column == "entries" {
                // The number of entries in the table: a gauge, with the same value on every line.
                facts.set_gauge(format!("{table}.entries"), value);
            } else {
                facts.add_to_counter(&format!("{table}.{column}"), value);
            }
        }
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl PerCpu {
    /// Adds a line of `conntrack -S`.
    fn conntrack(&mut self, line: &str, facts: &mut Facts) -> bool {
        if !self.is_conntrack {
            facts.clear_counters("nf_conntrack.");
            self.is_conntrack = true;
        }
        for (name, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
            let (false, Some(value)) = (name == "cpu", decimal(value)) else { continue };
            // `conntrack` renames these columns.
            let name = match name {
                "error" => "icmp_error",
                "clash_resolve" => "clashres",
                "chaintoolong" => "chainlength",
                other => other,
            };
            facts.add_to_counter(&format!("nf_conntrack.{name}"), value);
        }
        true
    }
}

/// Returns the name of the table whose line of names this is. The tables of ARP and NDP have the
/// same columns, so the heading above them decides.
fn table(line: &str, heading: &str) -> Option<&'static str> {
    let mut words = line.split_whitespace();
    if words.next() != Some("entries") {
        return None;
    }
    let has = |wanted: &str| line.split_whitespace().any(|word| word == wanted);
    if has("cookie_invalid") {
        Some("synproxy")
    } else if has("early_drop") {
        Some("nf_conntrack")
    } else if has("unresolved_discards") {
        Some(if heading.ends_with("ndisc_cache") { "ndisc_cache" } else { "arp_cache" })
    } else if has("gc_dst_overflow") {
        Some("rt_cache")
    } else {
        None
    }
}

/// Parses a text that consists of hexadecimal digits.
fn hexadecimal(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { u64::from_str_radix(text, 16).ok() } else { None }
}
