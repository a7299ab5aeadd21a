//! `/proc/net/dev`: an interface with sixteen counters on each line.

use super::{LineParser, decimal, split_at_colon};
use crate::facts::Facts;

/// Parser of the interfaces' counters.
pub struct Interfaces;

/// Columns, as the kernel's `dev_seq_show` writes them (net/core/net-procfs.c). `rx_drop` is the
/// sum of `rx_dropped` and `rx_missed_errors`; `rx_frame` is the sum of length, overrun, checksum
/// and framing errors.
const COLUMNS: [&str; 16] = [
    "rx_bytes",
    "rx_packets",
    "rx_errs",
    "rx_drop",
    "rx_fifo",
    "rx_frame",
    "rx_compressed",
    "rx_multicast",
    "tx_bytes",
    "tx_packets",
    "tx_errs",
    "tx_drop",
    "tx_fifo",
    "tx_colls",
    "tx_carrier",
    "tx_compressed",
];

impl LineParser for Interfaces {
    fn format(&self) -> &'static str {
        "/proc/net/dev"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if line.starts_with("Inter-|") || line.trim_start().starts_with("face |bytes") {
            return true;
        }
        let Some((name, rest)) = line.rsplit_once(':') else { return false };
        let name = name.trim();
        let values: Option<Vec<u64>> = rest.split_whitespace().map(decimal).collect();
        let Some(values) = values.filter(|values| values.len() == COLUMNS.len()) else { return false };
        if name.is_empty() || name.len() > 64 || name.contains(char::is_whitespace) || split_at_colon(name).is_some() {
            return false;
        }
        for (column, value) in COLUMNS.iter().zip(values) {
            facts.set_counter(format!("interface.{name}.{column}"), value);
        }
        true
    }
}
