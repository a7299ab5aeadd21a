//! `/proc/net/softnet_stat`: a line of hexadecimal numbers for each processor, without names.

use super::Form;
use crate::kernel::facts::Facts;

/// The form.
#[derive(Default)]
pub struct Softnet {
    is_open: bool,
}

/// The columns that are counters, as the kernel's `softnet_seq_show` writes them.
const COLUMNS: [(usize, &str); 6] = [
    (0, "softnet.processed"),
    (1, "softnet.dropped"),
    (2, "softnet.time_squeeze"),
    (8, "softnet.cpu_collision"),
    (9, "softnet.received_rps"),
    (10, "softnet.flow_limit_count"),
];
/// The length of the processor's backlog queue, since 5.10, where there are so many columns.
const LENGTH: (usize, usize) = (11, 13);

impl Form for Softnet {
    fn name(&self) -> &'static str {
        "/proc/net/softnet_stat"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        let values: Option<Vec<u64>> = line.split_whitespace().map(eight).collect();
        let Some(values) = values.filter(|values| (9..=32).contains(&values.len())) else { return false };
        if !self.is_open {
            facts.clear_counters("softnet.");
            facts.set_gauge("softnet.backlog".into(), 0);
            self.is_open = true;
        }
        for (column, name) in COLUMNS {
            if let Some(value) = values.get(column) {
                facts.add_to_counter(name, *value);
            }
        }
        if values.len() >= LENGTH.1 {
            let longest = facts.gauge("softnet.backlog").unwrap_or(0).max(values[LENGTH.0]);
            facts.set_gauge("softnet.backlog".into(), longest);
        }
        true
    }

    fn leave(&mut self) {
        self.is_open = false;
    }
}

fn eight(text: &str) -> Option<u64> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u64::from_str_radix(text, 16).ok()
    } else {
        None
    }
}
