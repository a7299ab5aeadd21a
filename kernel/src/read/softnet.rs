//! `/proc/net/softnet_stat`: a line of hexadecimal numbers for each CPU, without names.

use super::LineParser;
use crate::facts::Facts;

/// Parser of softirq statistics.
#[derive(Default)]
pub struct Softnet {
    /// Whether a line of the table was read.
    is_open: bool,
}

/// Columns with counters, as the kernel's `softnet_seq_show` writes them (net/core/net-procfs.c).
const COUNTERS: [(usize, &str); 6] = [
    (0, "softnet.processed"),
    (1, "softnet.dropped"),
    (2, "softnet.time_squeeze"),
    (8, "softnet.cpu_collision"),
    (9, "softnet.received_rps"),
    (10, "softnet.flow_limit_count"),
];
/// Column with the length of the CPU's backlog queue, and the minimum number of columns of a line
/// that contains it (Linux 5.10).
const BACKLOG: usize = 11;
const COLUMNS_WITH_BACKLOG: usize = 13;

impl LineParser for Softnet {
    fn format(&self) -> &'static str {
        "/proc/net/softnet_stat"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        let values: Option<Vec<u64>> = line.split_whitespace().map(eight_hex_digits).collect();
        let Some(values) = values.filter(|values| (9..=32).contains(&values.len())) else { return false };
        if !self.is_open {
            facts.clear_counters("softnet.");
            facts.set_gauge("softnet.backlog".into(), 0);
            self.is_open = true;
        }
        for (column, name) in COUNTERS {
            if let Some(value) = values.get(column) {
                facts.add_to_counter(name, *value);
            }
        }
        if values.len() >= COLUMNS_WITH_BACKLOG {
            let longest = facts.gauge("softnet.backlog").unwrap_or(0).max(values[BACKLOG]);
            facts.set_gauge("softnet.backlog".into(), longest);
        }
        true
    }

    fn reset(&mut self) {
        self.is_open = false;
    }
}

/// Parses a text that consists of eight hexadecimal digits.
fn eight_hex_digits(text: &str) -> Option<u64> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u64::from_str_radix(text, 16).ok()
    } else {
        None
    }
}
