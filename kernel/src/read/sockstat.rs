//! `/proc/net/sockstat` and `sockstat6`: `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0`; and the
//! summary of `ss -s`.

use super::{LineParser, decimal, split_at_colon};
use crate::facts::Facts;

/// Parser of socket statistics.
pub struct Sockstat;

impl LineParser for Sockstat {
    fn format(&self) -> &'static str {
        "/proc/net/sockstat"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((group, rest)) = split_at_colon(line) else { return false };
        if group == "TCP" && rest.contains("(estab ") {
            summary(rest, facts);
            return true;
        }
        let known = ["sockets", "TCP", "UDP", "UDPLITE", "RAW", "FRAG", "TCP6", "UDP6", "UDPLITE6", "RAW6", "FRAG6"];
        let words: Vec<&str> = rest.split_whitespace().collect();
        let pairs: Option<Vec<(&str, u64)>> = words
            .chunks(2)
            .map(|pair| match pair {
                [name, value] => Some((*name, decimal(value)?)),
                _ => None,
            })
            .collect();
        let Some(pairs) = pairs.filter(|pairs| !pairs.is_empty() && known.contains(&group)) else { return false };
        for (name, value) in pairs {
            facts.set_gauge(format!("{group}.{name}"), value);
        }
        true
    }
}

/// Adds the gauges in `   12 (estab 2, closed 3, orphaned 0, synrecv 0, timewait 2/0), ports 0`.
fn summary(rest: &str, facts: &mut Facts) {
    let words: Vec<&str> = rest.split([' ', ',', '(', ')', '/']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let name = match pair[0] {
            "orphaned" => "TCP.orphan",
            "timewait" => "TCP.tw",
            _ => continue,
        };
        if let Some(value) = decimal(pair[1]) {
            facts.set_gauge(name.into(), value);
        }
    }
}
