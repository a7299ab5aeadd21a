//! Lines of our own in a snapshot, for what no file of the kernel's says in a line.

use std::net::IpAddr;

use syncookie_engine::Timestamp;

use super::{Form, number, sockets};
use crate::kernel::facts::{Facts, Process};

/// What each of them begins with.
pub const LEAD: &str = "syncookie: ";

/// The form.
pub struct Own;

impl Form for Own {
    fn name(&self) -> &'static str {
        "syncookie kernel snapshot"
    }

    fn take(&mut self, line: &str, facts: &mut Facts) -> bool {
        let Some((key, value)) = line.strip_prefix(LEAD).and_then(|rest| rest.split_once(' ')) else { return false };
        entry(key, value, facts).is_some()
    }
}

fn entry(key: &str, value: &str, facts: &mut Facts) -> Option<()> {
    match key {
        "taken-at" => facts.taken_at = Some(Timestamp::from_nanos(value.parse().ok()?)),
        "namespace" => facts.namespace = Some(fit(value)),
        "note" => facts.note(fit(value)),
        "half-open" => {
            let (local, count) = value.rsplit_once(' ')?;
            facts.add_half_open(sockets::local(local)?, number(count)?);
        }
        "half-open-known" => facts.knows_half_open(),
        "towards-known" => facts.set_gauge("towards".into(), 0),
        "towards" => {
            let mut words = value.split_whitespace();
            let address: IpAddr = words.next()?.parse().ok()?;
            facts.add_towards(address, words.next()?.parse().ok()?, number(words.next()?)?);
        }
        "process" => facts.add_process(process(value)?),
        _ => return None,
    }
    Some(())
}

/// `pid=1 descriptors=6 limit=1024 threads=1 group=3/100 listens=123,456 name=nginx: master`
fn process(value: &str) -> Option<Process> {
    let (rest, name) = value.split_once("name=")?;
    let mut process = Process { name: fit(name), ..Process::default() };
    for (key, value) in rest.split_whitespace().filter_map(|word| word.split_once('=')) {
        match key {
            "pid" => process.pid = value.parse().ok()?,
            "descriptors" => process.descriptors = number(value),
            "limit" => process.descriptor_limit = number(value),
            "threads" => process.threads = number(value),
            "group" => process.group_tasks = value.split_once('/').and_then(|(a, b)| Some((number(a)?, number(b)?))),
            "memory" => {
                let mut parts = value.split('/').map(number);
                process.group_memory = (|| Some((parts.next()??, parts.next()??, parts.next()??)))();
            }
            "listens" => process.listens = value.split(',').take(4096).filter_map(number).collect(),
            _ => {}
        }
    }
    Some(process)
}

/// Text that fits a line of a snapshot.
pub fn fit(text: &str) -> String {
    text.chars().take(1024).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
