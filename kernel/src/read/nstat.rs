//! `nstat`, a counter on each line: `TcpExtListenOverflows           0                  0.0`; and
//! its JSON, `nstat -j`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::names::split_group;
use super::{LineParser, decimal};
use crate::facts::Facts;

/// Parser of `nstat`.
#[derive(Default)]
pub struct Nstat {
    is_open: bool,
}

/// Document of `nstat -j`.
#[derive(Deserialize)]
struct Json {
    kernel: BTreeMap<String, u64>,
}

impl LineParser for Nstat {
    fn format(&self) -> &'static str {
        "nstat"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if line == "#kernel" {
            self.is_open = true;
            facts.omits_zeros.nstat.get_or_insert(true);
            return true;
        }
        if line.starts_with("{\"kernel\"") {
            let Ok(json) = serde_json::from_str::<Json>(line) else { return false };
            json.kernel.into_iter().for_each(|(name, value)| set(&name, value, facts));
            return true;
        }
        let Some((name, value)) = row(line) else { return false };
        // A zero is printed with -z only; then the kernel does not have the missing counters.
        if value == 0 {
            facts.omits_zeros.nstat = Some(false);
        }
        set(name, value, facts);
        true
    }

    fn reset(&mut self) {
        self.is_open = false;
    }
}

/// Sets a counter by its name in `nstat`.
fn set(name: &str, value: u64, facts: &mut Facts) {
    if let Some((group, name)) = split_group(name) {
        facts.set_counter(format!("{group}.{name}"), value);
    }
}

/// Parses the name and the value of a row, whose third column is a rate.
fn row(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_whitespace();
    let (name, value, rate) = (words.next()?, words.next()?, words.next()?);
    let is_row =
        words.next().is_none() && rate.contains('.') && rate.parse::<f64>().is_ok() && split_group(name).is_some();
    if is_row { Some((name, decimal(value)?)) } else { None }
}
