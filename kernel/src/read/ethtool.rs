//! `ethtool -S`: the counters of a network card, whose names differ between drivers.

use super::{LineParser, decimal, split_at_colon};
use crate::facts::Facts;

/// Name of the interface where the output does not have it.
const UNNAMED: &str = "NIC";

/// Parser of a network card's counters. The output has no name of the interface: it is taken from
/// the command or heading above it.
#[derive(Default)]
pub struct Ethtool {
    interface: Option<String>,
    is_open: bool,
}

impl LineParser for Ethtool {
    fn format(&self) -> &'static str {
        "ethtool -S"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        if let Some(interface) = command(line) {
            self.interface = Some(interface);
            return true;
        }
        if line.trim() == "NIC statistics:" {
            self.is_open = true;
            let heading = facts.heading.as_deref().and_then(command);
            self.interface = self.interface.take().or(heading).or_else(|| Some(UNNAMED.to_owned()));
            return true;
        }
        let Some(interface) = self.interface.as_deref().filter(|_| self.is_open) else { return false };
        let Some((name, value)) = split_at_colon(line.trim()) else { return false };
        let Some(value) = decimal(value.trim()) else { return false };
        facts.set_counter(format!("interface.{interface}.{}", name.replace(['.', ' '], "_")), value);
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Returns the interface in a command, `$ ethtool -S eth0`.
fn command(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ethtool -S ")?;
    let name = rest.split_whitespace().next()?;
    (name.len() <= 64 && rest.split_whitespace().count() == 1).then(|| name.to_owned())
}
