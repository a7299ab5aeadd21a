//! Lines that `syncookie kernel snapshot` adds, for facts that are not in a line of a file of the
//! kernel: `syncookie: KEY VALUE`.

use std::net::IpAddr;

use jiff::Timestamp;

use super::{LineParser, decimal, sockets};
use crate::facts::{Facts, Process};

/// Start of each such line.
pub const PREFIX: &str = "syncookie: ";

/// Parser of the lines that a snapshot adds.
pub struct Snapshot;

impl LineParser for Snapshot {
    fn format(&self) -> &'static str {
        "syncookie kernel snapshot"
    }

    fn parse_line(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((key, value)) = line.strip_prefix(PREFIX).and_then(|rest| rest.split_once(' ')) else { return false };
        entry(key, value, facts).is_some()
    }
}

/// Adds the fact of a line; returns `None` if key or value are unknown.
fn entry(key: &str, value: &str, facts: &mut Facts) -> Option<()> {
    match key {
        "taken-at" => facts.taken_at = Some(time(value)?),
        "namespace" => facts.namespace = Some(single_line(value)),
        "namespace-id" => facts.namespace_id = Some(decimal(value)?),
        "note" => facts.add_note(single_line(value)),
        "half-open" => {
            let (local, count) = value.rsplit_once(' ')?;
            facts.add_half_open(sockets::parse_local_address(local)?, decimal(count)?);
        }
        "half-open-known" => facts.set_half_open_listed(),
        "towards-known" => facts.set_gauge("towards".into(), 0),
        "towards" => {
            let mut words = value.split_whitespace();
            let address: IpAddr = words.next()?.parse().ok()?;
            facts.add_destination(address, words.next()?.parse().ok()?, decimal(words.next()?)?);
        }
        "process" => facts.add_process(process(value)?),
        _ => return None,
    }
    Some(())
}

/// Parses a time in nanoseconds since 1970-01-01 UTC.
fn time(value: &str) -> Option<Timestamp> {
    let nanos: i64 = value.parse().ok()?;
    Timestamp::from_nanosecond(nanos.into()).ok()
}

/// Parses `pid=1 descriptors=6 limit=1024 threads=1 group=3/100 listens=123,456 name=nginx:
/// master`.
fn process(value: &str) -> Option<Process> {
    let (rest, name) = value.split_once("name=")?;
    let mut process = Process { name: single_line(name), ..Process::default() };
    for (key, value) in rest.split_whitespace().filter_map(|word| word.split_once('=')) {
        match key {
            "pid" => process.pid = value.parse().ok()?,
            "descriptors" => process.descriptors = decimal(value),
            "limit" => process.descriptor_limit = decimal(value),
            "threads" => process.threads = decimal(value),
            "group" => process.cgroup_pids = value.split_once('/').and_then(|(a, b)| Some((decimal(a)?, decimal(b)?))),
            "memory" => {
                let mut parts = value.split('/').map(decimal);
                process.cgroup_memory = (|| Some((parts.next()??, parts.next()??, parts.next()??)))();
            }
            "listens" => process.listens = value.split(',').take(4096).filter_map(decimal).collect(),
            _ => {}
        }
    }
    Some(process)
}

/// Returns a text that fits in a line of a snapshot: at most 1024 characters, with blanks in place
/// of control characters.
pub fn single_line(text: &str) -> String {
    text.chars().take(1024).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
