//! `ethtool -S`: the counters of a network card, whose names differ between drivers.

use super::{LineParser, decimal};
use crate::facts::Facts;

/// Name of the interface where the output does not have it.
const UNNAMED: &str = "NIC";

/// Parser of a network card's counters. The output has no name of the interface: it is taken from
/// the command or heading above it, or from the name of the file.
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
            let named = self.interface.take().or(heading).or_else(|| interface_of_file(&facts.source));
            self.interface = named.or_else(|| Some(UNNAMED.to_owned()));
            return true;
        }
        let Some(interface) = self.interface.as_deref().filter(|_| self.is_open) else { return false };
        let Some((name, value)) = line.trim().rsplit_once(':').filter(|(name, _)| !name.is_empty()) else {
            return false;
        };
        let Some(value) = decimal(value.trim()) else { return false };
        facts.set_counter(format!("interface.{interface}.{}", counter(name)), value);
        true
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Returns the name of a counter. Drivers with a counter for each queue may write the queue first,
/// `[0]: rx_discards`: its number follows the name, as other drivers write it.
fn counter(name: &str) -> String {
    let plain = |name: &str| name.trim().replace(['.', ' ', ':'], "_");
    match name.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((queue, name)) => format!("{}_{}", plain(name), plain(queue)),
        None => plain(name),
    }
}

/// Returns the interface in the name of a file, as sos and people write it: `ethtool_-S_eth0`,
/// `ethtool-S-eth0.txt`.
fn interface_of_file(source: &str) -> Option<String> {
    let file = source.rsplit('/').next()?;
    let rest =
        ["ethtool_-S_", "ethtool-S-", "ethtool_S_", "ethtool -S "].iter().find_map(|it| file.strip_prefix(it))?;
    let endings = [".gz", ".zst", ".lz4", ".txt", ".log"];
    let name = endings.iter().fold(rest, |name, ending| name.strip_suffix(ending).unwrap_or(name));
    (!name.is_empty() && name.len() <= 64).then(|| name.to_owned())
}

/// Returns the interface in a command, `$ ethtool -S eth0`.
fn command(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("ethtool -S ")?;
    let name = rest.split_whitespace().next()?;
    (name.len() <= 64 && rest.split_whitespace().count() == 1).then(|| name.to_owned())
}
