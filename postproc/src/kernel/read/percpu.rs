//! `/proc/net/stat/*`: a line of names, then one of hexadecimal numbers for each processor. `conntrack -S`: the same
//! with names beside the numbers.

use super::{Form, number};
use crate::kernel::facts::Facts;

/// The forms; in a table, its name and columns, and whether a row was read.
#[derive(Default)]
pub struct PerCpu {
    open: Option<(&'static str, Vec<String>)>,
    is_conntrack: bool,
}

impl Form for PerCpu {
    fn name(&self) -> &'static str {
        "/proc/net/stat"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(table) = table(line) {
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
                // Not a counter, and the same on every line: how many there are.
                facts.set_gauge(format!("{table}.entries"), value);
            } else {
                facts.add_to_counter(&format!("{table}.{column}"), value);
            }
        }
        true
    }

    fn leave(&mut self) {
        *self = Self::default();
    }
}

impl PerCpu {
    fn conntrack(&mut self, line: &str, facts: &mut Facts) -> bool {
        if !self.is_conntrack {
            facts.clear_counters("nf_conntrack.");
            self.is_conntrack = true;
        }
        for (name, value) in line.split_whitespace().filter_map(|word| word.split_once('=')) {
            let (false, Some(value)) = (name == "cpu", number(value)) else { continue };
            // The program's words for the kernel's.
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

/// Which table begins with this line.
fn table(line: &str) -> Option<&'static str> {
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
        Some("neighbour")
    } else if has("gc_dst_overflow") {
        Some("rt_cache")
    } else {
        None
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { u64::from_str_radix(text, 16).ok() } else { None }
}
