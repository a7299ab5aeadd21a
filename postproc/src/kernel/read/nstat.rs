//! `nstat`: `TcpExtListenOverflows           0                  0.0`, and `nstat -j`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::names::split;
use super::{Form, number};
use crate::kernel::facts::Facts;

/// The forms.
#[derive(Default)]
pub struct Nstat {
    is_open: bool,
}

#[derive(Deserialize)]
struct Json {
    kernel: BTreeMap<String, u64>,
}

impl Form for Nstat {
    fn name(&self) -> &'static str {
        "nstat"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        if line == "#kernel" {
            self.is_open = true;
            facts.implied().nstat.get_or_insert(true);
            return true;
        }
        if line.starts_with("{\"kernel\"") {
            let Ok(json) = serde_json::from_str::<Json>(line) else { return false };
            json.kernel.into_iter().for_each(|(name, value)| set(&name, value, facts));
            return true;
        }
        let Some((name, value)) = row(line) else { return false };
        // With a zero in it, zeros are shown (-z): what is missing then is not known to the kernel.
        if value == 0 {
            facts.implied().nstat = Some(false);
        }
        set(name, value, facts);
        true
    }

    fn leave(&mut self) {
        self.is_open = false;
    }
}

fn set(name: &str, value: u64, facts: &mut Facts) {
    if let Some((group, name)) = split(name) {
        facts.set_counter(format!("{group}.{name}"), value);
    }
}

/// Name and value, when the third column is a rate.
fn row(line: &str) -> Option<(&str, u64)> {
    let mut words = line.split_whitespace();
    let (name, value, rate) = (words.next()?, words.next()?, words.next()?);
    let is_row = words.next().is_none() && rate.contains('.') && rate.parse::<f64>().is_ok() && split(name).is_some();
    if is_row { Some((name, number(value)?)) } else { None }
}
